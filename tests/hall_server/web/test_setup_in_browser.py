"""The set-up pages in real Chromium: a manager's working day, two at once, by keyboard, by phone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from contract import topics
from contract.messages import BoardNow
from hall_server.accounts.book import Actor
from hall_server.accounts.records import Account
from hall_server.accounts.roles import Role
from hall_server.hall import commands as c
from tests.hall_server.web.axe import findings
from tests.hall_server.web.conftest import Opener
from tests.hall_server.web.corpus import PAYLOADS
from tests.hall_server.web.hall import _HASHED, PagedHall
from tests.hall_server.web.killable import Killable

pytestmark = pytest.mark.browser

AT = "/manage/setup"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagedHall]:
    """One hall for all: what a test publishes stays."""
    hall = PagedHall(tmp_path_factory.mktemp("setup"))
    hall.start()
    with hall.accounts.book.change(Actor("console"), None) as change:
        for name, person in (("m1", "王主任"), ("m2", "李主任")):
            roles = frozenset({Role.MANAGER})
            change.put(Account(id=name, name=person, roles=roles, password=_HASHED))
    yield hall
    hall.stop()
    assert not hall.failures


def at(opened: Opener, hall: PagedHall, path: str = "", account: str = "m1", **how: int) -> Page:
    page = opened(f"{hall.url}{AT}{path}", account=account, **how).page
    expect(page.locator("main")).to_be_visible()
    return page


def publish(page: Page, hall: PagedHall) -> None:
    page.goto(f"{hall.url}{AT}/preview")
    page.get_by_role("button", name="发布为第").click()


def in_force(page: Page) -> None:
    expect(page.get_by_role("status")).to_contain_text("版正在使用")


def test_what_is_published_shows_while_people_wait_and_windows_serve(kept: PagedHall, opened: Opener) -> None:
    for _ in range(3):
        kept.issue()
    kept.do(c.CallNext, "w01")
    page = at(opened, kept, "/in/boards/0")
    page.get_by_label("标题").fill("一楼叫号屏")
    page.get_by_role("button", name="存入草稿").click()
    page.goto(f"{kept.url}{AT}/in/windows/1")
    page.get_by_label("窗口号").fill("2A窗口")
    page.get_by_role("group", name="支援业务").get_by_label("户籍与身份证").check()
    page.get_by_role("button", name="存入草稿").click()
    page.get_by_role("link", name="预览并发布").click()
    expect(page.locator(".figures dd")).to_have_text(["2 人", "0 人", "0 人"])
    page.get_by_label("说明（可不填）").fill("换屏名")
    page.get_by_role("button", name="发布为第").click()
    in_force(page)
    kept.service.settled().result(10)
    boards = [message for name, message, _ in kept.recorder.messages if name == topics.BOARD_NOW.name]
    assert isinstance(boards[-1], BoardNow)
    assert boards[-1].title == "一楼叫号屏"
    assert kept.present("w01").number == "A001", "who is served stays"
    kept.do(c.CallNext, "w02")
    assert kept.recorder.calls()[-1].window_label == "2A窗口"


def test_two_managers_publish_at_once(kept: PagedHall, opened: Opener) -> None:
    one, two = (at(opened, kept, "/in/zones/0", account) for account in ("m1", "m2"))
    one.get_by_label("名称").fill("综合服务区")
    two.get_by_label("图标").fill("domain")
    for page in (one, two):
        page.get_by_role("button", name="存入草稿").click()
        page.get_by_role("link", name="预览并发布").click()
        expect(page.get_by_role("button", name="发布为第")).to_be_visible()
    press = "document.querySelector('form.publish button').click()"
    one.evaluate(press)
    two.evaluate(press)
    for page in (one, two):
        expect(page.locator(".wrong, .right").first).to_be_visible()
    late, first = (one, two) if one.locator(".wrong").count() else (two, one)
    in_force(first)
    expect(late.get_by_role("alert")).to_contain_text("请核对后再发布")
    expect(late.get_by_role("heading", name="他人先发布了第")).to_be_visible()
    expect(late.locator("body")).to_contain_text("李主任" if late is one else "王主任")
    late.get_by_role("button", name="合并到我的草稿").click()
    expect(late.get_by_role("button", name="发布为第")).to_be_visible()
    late.get_by_role("button", name="发布为第").click()
    in_force(late)
    zone = kept.service.plan.zones["z"]
    assert (zone.name, zone.icon) == ("综合服务区", "domain")


def test_a_service_with_people_waiting_is_not_taken_away(kept: PagedHall, opened: Opener) -> None:
    kept.issue("huji")
    page = at(opened, kept, "/in/services")
    page.get_by_role("button", name="删除 户籍与身份证").click()
    page.get_by_role("link", name="处需要改正").click()
    expect(page.locator(".mistakes li").first).to_contain_text("窗口“1号窗口”的本职业务")
    for row in range(3):
        page.goto(f"{kept.url}{AT}/in/skills/{row}")
        for box in page.locator("label.gone input").all():
            box.uncheck()
        page.get_by_role("button", name="存入草稿").click()
    page.goto(f"{kept.url}{AT}/in/windows/2")
    page.get_by_role("group", name="本职业务").get_by_label("社保医保").check()
    page.get_by_role("button", name="存入草稿").click()
    page.goto(f"{kept.url}{AT}/preview")
    expect(page.get_by_role("heading", name="现在不能发布")).to_be_visible()
    expect(page.locator(".panel.stop")).to_contain_text("1 个未办结的号（B001）")
    expect(page.get_by_role("button", name="发布为第")).to_have_count(0)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="丢弃草稿").click()
    expect(page.get_by_label("草稿")).to_contain_text("还没有改动")


def test_a_workbook_goes_round_in_the_browser(kept: PagedHall, opened: Opener, tmp_path: Path) -> None:
    page = at(opened, kept, "/exchange")
    with page.expect_download() as download:
        page.get_by_role("link", name="XLSX").click()
    path = tmp_path / "edited.xlsx"
    assert download.value.suggested_filename.endswith(".xlsx")
    book = load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
    book["窗口"]["C4"] = "户籍受理"
    book["业务"]["D3"] = "bb"
    book.save(path)
    page.get_by_label("XLSX 或 TOML 文件").set_input_files(path)
    page.get_by_role("button", name="导入到草稿").click()
    expect(page.locator("#mistakes li")).to_contain_text("业务!第3行 prefix")
    expect(page.locator("#mistakes li")).to_contain_text("大写字母")
    book["业务"]["D3"] = "B"
    book.save(path)
    page.get_by_label("XLSX 或 TOML 文件").set_input_files(path)
    page.get_by_role("button", name="导入到草稿").click()
    expect(page.locator(".changes ins")).to_have_text("户籍受理")
    page.get_by_role("button", name="发布为第").click()
    in_force(page)


def test_what_is_typed_stays_text(kept: PagedHall, opened: Opener) -> None:
    watched = opened(f"{kept.url}{AT}/in/notices", account="m2")
    page = watched.page
    page.get_by_label("通知").fill("\n".join(PAYLOADS[:5]))
    page.get_by_role("button", name="存入草稿").click()
    for path in ("/in/notices", "/preview"):
        page.goto(f"{kept.url}{AT}{path}")
        assert page.evaluate("window.pwned === undefined")
        assert not page.locator("main img, main svg").count()
    expect(page.locator(".changes ins")).to_contain_text(PAYLOADS[0])
    assert watched.errors == []


def test_by_keyboard_alone(kept: PagedHall, opened: Opener) -> None:
    page = at(opened, kept, "/in/noshow")
    page.get_by_label("过号前重呼").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("1000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("有 1 处需要改正")
    asked = page.get_by_label("过号前重呼")
    expect(asked).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#why-recalls_before_no_show")).to_contain_text("≤ 20")
    asked.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("4")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("草稿")).to_contain_text("草稿未发布")
    page.get_by_role("link", name="预览并发布").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".changes tbody tr")).to_have_count(2)
    page.get_by_label("说明（可不填）").focus()
    page.keyboard.press("Enter")
    in_force(page)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/in/services",
        "/in/services/0",
        "/in/calling/new",
        "/in/rota",
        "/preview",
        "/versions",
        "/exchange",
    ],
)
def test_nothing_keeps_anybody_from_using_it(kept: PagedHall, opened: Opener, path: str) -> None:
    page = at(opened, kept, path, account="m2", width=390, height=844)
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_killed_right_after_publishing(tmp_path: Path, opened: Opener) -> None:
    program = Killable(tmp_path)
    try:
        page = opened(f"{program.url}{AT}/in/zones/0", account="manager").page
        page.get_by_label("名称").fill("一楼综合")
        page.get_by_role("button", name="存入草稿").click()
        program.kill()
        program.start()
        page.goto(f"{program.url}{AT}")
        expect(page.get_by_label("草稿")).to_contain_text("草稿未发布")
        page.get_by_role("link", name="预览并发布").click()
        page.get_by_role("button", name="发布为第").click()
        in_force(page)
        program.kill()
        program.start()
        page.goto(f"{program.url}{AT}/in/zones")
        expect(page.get_by_role("rowheader")).to_contain_text(["一楼综合", "公安"])
        expect(page.get_by_label("草稿")).to_contain_text("现行第 1 版")
    finally:
        program.kill()
