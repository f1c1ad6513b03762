"""The pages of reports: table and plot, the numbers behind a figure, the story of a visit, files.

Handlers are plain functions on worker threads; at most two pages are worked out at once, and a file is made
by a process of its own (``reports/press.py``).
"""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, StreamingResponse

from contract.clock import china
from hall_server.accounts.book import Act
from hall_server.reports.asked import LONGEST_DAYS, Answer, Question, newest_date
from hall_server.reports.calendar import date_of
from hall_server.reports.counted import ElementCounts
from hall_server.reports.desk import ReportDesk
from hall_server.reports.indicators import INDICATORS, Indicator
from hall_server.reports.kinds import DIMENSIONS, KINDS
from hall_server.reports.periods import Period, Stretch, month, period_of, presets
from hall_server.reports.press import Format
from hall_server.reports.table import PART_TEXT, Column, Line, change, columns_of, shown
from hall_server.web.caller import Here
from hall_server.web.files import report_file
from hall_server.web.frame import Frame
from hall_server.web.plots import plot_of, raw
from hall_server.web.problems import Troubled
from hall_server.web.report_behind import numbers_behind
from hall_server.web.report_choice import Against, Choice

CELLS_SHOWN, ROWS_AT_LEAST = 12_000, 50
AT_ONCE = 2
PATIENCE_SECONDS = 20.0
USUAL = "services"
_DATE = r"^(\d{4}-\d{2}-\d{2})?$"
_GROUP = r"^[a-z_]*$"
First = Annotated[str, Query(alias="from", pattern=_DATE)]
Last = Annotated[str, Query(alias="to", pattern=_DATE)]
Group = Annotated[str, Query(pattern=_GROUP, max_length=20)]
KindName = Annotated[str, Query(max_length=32)]
Key = Annotated[list[str], Query(max_length=4)]
Named = Annotated[str, Query(max_length=40)]


def report_page_routes(frame: Frame, desk: ReportDesk, counts: ElementCounts) -> APIRouter:
    """GET /reports, /reports/behind, /reports/visits/{visit}, /reports/file, /reports/month."""
    pages = ReportPages(frame, desk, counts)
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    router.get("/reports")(pages.reports)
    router.get("/reports/behind")(pages.numbers)
    router.get("/reports/visits/{visit}")(pages.visit)
    router.get("/reports/file")(pages.file)
    router.get("/reports/month")(pages.monthly)
    return router


class ReportPages:
    """Answers, with a limit on how many are worked out at once."""

    def __init__(self, frame: Frame, desk: ReportDesk, counts: ElementCounts) -> None:
        self.frame, self.desk, self.counts = frame, desk, counts
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Raises Troubled when too many ask for too much."""
        if not self._turns.acquire(timeout=PATIENCE_SECONDS):
            raise Troubled(503, "busy", "查询报表的人较多，请稍后刷新")
        try:
            yield
        finally:
            self._turns.release()

    def choice(
        self, kind: str, first: str, last: str, by: tuple[str, str], *, full: bool, against: Against
    ) -> Choice:
        """Raises HTTPException with a Chinese sentence."""
        if kind not in KINDS:
            raise HTTPException(404, "没有这种报表")
        groups = tuple(dict.fromkeys(name for name in by if name))
        if not set(groups) <= DIMENSIONS.keys():
            raise HTTPException(404, f"不能这样分组；可用：{'、'.join(DIMENSIONS.values())}")
        newest = newest_date(self.desk.days.labels(), china(self.frame.now_ms()).date())
        try:
            from_, to = _date(first) or _date(last) or newest, _date(last) or _date(first) or newest
        except ValueError:
            raise HTTPException(422, "日期不存在，请重新选择") from None
        period = period_of(from_, to, newest)
        if period.days > LONGEST_DAYS:
            raise HTTPException(422, f"一次最多查询 {LONGEST_DAYS} 天，请缩短日期范围")
        return Choice(Question(kind, period, groups, full, against), newest)

    def made_text(self) -> str:
        """When, for a document."""
        return china(self.frame.now_ms()).strftime("%Y-%m-%d %H:%M:%S")

    def reports(
        self,
        here: Here,
        kind: KindName = USUAL,
        first: First = "",
        last: Last = "",
        by: Group = "",
        then: Group = "",
        full: bool = False,
        against: Against = "",
    ) -> HTMLResponse:
        """Table and plot."""
        choice = self.choice(kind, first, last, (by, then), full=full, against=against)
        with self.turn():
            answer = self.desk.asked.answer(choice.question)
        return self.frame.page(here, "reports.html", **_page(answer, choice))

    def numbers(
        self,
        here: Here,
        indicator: Named,
        key: Key,
        kind: KindName = USUAL,
        first: First = "",
        last: Last = "",
        by: Group = "",
        then: Group = "",
        page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    ) -> HTMLResponse:
        """The numbers behind a figure."""
        choice = self.choice(kind, first, last, (by, then), full=False, against="")
        groups = choice.question.by or KINDS[kind].by
        if indicator not in INDICATORS or len(key) != len(groups):
            raise HTTPException(404, "没有这个数字")
        with self.turn():
            values = numbers_behind(self.desk, choice, INDICATORS[indicator], groups, tuple(key), page)
        return self.frame.page(here, "reports-behind.html", **values)

    def visit(self, here: Here, visit: Annotated[str, InPath(max_length=64)]) -> HTMLResponse:
        """The story of a visit."""
        with self.turn():
            found = self.desk.days.trace(visit)
        if found is None:
            return self.frame.page(here, "reports-visit.html", status=404, trace=None, visit=visit)
        told = self.frame.house.calls.of_tickets(frozenset(line.ticket for line in found.lines))
        return self.frame.page(here, "reports-visit.html", trace=found, visit=visit, calls=told)

    def file(
        self,
        here: Here,
        format: Literal["xlsx", "csv", "pdf", "numbers"],
        kind: KindName = USUAL,
        first: First = "",
        last: Last = "",
        by: Group = "",
        then: Group = "",
        full: bool = False,
        against: Against = "",
    ) -> StreamingResponse:
        """The table as a file."""
        choice = self.choice(kind, first, last, (by, then), full=full, against=against)
        return _file(self, here, format, choice.question)

    def monthly(self, here: Here, of: Annotated[str, Query(pattern=r"^\d{4}-\d{2}$")]) -> StreamingResponse:
        """The report of a month."""
        newest = newest_date(self.desk.days.labels(), china(self.frame.now_ms()).date())
        try:
            whole = month(datetime.date(int(of[:4]), int(of[5:]), 1))
        except ValueError:
            raise HTTPException(422, "月份不存在，请重新选择") from None
        running = whole.first <= newest < whole.last
        period = Period(whole.first, newest, Stretch.MONTH, whole=False) if running else whole
        return _file(self, here, "docx", Question("all", period), running=running)


def _date(text: str) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


# ---------------------------------------------------------------- the page


def _page(answer: Answer, choice: Choice) -> dict[str, Any]:
    table, report = answer.table, answer.report
    rows = max(ROWS_AT_LEAST, CELLS_SHOWN // len(table.columns))
    return {
        "answer": answer,
        "choice": choice,
        "period": choice.question.period,
        "presets": _presets(choice),
        "kinds": KINDS,
        "dimensions": DIMENSIONS,
        "grouped": report.by,
        "heads": _heads(report.indicators, full=choice.question.full),
        "lines": table.lines[:rows],
        "rows_more": max(0, len(table.lines) - rows),
        "plot": json_block(plot_of(table)) if table.lines else "",
        "rest": [DIMENSIONS[name] for name in report.by],
        "month": f"{choice.question.period.last:%Y-%m}",
        "part_text": PART_TEXT,
        "shown": shown,
        "change": change,
        "raw": raw,
        "address_behind": lambda line, column: _address_behind(choice, line, column),
        "days_near": _near(answer),
    }


def _presets(choice: Choice) -> list[tuple[str, str, bool]]:
    """(name, address, whether it is the one shown); the first of equal ones is."""
    found = presets(choice.newest)
    shown_now = next((name for name, period in found.items() if period == choice.question.period), "")
    return [(name, choice.at(period), name == shown_now) for name, period in found.items()]


def _heads(indicators: tuple[Indicator, ...], *, full: bool) -> list[tuple[Indicator, tuple[Column, ...]]]:
    return [(indicator, columns_of([indicator], full=full)) for indicator in indicators]


def _near(answer: Answer) -> list[str]:
    """The newest business days with figures, for somebody who asked about none."""
    return [f"{date_of(label):%Y-%m-%d}" for label in dict.fromkeys(answer.labels[-5:])]


def json_block(value: object) -> str:
    """For a block of data within HTML."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _address_behind(choice: Choice, line: Line, column: Column) -> str:
    more = urlencode([("indicator", column.indicator.id), *(("key", part) for part in line.key)])
    return f"/reports/behind?{choice.address}&{more}"


# ---------------------------------------------------------------- files


def _file(
    pages: ReportPages, here: Here, format: Format, question: Question, *, running: bool = False
) -> StreamingResponse:
    first, last = question.period.labels
    name = {"docx": "month", "numbers": "numbers"}.get(format, question.kind)
    ending = "csv" if format == "numbers" else format
    whole = f"{name}-{first}-{last}.{ending}"
    elements = pages.counts.now() if format == "docx" else None
    answer = report_file(
        pages.desk, format, question, whole, pages.made_text(), running=running, elements=elements
    )
    pages.frame.accounts.book.note(here.actor, Act("report.exported", whole))
    return answer
