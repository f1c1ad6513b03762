"""What charts.js draws: a table of a report as series, for figures that can be drawn."""

from __future__ import annotations

from typing import Any

from hall_server.reports.table import Column, Line, Sort, Table, Value, seconds

RUNNING = frozenset({"half_hour", "day", "week", "month"})
BARS_DRAWN = 40
POINTS_DRAWN = 400


def plot_of(table: Table) -> dict[str, Any]:
    """Groups in time are a line, others bars; figures in seconds, per cent or numbers."""
    flowing = len(table.by) == 1 and table.by[0] in RUNNING
    lines = table.lines[: POINTS_DRAWN if flowing else BARS_DRAWN]
    return {
        "flowing": flowing,
        "labels": [" · ".join(line.names) for line in lines],
        "against": table.against,
        "left": len(table.lines) - len(lines),
        "series": [
            _series(n, column, lines)
            for n, column in enumerate(table.columns)
            if column.sort is not Sort.TEXT
        ],
    }


def _series(n: int, column: Column, lines: tuple[Line, ...]) -> dict[str, Any]:
    return {
        "id": column.id,
        "title": column.title,
        "sort": column.sort.value,
        "now": [_drawn(column.sort, line.cells[n]) for line in lines],
        "then": [_drawn(column.sort, line.then[n]) if line.then else None for line in lines],
    }


def _drawn(sort: Sort, value: Value) -> float | None:
    if not isinstance(value, int):
        return None
    if sort is Sort.TIME:
        return seconds(value)
    return value / 100 if sort in (Sort.RATE, Sort.MEAN) else value


def raw(sort: Sort, value: Value) -> str:
    """What the browser sorts by; figures are seconds, counts, parts of 10,000."""
    if value is None or isinstance(value, str):
        return value or ""
    return str(seconds(value) if sort is Sort.TIME else value)
