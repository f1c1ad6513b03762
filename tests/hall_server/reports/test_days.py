"""Business days from a journal: kept once, read again, made anew when their history is another one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from hall_server.hall.events import DayOpened
from hall_server.hall.model import RuleBroken
from hall_server.hall.plan import Plan
from hall_server.reports.days import Days
from hall_server.reports.summary import DaySummary
from tests.hall_server.halls import small_plan
from tests.hall_server.reports.agreement import as_json, differences, folded, written
from tests.hall_server.reports.naive import Naive
from tests.hall_server.reports.naive_rows import read
from tests.hall_server.reports.walks import step
from tests.hall_server.test_hall import Desk


def several_days(seed: int, days: int = 5) -> Desk:
    """A walk over so many business days."""
    chance, desk = random.Random(seed), Desk(windows=5)
    for _ in range(days):
        for _ in range(120):
            try:
                step(desk, chance)
            except RuleBroken:
                continue
        desk.now_ms += 86_400_000
    return desk


@pytest.fixture
def desk() -> Desk:
    return several_days(7)


def asked(path: Path, plan: Plan) -> Days:
    return Days(path, path.parent / "reports", plan, monotonic=lambda: 0.0)


def same(left: tuple[DaySummary, ...], right: list[DaySummary]) -> bool:
    return [(d.day, d.cells, d.columns, d.second) for d in left] == [
        (d.day, d.cells, d.columns, d.second) for d in right
    ]


def test_days_of_a_file_equal_days_of_the_events_and_the_raw_rows(tmp_path: Path, desk: Desk) -> None:
    path = tmp_path / "journal.db"
    written(path, desk.events)
    days = asked(path, desk.plan).between()
    assert len(days) >= 5
    assert [day.closed for day in days] == [True] * (len(days) - 1) + [False]
    assert same(days, folded(desk.events, desk.plan))
    _, wrong = differences(days, Naive(read(path), as_json(desk.plan)))
    assert not wrong, "\n".join(wrong[:20])


def test_what_is_kept_is_read_again_and_any_of_it_may_be_deleted(tmp_path: Path, desk: Desk) -> None:
    path = tmp_path / "journal.db"
    written(path, desk.events)
    true = folded(desk.events, desk.plan)
    assert asked(path, desk.plan).fold_missing() == len(true) - 1
    assert asked(path, desk.plan).fold_missing() == 0
    assert same(asked(path, desk.plan).between(), true)
    kept = sorted((tmp_path / "reports").glob("*.day"))
    assert len(kept) == len(true) - 1
    kept[1].unlink()
    kept[2].write_bytes(b"torn")
    for carry in (tmp_path / "reports").glob("*.carry"):
        carry.unlink()
    assert same(asked(path, desk.plan).between(), true)
    assert asked(path, desk.plan).fold_missing() == 0


def test_a_day_that_runs_grows_with_the_journal_until_it_is_closed(tmp_path: Path, desk: Desk) -> None:
    path = tmp_path / "journal.db"
    days = asked(path, desk.plan)
    day, known = "", 0
    for upto in range(40, len(desk.events) + 40, 40):
        batch = desk.events[known:upto]
        day = written(path, batch, known=known, day=day)
        known += len(batch)
        assert same(days.between(), folded(desk.events[:known], desk.plan))


def test_another_history_under_the_same_labels_is_measured_anew(tmp_path: Path, desk: Desk) -> None:
    path, other = tmp_path / "journal.db", several_days(8)
    written(path, desk.events)
    days = asked(path, desk.plan)
    days.fold_missing()
    path.unlink()
    (tmp_path / "journal.db-wal").unlink(missing_ok=True)
    written(path, other.events)
    assert same(asked(path, desk.plan).between(), folded(other.events, other.plan))


def test_a_range_takes_the_days_whose_dates_lie_in_it(tmp_path: Path, desk: Desk) -> None:
    path = tmp_path / "journal.db"
    written(path, desk.events)
    labels = [event.day for event in desk.events if isinstance(event, DayOpened)]
    days = asked(path, desk.plan)
    assert [day.day for day in days.between(labels[1], labels[2])] == labels[1:3]
    assert [day.day for day in days.between(last=labels[0])] == labels[:1]
    assert days.between("20300101") == ()


def test_days_are_listed_though_what_they_kept_was_promised_before(tmp_path: Path, desk: Desk) -> None:
    written(tmp_path / "journal.db", desk.events)
    days = asked(tmp_path / "journal.db", desk.plan)
    labels = days.labels()
    assert [day.day for day in days.lives(labels[-3])] == list(labels[-3:])
    assert [day.day for day in days.lives()] == list(labels)


def test_an_empty_journal_has_no_days(tmp_path: Path) -> None:
    written(tmp_path / "journal.db", ())
    assert asked(tmp_path / "journal.db", small_plan()).between() == ()
