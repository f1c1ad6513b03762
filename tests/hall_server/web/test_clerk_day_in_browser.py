"""A clerk's working day by keyboard alone, by touch alone, and with the server killed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from contract.messages import Person
from hall_server.hall import commands as c
from hall_server.hall.model import Asked
from tests.hall_server.web import axe
from tests.hall_server.web.conftest import Opener
from tests.hall_server.web.hall import ITEM, PagedHall
from tests.hall_server.web.killable import Killable
from tests.hall_server.web.test_clerk_in_browser import desk, number, say

pytestmark = [pytest.mark.browser]
PERSON = Person(key="k", masked_name="王*")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Killable]:
    killable = Killable(tmp_path)
    yield killable
    killable.kill()


def keys(page: Page, *pressed: str) -> None:
    for key in pressed:
        page.keyboard.press(key)


def test_a_day_by_keyboard_alone(hall: PagedHall, opened: Opener) -> None:
    hall.issue(items=(ITEM,), situation=("委托他人办理",), person=PERSON)
    hall.issue("huji", person=PERSON)
    for _ in range(3):
        hall.issue()
    page = desk(hall, opened)

    # the first person: undo a slip, take papers in, end without result, print the notice
    keys(page, "Space")
    say(page, "已呼叫 A001")
    expect(page.locator("#do-undo")).to_contain_text("撤销“呼叫 A001”")
    expect(page.locator("#do-undo [data-seconds]")).to_have_text("29 秒")
    keys(page, "Backspace")
    say(page, "已撤销 A001")
    expect(page.locator("#do-undo")).to_be_hidden()
    keys(page, "Space")
    say(page, "已呼叫 A001")
    keys(page, "a")
    say(page, "请先按“到窗”，再收件")
    keys(page, "1")
    say(page, "已到窗 A001")
    keys(page, "a", "b", "c", "b")
    expect(page.locator(".sheet h2 b")).to_have_text("2/4")
    checked = page.locator(".paper[aria-checked=true] .grow")
    expect(checked).to_have_text(["居民户口簿", "委托书"])
    keys(page, "/")
    expect(page.locator("#dialog-story .story")).to_contain_text("首问负责：clerk-w01")
    keys(page, "Escape")
    keys(page, "3", "3")
    expect(page.locator("#lacking input:checked")).to_have_count(1)
    expect(page.locator("#lacking input:checked")).to_have_value("旧居民身份证")
    assert axe.findings(page) == []
    keys(page, "Enter")
    say(page, "已结束办理 A001")
    with page.context.expect_page() as told:
        keys(page, "p")
    expect(told.value.locator(".sheet ol")).to_have_text("旧居民身份证")
    assert axe.findings(told.value) == []
    told.value.close()

    # somebody out of order, with a reason; why not is told
    keys(page, "+")
    expect(page.locator("#dialog-waiting .pick")).to_contain_text("A004")
    keys(page, "ArrowDown")
    expect(page.locator("#why")).to_contain_text("A003 已等")
    page.locator("#dialog-waiting [name=reason]").focus()
    page.keyboard.type("身体不适")
    assert axe.findings(page) == []
    keys(page, "Enter")
    say(page, "已呼叫 A003")
    assert hall.service.query(lambda h: h.recent[0].number).result(5) == "A003"

    # away to a colleague, with the way back; then the window closes over a number
    hall.do(c.OpenWindow, "w02", clerk="022")
    keys(page, "1")
    say(page, "已到窗 A003")
    keys(page, "6")
    page.locator("#dialog-transfer [name=service][value='']").focus()
    keys(page, "Space")
    page.locator("#dialog-transfer select").focus()
    page.locator("#dialog-transfer select").select_option("clerk:022")
    keys(page, "Tab", "Space", "Enter")
    say(page, "已转移 A003")
    sent = hall.service.query(lambda h: h.tickets[h.by_number["A003"]]).result(5)
    assert (sent.bound_clerk, sent.return_to) == ("022", "w01")
    keys(page, "Space")
    say(page, "已呼叫 B001")
    keys(page, "9")
    expect(page.locator("#dialog-close")).to_be_visible()
    keys(page, "Enter")
    say(page, "已关窗")
    expect(page.locator("#parked li")).to_have_count(1)
    expect(page.locator("#today")).to_contain_text("今日办理 1 · 未办成 1")


def test_the_emergency_key_asks_once_more_and_says_who_comes(hall: PagedHall, opened: Opener) -> None:
    page = desk(hall, opened)
    keys(page, "F1", "Escape")
    assert hall.service.query(lambda h: len(h.helps)).result(5) == 0
    keys(page, "F1", "2", "Enter")
    expect(page.locator("#help")).to_contain_text("等待值班长接手")
    (call,) = hall.service.query(lambda h: list(h.helps.values())).result(5)
    assert (call.asked, call.window, call.clerk, call.about) == (
        Asked.MANAGER,
        "w01",
        "clerk-w01",
        "有人身体不适",
    )
    keys(page, "F1")
    expect(page.locator("#say")).to_contain_text("求助已发出")
    hall.service.submit(c.TakeHelp(request="t", by="clerk:manager", call=call.id)).result(5)
    expect(page.locator("#help")).to_contain_text("值班长正在赶来")


def test_a_tablet_by_touch_alone(hall: PagedHall, opened: Opener) -> None:
    hall.issue(items=(ITEM,), situation=("本人办理",), person=PERSON)
    hall.issue("huji", person=PERSON)
    page = desk(hall, opened, width=800, height=1280, touch=True)
    page.locator("#do-next").tap()
    say(page, "已呼叫 A001")
    page.locator("#do-arrive").tap()
    say(page, "已到窗 A001")
    page.locator(".paper", has_text="居民户口簿").tap()
    expect(page.locator(".sheet h2 b")).to_have_text("1/3")
    for control in page.locator("button:visible").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 28
        assert box["x"] + box["width"] <= 800
    page.locator("#visit-B001").tap()
    say(page, "已呼叫 B001")
    page.locator("#do-undo").tap()
    say(page, "已撤销 A001")
    assert number(page) == "A001"
    page.locator("#do-help").tap()
    page.locator("#dialog-help .plain").tap()
    assert page.evaluate("document.documentElement.scrollWidth") <= 800
    assert axe.findings(page) == []


@pytest.mark.processes
def test_an_undo_into_a_dying_server_is_done_once(server: Killable, opened: Opener) -> None:
    page = opened(f"{server.url}/clerk/w01").page
    expect(page.locator("#lamp")).to_have_text("已连接")
    keys(page, "Space")
    say(page, "已呼叫 A001")
    server.freeze()
    keys(page, "Backspace")
    expect(page.locator("#do-undo .busy")).to_be_visible()
    assert number(page) == "A001"
    server.kill()
    expect(page.locator("#link")).to_contain_text("“撤销”未提交，恢复后自动重试")
    assert number(page) == "A001"
    server.start()
    expect(page.locator("#say")).to_have_text("已撤销 A001")
    expect(page.locator("#ticket")).to_have_attribute("data-number", "")
    assert server.calls() == []
