"""PURE: measurements of many days put into groups, and each group's figures."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hall_server.reports.groups import Groups, Key
from hall_server.reports.indicators import INDICATORS, SUMS, Indicator, Unit
from hall_server.reports.samples import NOBODY, opened
from hall_server.reports.summary import DaySummary

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
    sorted_days = [(day, Groups(day, by)) for day in days]
    tallies = {name: _tallied(sorted_days, name) for name in dict.fromkeys(_parts(wanted))}
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


def _tallied(days: Sequence[tuple[DaySummary, Groups]], name: str) -> dict[Key, Tally]:
    spread = INDICATORS[name].unit is Unit.DURATION
    found: dict[Key, Tally] = {}
    for day, groups in days:
        column = day.columns.get(name)
        if column is None:
            continue
        cells, tickets, values = opened(column)
        sorted_out: dict[int, tuple[list[int], list[int]]] = {}
        for group, ticket, value in zip(groups.of(cells), tickets, values, strict=True):
            pair = sorted_out.get(group)
            if pair is None:
                pair = sorted_out[group] = ([], [])
            pair[0].append(value)
            pair[1].append(ticket)
        for group, (measured, of) in sorted_out.items():
            for key in groups.keys[group]:
                _add(found.setdefault(key, Tally()), measured, of, day.tickets, spread=spread)
    return found


def _add(tally: Tally, values: list[int], of: list[int], tickets: Sequence[str], *, spread: bool) -> None:
    """What one day measured in one group; of equal longest ones the first stays."""
    tally.count += len(values)
    tally.total += sum(values)
    if not spread:
        return
    tally.values.extend(values)
    most = max(values)
    if most > tally.most:
        ticket = of[values.index(most)]
        tally.most, tally.ticket = most, tickets[ticket] if ticket != NOBODY else ""


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
