"""PURE: measurements of many days put into groups, and each group's figures."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

from hall_server.reports.calendar import month_of, week_of
from hall_server.reports.indicators import INDICATORS, SUMS, Indicator, Unit
from hall_server.reports.samples import NOBODY, Cell, rows
from hall_server.reports.summary import DaySummary

Key = tuple[str, ...]
CLASS_WORDS = {0: "green", 1: "appointment", 2: "normal"}
PERCENTILES = (50, 80, 90, 95)


@dataclass(slots=True)
class Tally:
    """One indicator in one group: how many, how much in all, every value when percentiles are wanted."""

    count: int = 0
    total: int = 0
    most: int = -1
    ticket: str = ""
    values: array[int] = field(default_factory=lambda: array("q"))


@dataclass(frozen=True, slots=True)
class Spread:
    """Figures of a duration in milliseconds; ``percentiles`` by nearest rank; ``ticket`` lasted longest."""

    count: int
    total_ms: int
    mean_ms: int
    percentiles: dict[int, int]
    most_ms: int
    ticket: str


Figure = int | Spread | None
"""A count, a time in ms or a rate in parts of 10,000; the spread of a duration; None = no value."""


def figures(
    days: Sequence[DaySummary], indicators: Iterable[str], by: Sequence[str]
) -> dict[Key, dict[str, Figure]]:
    """The figures of every group that has at least one measurement, in the order of their keys.

    ``by`` names dimensions; a rate's parts are measured on the way.
    """
    wanted = tuple(indicators)
    tallies = {name: _tallied(days, name, by) for name in dict.fromkeys(_parts(wanted))}
    keys = sorted({key for name in wanted for key in _keys(name, tallies)})
    return {key: {name: _figure(INDICATORS[name], key, tallies) for name in wanted} for key in keys}


def percentile(ordered: Sequence[int], percent: int) -> int:
    """Nearest rank: the smallest value that at least so many per cent do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _parts(wanted: tuple[str, ...]) -> Iterable[str]:
    """What must be measured for these indicators."""
    for name in wanted:
        if name in SUMS:
            yield from SUMS[name]
        elif INDICATORS[name].unit is Unit.RATE:
            yield from _parts((INDICATORS[name].numerator, INDICATORS[name].denominator))
        else:
            yield name


def _keys(name: str, tallies: dict[str, dict[Key, Tally]]) -> Iterable[Key]:
    for part in _parts((name,)):
        yield from tallies[part]


def _tallied(days: Sequence[DaySummary], name: str, by: Sequence[str]) -> dict[Key, Tally]:
    spread = INDICATORS[name].unit is Unit.DURATION
    found: dict[Key, Tally] = {}
    for day in days:
        column = day.columns.get(name)
        if column is None:
            continue
        keys_of = _keys_of_cells(day, by)
        tallies: dict[int, tuple[Tally, ...]] = {}
        for cell, ticket, value in rows(column):
            groups = tallies.get(cell)
            if groups is None:
                keys = keys_of(day.cells[cell])
                groups = tallies[cell] = tuple(found.setdefault(key, Tally()) for key in keys)
            for tally in groups:
                tally.count += 1
                tally.total += value
                if spread:
                    tally.values.append(value)
                    if value > tally.most:
                        tally.most = value
                        tally.ticket = day.tickets[ticket] if ticket != NOBODY else ""
    return found


def _figure(indicator: Indicator, key: Key, tallies: dict[str, dict[Key, Tally]]) -> Figure:
    if indicator.unit is Unit.RATE:
        below = _total(indicator.denominator, key, tallies)
        above = _total(indicator.numerator, key, tallies)
        return (above * 20_000 + below) // (below * 2) if below else None
    if indicator.unit is Unit.DURATION:
        tally = tallies[indicator.id].get(key)
        return None if tally is None else _spread(tally)
    return _total(indicator.id, key, tallies)


def _total(name: str, key: Key, tallies: dict[str, dict[Key, Tally]]) -> int:
    return sum(tallies[part][key].total for part in _parts((name,)) if key in tallies[part])


def _spread(tally: Tally) -> Spread:
    ordered = sorted(tally.values)
    return Spread(
        count=tally.count,
        total_ms=tally.total,
        mean_ms=(tally.total * 2 + tally.count) // (tally.count * 2),
        percentiles={percent: percentile(ordered, percent) for percent in PERCENTILES},
        most_ms=tally.most,
        ticket=tally.ticket,
    )


# ---------------------------------------------------------------- groups


def _keys_of_cells(day: DaySummary, by: Sequence[str]) -> Callable[[Cell], Iterable[Key]]:
    """The groups that a cell of this day belongs to; several only by item, one for each item."""
    parts = [_DIMENSIONS[name] for name in by]
    return lambda cell: product(*(part(day, cell) for part in parts))


def _zone(day: DaySummary, cell: Cell) -> Key:
    """Where the service is placed, for times of a window where the window is."""
    if cell.service:
        return (day.service_zone.get(cell.service, ""),)
    return (day.window_zone.get(cell.window, ""),)


_DIMENSIONS: dict[str, Callable[[DaySummary, Cell], Key]] = {
    "hall": lambda _day, _cell: ("",),
    "zone": _zone,
    "service": lambda _day, cell: (cell.service,),
    "item": lambda _day, cell: cell.items or ("",),
    "window": lambda _day, cell: (cell.window,),
    "clerk": lambda _day, cell: (cell.clerk,),
    "class": lambda _day, cell: (CLASS_WORDS.get(cell.rank_class, ""),),
    "reason": lambda _day, cell: (cell.reason,),
    "half_hour": lambda _day, cell: (f"{cell.half_hour // 2:02d}:{cell.half_hour % 2 * 30:02d}",),
    "day": lambda day, _cell: (day.day,),
    "week": lambda day, _cell: (week_of(day.day),),
    "month": lambda day, _cell: (month_of(day.day),),
}
