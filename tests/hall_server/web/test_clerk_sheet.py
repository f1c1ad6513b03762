"""What belongs to a number: papers by situation, the visit's other numbers, undo, lists, the notice."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contract.messages import Person
from hall_server.hall import commands as c
from hall_server.hall.plan import NoShowPolicy
from hall_server.web.clerk import Counter, Shown, counter
from hall_server.web.clerk_sheet import Sheets
from tests.hall_server.web.hall import CATALOGUE, ITEM, PLAN, PagedHall
from tests.hall_server.web.test_api import press, refused

SHEETS = Sheets(lambda: CATALOGUE)
PERSON = Person(key="k", masked_name="王*")


def look(hall: PagedHall, window: str = "w01") -> Counter:
    return hall.service.query(lambda h: counter(h, window, hall.clock.now_ms(), SHEETS)).result(5)


def shown(hall: PagedHall, window: str = "w01") -> Shown:
    present = look(hall, window).present
    assert present is not None
    return present


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[PagedHall]:
    """A hall where a clerk lets passed numbers back."""
    rules = dataclasses.replace(PLAN.rules, no_show_policy=NoShowPolicy.MANUAL)
    paged = PagedHall(tmp_path, plan=dataclasses.replace(PLAN, rules=rules))
    paged.start()
    yield paged
    paged.stop()


@pytest.mark.parametrize(
    ("situation", "papers", "unknown"),
    [
        (("本人办理",), ["居民户口簿", "旧居民身份证", "近期照片"], False),
        (("委托他人办理",), ["居民户口簿", "旧居民身份证", "委托书", "近期照片"], False),
        ((), ["居民户口簿", "旧居民身份证", "近期照片"], True),
    ],
)
def test_the_papers_are_those_that_the_kiosk_showed(
    hall: PagedHall, situation: tuple[str, ...], papers: list[str], unknown: bool
) -> None:
    hall.issue(items=(ITEM,), situation=situation)
    hall.do(c.CallNext)
    sheet = shown(hall).sheet
    assert [line.name for line in sheet.lines] == papers
    assert sheet.unknown_situation is unknown
    assert [line.key for line in sheet.lines] == list("abcd")[: len(papers)]


def test_papers_taken_stay_with_the_number_through_a_transfer(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue(items=(ITEM,), situation=("本人办理",))
    hall.do(c.CallNext)
    assert refused(press(client, "w01", "papers", papers=["居民户口簿"])) == (409, "wrong_state")
    hall.do(c.Arrive)
    assert press(client, "w01", "papers", papers=["居民户口簿", "居民户口簿"]).json()["ok"]
    assert shown(hall).sheet.taken == 1
    moved = press(client, "w01", "transfer", service="", to_window="w02", come_back=True, note="请复核")
    assert moved.json()["number"] == "A001"
    hall.do(c.CallNext, "w02")
    assert (shown(hall, "w02").sheet.taken, shown(hall, "w02").note) == (1, "请复核")
    assert shown(hall, "w02").came_back


def test_what_an_undo_takes_back_is_said(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue()
    hall.issue()
    assert look(hall).undoing is None
    hall.do(c.CallNext)
    hall.do(c.Arrive)
    hall.do(c.CallNext)
    undoing = look(hall).undoing
    assert undoing is not None
    assert undoing.words == "下一位（A001、A002）"
    assert undoing.until_ms - hall.clock.now_ms() in range(1, 30_001)
    assert press(client, "w01", "undo").json()["number"] == "A001"
    assert shown(hall).number == "A001"


def test_the_other_numbers_of_a_visit_are_called_here(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue(person=PERSON)
    hall.issue(person=Person(key="other"))
    second = hall.issue("huji", person=PERSON)
    hall.do(c.CallNext)
    (other,) = shown(hall).others
    assert (other.number, other.service) == ("B001", "户籍与身份证")
    assert "还在呼叫中" in other.why_not
    hall.do(c.Arrive)
    assert shown(hall).others[0].why_not == ""
    answer = press(client, "w01", "call-ticket", ticket=second, reason="同一来访", seen=shown(hall).ticket)
    assert answer.json()["number"] == "B001"
    assert shown(hall).responsible == ""
    hall.do(c.Arrive)
    assert shown(hall).responsible == "1号窗口"


def test_a_direct_call_wants_a_reason_and_says_why_not(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue()
    second = hall.issue()
    with hall.person("clerk-w01") as clerk:
        listed = clerk.get("/clerk/w01/waiting").text
        assert listed.index("A001") < listed.index("A002")
        why = clerk.get(f"/clerk/w01/why/{second}").json()
        assert "前面还有 1 人" in why["sentence"]
        assert why["refusal"] == ""
        assert clerk.get("/clerk/w01/why/nobody").status_code == 404
    assert press(client, "w01", "call-ticket", ticket=second, reason="").status_code == 422
    assert refused(press(client, "w01", "call-ticket", ticket=second, reason=" ")) == (409, "no_reason")
    assert press(client, "w01", "call-ticket", ticket=second, reason="身体不适").json()["number"] == "A002"


def test_a_number_that_passed_comes_back(by_hand: PagedHall) -> None:
    gone = by_hand.issue()
    by_hand.do(c.CallNext)
    by_hand.do(c.NoShow)
    with by_hand.person("clerk-w01") as clerk, by_hand.client() as client:
        assert "A001" in clerk.get("/clerk/w01/passed").text
        assert clerk.get("/clerk/w01/today").json() == {
            "served": 0,
            "no_result": 0,
            "passed": 1,
            "mean_minutes": -1,
        }
        assert press(client, "w01", "return", ticket=gone).json()["number"] == "A001"
        assert "A001" not in clerk.get("/clerk/w01/passed").text
    assert look(by_hand).waiting == 1


def test_the_notice_says_what_is_missing_and_where_to_bring_it(hall: PagedHall) -> None:
    ticket = hall.issue(items=(ITEM,), situation=("本人办理",), person=PERSON)
    hall.do(c.CallNext)
    hall.do(c.Arrive)
    with hall.person("clerk-w01") as clerk, hall.client() as client:
        assert clerk.get(f"/clerk/w01/notice/{ticket}").status_code == 404
        done = press(
            client,
            "w01",
            "finish",
            outcome="missing_material",
            missing=["居民户口簿", "<b>照片</b>"],
            note="须原件",
        )
        assert done.json()["ok"]
        page = clerk.get(f"/clerk/w01/notice/{ticket}").text
        for words in (
            "补正告知书",
            "A001",
            "居民户口簿",
            "&lt;b&gt;照片",
            "须原件",
            "1号窗口",
            "办不成事",
            "王*",
        ):
            assert words in page, words
        story = hall.service.query(lambda h: h.papers[ticket].missing).result(5)
        assert story == ("居民户口簿", "<b>照片</b>")
    with hall.person("clerk-w02") as other:
        assert other.get(f"/clerk/w02/notice/{ticket}").status_code == 404


def test_the_story_of_the_number_at_the_window(hall: PagedHall) -> None:
    hall.issue()
    with hall.person("clerk-w01") as clerk:
        assert "窗口现在没有号" in clerk.get("/clerk/w01/story").text
        hall.do(c.CallNext)
        hall.do(c.Recall)
        story = clerk.get("/clerk/w01/story").text
        assert story.count("回报已不在") == 2, "nobody told this hall of any screen"
        assert "第 2 次" not in story


def test_a_clerk_rings_and_sees_who_comes(hall: PagedHall) -> None:
    with hall.person("clerk-w01") as clerk, hall.person("manager") as manager:
        assert press(clerk, "w01", "help", about="群众情绪激动").json()["ok"]
        assert refused(press(clerk, "w01", "help")) == (409, "help_called")
        ringing = look(hall).help
        assert ringing is not None
        assert (ringing.about, ringing.by) == ("群众情绪激动", "")
        (call,) = hall.service.query(lambda h: list(h.helps)).result(5)
        asked = {"request": "take-the-call"}
        assert refused(manager.post(f"/api/guide-calls/{call}/take", json=asked)) == (409, "unknown_help")
        assert manager.post(f"/api/help-calls/{call}/take", json=asked).json()["ok"]
        ringing = look(hall).help
        assert ringing is not None
        assert ringing.by == "manager"
        assert manager.post(f"/api/help-calls/{call}/end", json={"request": "end-the-call"}).json()["ok"]
        assert look(hall).help is None


def test_a_window_that_closes_parks_who_is_there(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue()
    hall.do(c.CallNext)
    assert refused(press(client, "w01", "close")) == (409, "still_busy")
    assert press(client, "w01", "close", park=True).json()["ok"]
    assert [p.number for p in look(hall, "w02").parked] == ["A001"]


def test_targets_are_the_other_windows_that_are_not_closed(hall: PagedHall) -> None:
    hall.do(c.OpenWindow, "w02", clerk="022")
    with hall.person("clerk-w01") as clerk:
        found = clerk.get("/clerk/w01/targets").json()
    assert [(t["window"], t["clerk"], t["open"]) for t in found] == [("w02", "022", True)]
