"""A manager's working day in real Chromium: sees what is wrong, acts, and everything is in the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall import commands as c
from hall_server.hall.model import Hall
from tests.hall_server.web.axe import findings
from tests.hall_server.web.conftest import Opener
from tests.hall_server.web.hall import PagedHall
from tests.hall_server.web.manager_hall import Boxes, Turned, many_windows, morning

pytestmark = pytest.mark.browser


@dataclass
class Day:
    """A hall with a morning behind it."""

    hall: PagedHall
    boxes: Boxes
    turned: Turned

    def audited(self, kind: str) -> list[tuple[str, str, str]]:
        lines = self.hall.accounts.book.audit_lines(
            words="", kind=kind, from_ms=0, to_ms=2**62, before=2**62, limit=50
        )
        return [(line.subject, line.before, line.after) for line in lines]

    def status(self, window: str) -> WindowStatus:
        return self.hall.service.query(lambda hall: hall.windows[window].status).result(10)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    turned, boxes = Turned(), Boxes()
    hall = PagedHall(tmp_path_factory.mktemp("manager"), plan=many_windows(24), clock=turned.clock())
    hall.house, boxes.hall = boxes.house(), hall
    hall.start()
    morning(hall, turned)
    yield Day(hall, boxes, turned)
    hall.stop()
    assert not hall.failures


def floor(day: Day, opened: Opener, **how: int) -> Page:
    page = opened(f"{day.hall.url}/manager", account="manager", **how).page
    expect(page.locator("#lamp")).to_have_text("已连接")
    return page


def finding(page: Page, text: str) -> str:
    expect(page.locator(".finding", has_text=text)).to_have_count(1)
    return page.locator(".finding", has_text=text).inner_text()


def said(page: Page, text: str) -> None:
    expect(page.locator(".say:visible", has_text=text)).to_have_count(1)


def test_a_call_for_help_is_first_in_the_list_rings_and_is_taken(day: Day, opened: Opener) -> None:
    page = floor(day, opened)
    first = page.locator(".finding").first
    expect(first).to_contain_text("4号窗口 紧急求助")
    expect(first).to_contain_text("与办事人争执")
    expect(page.locator("[data-ring]")).to_have_count(1)
    expect(page).to_have_title("紧急求助 1 · 大厅现场 · 示例县政务服务中心")
    first.get_by_role("button", name="我去").click()
    said(page, "已告知：您前往处理")
    expect(page.locator("[data-ring]")).to_have_count(0)
    page.locator(".finding", has_text="紧急求助").get_by_role("button", name="已处理").click()
    expect(page.locator(".finding", has_text="紧急求助")).to_have_count(0)
    (_, taken, ended), (_, called, again) = day.audited("manager.help")[:2]
    assert '"taken":"clerk:manager"' in taken
    assert "争执" not in ended
    assert '"taken":""' in called
    assert '"taken":"clerk:manager"' in again


def test_what_is_wrong_says_who_must_act(day: Day, opened: Opener) -> None:
    page = floor(day, opened)
    assert "请打开上盖换上新纸卷；由大厅工作人员处理" in finding(page, "打印机缺纸")
    assert "我去" in finding(page, "1号自助机 呼叫导办，无人应答")
    finding(page, "大厅语音 离线")
    expect(page.locator(".finding", has_text="9号窗口屏")).to_have_count(0)  # it was never there
    page.locator(".finding", has_text="出入境 已停止取号").get_by_role("button", name="恢复取号").click()
    said(page, "已恢复取号")
    expect(page.locator(".finding", has_text="已停止取号")).to_have_count(0)
    assert day.audited("manager.issuing") == [("crj", '{"issuing":false}', '{"issuing":true}')]


def test_waits_turn_lights_as_time_goes_by_and_a_window_is_opened_for_the_queue(
    day: Day, opened: Opener
) -> None:
    page = floor(day, opened)
    for window in ("w006", "w012"):
        assert day.status(window) is not WindowStatus.OPEN
    late = day.hall.issue("huji")
    day.turned.forward(45)
    late_there = page.locator(".finding", has_text="户籍与身份证")
    expect(late_there).to_contain_text("人等候超过 40 分钟")
    expect(page.locator("#queue-huji .queue.red")).to_have_count(1)
    page.locator("#queue-huji button").click()
    page.get_by_role("button", name=f"{late[-4:]} 为什么还没叫到").click()
    expect(page.locator(".why-said")).to_contain_text(f"{late[-4:]} 已等 45 分钟")
    page.locator("form[data-act=window-service] [name=window]").select_option("w012")
    page.get_by_role("button", name="加办").click()
    said(page, "12号窗口 现在办理“户籍与身份证”")
    assert day.status("w012") is WindowStatus.OPEN
    assert day.hall.service.query(lambda hall: hall.skills["w012"]["huji"]).result(10) == 2
    page.keyboard.press("Escape")
    expect(page.locator("#window-w012 .tile-state")).not_to_have_text("关闭")
    before, after = day.audited("manager.window")[0][1:]
    assert '"status":"closed"' in before
    assert '"huji":2' in after


def test_a_number_is_cancelled_with_a_reason_and_another_made_void(day: Day, opened: Opener) -> None:
    page = floor(day, opened)
    gone, void = day.hall.issue("yibao"), day.hall.issue("yibao")
    page.locator("#queue-yibao button").click()
    page.get_by_role("button", name=f"取消或作废 {gone[-4:]}").click()
    page.get_by_role("button", name="取消此号").click()
    assert page.locator("form.end-ticket [name=reason]").evaluate("e => e.validity.valueMissing")
    page.keyboard.type("本人要求")
    page.get_by_role("button", name="取消此号").click()
    said(page, f"{gone[-4:]} 已取消")
    page.get_by_role("button", name=f"取消或作废 {void[-4:]}").click()
    page.locator("form.end-ticket [name=reason]").fill("号票无人领取")
    page.get_by_role("button", name="作废此号").click()
    said(page, f"{void[-4:]} 已作废")

    def statuses(hall: Hall) -> list[TicketStatus]:
        return [hall.tickets[ticket].status for ticket in (gone, void)]

    assert day.hall.service.query(statuses).result(10) == [TicketStatus.CANCELLED, TicketStatus.VOID]
    assert [subject for subject, _, _ in day.audited("manager.ticket")] == [void, gone]


def test_a_number_is_looked_up_by_what_is_on_the_paper(day: Day, opened: Opener) -> None:
    """Why not me: the manager is asked by somebody with a paper in his hand."""
    page = floor(day, opened)
    ticket = day.hall.issue("bdc")
    number = ticket.rpartition("-")[2]
    page.locator("#find input").focus()
    page.keyboard.type(number.lower())
    page.keyboard.press("Enter")
    sheet = page.locator("#sheet")
    expect(sheet.locator("h2")).to_contain_text(f"{number} 不动产登记")
    expect(sheet.locator(".why-said")).to_contain_text(f"{number} 已等 0 分钟")
    expect(sheet).to_contain_text("前面还有")
    assert findings(page) == []
    sheet.get_by_role("link", name="全程").click()
    expect(page.locator("#story")).to_contain_text(f"取号 {number}")
    page = floor(day, opened)
    page.locator("#find input").fill("Z999")
    page.keyboard.press("Enter")
    expect(page.locator("#sheet")).to_contain_text("今天没有号码 Z999")
    page.locator("#sheet [data-close]").click()
    page.locator("#find input").fill(number)
    page.keyboard.press("Enter")
    page.locator("#sheet [name=reason]").fill("本人要求")
    page.get_by_role("button", name="取消此号").click()
    said(page, f"{number} 已取消")
    expect(page.locator("#sheet .pill")).to_have_text("已取消")


def test_skills_and_shifts_are_moved_from_the_window(day: Day, opened: Opener) -> None:
    page = floor(day, opened)
    page.locator("#window-w001 button").click()
    page.locator("select[name='skill:shuiwu']").select_option("2")
    page.get_by_role("button", name="保存业务").click()
    said(page, "1号窗口 已调整办理的业务")
    page.locator("form[data-act=shift-move] [name=subject]").select_option("w018")
    page.get_by_role("button", name="顶班").click()
    said(page, "已由 18号窗口 顶 1号窗口 的班")
    assert (day.status("w001"), day.status("w018")) == (WindowStatus.PAUSED, WindowStatus.OPEN)
    assert day.hall.service.query(lambda hall: hall.skills["w018"]["shuiwu"]).result(10) == 2
    page.keyboard.press("Escape")
    expect(page.locator("#window-w001 .tile-state")).to_have_text("办完停")
    assert day.audited("manager.shift")[0][0] == "w001 → w018"


def test_a_kiosk_is_closed_and_opened_and_a_refusal_is_told(day: Day, opened: Opener) -> None:
    page = floor(day, opened)
    page.locator(".station", has_text="1号自助机").click()
    page.locator("form[data-act=station-close] [name=reason]").fill("正在换纸")
    page.get_by_role("button", name="暂停服务").click()
    said(page, "1号自助机 已暂停服务")
    page.keyboard.press("Escape")
    expect(page.locator(".station.closed")).to_contain_text("1号自助机")
    closed = day.hall.service.view.closed["kiosk-1"]
    assert (closed.reason, closed.by.partition(":")[2]) == ("正在换纸", "manager")
    assert "正在换纸（张三）" in finding(page, "1号自助机（东门） 已暂停服务")
    page.locator(".finding", has_text="1号自助机（东门） 已暂停服务").get_by_role("button").click()
    said(page, "1号自助机 已恢复服务")
    assert day.audited("manager.station")[1][2] == '{"reason":"正在换纸","serving":false}'
    page.locator("#window-w005 button").click()
    if page.get_by_role("button", name="关窗").count():
        page.get_by_role("button", name="关窗").click()
        expect(page.locator("#sheet .say")).to_contain_text("关窗")


def test_words_to_the_boards_and_a_guide_to_a_window_by_keyboard_alone(day: Day, opened: Opener) -> None:
    page = floor(day, opened)
    page.get_by_role("button", name="发通知").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("社保系统正在恢复，请稍候")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog-notice")).not_to_have_attribute("open", "")
    page.get_by_role("button", name="呼叫导办").first.focus()
    page.keyboard.press("Enter")
    page.locator("#dialog-guide select").select_option("w002")
    page.locator("#dialog-guide input").focus()
    page.keyboard.type("老人需要帮助")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog-guide")).not_to_have_attribute("open", "")
    board = day.hall.service.settled().result(10).boards["hall"]
    assert board.notices[0] == "社保系统正在恢复，请稍候"
    assert [call.window for call in day.hall.service.view.helps][-1] == "w002"


def test_usual_is_drawn_and_said_in_words(day: Day, opened: Opener) -> None:
    page = floor(day, opened)
    expect(page.locator("#usual-said")).to_contain_text("到现在取号")
    expect(page.locator("#plot-arrivals canvas")).to_have_count(1)
    page.locator(".usual-figures summary").click()
    expect(page.locator("#usual-rows tr").first).to_contain_text("09:00")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1024, 600), (1920, 1080)])
def test_nothing_stands_over_the_edge_and_axe_finds_nothing_serious(
    day: Day, opened: Opener, width: int, height: int
) -> None:
    watched = opened(f"{day.hall.url}/manager", account="manager", width=width, height=height)
    page = watched.page
    expect(page.locator("#lamp")).to_have_text("已连接")
    expect(page.locator("#plot-arrivals canvas")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert findings(page) == []
    page.locator("#queue-shebao button").click()
    expect(page.locator("#sheet")).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.locator("#window-w002 button").click()
    expect(page.locator("#sheet .skills")).to_be_visible()
    assert findings(page) == []
    assert watched.errors == []
    assert watched.strangers(day.hall.url) == []


def test_a_window_that_pauses_is_seen_without_a_press(day: Day, opened: Opener) -> None:
    page = floor(day, opened)
    day.hall.do(c.PauseWindow, "w003", reason="系统故障")
    expect(page.locator("#window-w003 .tile-state")).to_have_text("办完停")
