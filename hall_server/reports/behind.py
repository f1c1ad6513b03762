"""PURE: the single measurements behind a figure: which numbers, on which day, how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hall_server.reports.groups import Groups, Key
from hall_server.reports.indicators import INDICATORS, SUMS
from hall_server.reports.samples import NOBODY, Cells, opened
from hall_server.reports.summary import DaySummary


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement: ``value`` a count or milliseconds; ``ticket`` '' for times of a window; ``half_hour``
    counts from local midnight."""

    day: str
    half_hour: int
    ticket: str
    service: str
    window: str
    value: int


def behind(days: Sequence[DaySummary], indicator: str, by: Sequence[str], key: Key) -> list[Measured]:
    """Every measurement of an indicator in a group, in the order of the days; a rate has none of its own.

    Their number and sum are the figure. Raises KeyError.
    """
    parts = SUMS.get(INDICATORS[indicator].id, (indicator,))
    return [one for day in days for one in _of_day(day, parts, by, key)]


def _of_day(day: DaySummary, parts: Sequence[str], by: Sequence[str], key: Key) -> list[Measured]:
    groups, table = Groups(day, by), Cells(day.cells)
    found = []
    for part in parts:
        column = day.columns.get(part)
        if column is None:
            continue
        cells, tickets, values = opened(column)
        for cell, group, ticket, value in zip(cells, groups.of(cells), tickets, values, strict=True):
            if key in groups.keys[group]:
                found.append(
                    Measured(
                        day.day,
                        table.half_hour[cell],
                        day.tickets[ticket] if ticket != NOBODY else "",
                        day.cells.services[table.service[cell]],
                        day.cells.windows[table.window[cell]],
                        value,
                    )
                )
    return found
