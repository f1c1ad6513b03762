"""PURE: 好差评 of a business day, measured: each judgement at the window and clerk that it is about.

It belongs to the half hour in which it was given, to the service that was rendered, and to the class and
items of its number.
"""

from __future__ import annotations

from dataclasses import replace

from hall_server.hall import events as e
from hall_server.hall.evaluation import TAGS, Grade
from hall_server.hall.model import FollowUp
from hall_server.reports.lives import DayLives
from hall_server.reports.samples import NO_CLASS, Cell, Samples

_STEPS = {FollowUp.CONTACTED: "poor_contacted", FollowUp.CLOSED: "poor_closed"}


def measure_judgements(day: DayLives, samples: Samples) -> None:
    """Every evaluation of the day; one of a service of an earlier day has no number in this one."""
    for event in day.evaluated:
        grade = Grade(event.grade)
        _put(day, samples, "evaluated", event, grade.name.lower())
        _put(day, samples, "evaluated_poor" if event.poor else "evaluated_good", event, grade.name.lower())
        if event.words:
            _put(day, samples, "evaluated_words", event, grade.name.lower())
        for tag in event.tags:
            if tag in TAGS:
                _put(day, samples, "evaluation_tags", event, tag)


def measure_follow_up(day: DayLives, samples: Samples) -> None:
    """First contacts and closes of poor ratings, whatever day they are of, on the day of the step."""
    for event in day.followed:
        indicator = _STEPS.get(event.step)
        if indicator and event.first:
            where = Cell(samples.half_hour(event.at_ms), event.service, event.at_window, event.clerk)
            cell = replace(where, items=(f"@{event.service}",))
            samples.add(indicator, cell, event.call.rpartition(":")[0])


def _put(day: DayLives, samples: Samples, indicator: str, event: e.ServiceEvaluated, reason: str) -> None:
    life = day.lives.get(event.ticket)
    cell = Cell(
        samples.half_hour(event.at_ms),
        event.service,
        event.at_window,
        event.clerk,
        int(life.issued.rank_class) if life else NO_CLASS,
        life.items if life else (f"@{event.service}",),
        reason,
    )
    samples.add(indicator, cell, event.ticket)
