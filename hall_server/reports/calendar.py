"""PURE: the week and the month that a business day's label names; nothing is compared with a clock.

A label is the local date on which most of the day lies, ``20261121``, with a letter behind it when a hall
closed twice on one date.
"""

from __future__ import annotations

import datetime


def date_of(label: str) -> datetime.date:
    """The date in a label. Raises ValueError."""
    return datetime.date(int(label[:4]), int(label[4:6]), int(label[6:8]))


def week_of(label: str) -> str:
    """ISO week, ``2026-W47``."""
    year, week, _ = date_of(label).isocalendar()
    return f"{year:04d}-W{week:02d}"


def month_of(label: str) -> str:
    """``2026-11``."""
    return f"{label[:4]}-{label[4:6]}"


def within(label: str, first: str, last: str) -> bool:
    """Whether a business day lies between two dates (``20261101``), both included; '' = open end."""
    return (not first or first <= label[:8]) and (not last or label[:8] <= last)
