"""PURE: of what the month's report is made: figures compared with earlier ones, as sentences and tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hall_server.reports.elements import Elements
from hall_server.reports.groups import Key
from hall_server.reports.indicators import INDICATORS
from hall_server.reports.report import Report, Row
from hall_server.reports.table import (
    NO_VALUE,
    PART_TEXT,
    Sort,
    Value,
    change,
    columns_of,
    seconds,
    shown,
    value_of,
)
from hall_server.reports.words import lasted_text


@dataclass(frozen=True, slots=True)
class Grid:
    """One table: its heads and rows as text; the first ``names`` columns are words."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int = 1


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, sentences, and a table or none."""

    title: str
    sentences: tuple[str, ...]
    grid: Grid | None = None


@dataclass(frozen=True, slots=True)
class Month:
    """Reports of all indicators by their grouping: ``now``, the month ``before`` and the same a year ago."""

    hall: str
    period: str
    running: bool
    before_name: str
    before_period: str
    year_name: str
    now: dict[tuple[str, ...], Report]
    before: dict[tuple[str, ...], Report]
    year: dict[tuple[str, ...], Report]
    elements: Elements | None = None

    @property
    def compared_with(self) -> str:
        """The name of the month before, '' when the journal has no day of it."""
        return self.before_name if self.before["hall",].days else ""


class Figures:
    """Figures of one report by group."""

    def __init__(self, report: Report) -> None:
        self.rows: dict[Key, Row] = {row.key: row for row in report.rows}

    def of(self, key: Key, column: str) -> Value:
        """None when there is no such group or no value."""
        row = self.rows.get(key)
        name, _, part = column.partition(".")
        return None if row is None else value_of(row.figures[name], part)


def sort_of(column: str) -> Sort:
    """What a figure such as ``wait.p90`` is."""
    name, _, part = column.partition(".")
    return next(c.sort for c in columns_of([INDICATORS[name]], full=True) if c.part == part)


def title_of(column: str) -> str:
    """What a figure is called."""
    name, _, part = column.partition(".")
    return f"{INDICATORS[name].name}·{PART_TEXT[part]}" if part else INDICATORS[name].name


def compared(sort: Sort, now: Value, then: Value, name: str) -> str:
    """，比上月（1,100）增加 12.2%; ``name`` '' = there is nothing to compare with."""
    if not isinstance(now, int) or not name:
        return ""
    if not isinstance(then, int):
        return f"（{name}没有数据可比）"
    if change(sort, now, then) == "持平":
        return f"，与{name}持平"
    more, less = {Sort.TIME: ("延长", "缩短"), Sort.RATE: ("上升", "下降")}.get(sort, ("增加", "减少"))
    word = more if now > then else less
    if sort is Sort.TIME:
        by = lasted_text(abs(seconds(now) - seconds(then)) * 1000)
    elif sort is Sort.RATE:
        by = f"{abs(now - then) / 100:.2f} 个百分点"
    else:
        by = f"{abs(now - then) * 100 / then:.1f}%" if then else f"{now - then:,}"
    return f"，比{name}（{shown(sort, then)}）{word} {by}"


def grid_of(
    month: Month,
    by: tuple[str, ...],
    columns: Sequence[str],
    keep: Callable[[Key], bool],
    *,
    drop_nothing: bool = False,
) -> Grid | None:
    """A line for each group; behind the first figure what it was in the month before."""
    now, before = Figures(month.now[by]), Figures(month.before[by])
    rows = []
    for row in month.now[by].rows:
        first = now.of(row.key, columns[0])
        if not keep(row.key) or (drop_nothing and not first):
            continue
        sort, past = sort_of(columns[0]), before.of(row.key, columns[0])
        changed = change(sort, first, past) or NO_VALUE
        cells = (row.names[0], shown(sort, first), shown(sort, past), changed)
        rows.append(cells + row_of(now, row.key, columns[1:]))
    heads = (title_of(columns[0]), month.before_name, "变化", *(title_of(c) for c in columns[1:]))
    name = {"service": "业务", "window": "窗口", "reason": "原因"}[by[0]]
    return Grid((name, *heads), tuple(rows)) if rows else None


def row_of(figures: Figures, key: Key, columns: Sequence[str]) -> tuple[str, ...]:
    """Figures of one group as text."""
    return tuple(shown(sort_of(column), figures.of(key, column)) for column in columns)


def most_of(month: Month, by: tuple[str, ...], column: str, sentence: str, *, alone: bool = False) -> str:
    """The sentence about the group whose figure is the largest, '' when there is none."""
    now, before = Figures(month.now[by]), Figures(month.before[by])
    rows = [row for row in month.now[by].rows if row.key[0] and now.of(row.key, column)]
    if not rows:
        return ""
    top = max(rows, key=lambda row: count_of(now.of(row.key, column)))
    sort, value = sort_of(column), now.of(top.key, column)
    return sentence.format(
        name=top.names[0],
        figure=shown(sort, value),
        compared="" if alone else compared(sort, value, before.of(top.key, column), month.compared_with),
    )


def named(key: Key) -> bool:
    """Whether a group has a name, and is no rest."""
    return bool(key[0])


def count_of(value: Value) -> int:
    """A count; 0 where there is no value."""
    return value if isinstance(value, int) else 0
