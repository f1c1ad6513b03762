"""Folds and naive recomputation side by side: every indicator of every report, by every dimension."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from hall_server.hall import events as e
from hall_server.hall.plan import Plan
from hall_server.journal_writer import Batch, Journal
from hall_server.records import Entry
from hall_server.reports.indicators import INDICATORS
from hall_server.reports.kinds import DIMENSIONS, KINDS
from hall_server.reports.lives import Carry, DayLives
from hall_server.reports.summary import DaySummary, summarise
from hall_server.reports.tally import Spread, figures
from tests.hall_server.reports.naive import Naive
from tests.hall_server.reports.naive_rows import Row, row

TOGETHER = (("day", "service"), ("window", "half_hour"), ("week", "zone", "class"), ("item", "reason"))
BY = tuple((name,) for name in DIMENSIONS) + TOGETHER


def folded(events: Iterable[e.Event], plan: Plan) -> list[DaySummary]:
    """Summaries of the days in a run of events, each day carried over to the next."""
    days: list[DaySummary] = []
    lives = DayLives(Carry(plan))
    for seq, event in enumerate(events, 1):
        if isinstance(event, e.DayOpened) and lives.day:
            summary, carry = summarise(lives)
            days.append(summary)
            lives = DayLives(carry)
        lives.take(seq, event)
    return [*days, summarise(lives)[0]]


def raw(events: Iterable[e.Event]) -> list[Row]:
    """The same events as the journal would hold them."""
    rows, day = [], ""
    for seq, event in enumerate(events, 1):
        day = event.day if isinstance(event, e.DayOpened) else day
        rows.append(row(seq, day, type(event).__name__, json.loads(msgspec.json.encode(event))))
    return rows


def written(path: Path, events: Iterable[e.Event], *, known: int = 0, day: str = "") -> str:
    """Append events to a real journal behind ``known`` ones; returns the label of the last business day."""
    failed: list[BaseException] = []
    journal = Journal(path, on_failure=failed.append)
    journal.open()
    journal.start()
    for seq, event in enumerate(events, known + 1):
        day = event.day if isinstance(event, e.DayOpened) else day
        journal.write(Batch((Entry(seq, event.at_ms, day, "test", event),)))
    journal.close()
    assert not failed
    return day


def differences(days: Sequence[DaySummary], naive: Naive) -> tuple[int, list[str]]:
    """(figures compared, what differs) over every kind of report, by every dimension."""
    labels = [day.day for day in days]
    wanted = [(i.id, i.unit.value, i.numerator, i.denominator) for i in INDICATORS.values()]
    compared, wrong = 0, []
    for by in BY:
        told = figures(days, INDICATORS, by)
        true = naive.figures(labels, wanted, by)
        for key in sorted({*told, *true}):
            if key not in told or key not in true:
                wrong.append(f"{by} {key}: only {'told' if key in told else 'true'}")
                continue
            for name in INDICATORS:
                compared += 1
                if plain(told[key][name]) != true[key][name]:
                    wrong.append(f"{by} {key} {name}: told {told[key][name]}, true {true[key][name]}")
    return compared, wrong


def plain(figure: Any) -> Any:
    """A spread as the naive side writes it."""
    if isinstance(figure, Spread):
        parts = (figure.count, figure.total_ms, figure.mean_ms, figure.percentiles)
        return (*parts, figure.most_ms, figure.ticket)
    return figure


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan as it would stand in the journal."""
    return json.loads(msgspec.json.encode(plan))  # type: ignore[no-any-return]


assert {name for kind in KINDS.values() for name in kind.indicators} <= set(INDICATORS)
