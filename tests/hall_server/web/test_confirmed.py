"""What became of a call: in the clerk's page, in the trace of the visit, and among what is wrong now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contract.messages import CallDrop, CallFate
from hall_server.confirmations import FAILS, SCREEN_FAILED_MS, SCREEN_MS, VOICE_MS
from hall_server.hall import commands as c
from hall_server.web.clerk import ClerkPage, Counter, counter
from hall_server.web.clerk_sheet import Sheets
from hall_server.web.rendering import Rendering
from tests.hall_server.web.hall import CATALOGUE, PLAN, PagedHall
from tests.hall_server.web.manager_hall import Turned
from tests.hall_server.web.screens import Screens

SHEETS = Sheets(lambda: CATALOGUE)


@pytest.fixture
def turned() -> Turned:
    return Turned()


@pytest.fixture
def screens(tmp_path: Path, turned: Turned) -> Iterator[Screens]:
    plan = replace(PLAN, rules=replace(PLAN.rules, recalls_before_no_show=9))
    hall = PagedHall(tmp_path, plan=plan, clock=turned.clock())
    screens = Screens(hall)
    hall.start()
    yield screens
    hall.stop()


def look(screens: Screens) -> Counter:
    hall = screens.hall
    return hall.service.query(lambda h: counter(h, "w01", hall.clock.now_ms(), SHEETS, screens.calls)).result(
        5
    )


def called(screens: Screens) -> str:
    """A number at window 1; the name of its call."""
    ticket = screens.hall.issue()
    screens.hall.do(c.CallNext)
    return f"{ticket}:1"


def test_a_page_is_drawn_anew_when_something_is_confirmed_and_when_it_is_overdue(
    screens: Screens, turned: Turned
) -> None:
    hall = screens.hall
    call = called(screens)
    rendering = Rendering(hall_name=lambda: "x")
    page = ClerkPage("w01", hall.plan, SHEETS, hall.clock.now_ms, rendering, screens.calls)
    seen, view = look(screens), hall.service.settled().result(5)
    assert not page.changed(seen, view, view)
    screens.say("board-1", call)
    assert page.changed(seen, view, view)
    seen = look(screens)
    assert not page.changed(seen, view, view)
    turned.ahead_ms += SCREEN_MS
    assert page.changed(seen, view, view)
    seen = look(screens)
    assert seen.present is not None
    assert seen.present.advice == "1号窗口屏未显示：请口头叫号"
    turned.ahead_ms += VOICE_MS
    assert page.changed(seen, view, view)
    hall.do(c.Arrive)
    seen = look(screens)
    assert seen.present is not None
    assert (seen.present.advice, len(seen.present.calls)) == ("", 1), "the person is here"


def test_only_the_calls_of_this_turn_at_the_window_are_shown(screens: Screens) -> None:
    called(screens)
    screens.hall.do(c.Recall)
    screens.hall.do(c.Park, minutes=1, reason="x")
    ticket = screens.hall.service.query(lambda hall: next(iter(hall.parked))[1]).result(5)
    screens.hall.do(c.CallParked, ticket=ticket)
    screens.hall.do(c.Recall)
    present = look(screens).present
    assert present is not None
    assert [call.turn for call in present.calls] == [3, 4]


def test_the_trace_of_a_visit_says_what_became_of_its_calls(screens: Screens, turned: Turned) -> None:
    call = called(screens)
    screens.say("board-1", call)
    screens.say("announcer-1", call, CallFate.DROPPED, CallDrop.MUTED)
    turned.ahead_ms += SCREEN_MS
    with screens.hall.person("manager") as manager:
        told = manager.get("/api/visits/A001").json()["calls"]
        page = manager.get("/reports/visits/A001").text
    (one,) = told
    assert (one["call"], one["number"], one["window"]) == (call, "A001", "w01")
    assert [(p["place"], p["stand"], p["why"], p["words"]) for p in one["places"]] == [
        ("board-1", "shown", "", "已显示"),
        ("sign-1", "missed", "", "未显示"),
        ("announcer-1", "dropped", "muted", "未播报（已静音）"),
    ]
    assert one["places"][0]["at_ms"] >= one["at_ms"]
    assert one["wanting"] == "1号窗口屏未显示，大厅广播未播报"
    assert "未播报（已静音）" in page
    assert "显示并播报" not in page, "what happened, not what was meant to"
    assert "告知：手机页面提示叫号" in page
    with screens.hall.client() as partner:
        assert partner.get("/api/windows/w01/calls").json() == [one]
        assert partner.get("/api/windows/w02/calls").json() == []
        assert partner.get("/api/windows/w99/calls").status_code == 404


def test_a_trace_without_news_of_its_calls_is_told_as_before(screens: Screens) -> None:
    called(screens)
    screens.hall.stop()
    Screens.__post_init__(screens)
    screens.hall.start()
    with screens.hall.person("manager") as manager:
        told = manager.get("/api/visits/A001").json()
        assert told["calls"] == []
        assert len(told["lines"]) == 2
        assert manager.get("/reports/visits/A001").status_code == 200
    with screens.hall.person("clerk-w01") as clerk:
        assert "已发送到：综合屏及语音、1号窗口屏" in clerk.get("/clerk/w01").text


def test_the_manager_sees_a_screen_that_stopped_confirming_once_with_what_to_do(
    screens: Screens, turned: Turned
) -> None:
    call = called(screens)
    for turn in range(1, FAILS + 1):
        if turn > 1:
            screens.hall.do(c.Recall)
        name = f"{call.rpartition(':')[0]}:{turn}"
        screens.say("board-1", name)
        screens.say("announcer-1", name, CallFate.SPOKEN)
        turned.ahead_ms += SCREEN_FAILED_MS
    with screens.hall.person("manager") as manager:
        page = manager.get("/manager").text
        sheet = manager.get("/manager/stations/sign-1").text
    assert page.count(f"1号窗口屏：最近 {FAILS} 次叫号没有确认显示") == 1
    assert "窗口先口头叫号；到现场看画面是否正常，不动就重启这块屏；由运维人员处理" in page
    assert 'class="station trouble" data-sheet="station" data-subject="sign-1"' in page
    assert 'class="station well" data-sheet="station" data-subject="board-1"' in page
    assert "重启这块屏" in sheet
    screens.away.add("sign-1")
    with screens.hall.person("manager") as manager:
        page = manager.get("/manager").text
    assert page.count("1号窗口屏 离线") == 1
    assert "次叫号没有确认" not in page, "one finding for one trouble"
