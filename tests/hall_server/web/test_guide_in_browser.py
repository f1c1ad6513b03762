"""The guide's page on a phone: somebody calls, one guide goes, the call is done."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from contract.messages import StationKind
from hall_server.hall import commands as c
from hall_server.hall_file import StationPart
from hall_server.house import House
from tests.hall_server.web import axe
from tests.hall_server.web.conftest import Opener
from tests.hall_server.web.hall import PagedHall

pytestmark = [pytest.mark.browser]
_requests = itertools.count(1)


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[PagedHall]:
    """A hall that knows where its kiosk stands."""
    paged = PagedHall(tmp_path)
    kiosk = StationPart(id="kiosk-1", kind=StationKind.KIOSK, name="1号取号机", place="东门入口")
    paged.house = House(described=lambda: (kiosk,))
    paged.start()
    yield paged
    paged.stop()


def ask(hall: PagedHall, station: str, about: str) -> None:
    call = c.CallGuide(request=f"guide-{next(_requests)}", by=station, about=about)
    hall.service.submit(call).result(10)


def phone(hall: PagedHall, opened: Opener, account: str = "guide") -> Page:
    page = opened(f"{hall.url}/guide", width=390, height=844, touch=True, account=account).page
    expect(page.locator("#lamp")).to_have_text("已连接")
    return page


def test_one_of_two_guides_goes(hall: PagedHall, opened: Opener) -> None:
    page, other = phone(hall, opened), phone(hall, opened, "manager")
    expect(page.locator(".calm")).to_have_text("现在没有人求助")
    page.locator("#sound").tap()
    expect(page.locator("#sound")).to_have_attribute("aria-pressed", "true")
    ask(hall, "kiosk-1", "keypad")
    for each in (page, other):
        expect(each.locator(".ask.new .where")).to_have_text("1号取号机")
        expect(each.locator("#say")).to_have_text("新的求助：1号取号机")
        expect(each).to_have_title("（1）人求助 · 导办 · 示例县政务服务中心")
    expect(page.locator(".ask")).to_contain_text("东门入口")
    expect(page.locator(".ask")).to_contain_text("正在输入证件号")
    assert axe.findings(page) == []
    page.locator(".ask .go").tap()
    for each in (page, other):
        expect(each.locator(".ask.taken")).to_contain_text("张三 已前往")
    expect(other.locator(".ask .go")).to_be_hidden()
    # elsewhere: the second half of a double tap is no press
    page.locator(".ask .go").tap(position={"x": 8, "y": 8})
    for each in (page, other):
        expect(each.locator(".calm")).to_be_visible()
        expect(each.locator(".past")).to_contain_text("1号取号机")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_who_comes_second_is_told(hall: PagedHall, opened: Opener) -> None:
    page = phone(hall, opened)
    ask(hall, "kiosk-9", "error")
    expect(page.locator(".ask .where")).to_have_text("kiosk-9")
    (call,) = hall.service.query(lambda h: list(h.helps)).result(5)

    def somebody_is_quicker(route: Route) -> None:
        taken = c.TakeHelp(request="other-takes", by="clerk:other", call=call)
        hall.service.submit(taken).result(10)
        route.continue_()

    page.route("**/guide-calls/*/take", somebody_is_quicker)
    page.locator(".ask .go").tap()
    expect(page.locator("#say")).to_have_text("已由工号 other 前往，不用再去")


def test_a_press_while_the_line_is_down_is_asked_again(hall: PagedHall, opened: Opener) -> None:
    page = phone(hall, opened)
    ask(hall, "kiosk-1", "")
    lost: list[str] = []

    def lose_one(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append("once")
            route.abort("connectionreset")

    page.route("**/guide-calls/*/take", lose_one)
    page.locator(".ask .go").tap()
    expect(page.locator(".ask.taken")).to_be_visible()
    assert lost == ["once"]
