"""Reports, traces and advice over HTTP: true figures, Chinese names, CSV, who may see them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contract.clock import HallClock
from hall_server.hall import commands as c
from hall_server.hall.model import Outcome
from tests.hall_server.web.hall import ITEM, PagedHall

MORNING = 1_795_222_800_000  # 2026-11-21 09:00 +08:00


class Hands:
    """A clock that stands until it is moved, in milliseconds."""

    def __init__(self) -> None:
        self.ms = 0

    def clock(self) -> HallClock:
        return HallClock(monotonic=lambda: self.ms, wall=lambda: MORNING + self.ms)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def hall(tmp_path: Path, hands: Hands) -> Iterator[PagedHall]:
    paged = PagedHall(tmp_path, clock=hands.clock())
    paged.start()
    yield paged
    paged.stop()
    assert not paged.failures


class Manager:
    """Signs in anew for each question: a session does not live through the hours of these tests."""

    def __init__(self, hall: PagedHall) -> None:
        self._hall = hall

    def get(self, address: str) -> httpx.Response:
        with self._hall.person("manager") as client:
            return client.get(address)


@pytest.fixture
def manager(hall: PagedHall) -> Manager:
    return Manager(hall)


def served(hall: PagedHall, hands: Hands, waited_ms: int, *, outcome: Outcome = Outcome.DONE) -> str:
    """One number that waited so long and was served for five minutes."""
    ticket = hall.issue(items=(ITEM,))
    hands.ms += waited_ms
    hall.do(c.CallNext)
    hands.ms += 20_000
    hall.do(c.Arrive)
    hands.ms += 300_000
    hall.do(c.Finish, outcome=outcome, note="张三缺户口簿" if outcome is not Outcome.DONE else "")
    return ticket


def test_a_wait_of_sixty_five_minutes_is_reported_as_that(
    hall: PagedHall, hands: Hands, manager: Manager
) -> None:
    served(hall, hands, 60_000)
    longest = served(hall, hands, 65 * 60_000)
    told = manager.get("/api/reports/waits?from=2026-11-21&to=2026-11-21").json()
    assert (told["name"], told["by"], told["days"], told["running"]) == (
        "等候",
        ["service"],
        ["20261121"],
        "20261121",
    )
    (row,) = told["rows"]
    assert row["names"] == ["社保医保"]
    assert row["figures"]["wait"] == {
        "count": 2,
        "total_ms": 66 * 60_000,
        "mean_ms": 33 * 60_000,
        "percentiles": {"50": 60_000, "80": 65 * 60_000, "90": 65 * 60_000, "95": 65 * 60_000},
        "most_ms": 65 * 60_000,
        "ticket": longest,
    }
    assert next(i for i in told["indicators"] if i["id"] == "wait")["formula"].startswith(
        "从取号到第一次被叫号"
    )


def test_a_range_without_days_is_empty_and_wrong_questions_are_refused(
    hall: PagedHall, manager: Manager
) -> None:
    hall.issue()
    assert manager.get("/api/reports/waits?from=20300101").json()["rows"] == []
    assert manager.get("/api/reports/gossip").status_code == 404
    assert manager.get("/api/reports/waits?by=weather").status_code == 404
    assert manager.get("/api/reports/waits?from=yesterday").status_code == 422


def test_a_spreadsheet_gets_chinese_heads_and_no_formula(
    hall: PagedHall, hands: Hands, manager: Manager
) -> None:
    served(hall, hands, 60_000)
    hall.issue()
    hall.do(c.CallNext)
    hall.do(c.Park, minutes=5, reason="=HYPERLINK(1)")
    answer = manager.get("/api/reports/moves?by=reason&format=csv&from=2026-11-21")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="moves-20261121.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["理由或原因", "转移次数", "转回次数"]
    assert [row[0] for row in rows[1:]] == ["不分", "'=HYPERLINK(1)"]
    numbers = manager.get("/api/reports/numbers.csv").content.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(numbers)))
    assert len(lines) == 3
    assert lines[1][:5] == ["20261121", "A001", "社保医保", "居民身份证换领", "普通"]
    assert lines[1][5:7] == ["2026-11-21 09:00:00", "2026-11-21 09:01:00"]


def test_a_visit_is_told_from_first_to_last(hall: PagedHall, hands: Hands, manager: Manager) -> None:
    ticket = served(hall, hands, 125_000)
    hall.do(c.Undo)
    hall.do(c.Finish, outcome=Outcome.ELSEWHERE)
    told = manager.get(f"/api/visits/{ticket}").json()
    assert manager.get("/api/visits/A001").json() == told
    said = [(line["time"], line["sentence"]) for line in told["lines"]]
    assert said == [
        ("09:00:00", "取号 A001：社保医保；事项：居民身份证换领"),
        ("09:02:05", "1号窗口叫号，距取号 2分05秒"),
        ("09:02:25", "到1号窗口，开始办理，首问负责：1号窗口"),
        ("09:07:25", "1号窗口结束：办结"),
        ("09:07:25", "1号窗口撤销“办结”，恢复到之前的状态"),
        ("09:07:25", "1号窗口结束：须回原单位"),
    ]
    assert "综合屏“综合屏”显示并播报：A001 请到1号窗口办理" in told["lines"][1]["told"]
    assert manager.get("/api/visits/20261121-X999").status_code == 404
    assert manager.get("/api/visits/nobody").status_code == 404


def test_advice_names_papers_and_never_people(hall: PagedHall, hands: Hands, manager: Manager) -> None:
    for _ in range(2):
        served(hall, hands, 1000, outcome=Outcome.MISSING_MATERIAL)
    assert manager.get(f"/api/items/{ITEM}/returns").json()["sentence"] == "", "the day is not over"
    hands.ms += 24 * 3_600_000
    hall.issue()
    desk = hall.reports
    desk.draw_up()
    told = manager.get(f"/api/items/{ITEM}/returns")
    assert told.json()["sentence"] == "最近常见退回原因：材料不全—缺居民户口簿"
    assert told.json()["endings"] == 2
    assert "张三" not in told.text
    items = desk.with_advice(desk.catalogue).items
    assert [item.often_returned for item in items] == ["最近常见退回原因：材料不全—缺居民户口簿"]
    assert manager.get("/api/items/none/returns").status_code == 404


def test_clerks_see_neither_figures_nor_visits(hall: PagedHall) -> None:
    ticket = hall.issue()
    with hall.person("clerk") as clerk:
        for address in (
            "/api/reports",
            "/api/reports/waits",
            "/api/reports/numbers.csv",
            f"/api/visits/{ticket}",
        ):
            assert clerk.get(address).status_code == 403, address
    with hall.stranger() as stranger:
        assert stranger.get("/api/reports/waits").status_code == 401


def test_every_kind_says_what_it_shows(manager: Manager) -> None:
    told = manager.get("/api/reports").json()
    known = {indicator["id"] for indicator in told["indicators"]}
    assert len(known) == len(told["indicators"]) > 40
    for kind in told["kinds"]:
        assert set(kind["indicators"]) <= known
        assert set(kind["by"]) <= set(told["dimensions"])
        assert manager.get(f"/api/reports/{kind['id']}").status_code == 200
