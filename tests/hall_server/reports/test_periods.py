"""What a period is called and what it is compared with."""

from __future__ import annotations

from datetime import date

import pytest

from hall_server.reports.periods import Earlier, Stretch, earlier, month, period_of, presets

NEWEST = date(2026, 11, 23)  # a Monday
LABELS = ("20261118", "20261120", "20261123")


def compared(first: date, last: date) -> list[tuple[str, str, str]]:
    return [(one.name, *one.period.labels) for one in earlier(period_of(first, last, NEWEST), LABELS)]


def test_a_day_is_compared_with_the_business_day_before_and_the_same_weekday() -> None:
    assert compared(NEWEST, NEWEST) == [
        ("上一业务日", "20261120", "20261120"),
        ("上周同日", "20261116", "20261116"),
    ]


def test_a_whole_month_is_compared_with_whole_months() -> None:
    assert compared(date(2026, 3, 1), date(2026, 3, 31)) == [
        ("上月", "20260201", "20260228"),
        ("去年同月", "20250301", "20250331"),
    ]
    february = month(date(2024, 2, 1))
    assert february.labels == ("20240201", "20240229")
    assert february.text == "2024年2月"


def test_a_month_that_runs_is_compared_with_as_many_days() -> None:
    assert compared(date(2026, 11, 1), NEWEST) == [
        ("上月同期", "20261001", "20261023"),
        ("去年同月同期", "20251101", "20251123"),
    ]


def test_a_month_that_runs_longer_than_the_one_before_stops_at_its_end() -> None:
    running = period_of(date(2026, 3, 1), date(2026, 3, 30), date(2026, 3, 30))
    assert earlier(running, ())[0].period.labels == ("20260201", "20260228")


def test_a_week_and_any_days() -> None:
    assert compared(date(2026, 11, 9), date(2026, 11, 15)) == [
        ("上周", "20261102", "20261108"),
        ("去年同周", "20251110", "20251116"),
    ]
    assert compared(date(2026, 11, 10), date(2026, 11, 14)) == [
        ("前5天", "20261105", "20261109"),
        ("去年同期", "20251110", "20251114"),
    ]


def test_dates_in_the_wrong_order_are_put_right() -> None:
    assert period_of(date(2026, 11, 14), date(2026, 11, 10), NEWEST).days == 5


@pytest.mark.parametrize(
    ("by", "key", "twin"),
    [
        (("day",), ("20261104",), ("20261004",)),
        (("day", "service"), ("20261104B", "tax"), ("20261004B", "tax")),
        (("service",), ("tax",), ("tax",)),
        (("month",), ("2026-11",), ("2026-10",)),
        (("week",), ("2026-W47",), None),
    ],
)
def test_a_group_finds_the_group_that_it_is_compared_with(
    by: tuple[str, ...], key: tuple[str, ...], twin: tuple[str, ...] | None
) -> None:
    before = earlier(month(date(2026, 11, 1)), LABELS)[0]
    assert before.key(by, key) == twin


def test_weeks_find_weeks() -> None:
    week = earlier(period_of(date(2026, 11, 9), date(2026, 11, 15), NEWEST), LABELS)[0]
    assert isinstance(week, Earlier)
    assert week.key(("week",), ("2026-W46",)) == ("2026-W45",)


def test_one_press_chooses() -> None:
    found = presets(NEWEST)
    assert found["本月"].stretch is Stretch.MONTH
    assert not found["本月"].whole
    assert found["上月"].labels == ("20261001", "20261031")
    assert found["上周"].labels == ("20261116", "20261122")
    assert found["近30天"].days == 30
