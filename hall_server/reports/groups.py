"""PURE: into which groups the cells of a business day fall: by service, window, half hour, day …"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import product, repeat

from hall_server.reports.calendar import month_of, week_of
from hall_server.reports.samples import Cells
from hall_server.reports.summary import DaySummary

Key = tuple[str, ...]
CLASS_WORDS = {0: "green", 1: "appointment", 2: "normal"}


class _Column:
    """One dimension of a day: a number for each cell (none = the same for all), and what the numbers mean;
    a meaning has several parts only by item, one for each item."""

    def __init__(self, numbers: Sequence[int] | None, meaning: Callable[[int], Key]) -> None:
        self.numbers = numbers
        self.meaning = meaning


class Groups:
    """The cells of a day put into groups: ``of`` gives the group of each cell, ``keys`` those of a group."""

    def __init__(self, day: DaySummary, by: Sequence[str]) -> None:
        cells = Cells(day.cells)
        columns = [_DIMENSIONS[name](day, cells) for name in by]
        telling = [column.numbers for column in columns if column.numbers is not None]
        seen: dict[tuple[int, ...], int] = {}
        self._group = array("i", (seen.setdefault(each, len(seen)) for each in zip(*telling, strict=True)))
        self._same = not telling
        if self._same:
            seen[()] = 0
        self.keys: list[tuple[Key, ...]] = [_keys(columns, combination) for combination in seen]

    def of(self, cells: Sequence[int]) -> Iterable[int]:
        """The group of each of these cells."""
        if self._same:
            return repeat(0, len(cells))
        return map(self._group.__getitem__, cells)


def _keys(columns: Sequence[_Column], combination: tuple[int, ...]) -> tuple[Key, ...]:
    numbers = iter(combination)
    parts = [column.meaning(0 if column.numbers is None else next(numbers)) for column in columns]
    return tuple(product(*parts))


def _all_same(word: str) -> _Column:
    return _Column(None, lambda _: (word,))


def _listed(numbers: Sequence[int], words: Sequence[str]) -> _Column:
    return _Column(numbers, lambda number: (words[number],))


def _item(day: DaySummary, cells: Cells) -> _Column:
    baskets = day.cells.baskets
    return _Column(cells.items, lambda number: baskets[number] or ("",))


def _zone(day: DaySummary, cells: Cells) -> _Column:
    """Where the service is placed, for times of a window where the window is."""
    zones: dict[str, int] = {}
    services = [day.service_zone.get(name, "") if name else None for name in day.cells.services]
    windows = [day.window_zone.get(name, "") for name in day.cells.windows]
    numbers = []
    for service, window in zip(cells.service, cells.window, strict=True):
        zone = services[service]
        zone = windows[window] if zone is None else zone
        numbers.append(zones.setdefault(zone, len(zones)))
    words = list(zones)
    return _listed(numbers, words)


def _half_hour(_day: DaySummary, cells: Cells) -> _Column:
    return _Column(cells.half_hour, lambda half: (f"{half // 2:02d}:{half % 2 * 30:02d}",))


_DIMENSIONS: dict[str, Callable[[DaySummary, Cells], _Column]] = {
    "hall": lambda _day, _cells: _all_same(""),
    "zone": _zone,
    "service": lambda day, cells: _listed(cells.service, day.cells.services),
    "item": _item,
    "window": lambda day, cells: _listed(cells.window, day.cells.windows),
    "clerk": lambda day, cells: _listed(cells.clerk, day.cells.clerks),
    "class": lambda _day, cells: _Column(cells.rank_class, lambda number: (CLASS_WORDS.get(number, ""),)),
    "reason": lambda day, cells: _listed(cells.reason, day.cells.reasons),
    "half_hour": _half_hour,
    "day": lambda day, _cells: _all_same(day.day),
    "week": lambda day, _cells: _all_same(week_of(day.day)),
    "month": lambda day, _cells: _all_same(month_of(day.day)),
}
