"""PURE: single measurements of a business day, kept in columns: what was measured, for whom, where, how much.

A measurement belongs to a *cell*: half hour, service, window, clerk, class, items, reason. One number
gives about ten of them, so a busy day has 100,000; columns keep a day in a megabyte and a month quick.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

HALF_HOUR_MS = 30 * 60_000
NOBODY = -1
NO_CLASS = -1


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """Where a measurement belongs. ``half_hour`` counts from local midnight (0–47); '' = does not apply.

    ``items`` are codes, ``@service`` for numbers taken without an item. ``reason`` is what tells apart
    within an indicator: an outcome, a green-lane reason, where a number was sent.
    """

    half_hour: int
    service: str = ""
    window: str = ""
    clerk: str = ""
    rank_class: int = NO_CLASS
    items: tuple[str, ...] = ()
    reason: str = ""


class Column(msgspec.Struct, frozen=True):
    """All measurements of one indicator: cell, number and value (count or milliseconds) by position."""

    cells: bytes
    tickets: bytes
    values: bytes


class CellTable(msgspec.Struct, frozen=True):
    """Cells by position: each column says for every cell where its word stands in the list beside it."""

    half_hour: bytes
    rank_class: bytes
    service: bytes
    window: bytes
    clerk: bytes
    reason: bytes
    items: bytes
    services: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    clerks: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    baskets: tuple[tuple[str, ...], ...] = ()


NO_CELLS = CellTable(b"", b"", b"", b"", b"", b"", b"")


class Cells:
    """A table opened for reading: each column as numbers, one for each cell."""

    def __init__(self, table: CellTable) -> None:
        self.count = len(table.half_hour)
        self.half_hour, self.rank_class = _opened("b", table.half_hour), _opened("b", table.rank_class)
        self.service, self.window = _opened("i", table.service), _opened("i", table.window)
        self.clerk, self.reason = _opened("i", table.clerk), _opened("i", table.reason)
        self.items = _opened("i", table.items)


def cell_table(cells: Iterable[Cell]) -> CellTable:
    """The cells as columns, in their order."""
    numbers = {name: array("b") for name in ("half_hour", "rank_class")}
    words = {name: array("i") for name in ("service", "window", "clerk", "reason", "items")}
    known: dict[str, dict[Any, int]] = {name: {} for name in words}
    for cell in cells:
        for name, column in numbers.items():
            column.append(getattr(cell, name))
        for name, column in words.items():
            column.append(known[name].setdefault(getattr(cell, name), len(known[name])))
    return CellTable(
        **{name: column.tobytes() for name, column in (numbers | words).items()},
        services=tuple(known["service"]),
        windows=tuple(known["window"]),
        clerks=tuple(known["clerk"]),
        reasons=tuple(known["reason"]),
        baskets=tuple(known["items"]),
    )


class Samples:
    """Measurements as they are found; ``half_hour`` of an instant by the hall's own time of day."""

    def __init__(self, utc_offset_ms: int) -> None:
        self._utc_offset_ms = utc_offset_ms
        self._cells: dict[Cell, int] = {}
        self._tickets: dict[str, int] = {}
        self._columns: dict[str, tuple[array[int], array[int], array[int]]] = {}

    def half_hour(self, at_ms: int) -> int:
        """Half hours since local midnight."""
        return (at_ms + self._utc_offset_ms) // HALF_HOUR_MS % 48

    def add(self, indicator: str, cell: Cell, ticket: str = "", value: int = 1) -> None:
        """One measurement."""
        column = self._columns.get(indicator)
        if column is None:
            column = self._columns[indicator] = (array("i"), array("i"), array("q"))
        column[0].append(self._cells.setdefault(cell, len(self._cells)))
        column[1].append(self._tickets.setdefault(ticket, len(self._tickets)) if ticket else NOBODY)
        column[2].append(value)

    def split(self, indicator: str, cell: Cell, from_ms: int, to_ms: int) -> None:
        """A stretch of time, divided among the half hours that it lies in."""
        while from_ms < to_ms:
            next_ms = from_ms + HALF_HOUR_MS - (from_ms + self._utc_offset_ms) % HALF_HOUR_MS
            until_ms = min(to_ms, next_ms)
            placed = Cell(
                self.half_hour(from_ms),
                cell.service,
                cell.window,
                cell.clerk,
                cell.rank_class,
                cell.items,
                cell.reason,
            )
            self.add(indicator, placed, value=until_ms - from_ms)
            from_ms = until_ms

    def cells(self) -> CellTable:
        """All cells, by position."""
        return cell_table(self._cells)

    def tickets(self) -> tuple[str, ...]:
        """All numbers, by position."""
        return tuple(self._tickets)

    def columns(self) -> dict[str, Column]:
        """Every indicator that was measured at least once."""
        return {
            name: Column(cells.tobytes(), tickets.tobytes(), values.tobytes())
            for name, (cells, tickets, values) in self._columns.items()
        }


def opened(column: Column) -> tuple[array[int], array[int], array[int]]:
    """(cells, tickets, values) by position; a ticket is NOBODY where there is none."""
    return _opened("i", column.cells), _opened("i", column.tickets), _opened("q", column.values)


def _opened(kind: str, column: bytes) -> array[int]:
    """The numbers of a column; files stay on the machine that wrote them, so its byte order is theirs."""
    numbers: array[int] = array(kind)
    numbers.frombytes(column)
    return numbers
