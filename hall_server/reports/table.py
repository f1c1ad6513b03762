"""PURE: a report as the table that people see: columns, typed cells, and what they were earlier.

Page, spreadsheet, CSV and PDF are all made of this one table, so that they cannot differ. Times are rounded
to the second half up, everywhere by ``seconds``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hall_server.reports.groups import Key
from hall_server.reports.indicators import Indicator, Unit
from hall_server.reports.kinds import DIMENSIONS
from hall_server.reports.report import Report, Row
from hall_server.reports.tally import PERCENTILES, Figure, Spread
from hall_server.reports.words import lasted_text


class Sort(StrEnum):
    """What a cell holds: a number, milliseconds, parts of 10,000, hundredths of a mean, words."""

    COUNT = "count"
    TIME = "time"
    RATE = "rate"
    MEAN = "mean"
    TEXT = "text"


Value = int | str | None
NO_VALUE = "—"
PART_TEXT = {
    "": "",
    "count": "次数",
    "mean": "平均",
    **{f"p{p}": f"P{p}" for p in PERCENTILES},
    "most": "最长",
    "ticket": "最长的号",
}
_BRIEF = ("mean", "p90", "most")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of figures: an indicator, or one figure of a duration (``part``)."""

    indicator: Indicator
    part: str
    sort: Sort

    @property
    def id(self) -> str:
        """``wait.mean``, ``issued``."""
        return f"{self.indicator.id}.{self.part}" if self.part else self.indicator.id

    @property
    def title(self) -> str:
        """首呼等候时长·平均."""
        return f"{self.indicator.name}·{PART_TEXT[self.part]}" if self.part else self.indicator.name


@dataclass(frozen=True, slots=True)
class Line:
    """One group; ``then`` are the cells of the group it is compared with, None when nothing is compared;
    ``longest`` the number that each duration's longest belongs to, by indicator."""

    key: Key
    names: tuple[str, ...]
    cells: tuple[Value, ...]
    then: tuple[Value, ...] | None
    longest: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """``heads`` name the groups; ``against`` the period compared with, '' = none."""

    name: str
    by: tuple[str, ...]
    heads: tuple[str, ...]
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    against: str = ""


def columns_of(indicators: Iterable[Indicator], *, full: bool) -> tuple[Column, ...]:
    """``full``: every figure of durations; else mean, P90 and longest."""
    return tuple(column for indicator in indicators for column in _columns(indicator, full=full))


def table_of(
    report: Report,
    *,
    full: bool = False,
    then: Report | None = None,
    against: str = "",
    twin: Callable[[Sequence[str], Sequence[str]], Key | None] = lambda _by, key: tuple(key),
) -> Table:
    """The table of a report; ``then`` is the same report of an earlier period named ``against``, and ``twin``
    finds the earlier group of a group."""
    columns = columns_of(report.indicators, full=full)
    before = {row.key: row for row in then.rows} if then is not None else None
    lines = []
    for row in report.rows:
        past: tuple[Value, ...] | None = None
        if before is not None:
            key = twin(report.by, row.key)
            old = before.get(key) if key is not None else None
            past = _cells(old, columns) if old is not None else (None,) * len(columns)
        lines.append(Line(row.key, row.names, _cells(row, columns), past, _longest(row)))
    heads = tuple(DIMENSIONS[name] for name in report.by)
    return Table(report.name, report.by, heads, columns, tuple(lines), against if then is not None else "")


def value_of(figure: Figure, part: str) -> Value:
    """One figure; None = no value."""
    if not isinstance(figure, Spread):
        return figure
    if part == "ticket":
        return figure.ticket
    if part in ("count", "most"):
        return figure.count if part == "count" else figure.most_ms
    return figure.mean_ms if part == "mean" else figure.percentiles[int(part[1:])]


def seconds(ms: int) -> int:
    """Rounded half up; the sign stays."""
    return (abs(ms) + 500) // 1000 * (-1 if ms < 0 else 1)


def shown(sort: Sort, value: Value) -> str:
    """As a person reads it: 1,234; 5分09秒; 12.34%."""
    if value is None or value == "":
        return NO_VALUE
    if isinstance(value, str):
        return value
    if sort is Sort.TIME:
        return lasted_text(seconds(value) * 1000)
    if sort is Sort.MEAN:
        return f"{value / 100:.2f}"
    return f"{value / 100:.2f}%" if sort is Sort.RATE else f"{value:,}"


def change(sort: Sort, now: Value, then: Value) -> str:
    """↑12.3%, ↓1分05秒, ↑1.20个百分点, 持平; '' when one of the two has no value."""
    if not isinstance(now, int) or not isinstance(then, int):
        return ""
    if sort is Sort.TIME:
        now, then = seconds(now) * 1000, seconds(then) * 1000
    if now == then:
        return "持平"
    arrow = "↑" if now > then else "↓"
    if sort is Sort.TIME:
        return f"{arrow}{lasted_text(abs(now - then))}"
    if sort is Sort.RATE:
        return f"{arrow}{abs(now - then) / 100:.2f}个百分点"
    return f"{arrow}{abs(now - then) * 100 / then:.1f}%" if then else f"{arrow}{abs(now - then):,}"


def headline(indicator: Indicator) -> Column:
    """The one figure that stands for an indicator: the mean of a duration."""
    if indicator.unit is Unit.DURATION:
        return Column(indicator, "mean", Sort.TIME)
    return _columns(indicator, full=True)[0]


def _columns(indicator: Indicator, *, full: bool) -> tuple[Column, ...]:
    if indicator.unit is Unit.DURATION:
        parts = [part for part in PART_TEXT if part] if full else list(_BRIEF)
        sorts = {"count": Sort.COUNT, "ticket": Sort.TEXT}
        return tuple(Column(indicator, part, sorts.get(part, Sort.TIME)) for part in parts)
    sort = {Unit.TIME: Sort.TIME, Unit.RATE: Sort.RATE}.get(indicator.unit, Sort.COUNT)
    return (Column(indicator, "", sort),)


def _cells(row: Row, columns: Sequence[Column]) -> tuple[Value, ...]:
    return tuple(value_of(row.figures[column.indicator.id], column.part) for column in columns)


def _longest(row: Row) -> dict[str, str]:
    return {name: figure.ticket for name, figure in row.figures.items() if isinstance(figure, Spread)}


def flat_heads(table: Table) -> list[tuple[str, Sort]]:
    """A file's columns behind the groups: each figure, and when compared, the earlier one and the change."""
    heads: list[tuple[str, Sort]] = []
    for column in table.columns:
        heads.append((column.title, column.sort))
        if table.against and column.sort is not Sort.TEXT:
            heads += [
                (f"{column.title}（{table.against}）", column.sort),
                (f"{column.title}·变化", Sort.TEXT),
            ]
    return heads


def flat_cells(table: Table, line: Line) -> list[tuple[Sort, Value]]:
    """The cells under ``flat_heads``."""
    cells: list[tuple[Sort, Value]] = []
    then = line.then or (None,) * len(table.columns)
    for column, now, past in zip(table.columns, line.cells, then, strict=True):
        cells.append((column.sort, now))
        if table.against and column.sort is not Sort.TEXT:
            cells += [(column.sort, past), (Sort.TEXT, change(column.sort, now, past))]
    return cells
