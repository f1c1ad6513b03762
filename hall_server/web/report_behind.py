"""The numbers behind a figure of a report, the greatest first."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from hall_server.reports.behind import Measured, behind
from hall_server.reports.calendar import date_of
from hall_server.reports.desk import ReportDesk
from hall_server.reports.indicators import INDICATORS, Indicator, Unit
from hall_server.reports.table import Sort, headline, shown
from hall_server.web.report_choice import Choice

NUMBERS_SHOWN = 300


def numbers_behind(
    desk: ReportDesk,
    choice: Choice,
    indicator: Indicator,
    groups: tuple[str, ...],
    key: tuple[str, ...],
    page: int,
) -> dict[str, Any]:
    """What the page shows: every measurement of one group, the greatest first, ``page`` from 1."""
    period = choice.question.period
    days = desk.days.between(*period.labels)
    names = {
        kind: {id_: n[-1] for day in days for id_, n in day.names[kind].items()}
        for kind in ("service", "window")
    }
    report = desk.asked.report(period, choice.question.kind, groups)
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
