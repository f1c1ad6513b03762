"""PURE: second visits (二次跑动): who ended without result and came again for the same item in so many days.

An item that ended without result for a known person is remembered; the first number that the same person
takes for it afterwards, in another visit and within the limit, is a second visit. It is counted on the
day of that coming, under the reason, service, window and clerk of the ending. Any later ending of the
item replaces what was remembered or, with a result, settles it. The limit is hall time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hall_server.hall import events as e
from hall_server.hall.day import DAY_MS
from hall_server.reports.lives import DayLives, Ending, Life
from hall_server.reports.numbers import WITH_RESULT
from hall_server.reports.samples import NO_CLASS, Cell, Samples


@dataclass(frozen=True, slots=True)
class Unserved:
    """An item that ended without result, and what the clerk wrote about it; whoever it was."""

    item: str
    outcome: str
    note: str


@dataclass(frozen=True, slots=True)
class SecondVisit:
    """Somebody came again at ``at_ms`` with ``ticket`` for what had ended so."""

    at_ms: int
    ticket: str
    ending: Ending


@dataclass(frozen=True, slots=True)
class Returns:
    """Second visits of a day, and the endings that the next day must remember."""

    second: tuple[SecondVisit, ...]
    remembered: tuple[Ending, ...]


def measure_returns(day: DayLives, samples: Samples, within_days: int) -> Returns:
    """Second visits of the day, measured; and what stays remembered at its end."""
    remembered = {(ending.person, ending.item): ending for ending in day.prior}
    second: list[SecondVisit] = []
    again: set[tuple[str, str]] = set()
    for at_ms, _, life, end in sorted(_moments(day), key=lambda moment: moment[:2]):
        for item in life.items:
            person = life.issued.person
            assert person is not None
            key = (person.key, item)
            if end is None:
                ending = remembered.get(key)
                if ending is not None and _again(ending, life, at_ms, within_days):
                    second.append(SecondVisit(at_ms, life.issued.ticket, ending))
                    again.add((life.issued.ticket, item))
                    del remembered[key]
                continue
            ending = _ending(life, end, person.key, item)
            samples.add("endings_known", _cell(samples, ending, end.at_ms), ending.ticket)
            remembered.pop(key, None)
            if end.outcome not in WITH_RESULT:
                remembered[key] = ending
                continue
            samples.add("achieved", _cell(samples, ending, end.at_ms), ending.ticket)
            if (ending.ticket, item) not in again:
                samples.add("achieved_once", _cell(samples, ending, end.at_ms), ending.ticket)
    for visit in second:
        samples.add("second_visits", _cell(samples, visit.ending, visit.at_ms), visit.ticket)
    oldest_ms = day.end_ms - within_days * DAY_MS
    return Returns(tuple(second), tuple(x for x in remembered.values() if x.at_ms >= oldest_ms))


def _moments(day: DayLives) -> Iterator[tuple[int, int, Life, e.TicketFinished | None]]:
    """(instant, order, number, its ending or None for its issue) of everybody who is known."""
    for life in day.lives.values():
        if life.issued.person is None:
            continue
        yield life.issued_ms, life.seq, life, None
        last = life.steps[-1] if life.steps else None
        if isinstance(last, e.TicketFinished):
            yield last.at_ms, life.end_seq, life, last


def unserved(day: DayLives) -> tuple[Unserved, ...]:
    """Every item of the day that ended without result, in the order in which the numbers were issued."""
    found: list[Unserved] = []
    for life in day.lives.values():
        last = life.steps[-1] if life.steps else None
        if isinstance(last, e.TicketFinished) and last.outcome not in WITH_RESULT:
            found += (Unserved(item, last.outcome.value, last.note) for item in life.items)
    return tuple(found)


def _again(ending: Ending, life: Life, at_ms: int, within_days: int) -> bool:
    own_visit = life.issued.visit or life.issued.ticket
    return own_visit != ending.visit and ending.at_ms <= at_ms <= ending.at_ms + within_days * DAY_MS


def _ending(life: Life, end: e.TicketFinished, person: str, item: str) -> Ending:
    call = next(step for step in reversed(life.steps) if isinstance(step, e.TicketCalled))
    return Ending(
        person=person,
        item=item,
        at_ms=end.at_ms,
        visit=life.visit,
        ticket=life.issued.ticket,
        outcome=end.outcome.value,
        note=end.note,
        service=life.issued.service,
        window=end.window,
        clerk=call.clerk,
    )


def _cell(samples: Samples, ending: Ending, at_ms: int) -> Cell:
    return Cell(
        samples.half_hour(at_ms),
        ending.service,
        ending.window,
        ending.clerk,
        NO_CLASS,
        (ending.item,),
        ending.outcome,
    )
