"""Today against usual: the same weekday before, by half hour."""

from __future__ import annotations

from hall_server.reports.samples import Cell, Samples
from hall_server.reports.summary import DaySummary
from hall_server.reports.usual import compare, same_weekday

MINUTE_MS = 60_000


def made(day: str, *, arrivals: int, wait_minutes: int) -> DaySummary:
    samples = Samples(0)
    for _ in range(arrivals):
        samples.add("issued", Cell(18))
    samples.add("wait", Cell(18), value=wait_minutes * MINUTE_MS)
    return DaySummary(
        day=day,
        closed=True,
        last_seq=1,
        closes_minute=1439,
        cells=samples.cells(),
        tickets=samples.tickets(),
        columns=samples.columns(),
        service_zone={},
        window_zone={},
        names={},
    )


def test_only_the_same_weekday_of_the_last_weeks_counts() -> None:
    labels = ("20260901", "20261109", "20261115", "20261116", "20261122", "20261123")
    assert same_weekday(labels, "20261123") == ("20261109", "20261116")
    assert same_weekday(labels, "20261123", weeks=1) == ("20261116",)


def test_the_mean_of_the_days_before_stands_beside_today() -> None:
    today = made("20261123", arrivals=9, wait_minutes=12)
    before = [made("20261116", arrivals=4, wait_minutes=10), made("20261109", arrivals=8, wait_minutes=20)]
    found = compare(today, before)
    assert (found.days, found.first, found.last) == (2, 18, 18)
    assert (found.today.arrivals[18], found.usual.arrivals[18]) == (9.0, 6.0)
    assert (found.today.waits[18], found.usual.waits[18], found.usual.waits[19]) == (12.0, 15.0, None)


def test_a_first_day_has_nothing_to_stand_beside() -> None:
    found = compare(made("20261123", arrivals=1, wait_minutes=1), [])
    assert (found.days, sum(found.usual.arrivals)) == (0, 0.0)
