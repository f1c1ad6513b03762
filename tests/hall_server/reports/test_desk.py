"""The desk measures closed days by a process beside the hall, and tells when the advice has changed."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from contract.catalogue import Catalogue, Item, Material
from hall_server.hall import commands as c
from hall_server.hall.model import Outcome
from hall_server.reports.desk import ReportDesk
from tests.hall_server.reports.agreement import written
from tests.hall_server.test_hall import Desk

DAY_MS = 86_400_000
ITEM = Item(
    code="t1", name="事项", department="局", zone="east", service="tax", materials=(Material(name="结婚证"),)
)
CATALOGUE = Catalogue(hall_name="测试大厅", items=(ITEM,))
SENTENCE = "最近常见退回原因：材料不全—缺结婚证"


def returned(desk: Desk, times: int) -> None:
    """So many people go away because of a missing paper; then the day ends."""
    for _ in range(times):
        desk.do(c.Issue, service="tax", items=("t1",))
        desk.do(c.CallNext, window="w1")
        desk.do(c.Arrive, window="w1")
        desk.do(c.Finish, window="w1", outcome=Outcome.MISSING_MATERIAL, note="没带结婚证")
    desk.now_ms += DAY_MS
    desk.do(c.Tick)


@pytest.mark.processes
def test_days_are_measured_beside_the_hall_as_they_close(tmp_path: Path) -> None:
    walk = Desk()
    returned(walk, 1)
    day = written(tmp_path / "journal.db", walk.events)
    told = threading.Semaphore(0)
    desk = ReportDesk(tmp_path, lambda: walk.plan, lambda: CATALOGUE, on_advice=told.release)
    desk.start()
    try:
        desk.day_is(day)
        assert told.acquire(timeout=60)
        assert sorted(file.name for file in (tmp_path / "reports").glob("*.day")) == ["20261121.day"]
        first = desk.advice("t1")
        assert first is not None
        assert (first.endings, first.sentence) == (1, "")
        assert desk.with_advice(CATALOGUE) is CATALOGUE
        known = len(walk.events)
        returned(walk, 3)
        desk.day_is(written(tmp_path / "journal.db", walk.events[known:], known=known, day=day))
        assert told.acquire(timeout=60)
        assert [item.often_returned for item in desk.with_advice(CATALOGUE).items] == [SENTENCE]
    finally:
        desk.stop()
    assert desk.advice("none") is None
    assert desk.days.unkept() == 0


def test_a_desk_that_stops_while_it_measures_stops_at_once(tmp_path: Path) -> None:
    walk = Desk()
    returned(walk, 1)
    written(tmp_path / "journal.db", walk.events)
    desk = ReportDesk(tmp_path, lambda: walk.plan, lambda: CATALOGUE)
    desk.start()
    desk.stop()
    assert desk.days.closed(30)[0].unserved[0].item == "t1", "what was not kept is measured when asked for"
