"""A manager's day with the catalogue in Chromium: a faulty workbook, dry run, publish, roll back, edit."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook
from playwright.sync_api import expect

from tests.hall_server.web.axe import findings
from tests.hall_server.web.conftest import STRANGER, Opener
from tests.hall_server.web.hall import ITEM, PagedHall

pytestmark = pytest.mark.browser
HEAD = (
    "序号",
    "事项名称",
    "实施编码",
    "实施主体",
    "办件类型",
    "法定时限",
    "承诺时限",
    "收费",
    "材料",
    "情形",
    "监督电话",
    "网办",
)
SIZES = ((390, 844), (1024, 600), (1920, 1080))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagedHall]:
    hall = PagedHall(tmp_path_factory.mktemp("catalogue"))
    hall.start()
    yield hall
    hall.stop()
    assert not hall.failures


def workbook() -> bytes:
    """Three good rows (the hall's own item among them), four faulty ones, one that would be a formula."""
    book = Workbook()
    sheet = book.active
    sheet.append(["示例县政务服务事项清单"])
    sheet.append(HEAD)
    card = "居民户口簿（复印件1份，容缺）；原居民身份证；电子照片（免提交）"
    asked = "是否委托他人办理？否｜是：授权委托书"
    office = "示例县公安局"
    sheet.append(
        [1, "居民身份证换领", ITEM, "公安局", "承诺件", "60", "15个工作日", "20元", card, "", "12345", "是"]
    )
    sheet.append(
        [
            2,
            "社会保障卡申领",
            "11330000TEST0001",
            "人力资源和社会保障局",
            "即办件",
            0,
            0,
            "不收费",
            card,
            asked,
            "12333",
            "否",
        ]
    )
    sheet.append([3, "户口迁移", "11330000TEST0002", office, "承诺件", 10, 20, "无", "", "", "", "是"])
    sheet.append([4, "没有编码的事项", "", office, "即办件", 1, 1, "", "", "", "", "是"])
    sheet.append([5, "时限写错的事项", "11330000TEST0004", office, "承诺件", "很久", 5, "", "", "", "", "是"])
    sheet.append([6, "重复的事项", "11330000TEST0002", office, "即办件", 1, 1, "", "", "", "", "是"])
    sheet.append([7, "@SUM(1+1)", "不是编码！", office, "特事特办", 1, 1, "", "", "", "", "是"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_faulty_workbook_from_upload_to_roll_back(
    shared: PagedHall, opened: Opener, tmp_path: Path
) -> None:
    file = tmp_path / "事项清单.xlsx"
    file.write_bytes(workbook())
    watched = opened(f"{shared.url}/manage/catalogue/import", account="manager")
    page = watched.page
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="上传").click()
    expect(page.get_by_role("heading", name="列的对应")).to_be_visible()
    expect(page.get_by_label("事项名称对应")).to_have_value("name")
    expect(page.get_by_label("法定时限对应")).to_have_value("statutory_days")
    expect(page.get_by_label("序号对应")).to_have_value("")
    assert findings(page) == []
    page.get_by_label("实施编码对应").select_option("")
    page.get_by_role("button", name="试导入").click()
    expect(page.get_by_role("alert")).to_contain_text("没有对应“实施编码”的列")
    page.get_by_label("实施编码对应").select_option("task_code")
    page.get_by_role("button", name="试导入").click()
    expect(page.get_by_text("试导入完成，目录没有改动")).to_be_visible()
    wrong = page.get_by_role("region", name="有误的行")
    for line, reason in (
        (6, "没有编码"),
        (7, "应填数字"),
        (8, "与第 5 行重复"),
        (9, "编码只能有数字、字母、点和横线"),
    ):
        expect(wrong.get_by_role("row", name=f"第 {line} 行").first).to_contain_text(reason)
    expect(page.locator(".result")).to_contain_text("承诺时限 20 日长于法定时限 10 日")
    expect(page.locator(".result")).to_contain_text("“授权委托书”不在材料清单中")
    assert findings(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="下载有误的行").click()
    told = download.value.path().read_text("utf-8-sig")
    assert "'@SUM(1+1)" in told
    assert shared.catalogue.standing.head == 1
    page.get_by_role("button", name="正式导入").click()
    page.get_by_role("link", name="看改动并发布").click()
    expect(page.get_by_text("新增").first).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="发布").click()
    expect(page.get_by_role("status")).to_contain_text("第 2 版已生效")
    assert shared.service.plan.item_names[ITEM] == "居民身份证换领"
    assert [told for told in watched.errors if "409" not in told] == []
    assert watched.strangers(shared.url) == []
    page.get_by_role("row", name="第 1 版").get_by_role("button", name="回退到此版").click()
    expect(page.get_by_role("status")).to_contain_text("第 3 版已生效")


def test_an_item_is_edited_with_the_keyboard_and_found_by_everybody(
    shared: PagedHall, opened: Opener
) -> None:
    page = opened(f"{shared.url}/manage/catalogue/new", account="manager").page
    page.get_by_label("事项名称").fill("残疾人证办理")
    page.get_by_label("实施主体").fill("残疾人联合会")
    page.get_by_label("编码", exact=True).fill("11330000TEST0009")
    page.get_by_label("承诺办结时限").fill("很快")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("“很快”：应填数字")
    expect(page.get_by_label("事项名称")).to_have_value("残疾人证办理")
    page.get_by_label("承诺办结时限").fill("5")
    page.get_by_label("监督电话").fill("0571-12345")
    page.get_by_label("材料 1").fill("居民户口簿")
    page.get_by_label("材料 2").fill("授权委托书")
    page.locator("[name='m1.needed']").select_option("no")
    page.get_by_role("button", name="加一个问题").press("Enter")
    expect(page.get_by_label("问题 1")).to_be_focused()
    page.keyboard.type("是否委托他人办理？")
    page.keyboard.press("Tab")
    page.keyboard.type("否\n是：授权委托书")
    page.get_by_role("button", name="保存为新版本").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已保存为新版本")
    expect(page.get_by_text("没有业务承接")).to_be_visible()
    assert findings(page) == []
    page.goto(f"{shared.url}/manage/catalogue/versions")
    page.get_by_role("button", name="发布").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已生效")

    public = opened(f"{shared.url}/items", account=STRANGER, width=390, height=844)
    seen = public.page
    seen.get_by_role("searchbox").fill("cjrz")
    seen.keyboard.press("Enter")
    seen.get_by_role("link", name="残疾人证办理").click()
    expect(seen.get_by_text("0571-12345")).to_be_visible()
    expect(seen.locator(".bring")).not_to_contain_text("授权委托书")
    seen.get_by_label("是", exact=True).check()
    seen.get_by_role("button", name="按我的情况列材料").click()
    expect(seen.locator(".bring")).to_contain_text("授权委托书")
    assert seen.evaluate("document.documentElement.scrollWidth") <= 390
    assert findings(seen) == []
    assert public.errors == []
    assert public.strangers(shared.url) == []


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_page_fits_every_screen(shared: PagedHall, opened: Opener, width: int, height: int) -> None:
    page = opened(f"{shared.url}/manage/catalogue", account="manager", width=width, height=height).page
    for path in ("", "/versions", "/import", "/services", f"/items/{ITEM}", f"/items/{ITEM}/history"):
        page.goto(f"{shared.url}/manage/catalogue{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert width > 390 or findings(page) == [], path
