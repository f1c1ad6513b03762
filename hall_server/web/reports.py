"""Reports, traces of visits and advice for guide sheets as JSON and CSV; reads the journal, never the hall.

Handlers are plain functions, so they run on worker threads with connections of their own. Dates are those
of business days; ``to`` is included. Durations are milliseconds, rates parts of 10,000.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, HTTPException, Query, Response
from fastapi import Path as InPath
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from hall_server.confirmations import Confirmations
from hall_server.reports.advice import LOOK_BACK_DAYS
from hall_server.reports.asked import LONGEST_DAYS, Question
from hall_server.reports.calendar import date_of
from hall_server.reports.days import Days
from hall_server.reports.desk import ReportDesk
from hall_server.reports.indicators import INDICATORS, UNIT_TEXT
from hall_server.reports.kinds import DIMENSIONS, KINDS
from hall_server.reports.periods import Period, Stretch
from hall_server.reports.report import make
from hall_server.reports.sheets import report_csv
from hall_server.web.calls_told import CallToldOut, told_out
from hall_server.web.files import report_file
from hall_server.web.problems import Troubled

_DATE = r"^(\d{4}-\d{2}-\d{2}|\d{8})?$"
First = Annotated[str, Query(alias="from", pattern=_DATE, description="First business day, 2026-11-01")]
Last = Annotated[
    str, Query(alias="to", pattern=_DATE, description="Last business day, included; '' = newest")
]
By = Annotated[
    str,
    Query(
        pattern=r"^[a-z_]*(,[a-z_]+){0,3}$",
        description=f"Up to four of {', '.join(DIMENSIONS)}, with commas; '' = as usual for the kind",
    ),
]
Kind = Annotated[str, InPath(description=f"One of {', '.join(KINDS)}", max_length=32)]
_MEDIA = "text/csv; charset=utf-8"


class IndicatorOut(BaseModel):
    """What an indicator means."""

    id: str
    name: str
    formula: str
    unit: Literal["count", "duration", "time", "rate"]
    numerator: str = ""
    denominator: str = ""
    reasons: str = Field("", description="What tells measurements apart by reason; '' = nothing")


class SpreadOut(BaseModel):
    """Figures of a duration, milliseconds; ``ticket`` is the number that lasted longest."""

    count: int
    total_ms: int
    mean_ms: int
    percentiles: dict[str, int] = Field(
        description="By nearest rank", examples=[{"50": 300000, "90": 900000}]
    )
    most_ms: int
    ticket: str


class RowOut(BaseModel):
    """One group."""

    key: list[str]
    names: list[str] = Field(description="The key's parts as people call them, in Chinese")
    figures: dict[str, int | SpreadOut | None] = Field(description="By indicator; null = no value")


class ReportOut(BaseModel):
    """A report over business days."""

    kind: str
    name: str
    by: list[str]
    days: list[str]
    running: str = Field(description="The business day that is not over, '' when all are closed")
    last_seq: int = Field(description="The newest event that the figures know")
    indicators: list[IndicatorOut]
    rows: list[RowOut]


class LineOut(BaseModel):
    """One event of a visit, in words."""

    seq: int
    at_ms: int
    time: str
    kind: str
    ticket: str
    number: str
    who: str
    sentence: str
    told: list[str]


class TraceOut(BaseModel):
    """A visit from first to last."""

    visit: str
    day: str
    masked_name: str
    numbers: list[str]
    lines: list[LineOut]
    calls: list[CallToldOut] = Field(
        default=[], description="Not from the journal: gone with a restart, and after a thousand calls"
    )


class ReasonOut(BaseModel):
    """Why people went away without result; ``material`` '' when it is not known which was missing."""

    outcome: str
    text: str
    material: str
    count: int


class AdviceOut(BaseModel):
    """What the guide sheet of an item may say."""

    item: str
    days: int = Field(description="So many days back")
    endings: int
    sentence: str
    reasons: list[ReasonOut]


def report_routes(desk: ReportDesk, calls: Confirmations) -> APIRouter:
    """GET /api/reports, /api/reports/{kind}, /api/visits/{visit}, /api/items/{item}/returns."""
    api = ReportApi(desk, calls)
    router = APIRouter(prefix="/api", tags=["reports"])
    router.get("/reports", operation_id="report_kinds")(api.kinds)
    router.get(
        "/reports/numbers.csv",
        operation_id="report_numbers",
        response_class=StreamingResponse,
    )(api.numbers)
    router.get("/reports/{kind}", operation_id="report", responses={200: {"model": ReportOut}})(api.report)
    router.get("/visits/{visit}", operation_id="visit", responses={200: {"model": TraceOut}})(api.visit)
    router.get("/items/{item}/returns", operation_id="item_returns")(api.returns)
    return router


class ReportApi:
    """Each answer is worked out on the worker thread that asked for it."""

    def __init__(self, desk: ReportDesk, calls: Confirmations) -> None:
        self._desk, self._days, self._calls = desk, desk.days, calls

    def kinds(self) -> dict[str, Any]:
        """Every kind of report, dimension and indicator with its formula."""
        plain: dict[str, Any] = msgspec.to_builtins(
            {
                "kinds": list(KINDS.values()),
                "dimensions": DIMENSIONS,
                "indicators": list(INDICATORS.values()),
                "units": UNIT_TEXT,
            }
        )
        return plain

    def numbers(self, first: First = "", last: Last = "") -> StreamingResponse:
        """Every number of the days as one line of CSV; no persons in it. One at a time, beside the hall."""
        return report_file(
            self._desk,
            "numbers",
            Question("waits", _period(self._days, first, last)),
            _file("numbers", first, last),
        )

    def report(
        self,
        kind: Kind,
        first: First = "",
        last: Last = "",
        by: By = "",
        format: Literal["json", "csv"] = "json",
    ) -> Response:
        """A report; ``format=csv`` for spreadsheets."""
        groups = tuple(by.split(",")) if by else ()
        if kind not in KINDS:
            raise HTTPException(404, "没有这种报表")
        if not set(groups) <= DIMENSIONS.keys():
            raise HTTPException(404, f"不能这样分组；可用：{'、'.join(DIMENSIONS)}")
        _period(self._days, first, last)
        made = make(self._days.between(_label(first), _label(last)), kind, groups)
        if format == "csv":
            return StreamingResponse(
                report_csv(made), media_type=_MEDIA, headers=_attached(kind, first, last)
            )
        return Response(msgspec.json.encode(made), media_type="application/json")

    def visit(self, visit: Annotated[str, InPath(max_length=64)]) -> Response:
        """The whole story of a visit, by its id or that of one of its numbers; a bare number: newest day."""
        found = self._days.trace(visit)
        if found is None:
            raise HTTPException(404, "没有找到这次到访或这个号")
        told = self._calls.of_tickets(frozenset(line.ticket for line in found.lines)).values()
        whole = {**msgspec.to_builtins(found), "calls": [told_out(each) for each in told]}
        return Response(msgspec.json.encode(whole), media_type="application/json")

    def returns(self, item: Annotated[str, InPath(max_length=64)]) -> AdviceOut:
        """Why people lately went away without result from an item, for its guide sheet."""
        found = self._desk.advice(item)
        if found is None:
            raise HTTPException(404, "没有这个事项")
        reasons = [ReasonOut(**msgspec.to_builtins(reason)) for reason in found.reasons]
        return AdviceOut(
            item=item, days=LOOK_BACK_DAYS, endings=found.endings, sentence=found.sentence, reasons=reasons
        )


def _label(date: str) -> str:
    return date.replace("-", "")


def _attached(name: str, first: str, last: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{_file(name, first, last)}"'}


def _period(days: Days, first: str, last: str) -> Period:
    """An open end is the oldest or newest business day. Raises Troubled: no such date, or too many days."""
    labels = days.labels() or ("20000101",)
    try:
        period = Period(
            date_of(_label(first) or labels[0]), date_of(_label(last) or labels[-1]), Stretch.DAYS
        )
    except ValueError:
        raise Troubled(422, "no_such_date", "日期不存在，请重新选择") from None
    if period.days > LONGEST_DAYS:
        raise Troubled(422, "too_many_days", f"一次最多查询 {LONGEST_DAYS} 天，请缩短日期范围")
    return period


def _file(name: str, first: str, last: str) -> str:
    """The file's name: only what was checked stands in it."""
    parts = [part for part in (name, _label(first), _label(last)) if re.fullmatch(r"[a-z0-9_]+", part)]
    return f"{'-'.join(parts)}.csv"
