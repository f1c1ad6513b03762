"""The guide's page on a phone: somebody calls, one guide goes, the call is done."""

from __future__ import annotations

import itertools
import sqlite3
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
    page.locator("#done [type=submit]").tap()
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


def test_what_a_guide_did_is_said_with_one_tap_and_goes_to_the_window(
    hall: PagedHall, opened: Opener
) -> None:
    ticket = hall.issue()
    page, other = phone(hall, opened), phone(hall, opened, "manager")
    ask(hall, "kiosk-1", "keypad")
    page.locator(".ask .go").tap()
    page.locator(".ask.taken .go").tap(position={"x": 8, "y": 8})  # no double tap
    dialog = page.locator("#done")
    expect(dialog.locator("h2")).to_have_text("完成 1号取号机")
    dialog.locator("[data-say]", has_text="材料不齐，已讲明").tap()
    dialog.locator("[data-say]", has_text="已协助取号").tap()
    expect(dialog.locator("[name=note]")).to_have_value("材料不齐，已讲明；已协助取号")
    dialog.locator("[data-say]", has_text="已协助取号").tap(position={"x": 8, "y": 8})
    expect(dialog.locator("[name=note]")).to_have_value("材料不齐，已讲明")
    dialog.locator("[name=number]").fill("A999")
    assert axe.findings(page) == []
    dialog.locator("[type=submit]").tap()
    expect(page.locator("#say")).to_have_text("今天没有号码 A999，请核对后再填，或留空")
    page.locator(".ask.taken .go").tap()
    expect(dialog.locator("[name=note]")).to_have_value("材料不齐，已讲明")  # a refusal loses no word
    dialog.locator("[name=number]").fill("a001")
    dialog.locator("[type=submit]").tap()
    for each in (page, other):
        expect(each.locator(".past")).to_contain_text("材料不齐，已讲明")
    assert hall.service.query(lambda h: dict(h.guided)).result(5) == {ticket: ("材料不齐，已讲明",)}


def test_five_guides_and_five_calls_each_is_taken_once(hall: PagedHall, opened: Opener) -> None:
    """All press all at once: whoever is first goes, the others are told who."""
    pages = [phone(hall, opened, who) for who in ("guide", "manager", "guide", "manager", "guide")]
    for n in range(1, 6):
        ask(hall, f"kiosk-{n}", "")
    for page in pages:
        expect(page.locator(".ask.new")).to_have_count(5)
    for page in pages:
        page.evaluate("for (const b of document.querySelectorAll('.ask.new .go')) b.click()")
    for page in pages:
        expect(page.locator(".ask.taken")).to_have_count(5)
    helps = hall.service.query(lambda h: list(h.helps.values())).result(5)
    taken = [call.taken_by for call in helps]
    assert len(taken) == 5
    assert all(taken)
    events = [e for e in events_of(hall) if e == "HelpTaken"]
    assert len(events) == 5
    pages[0].screenshot()
    for page, who in zip(pages[:2], ("clerk:guide", "clerk:manager"), strict=True):
        expect(page.locator(".ask.taken .go:visible")).to_have_count(taken.count(who))


def events_of(hall: PagedHall) -> list[str]:
    db = sqlite3.connect(f"file:{hall.state / 'journal.db'}?mode=ro", uri=True)
    try:
        return [kind for (kind,) in db.execute("SELECT kind FROM event ORDER BY seq")]
    finally:
        db.close()
