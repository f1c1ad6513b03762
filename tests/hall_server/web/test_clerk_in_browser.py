"""The clerk's page in real Chromium: what a clerk sees and presses on a working day."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from hall_server.hall import commands as c
from hall_server.hall.model import OUTCOME_TEXT, Outcome
from hall_server.hall.pictures import qr_seal
from tests.hall_server.web.conftest import Opener
from tests.hall_server.web.hall import KEY, PagedHall

pytestmark = pytest.mark.browser


def number(page: Page) -> str:
    return page.locator("#ticket").get_attribute("data-number") or ""


def desk(hall: PagedHall, opened: Opener, window: str = "w01", **how: int) -> Page:
    page = opened(f"{hall.url}/clerk/{window}", **how).page
    expect(page.locator("#lamp")).to_have_text("已连接")
    return page


def say(page: Page, sentence: str) -> None:
    expect(page.locator("#say")).to_have_text(sentence)


def test_next_makes_the_number_appear(hall: PagedHall, opened: Opener) -> None:
    page = desk(hall, opened)
    expect(page.locator("#do-next")).to_be_disabled()
    hall.issue()
    expect(page.locator("#do-next")).to_be_enabled()
    page.locator("#do-next").click()
    expect(page.locator("#ticket .number")).to_have_text("A001")
    expect(page.locator("#ticket .badge").first).to_have_text("呼叫中")
    say(page, "已呼叫 A001")
    assert hall.recorder.called() == ["A001"]


def test_two_pages_of_one_window_see_each_other(hall: PagedHall, opened: Opener) -> None:
    hall.issue()
    here, there = desk(hall, opened), desk(hall, opened)
    here.keyboard.press("Space")
    expect(there.locator("#ticket .number")).to_have_text("A001")
    there.keyboard.press("1")
    expect(here.locator("#ticket .badge").first).to_have_text("办理中")


def test_two_windows_press_at_once(hall: PagedHall, opened: Opener) -> None:
    one, two = desk(hall, opened, "w01"), desk(hall, opened, "w02")
    hall.issue()
    for page in (one, two):
        expect(page.locator("#do-next")).to_be_enabled()
    press = "document.getElementById('do-next').click()"
    one.evaluate(press)
    two.evaluate(press)
    for page in (one, two):
        expect(page.locator("#say")).not_to_be_empty()
        expect(page.locator("body[data-pending]")).to_have_count(0)
    said = sorted(page.locator("#say").inner_text() for page in (one, two))
    assert said[0] == "已呼叫 A001"
    assert said[1] == "暂无等待"
    assert sorted((number(one), number(two))) == ["", "A001"]


def test_a_double_click_calls_once(hall: PagedHall, opened: Opener) -> None:
    for _ in range(3):
        hall.issue()
    page = desk(hall, opened)
    page.locator("#do-next").dblclick()
    say(page, "已呼叫 A001")
    page.keyboard.press("1")
    say(page, "已到窗 A001")
    page.locator("#do-next").dblclick()
    say(page, "已呼叫 A002")
    assert hall.recorder.called() == ["A001", "A002"]


def test_while_it_is_submitted_the_button_says_so_and_takes_nothing(hall: PagedHall, opened: Opener) -> None:
    hall.issue()
    hall.issue()
    page = desk(hall, opened)
    held: list[Route] = []
    page.route("**/api/windows/**", lambda route: held.append(route))
    page.locator("#do-next").click()
    expect(page.locator("#do-next .busy")).to_be_visible()
    expect(page.locator("#do-next .busy")).to_have_text("正在提交…")
    page.keyboard.press("F2")
    page.locator("#do-next").click()
    assert number(page) == ""
    expect(page.locator("#say")).to_be_empty()
    assert len(held) == 1
    held[0].continue_()
    say(page, "已呼叫 A001")
    expect(page.locator("#do-next .busy")).to_be_hidden()


def test_a_whole_visit_by_keyboard_alone(hall: PagedHall, opened: Opener) -> None:
    for _ in range(4):
        hall.issue()
    page = desk(hall, opened)
    badge = page.locator("#ticket .badge").first
    page.keyboard.press("F2")
    say(page, "已呼叫 A001")
    page.keyboard.press("2")
    say(page, "已重呼 A001")
    page.keyboard.press("1")
    say(page, "已到窗 A001")
    expect(badge).to_have_text("办理中")
    page.keyboard.press("3")
    expect(page.locator("#dialog-finish")).to_be_visible()
    page.keyboard.press(str(list(OUTCOME_TEXT).index(Outcome.MISSING_MATERIAL) + 1))
    page.keyboard.press("Tab")
    page.keyboard.type("缺户口簿")
    page.keyboard.press("Enter")
    say(page, "已结束办理 A001")
    expect(page.locator("#recent")).to_contain_text("材料不全")
    page.keyboard.press("Space")
    say(page, "已呼叫 A002")
    page.keyboard.press("4")
    say(page, "已过号 A002")
    page.keyboard.press("Enter")
    say(page, "已呼叫 A003")
    page.keyboard.press("5")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    say(page, "已挂起 A003")
    expect(page.locator("#parked")).to_contain_text("A003")
    page.keyboard.press("0")
    say(page, "已呼叫 A004")
    page.keyboard.press("6")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    say(page, "已转移 A004")
    page.locator("#call-A003").focus()
    page.keyboard.press("Enter")
    say(page, "已呼叫 A003")
    page.keyboard.press("8")
    page.keyboard.press("Enter")
    say(page, "已暂停")
    expect(page.locator("#state .pill")).to_have_text("暂停 · 午餐")
    page.keyboard.press("7")
    expect(page.locator("#state .pill")).to_have_text("开放")


def test_a_forbidden_press_says_the_rule(hall: PagedHall, opened: Opener) -> None:
    page = desk(hall, opened)
    page.keyboard.press("Space")
    say(page, "暂无等待")
    hall.issue()
    expect(page.locator("#do-next")).to_be_enabled()
    page.keyboard.press("Space")
    say(page, "已呼叫 A001")
    page.locator("#do-finish").click(force=True)
    say(page, "A001 正在呼叫，不能这样操作") if False else expect(page.locator("#say")).to_contain_text(
        "A001"
    )
    expect(page.locator("#dialog-finish")).to_be_hidden()


def test_after_a_click_the_space_bar_is_still_next(hall: PagedHall, opened: Opener) -> None:
    hall.issue()
    hall.issue()
    page = desk(hall, opened)
    page.locator("#do-next").click()
    say(page, "已呼叫 A001")
    page.locator("#do-arrive").click()
    say(page, "已到窗 A001")
    page.keyboard.press("Space")
    say(page, "已呼叫 A002")


def without_done_notes(page: Page) -> None:
    """The line brings pictures but never says that a press is done."""

    def relay(line: WebSocketRoute) -> None:
        server = line.connect_to_server()
        server.on_message(lambda text: None if '"done"' in str(text) else line.send(text))

    page.route_web_socket("**/live", relay)


def test_a_visit_by_touch_alone(hall: PagedHall, opened: Opener) -> None:
    hall.issue()
    hall.issue()
    page = desk(hall, opened, touch=True)
    page.locator("#do-next").tap()
    say(page, "已呼叫 A001")
    page.locator("#do-finish").tap(force=True)
    say(page, "A001 已被呼叫，不能这样操作")
    page.locator("#do-arrive").tap()
    say(page, "已到窗 A001")
    page.locator("#do-park").tap()
    page.locator("#dialog-park label", has_text="30 分钟").tap()
    page.locator("#dialog-park .go").tap()
    say(page, "已挂起 A001")
    page.locator("#call-A001").tap()
    say(page, "已呼叫 A001")
    page.locator("#do-no-show").tap()
    say(page, "已过号 A001")


def test_a_lost_answer_is_asked_for_again_not_done_again(hall: PagedHall, opened: Opener) -> None:
    hall.issue()
    hall.issue()
    page = opened(f"{hall.url}/clerk/w01", before=without_done_notes).page
    expect(page.locator("#lamp")).to_have_text("已连接")
    requests: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        requests.append(json.loads(route.request.post_data or "")["request"])
        if len(requests) == 1:
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/windows/**", lose_the_first_answer)
    page.locator("#do-next").click()
    say(page, "已呼叫 A001")
    assert len(requests) == 2
    assert len(set(requests)) == 1
    assert hall.recorder.called() == ["A001"]


def test_what_the_line_says_is_done_needs_no_answer(hall: PagedHall, opened: Opener) -> None:
    hall.issue()
    page = desk(hall, opened)
    requests: list[Route] = []

    def lose_the_answer(route: Route) -> None:
        requests.append(route)
        route.fetch()
        route.abort("connectionreset")

    page.route("**/api/windows/**", lose_the_answer)
    page.locator("#do-next").click()
    say(page, "已呼叫 A001")
    page.unroute("**/api/windows/**")
    page.keyboard.press("1")
    say(page, "已到窗 A001")
    assert len(requests) == 1


def test_an_error_of_the_server_is_never_swapped_in(hall: PagedHall, opened: Opener) -> None:
    hall.issue()
    page = desk(hall, opened)
    page.route("**/api/windows/**", lambda route: route.fulfill(status=500, body="<p id='broken'>broken</p>"))
    page.locator("#do-next").click()
    expect(page.locator("#say")).to_contain_text("未")
    expect(page.locator("#broken")).to_have_count(0)
    assert number(page) == ""


def test_a_dialog_for_a_number_that_left_closes(hall: PagedHall, opened: Opener) -> None:
    hall.issue()
    page = desk(hall, opened)
    hall.do(c.CallNext)
    hall.do(c.Arrive)
    expect(page.locator("#do-finish")).to_be_enabled()
    page.keyboard.press("3")
    expect(page.locator("#dialog-finish")).to_be_visible()
    hall.do(c.Finish)
    expect(page.locator("#dialog-finish")).to_be_hidden()
    expect(page.locator("#say")).to_contain_text("号已变化")


def test_writing_a_note_is_not_disturbed_by_news(hall: PagedHall, opened: Opener) -> None:
    hall.issue()
    page = desk(hall, opened)
    hall.do(c.CallNext)
    hall.do(c.Arrive)
    expect(page.locator("#do-finish")).to_be_enabled()
    page.keyboard.press("3")
    note = page.locator("#dialog-finish textarea")
    note.focus()
    page.keyboard.type("还缺 1")
    hall.issue()
    expect(page.locator("#queues")).to_contain_text("A002")
    page.keyboard.type("23 号表")
    expect(note).to_have_value("还缺 123 号表")
    expect(note).to_be_focused()


@pytest.mark.parametrize(("width", "height"), [(1024, 600), (1280, 720), (1920, 1080), (768, 1024)])
def test_nothing_scrolls_sideways_and_all_keys_are_in_sight(
    hall: PagedHall, opened: Opener, width: int, height: int
) -> None:
    for _ in range(12):
        hall.issue()
    hall.do(c.CallNext)
    page = desk(hall, opened, width=width, height=height)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for name in (
        "next",
        "arrive",
        "recall",
        "finish",
        "no-show",
        "park",
        "transfer",
        "open",
        "pause",
        "close",
    ):
        box = page.locator(f"#do-{name}").bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
    word = page.locator("#ticket .number")
    assert word.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 100


def test_pages_ask_nobody_else_and_complain_of_nothing(hall: PagedHall, opened: Opener) -> None:
    ticket = hall.issue()
    for path in ("/", "/clerk", "/clerk/w01", f"/t/{ticket}.{qr_seal(ticket, KEY)}"):
        watched = opened(hall.url + path)
        watched.page.wait_for_load_state()
        if path == "/clerk/w01":
            expect(watched.page.locator("#lamp")).to_have_text("已连接")
            watched.page.keyboard.press("Space")
            say(watched.page, "已呼叫 A001")
        assert watched.asked
        assert watched.strangers(hall.url) == []
        assert watched.errors == []


def test_eight_tabs_live_side_by_side(hall: PagedHall, opened: Opener) -> None:
    first = desk(hall, opened)
    tabs = [first, *(first.context.new_page() for _ in range(7))]
    for tab in tabs[1:]:
        tab.goto(f"{hall.url}/clerk/w01")
        expect(tab.locator("#lamp")).to_have_text("已连接")
    hall.issue()
    hall.do(c.CallNext)
    for tab in tabs:
        expect(tab.locator("#ticket .number")).to_have_text("A001")


def test_the_phone_page_follows_its_number(hall: PagedHall, opened: Opener) -> None:
    ticket = hall.issue()
    page = opened(f"{hall.url}/t/{ticket}.{qr_seal(ticket, KEY)}", width=390, height=800).page
    expect(page.locator(".main")).to_contain_text("您是下一位")
    hall.do(c.CallNext, "w02")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".main")).to_contain_text("2号窗口")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
