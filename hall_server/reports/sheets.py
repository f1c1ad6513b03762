"""Reports as lines of CSV for spreadsheets: streamed, with a mark for Excel, nothing taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from contract.clock import china
from hall_server.hall import events as e
from hall_server.hall.evaluation import GRADE_TEXT, Grade
from hall_server.hall.model import OUTCOME_TEXT
from hall_server.reports.groups import CLASS_WORDS
from hall_server.reports.lives import DayLives, Life
from hall_server.reports.report import Report
from hall_server.reports.table import (
    Sort,
    Table,
    Value,
    flat_cells,
    flat_heads,
    seconds,
    table_of,
)
from hall_server.reports.words import CLASS_TEXT

BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_UNIT = {Sort.TIME: "（秒）", Sort.RATE: "（%）"}
_NUMBER_COLUMNS = (
    "业务日",
    "号码",
    "业务",
    "事项",
    "类别",
    "取号",
    "首次叫号",
    "首次叫号窗口",
    "末次叫号",
    "到窗",
    "结束",
    "结束窗口",
    "结果",
    "叫号次数",
    "重呼次数",
    "转移次数",
    "延后次数",
    "评价",
    "隔夜未结",
)


def report_csv(report: Report) -> Iterator[str]:
    """The report with every figure, line by line; durations and times in seconds, rates in per cent."""
    return table_csv(table_of(report, full=True))


def table_csv(table: Table) -> Iterator[str]:
    """A table as it is shown, line by line."""
    yield BOM + _line([*table.heads, *(title + _UNIT.get(sort, "") for title, sort in flat_heads(table))])
    for line in table.lines:
        yield _line([*line.names, *(_cell(sort, value) for sort, value in flat_cells(table, line))])


def numbers_csv(days: Iterable[DayLives]) -> Iterator[str]:
    """Every number of the days as one line, for those who want to count for themselves."""
    yield BOM + _line(_NUMBER_COLUMNS)
    for day in days:
        expired = frozenset(day.expired)
        judged: dict[str, list[str]] = {}
        for event in day.evaluated:
            judged.setdefault(event.ticket, []).append(GRADE_TEXT[Grade(event.grade)])
        for life in day.lives.values():
            ticket = life.issued.ticket
            yield _line(_number(day, life, judged.get(ticket, []), overnight=ticket in expired))


def _cell(sort: Sort, value: Value) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if sort is Sort.TIME:
        return str(seconds(value))
    return f"{value / 100:.2f}" if sort in (Sort.RATE, Sort.MEAN) else str(value)


def _number(day: DayLives, life: Life, judged: list[str], *, overnight: bool) -> list[str]:
    issued, steps = life.issued, life.steps
    calls = [step for step in steps if isinstance(step, e.TicketCalled)]
    again = [step for step in steps if isinstance(step, e.TicketRecalled)]
    arrived = next((step.at_ms for step in steps if isinstance(step, e.TicketArrived)), None)
    end = next((step for step in steps if isinstance(step, e.TicketFinished)), None)
    return [
        issued.day,
        issued.number,
        day.name("service", issued.service),
        "、".join(day.name("item", item) for item in issued.items),
        CLASS_TEXT[CLASS_WORDS[int(issued.rank_class)]],
        _clock(life.issued_ms),
        _clock(calls[0].at_ms if calls else None),
        day.name("window", calls[0].window) if calls else "",
        _clock(max(step.at_ms for step in (*calls, *again)) if calls else None),
        _clock(arrived),
        _clock(end.at_ms if end else None),
        day.name("window", end.window) if end else "",
        OUTCOME_TEXT[end.outcome] if end else "",
        str(len(calls)),
        str(len(again)),
        str(sum(isinstance(step, e.TicketTransferred) for step in steps)),
        str(sum(isinstance(step, e.TicketPostponed) for step in steps)),
        "、".join(judged),
        "是" if overnight else "",
    ]


def _clock(ms: int | None) -> str:
    return "" if ms is None else china(ms).strftime("%Y-%m-%d %H:%M:%S")


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue()
