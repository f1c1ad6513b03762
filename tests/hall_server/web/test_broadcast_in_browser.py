"""A manager broadcasts in real Chromium: dialog, hall, an announcer that plays; told honestly, audited."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from hall_server.accounts.book import Actor
from hall_server.accounts.records import Account
from hall_server.accounts.roles import EVERY_WINDOW, Role
from hall_server.hall import commands as c
from tests.hall.spoken import ZONE, Spoken
from tests.hall_server.web.axe import findings
from tests.hall_server.web.conftest import Opener
from tests.hall_server.web.hall import _HASHED

pytestmark = pytest.mark.browser
SIZES = ((390, 844), (1024, 600), (1920, 1080))


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spoken]:
    hall = Spoken(tmp_path_factory.mktemp("broadcast"), ("消防疏散", "即将下班"))
    manager = Account(
        id="manager",
        name="张三",
        roles=frozenset({Role.MANAGER}),
        windows=(EVERY_WINDOW,),
        password=_HASHED,
    )
    with hall.server.accounts.book.change(Actor("console"), None) as change:
        change.put(manager)
    with hall.announcer():
        yield hall
    hall.server.stop()
    assert not hall.failures


def dialog(hall: Spoken, opened: Opener, **how: int) -> Page:
    page = opened(f"{hall.url}/manager", account="manager", **how).page
    expect(page.locator("#lamp")).to_have_text("已连接")
    page.get_by_role("button", name="广播", exact=True).click()
    expect(page.locator("#dialog-broadcast")).to_be_visible()
    return page


def by_hand(page: Page, fields: dict[str, object]) -> tuple[int, str]:
    """What the hall answers a page that leaves the dialog out."""
    answer = page.evaluate(
        """async (fields) => {
            const token = document.querySelector("meta[name=csrf]").content;
            const headers = {"Content-Type": "application/json", "X-CSRF": token};
            const body = JSON.stringify({request: "by-hand-0001", ...fields});
            const answer = await fetch("/manager/do/broadcast", {method: "POST", headers, body});
            return [answer.status, (await answer.json()).sentence];
        }""",
        fields,
    )
    return answer[0], answer[1]


def audited(hall: Spoken) -> list[tuple[str, str]]:
    lines = hall.server.accounts.book.audit_lines(
        words="", kind="manager.broadcast", from_ms=0, to_ms=2**62, before=2**62, limit=50
    )
    return [(line.before, line.after) for line in lines]


def test_a_stored_text_is_read_beforehand_heard_here_and_spoken_in_the_gap(
    hall: Spoken, opened: Opener
) -> None:
    page = dialog(hall, opened)
    page.locator("#broadcast-stored").select_option(label="即将下班")
    expect(page.locator("#broadcast-read p")).to_have_count(len(hall.passages("即将下班")))
    expect(page.locator("#broadcast-read")).to_contain_text("gèwèi bànshì qúnzhòng")
    expect(page.locator("#broadcast-left")).to_contain_text("念一遍约")
    page.get_by_role("button", name="在本机试听").click()
    expect(page.locator("#broadcast-heard")).to_contain_text("正在试听")
    page.locator("[name=times]").select_option("1")
    page.locator("[name=board]").check()
    page.get_by_role("button", name="播报", exact=True).click()
    expect(page.locator(".say:visible")).to_have_text("已交给广播，有空隙就播")
    told = page.locator(".broadcast", has_text="还有半小时")
    expect(told.locator("li")).to_have_text("大厅广播 已播报 1 遍")
    expect(told.get_by_role("button")).to_have_count(0)
    assert hall.text("即将下班") in hall.server.service.view.boards["hall"].notices
    ((before, after),) = audited(hall)
    assert before == "{}"
    assert '"urgent":false' in after
    assert '"zones":["announcer-1"]' in after


def test_an_urgent_one_wants_a_second_press_and_goes_on_until_it_is_stopped(
    hall: Spoken, opened: Opener
) -> None:
    page = dialog(hall, opened)
    page.locator("#broadcast-stored").select_option(label="消防疏散（紧急）")
    expect(page.locator("#broadcast-ordinary")).to_be_hidden()
    page.get_by_role("button", name="播报", exact=True).click()
    expect(page.get_by_text("确定要紧急广播吗？")).to_be_visible()
    expect(page.locator("#broadcast-where")).to_have_text("播报区：大厅广播")
    expect(page.get_by_role("button", name="返回修改")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="播报", exact=True)).to_be_focused()
    assert len(audited(hall)) == 1, "nothing urgent without the second press"
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="确定，立即紧急广播")).to_be_focused()
    assert findings(page) == []
    page.keyboard.press("Enter")
    expect(page.locator(".say:visible")).to_have_text("紧急广播已发出，停止前反复播报")
    for fields, sentence in (({"urgent": True}, "请先确认"), ({"stations": ["kiosk-1"]}, "没有这个广播区")):
        status, told_by_hall = by_hand(page, {"text": "请撤离", "stations": [ZONE], **fields})
        assert (status, sentence in told_by_hall) == (409, True)
    going = page.locator(".broadcast.urgent.going")
    expect(going.locator("li")).to_contain_text("正在反复播报")
    hall.do(c.Issue(request="t-1", by="kiosk-1", service="shebao"))
    hall.do(c.CallNext(request="n-1", by="clerk:0001", window="w03"))
    assert findings(page) == []
    going.get_by_role("button", name="停止紧急广播").click()
    expect(page.locator(".say:visible")).to_have_text("广播已停止")
    expect(page.locator(".broadcast.going")).to_have_count(0)
    told = page.locator(".broadcast.urgent li")
    expect(told).to_contain_text("已播报")
    (before, after), *_ = audited(hall)
    assert '"urgent":true' in before
    assert after == "{}"


def test_what_cannot_be_spoken_is_told_before_anybody_hears_it(hall: Spoken, opened: Opener) -> None:
    page = dialog(hall, opened)
    text = page.locator("#broadcast-text")
    page.locator("#broadcast-stored").select_option(label="寻人")
    expect(text).to_be_focused()
    page.keyboard.type("戴红帽子的老人")
    expect(text).to_have_value("请戴红帽子的老人听到广播后到导办台，有人在等您。")
    text.fill("请＿＿到导办台")
    page.get_by_role("button", name="播报", exact=True).click()
    expect(page.locator(".say:visible")).to_have_text("请先填好内容里的空白处（＿＿）")
    text.fill("请\U000313f2女士到导办台")
    expect(page.locator(".wrong-reading")).to_contain_text("“\U000313f2”念不出来")
    page.get_by_role("button", name="播报", exact=True).click()
    expect(page.locator(".say:visible")).to_contain_text("念不出来，请换一种写法")
    text.fill("请身份证360102199001011234的群众到导办台")
    page.get_by_role("button", name="播报", exact=True).click()
    expect(page.locator(".say:visible")).to_contain_text("不能广播证件号码")
    text.fill("请失主到导办台")
    page.locator("[name=stations]").first.uncheck()
    page.get_by_role("button", name="播报", exact=True).click()
    expect(page.locator(".say:visible")).to_have_text("请选择至少一个广播区")
    page.locator("[name=stations]").nth(1).check()
    page.get_by_role("button", name="播报", exact=True).click()
    expect(page.locator(".say:visible")).to_contain_text("二楼广播离线，现在播不了")
    expect(page.locator(".broadcast", has_text="失主").locator("li")).to_have_text(
        "二楼广播 离线，连上后再播"
    )
    page.locator(".broadcast", has_text="失主").get_by_role("button", name="停止广播").click()
    expect(page.locator(".broadcast", has_text="失主").locator("li")).to_have_text("二楼广播 未播报：离线")
    assert ZONE not in audited(hall)[0][0]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_dialog_fits_and_no_rule_of_axe_is_broken(
    hall: Spoken, opened: Opener, width: int, height: int
) -> None:
    page = dialog(hall, opened, width=width, height=height)
    page.locator("#broadcast-stored").select_option(label="消防疏散（紧急）")
    expect(page.locator("#broadcast-read p")).to_have_count(len(hall.passages("消防疏散")))
    assert findings(page) == []
    wide = page.locator("#dialog-broadcast").evaluate("e => e.scrollWidth <= e.clientWidth")
    assert wide, "nothing runs out of the dialog at its side"
    for button in page.locator("#dialog-broadcast button:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 40
