"""差评 in Chromium: a supervisor sees what was said, contacts, closes; what is refused is told in place."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from hall_server.hall import commands as c
from hall_server.hall.model import Hall
from tests.hall_server.web import axe
from tests.hall_server.web.conftest import Opener
from tests.hall_server.web.hall import PagedHall

pytestmark = pytest.mark.browser


def rated(hall: PagedHall, grade: int, words: str) -> str:
    ticket = hall.issue()
    hall.do(c.CallNext, clerk="clerk-w01")
    hall.do(c.Arrive, clerk="clerk-w01")
    hall.do(c.Finish, clerk="clerk-w01")

    def call_of(h: Hall) -> str:
        return h.served[ticket][-1].call

    call = hall.service.query(call_of).result(5)
    command = c.Evaluate(
        request=f"rate-{call}",
        by="phone:x",
        ticket=ticket,
        call=call,
        grade=grade,
        tags=("slow",),
        words=words,
    )
    hall.service.submit(command).result(5)
    return call


def note(page: Page, step: str, words: str) -> None:
    page.locator("#poor-1 select").select_option(step)
    page.locator("#poor-1 [name=note]").fill(words)
    page.locator("#poor-1 button").click()


def test_a_supervisor_follows_a_poor_rating_to_its_end(hall: PagedHall, opened: Opener) -> None:
    rated(hall, 2, "<b>等太久</b>")
    rated(hall, 5, "很好")
    manager = opened(f"{hall.url}/manager", account="manager", width=1920, height=1080).page
    expect(manager.locator(".finding", has_text="1 条差评待回访")).to_be_visible()
    manager.locator(".finding", has_text="1 条差评待回访").get_by_role("link", name="去处理").click()
    expect(manager.locator("h1")).to_contain_text("差评处理")
    watched = opened(f"{hall.url}/reports/poor", account="supervisor")
    page = watched.page
    expect(page.locator(".poor")).to_have_count(1)
    for words in (
        "不满意",
        "办理太慢",
        "<b>等太久</b>",
        "1号窗口",
        "工号 clerk-w01",
        "应在此前处理",
        "待回访",
    ):
        expect(page.locator("#poor-1")).to_contain_text(words)
    assert axe.findings(page) == []
    note(page, "contacted", "已电话致歉，本人接受")
    expect(page.locator("#poor-1 .pill").first).to_have_text("已回访")
    expect(page.locator("#poor-1 .steps")).to_contain_text("回访 已电话致歉，本人接受 张三")
    note(page, "closed", "属实，已加开窗口")
    expect(page.locator("#poor-1 .pill").first).to_have_text("已办结")
    expect(page.locator("#poor-1 form")).to_have_count(0)
    page.get_by_role("link", name="A001").click()
    expect(page.locator("#story")).to_contain_text("差评办结：属实，已加开窗口")
    page.goto(f"{hall.url}/reports?kind=evaluations&by=clerk")
    cells = {
        name: page.locator(f"#report td[data-column={name}]") for name in ("poor_contacted", "poor_closed")
    }
    for cell in cells.values():
        expect(cell).to_have_text("1")
    assert watched.errors == []


def test_what_is_refused_is_told_in_its_place_and_no_word_is_lost(hall: PagedHall, opened: Opener) -> None:
    call = rated(hall, 1, "")
    with hall.person("supervisor") as someone:
        answer = someone.post(
            "/reports/poor", data={"request": "poor-one-1", "call": call, "step": "closed", "note": "无误"}
        )
    assert answer.status_code == 409
    assert "请先回访，再办结" in answer.text
    assert 'value="无误"' in answer.text
    with hall.person("guide") as someone:
        assert someone.get("/reports/poor").status_code == 403


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1024, 600), (1920, 1080)])
def test_nothing_stands_over_the_edge(hall: PagedHall, opened: Opener, width: int, height: int) -> None:
    rated(hall, 1, "很长的话" * 60)
    page = opened(f"{hall.url}/reports/poor", account="manager", width=width, height=height).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
