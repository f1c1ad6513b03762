"""PURE: today against usual: arrivals and waits by half hour, beside the mean of the same weekday before."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

import msgspec

from hall_server.reports.calendar import date_of
from hall_server.reports.samples import Cells, opened
from hall_server.reports.summary import DaySummary

WEEKS = 8
HALVES = 48


class Curve(msgspec.Struct, frozen=True):
    """By half hour from midnight: numbers taken, mean minutes to the first call (None: nobody was called)."""

    arrivals: tuple[float, ...]
    waits: tuple[float | None, ...]


class Usual(msgspec.Struct, frozen=True):
    """Today so far and the mean of ``days`` earlier days of this weekday; ``first`` to ``last`` are the half
    hours in which anything happened."""

    day: str
    days: int
    today: Curve
    usual: Curve
    first: int
    last: int


def same_weekday(labels: Iterable[str], today: str, weeks: int = WEEKS) -> tuple[str, ...]:
    """The business days before ``today`` on its weekday, within so many weeks, oldest first."""
    date = date_of(today)
    wanted = {date - datetime.timedelta(weeks=n) for n in range(1, weeks + 1)}
    return tuple(sorted(label for label in labels if label < today and date_of(label) in wanted))


def compare(today: DaySummary, before: Sequence[DaySummary]) -> Usual:
    """The two curves, over the half hours of both."""
    now = _counted([today])
    usual = _counted(before)
    busy = [half for half in range(HALVES) if now.arrivals[half] or usual.arrivals[half]]
    return Usual(
        day=today.day,
        days=len(before),
        today=now,
        usual=usual,
        first=min(busy, default=18),
        last=max(busy, default=34),
    )


def _counted(days: Sequence[DaySummary]) -> Curve:
    arrivals, waits, waited = [0.0] * HALVES, [0.0] * HALVES, [0] * HALVES
    for day in days:
        halves = Cells(day.cells).half_hour
        for half, value in _measured(day, "issued", halves):
            arrivals[half] += value
        for half, value in _measured(day, "wait", halves):
            waits[half] += value
            waited[half] += 1
    count = max(1, len(days))
    return Curve(
        arrivals=tuple(round(total / count, 1) for total in arrivals),
        waits=tuple(
            round(total / people / 60_000, 1) if people else None
            for total, people in zip(waits, waited, strict=True)
        ),
    )


def _measured(day: DaySummary, indicator: str, halves: Sequence[int]) -> Iterable[tuple[int, int]]:
    column = day.columns.get(indicator)
    if column is None:
        return ()
    cells, _, values = opened(column)
    return ((halves[cell], value) for cell, value in zip(cells, values, strict=True))
