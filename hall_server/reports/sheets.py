"""Reports as lines of CSV for spreadsheets: streamed, with a mark for Excel, nothing taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from contract.clock import china
from hall_server.hall import events as e
from hall_server.hall.model import OUTCOME_TEXT
from hall_server.reports.groups import CLASS_WORDS
from hall_server.reports.indicators import DIMENSIONS, Indicator, Unit
from hall_server.reports.lives import DayLives, Life
from hall_server.reports.report import Report
from hall_server.reports.tally import PERCENTILES, Figure, Spread
from hall_server.reports.words import CLASS_TEXT

BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
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
    "隔夜未结",
)


def report_csv(report: Report) -> Iterator[str]:
    """The report as text, line by line; durations and times in seconds, rates in per cent."""
    head = [DIMENSIONS[name] for name in report.by]
    head += [title for indicator in report.indicators for title in _titles(indicator)]
    yield BOM + _line(head)
    for row in report.rows:
        cells = [cell for i in report.indicators for cell in _cells(i, row.figures[i.id])]
        yield _line([*row.names, *cells])


def numbers_csv(days: Iterable[DayLives]) -> Iterator[str]:
    """Every number of the days as one line, for those who want to count for themselves."""
    yield BOM + _line(_NUMBER_COLUMNS)
    for day in days:
        expired = frozenset(day.expired)
        for life in day.lives.values():
            yield _line(_number(day, life, overnight=life.issued.ticket in expired))


def _titles(indicator: Indicator) -> list[str]:
    if indicator.unit is Unit.DURATION:
        parts = ["次数", "平均（秒）", *(f"P{p}（秒）" for p in PERCENTILES), "最长（秒）", "最长的号"]
        return [f"{indicator.name}·{part}" for part in parts]
    unit = {Unit.TIME: "（秒）", Unit.RATE: "（%）"}.get(indicator.unit, "")
    return [indicator.name + unit]


def _cells(indicator: Indicator, figure: Figure) -> list[str]:
    if isinstance(figure, Spread):
        spread = [figure.mean_ms, *(figure.percentiles[p] for p in PERCENTILES), figure.most_ms]
        return [str(figure.count), *(_seconds(ms) for ms in spread), figure.ticket]
    if indicator.unit is Unit.DURATION:
        return [""] * (len(PERCENTILES) + 4)
    if figure is None:
        return [""]
    if indicator.unit is Unit.TIME:
        return [_seconds(figure)]
    return [f"{figure / 100:.2f}"] if indicator.unit is Unit.RATE else [str(figure)]


def _number(day: DayLives, life: Life, *, overnight: bool) -> list[str]:
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
        "是" if overnight else "",
    ]


def _clock(ms: int | None) -> str:
    return "" if ms is None else china(ms).strftime("%Y-%m-%d %H:%M:%S")


def _seconds(ms: int) -> str:
    return str((ms + 500) // 1000)


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue()
