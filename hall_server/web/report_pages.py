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
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, StreamingResponse

from contract.clock import china
from hall_server.accounts.book import Act
from hall_server.reports.asked import LONGEST_DAYS, Answer, Question, newest_date
from hall_server.reports.behind import Measured, behind
from hall_server.reports.calendar import date_of
from hall_server.reports.counted import ElementCounts
from hall_server.reports.desk import ReportDesk
from hall_server.reports.indicators import INDICATORS, Indicator, Unit
from hall_server.reports.kinds import DIMENSIONS, KINDS
from hall_server.reports.periods import Period, Stretch, month, period_of, presets
from hall_server.reports.press import Format
from hall_server.reports.table import (
    PART_TEXT,
    Column,
    Line,
    Sort,
    change,
    columns_of,
    headline,
    shown,
)
from hall_server.web.caller import Here
from hall_server.web.files import report_file
from hall_server.web.frame import Frame
from hall_server.web.plots import plot_of, raw
from hall_server.web.problems import Troubled

CELLS_SHOWN, ROWS_AT_LEAST = 12_000, 50
NUMBERS_SHOWN = 300
AT_ONCE = 2
PATIENCE_SECONDS = 20.0
USUAL = "services"
_DATE = r"^(\d{4}-\d{2}-\d{2})?$"
_GROUP = r"^[a-z_]*$"
First = Annotated[str, Query(alias="from", pattern=_DATE)]
Last = Annotated[str, Query(alias="to", pattern=_DATE)]
Group = Annotated[str, Query(pattern=_GROUP, max_length=20)]
KindName = Annotated[str, Query(max_length=32)]
Against = Literal["", "previous", "same"]
Key = Annotated[list[str], Query(max_length=4)]
Named = Annotated[str, Query(max_length=40)]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the form says, and the question that it makes; ``newest`` is the date of the newest day."""

    question: Question
    newest: datetime.date

    @property
    def address(self) -> str:
        """The query string of this page and its files."""
        period, by = self.question.period, self.question.by
        said = {
            "kind": self.question.kind,
            "from": str(period.first),
            "to": str(period.last),
            "by": by[0] if by else "",
            "then": by[1] if len(by) > 1 else "",
            "full": "1" if self.question.full else "",
            "against": self.question.against,
        }
        return urlencode({name: value for name, value in said.items() if value})

    def at(self, period: Period) -> str:
        """The same question about another period."""
        question = Question(
            self.question.kind, period, self.question.by, self.question.full, self.question.against
        )
        return Choice(question, self.newest).address


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


def report_page_routes(frame: Frame, desk: ReportDesk, counts: ElementCounts) -> APIRouter:
    """GET /reports, /reports/behind, /reports/visits/{visit}, /reports/file, /reports/month."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    pages = ReportPages(frame, desk, counts)

    @router.get("/reports")
    def reports(
        here: Here,
        kind: KindName = USUAL,
        first: First = "",
        last: Last = "",
        by: Group = "",
        then: Group = "",
        full: bool = False,
        against: Against = "",
    ) -> HTMLResponse:
        choice = pages.choice(kind, first, last, (by, then), full=full, against=against)
        with pages.turn():
            answer = desk.asked.answer(choice.question)
        return frame.page(here, "reports.html", **_page(answer, choice))

    @router.get("/reports/behind")
    def numbers(
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
        choice = pages.choice(kind, first, last, (by, then), full=False, against="")
        groups = choice.question.by or KINDS[kind].by
        if indicator not in INDICATORS or len(key) != len(groups):
            raise HTTPException(404, "没有这个数字")
        with pages.turn():
            values = _behind(pages, choice, INDICATORS[indicator], groups, tuple(key), page)
        return frame.page(here, "reports-behind.html", **values)

    @router.get("/reports/visits/{visit}")
    def visit(here: Here, visit: Annotated[str, InPath(max_length=64)]) -> HTMLResponse:
        with pages.turn():
            found = desk.days.trace(visit)
        if found is None:
            return frame.page(here, "reports-visit.html", status=404, trace=None, visit=visit)
        told = frame.house.calls.of_tickets(frozenset(line.ticket for line in found.lines))
        return frame.page(here, "reports-visit.html", trace=found, visit=visit, calls=told)

    @router.get("/reports/file")
    def file(
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
        choice = pages.choice(kind, first, last, (by, then), full=full, against=against)
        return _file(pages, here, format, choice.question)

    @router.get("/reports/month")
    def monthly(here: Here, of: Annotated[str, Query(pattern=r"^\d{4}-\d{2}$")]) -> StreamingResponse:
        newest = newest_date(desk.days.labels(), china(frame.now_ms()).date())
        try:
            whole = month(datetime.date(int(of[:4]), int(of[5:]), 1))
        except ValueError:
            raise HTTPException(422, "月份不存在，请重新选择") from None
        running = whole.first <= newest < whole.last
        period = Period(whole.first, newest, Stretch.MONTH, whole=False) if running else whole
        return _file(pages, here, "docx", Question("all", period), running=running)

    return router


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


# ---------------------------------------------------------------- the numbers behind a figure


def _behind(
    pages: ReportPages,
    choice: Choice,
    indicator: Indicator,
    groups: tuple[str, ...],
    key: tuple[str, ...],
    page: int,
) -> dict[str, Any]:
    period = choice.question.period
    days = pages.desk.days.between(*period.labels)
    names = {
        kind: {id_: n[-1] for day in days for id_, n in day.names[kind].items()}
        for kind in ("service", "window")
    }
    report = pages.desk.asked.report(period, choice.question.kind, groups)
    row = next((row for row in report.rows if row.key == key), None)
    parts = [INDICATORS[name] for name in (indicator.numerator, indicator.denominator) if name]
    found = [] if parts else behind(days, indicator.id, groups, key)
    found.sort(key=lambda one: -one.value)
    column = headline(indicator)
    unit = Sort.COUNT if indicator.unit is Unit.COUNT else Sort.TIME
    return {
        "indicator": indicator,
        "group": "、".join(row.names) if row else "",
        "period": period,
        "parts": [(part, _address_of(choice, part, key)) for part in parts],
        "count": len(found),
        "total": shown(unit, sum(one.value for one in found)),
        "measured": [
            _said(one, names, unit) for one in found[(page - 1) * NUMBERS_SHOWN : page * NUMBERS_SHOWN]
        ],
        "spread": indicator.unit is Unit.DURATION,
        "column": column,
        "page": page,
        "pages": -(-len(found) // NUMBERS_SHOWN),
        "here_address": _address_of(choice, indicator, key),
        "back": f"/reports?{choice.address}",
    }


def _address_of(choice: Choice, indicator: Indicator, key: tuple[str, ...]) -> str:
    more = urlencode([("indicator", indicator.id), *(("key", part) for part in key)])
    return f"/reports/behind?{choice.address}&{more}"


def _said(one: Measured, names: dict[str, dict[str, str]], unit: Sort) -> dict[str, str]:
    half = f"{one.half_hour // 2:02d}:{one.half_hour % 2 * 30:02d}"
    return {
        "day": f"{date_of(one.day):%Y-%m-%d}",
        "half_hour": half,
        "ticket": one.ticket,
        "number": one.ticket.rpartition("-")[2],
        "service": names["service"].get(one.service, one.service),
        "window": names["window"].get(one.window, one.window),
        "value": shown(unit, one.value),
    }


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
