"""The stretch of business days a report is asked for, and the two that it is compared with.

A day is compared with the business day before it and the same weekday a week earlier; a week with the week
before and the same week a year earlier; a month with the month before and the same month of last year. A
stretch that is not over is compared with equally many days. Nothing is compared with a clock: the newest
business day is given.
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hall_server.reports.calendar import date_of, month_of, week_of

_DAY = datetime.timedelta(days=1)
_WEEKDAYS = "一二三四五六日"
YEAR_OF_WEEKS = 364


class Stretch(StrEnum):
    """What a period is to people."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Period:
    """From ``first`` to ``last``, both included. ``whole``: a week or month to its end."""

    first: datetime.date
    last: datetime.date
    stretch: Stretch
    whole: bool = True

    @property
    def labels(self) -> tuple[str, str]:
        """As ``Days.between`` wants them."""
        return f"{self.first:%Y%m%d}", f"{self.last:%Y%m%d}"

    @property
    def days(self) -> int:
        """How many dates."""
        return (self.last - self.first).days + 1

    @property
    def text(self) -> str:
        """2026年11月21日（星期六）, 2026年11月, or from–to."""
        if self.stretch is Stretch.DAY:
            return f"{_date(self.first)}（星期{_WEEKDAYS[self.first.weekday()]}）"
        if self.stretch is Stretch.MONTH and self.whole:
            return f"{self.first.year}年{self.first.month}月"
        last = _date(self.last) if self.last.year != self.first.year else _short(self.last)
        return f"{_date(self.first)}–{last}"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A period to compare with; ``months`` or ``days`` say how far back it lies."""

    id: str
    name: str
    period: Period
    months: int = 0
    days: int = 0

    def date(self, of: datetime.date) -> datetime.date:
        """The day that a date is compared with."""
        return _months_back(of, self.months) if self.months else of - self.days * _DAY

    def key(self, by: Sequence[str], key: Sequence[str]) -> tuple[str, ...] | None:
        """The group that a group is compared with; None when the calendar has no such."""
        parts = [self._part(dimension, part) for dimension, part in zip(by, key, strict=True)]
        return None if None in parts else tuple(part for part in parts if part is not None)

    def _part(self, dimension: str, part: str) -> str | None:
        if dimension == "day":
            return f"{self.date(date_of(part)):%Y%m%d}{part[8:]}"
        if dimension == "week":
            monday = datetime.date.fromisocalendar(int(part[:4]), int(part[6:]), 1)
            back = self.date(monday)
            return None if self.months or self.days % 7 else week_of(f"{back:%Y%m%d}")
        if dimension == "month":
            first = datetime.date(int(part[:4]), int(part[5:]), 1)
            return month_of(f"{self.date(first):%Y%m%d}") if self.months else None
        return part


def period_of(first: datetime.date, last: datetime.date, newest: datetime.date) -> Period:
    """The period between two dates in either order; a week or month that runs ends at ``newest``."""
    first, last = min(first, last), max(first, last)
    if first == last:
        return Period(first, last, Stretch.DAY)
    sunday, end = first + 6 * _DAY, _end_of_month(first)
    if first.day == 1 and (last == end or (last == newest and last < end)):
        return Period(first, last, Stretch.MONTH, whole=last == end)
    if first.weekday() == 0 and (last == sunday or (last == newest and last < sunday)):
        return Period(first, last, Stretch.WEEK, whole=last == sunday)
    return Period(first, last, Stretch.DAYS)


def month(first: datetime.date) -> Period:
    """The whole month that begins with this date."""
    return Period(first, _end_of_month(first), Stretch.MONTH)


def presets(newest: datetime.date) -> dict[str, Period]:
    """What can be chosen with one press."""
    monday = newest - newest.weekday() * _DAY
    of_month = newest.replace(day=1)
    before = of_month - _DAY
    wanted = {
        "今天": (newest, newest),
        "昨天": (newest - _DAY, newest - _DAY),
        "本周": (monday, newest),
        "上周": (monday - 7 * _DAY, monday - _DAY),
        "本月": (of_month, newest),
        "上月": (before.replace(day=1), before),
        "近30天": (newest - 29 * _DAY, newest),
    }
    return {name: period_of(first, last, newest) for name, (first, last) in wanted.items()}


def earlier(period: Period, labels: Sequence[str]) -> tuple[Earlier, Earlier]:
    """The period before, and the same a week or year earlier; ``labels``: the journal's business days."""
    if period.stretch is Stretch.DAY:
        own = f"{period.first:%Y%m%d}"
        before = [label for label in labels if label[:8] < own]
        last = date_of(before[-1]) if before else period.first - _DAY
        back = (period.first - last).days
        return (
            _back(period, "previous", "上一业务日", days=back),
            _back(period, "same", "上周同日", days=7),
        )
    part = "" if period.whole else "同期"
    if period.stretch is Stretch.WEEK:
        return (
            _back(period, "previous", f"上周{part}", days=7),
            _back(period, "same", f"去年同周{part}", days=YEAR_OF_WEEKS),
        )
    if period.stretch is Stretch.MONTH:
        return (
            _back(period, "previous", f"上月{part}", months=1),
            _back(period, "same", f"去年同月{part}", months=12),
        )
    return (
        _back(period, "previous", f"前{period.days}天", days=period.days),
        _back(period, "same", "去年同期", months=12),
    )


def _back(period: Period, id_: str, name: str, *, months: int = 0, days: int = 0) -> Earlier:
    if not months:
        shift = days * _DAY
        there = Period(period.first - shift, period.last - shift, period.stretch, period.whole)
        return Earlier(id_, name, there, days=days)
    first, last = _months_back(period.first, months), _months_back(period.last, months)
    if period.stretch is Stretch.MONTH and period.whole:
        last = _end_of_month(first)
    return Earlier(id_, name, Period(first, last, period.stretch, period.whole), months=months)


def _months_back(date: datetime.date, months: int) -> datetime.date:
    year, ordinal = divmod(date.year * 12 + date.month - 1 - months, 12)
    return date.replace(
        year=year, month=ordinal + 1, day=min(date.day, calendar.monthrange(year, ordinal + 1)[1])
    )


def _end_of_month(date: datetime.date) -> datetime.date:
    return date.replace(day=calendar.monthrange(date.year, date.month)[1])


def _date(date: datetime.date) -> str:
    return f"{date.year}年{_short(date)}"


def _short(date: datetime.date) -> str:
    return f"{date.month}月{date.day}日"
