"""What a clerk sees of his call: shown and spoken where, live; and what to do where it was not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from contract.messages import CallDrop, CallFate
from hall_server.confirmations import SCREEN_MS, VOICE_MS
from hall_server.hall import commands as c
from tests.hall_server.web.axe import findings
from tests.hall_server.web.conftest import Opener
from tests.hall_server.web.hall import PagedHall
from tests.hall_server.web.manager_hall import Turned
from tests.hall_server.web.screens import Screens

pytestmark = pytest.mark.browser


@pytest.fixture
def turned() -> Turned:
    return Turned()


@pytest.fixture
def screens(tmp_path: Path, turned: Turned) -> Iterator[Screens]:
    hall = PagedHall(tmp_path, clock=turned.clock())
    screens = Screens(hall)
    hall.start()
    yield screens
    hall.stop()


def desk(screens: Screens, opened: Opener) -> Page:
    page = opened(f"{screens.hall.url}/clerk/w01", account="clerk").page
    expect(page.locator("#lamp")).to_have_text("已连接")
    return page


def test_a_clerk_sees_live_where_the_call_was_shown_and_spoken(screens: Screens, opened: Opener) -> None:
    page = desk(screens, opened)
    ticket = screens.hall.issue()
    screens.hall.do(c.CallNext)
    told, advice = page.locator("#ticket .told"), page.locator("#ticket .advice")
    expect(told).to_contain_text("等待显示 综合屏、 1号窗口屏")
    expect(told).to_contain_text("等待播报 大厅广播")
    screens.say("board-1", f"{ticket}:1")
    screens.say("sign-1", f"{ticket}:1")
    expect(told.locator(".good")).to_contain_text("已显示 综合屏")
    screens.say("announcer-1", f"{ticket}:1", CallFate.SPOKEN)
    expect(told.locator(".good").last).to_contain_text("已播报 大厅广播")
    expect(told.locator(".wait")).to_have_count(0)
    expect(advice).to_have_count(0)
    page.keyboard.press("2")
    expect(told).to_contain_text("第 2 次呼叫")
    expect(page.locator("#ticket .before")).to_contain_text("第 1 次")
    page.keyboard.press("/")
    story = page.locator("#dialog-story .story")
    expect(story.locator(".told")).to_have_count(2)
    assert not findings(page)


def test_a_clerk_is_told_what_to_do_where_it_was_not(
    screens: Screens, turned: Turned, opened: Opener
) -> None:
    page = desk(screens, opened)
    ticket = screens.hall.issue()
    screens.hall.do(c.CallNext)
    screens.say("board-1", f"{ticket}:1")
    advice = page.locator("#ticket .advice")
    turned.ahead_ms += SCREEN_MS
    expect(advice).to_have_text("1号窗口屏未显示：请口头叫号")
    screens.say("announcer-1", f"{ticket}:1", CallFate.DROPPED, CallDrop.MUTED)
    expect(advice).to_have_text("1号窗口屏未显示，大厅广播未播报：请口头叫号")
    expect(page.locator("#ticket .told")).to_contain_text("未播报（已静音）")
    assert not findings(page)
    screens.say("sign-1", f"{ticket}:1")
    expect(advice).to_have_text("大厅广播未播报：请口头叫号")
    page.keyboard.press("1")
    expect(advice).to_have_count(0)
    assert VOICE_MS > SCREEN_MS
