"""Every part of the hall that a manager describes has its form, and each form's checks say what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from contract.errands import Errand
from hall_server.presented import station_configs
from tests.hall_server.web.axe import findings
from tests.hall_server.web.conftest import Opener
from tests.hall_server.web.hall import PagedHall

pytestmark = pytest.mark.browser

AT = "/manage/setup"
Typing = Callable[[Page], None]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagedHall]:
    hall = PagedHall(tmp_path_factory.mktemp("forms"))
    hall.start()
    yield hall
    hall.stop()
    assert not hall.failures


def fill(**fields: str) -> Typing:
    def typing(page: Page) -> None:
        for label, value in fields.items():
            page.get_by_label(label, exact=False).first.fill(value)

    return typing


def tick(group: str, *labels: str, on: bool = True) -> Typing:
    def typing(page: Page) -> None:
        for label in labels:
            page.get_by_role("group", name=group).get_by_label(label).set_checked(on)

    return typing


def choose(label: str, value: str) -> Typing:
    def typing(page: Page) -> None:
        page.get_by_label(label).select_option(value)

    return typing


def both(*typings: Typing) -> Typing:
    def typing(page: Page) -> None:
        for each in typings:
            each(page)

    return typing


WRONG: dict[str, tuple[str, Typing, str]] = {
    "zones": ("/in/zones/new", fill(编号="ZZ Top", 名称="顶层"), "只能用小写字母"),
    "services": ("/in/services/0", fill(号码字母="aa"), "一到两个大写字母"),
    "windows": ("/in/windows/0", fill(呼叫器地址="300"), "≤ 255"),
    "led bars": ("/in/windows/0", fill(条屏地址="500"), "≤ 255"),
    "skills": (
        "/in/skills/2",
        tick("本职业务", "户籍与身份证", on=False),
        "草稿未发布",
    ),
    "rota": ("/in/rota/new", fill(开始="09:00", 结束="12:00"), "至少选一个"),
    "calendars": ("/in/holidays", fill(日期="2026-13-01"), "日期"),
    "number series": ("/in/numbers/0", fill(位数="9"), "≤ 5"),
    "quotas": ("/in/quotas/0", fill(每时段号数="5", 其中预约专用="9"), "超过了每时段号数（5）"),
    "calling rules": (
        "/in/calling/new",
        both(choose("业务组", "shebao"), fill(绿色通道倍数="0")),
        "≥ 1",
    ),
    "green reasons": ("/in/green", tick("事由", "老年人", on=False), "草稿未发布"),
    "appointments": ("/in/appointments", fill(迟到宽限="50"), "不能长于预约保留（30 分钟）"),
    "no-show rules": ("/in/noshow", fill(过号前重呼="99"), "≤ 20"),
    "pronunciations": ("/in/pronunciations/new", fill(字词="重庆", 念作="???"), "念不出来"),
    "screens and layouts": ("/in/boards/0", fill(行数="50"), "≤ 20"),
    "kiosk errands": (
        "/in/kiosks/new",
        both(choose("自助机", "kiosk-1"), tick("可办的事", "呼叫人工")),
        "请至少再选一项",
    ),
    "notices": ("/in/notices", fill(通知="请带齐材料。" * 20), "至多 64 个汉字"),
}


def test_each_form_says_what_is_wrong_where_it_is_wrong(kept: PagedHall, opened: Opener) -> None:
    page = opened(f"{kept.url}{AT}", account="manager").page
    page.on("dialog", lambda dialog: dialog.accept())
    for part, (path, typing, sentence) in WRONG.items():
        page.goto(f"{kept.url}{AT}{path}")
        typing(page)
        page.locator(".set-up-form button.go").click()
        expect(page.locator("main"), part).to_contain_text(sentence)
        if sentence != "草稿未发布":
            expect(page.locator(".why").first, part).to_be_visible()
        drop = page.get_by_role("button", name="丢弃草稿")
        if drop.count():
            drop.click()
            expect(page.get_by_label("草稿", exact=True), part).to_contain_text("还没有改动")


def test_two_windows_cannot_have_one_call_box(kept: PagedHall, opened: Opener) -> None:
    page = opened(f"{kept.url}{AT}/in/windows/0", account="manager").page
    for row in range(2):
        page.goto(f"{kept.url}{AT}/in/windows/{row}")
        page.get_by_label("呼叫器地址").fill("3")
        page.locator(".set-up-form button.go").click()
    expect(page.locator("#why-callbox")).to_contain_text("“3”已是“1号窗口”的地址")
    page.goto(f"{kept.url}{AT}/preview")
    expect(page.locator(".mistakes")).to_contain_text("窗口“2号窗口”的呼叫器地址")
    expect(page.get_by_role("button", name="发布为第")).to_have_count(0)
    page.goto(f"{kept.url}{AT}/in/windows/1")
    page.get_by_label("呼叫器地址").fill("4")
    page.locator(".set-up-form button.go").click()
    publish(page, kept)
    assert [window.callbox for window in kept.setup.current.file.windows[:2]] == [3, 4]


def test_a_kiosk_is_told_what_to_offer(kept: PagedHall, opened: Opener) -> None:
    page = opened(f"{kept.url}{AT}/in/kiosks/new", account="manager").page
    page.get_by_label("自助机").select_option("kiosk-1")
    tick("可办的事", "取号", "预约签到")(page)
    assert findings(page) == []
    page.locator(".set-up-form button.go").click()
    expect(page.locator("table.rows")).to_contain_text("取号、预约签到")
    publish(page, kept)
    config = station_configs(kept.setup.current, b"key")["kiosk-1"]
    assert set(config.errands) == {Errand.TAKE, Errand.CHECK_IN}
    page.goto(f"{kept.url}{AT}/in/kiosks")
    page.get_by_role("button", name="删除 1号自助机").click()
    publish(page, kept)
    assert station_configs(kept.setup.current, b"key")["kiosk-1"].errands == ()


def publish(page: Page, hall: PagedHall) -> None:
    page.goto(f"{hall.url}{AT}/preview")
    page.get_by_role("button", name="发布为第").click()
    expect(page.get_by_role("status")).to_contain_text("版正在使用")
