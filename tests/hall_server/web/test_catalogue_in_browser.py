"""A manager's day with the catalogue in Chromium: a faulty workbook, dry run, publish, roll back, edit."""

from __future__ import annotations

import io
import zipfile
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


# ---------------------------------------------------------------- files that do harm


def packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def bomb() -> bytes:
    """A workbook of 1 MB that unpacks to more than one gigabyte."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as file:
            for _ in range(1030):
                file.write(bytes(1 << 20))
    return out.getvalue()


def liar() -> bytes:
    """A member whose head says that it is small."""
    made = bytearray(
        packed({"[Content_Types].xml": b"<Types/>", "xl/worksheets/sheet1.xml": b"<a/>" * 250_000})
    )
    at = made.rfind(b"PK\x01\x02")
    made[at + 24 : at + 28] = (100).to_bytes(4, "little")
    return bytes(made)


LINES = "\r\n".join([",".join(HEAD[1:4]), *[f"事项{n},TEST{n:04d},公安局" for n in range(20)]])
HOSTILE = {
    "炸弹.xlsx": (bomb, "展开后过大"),
    "谎报大小.xlsx": (liar, "不是有效的 XLSX 工作簿"),
    "网页.xls": (lambda: b"<html><table><tr><td>\xe4\xba\x8b</td></tr></table>", "网页格式的表格"),
    "加密.xlsx": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "加了密码"),
    "坏字节.csv": (lambda: LINES.encode().replace("事项7".encode(), b"\xff\xfe7"), "第 9 行有损坏的文字"),
    "引号.csv": (lambda: (",".join(HEAD) + '\r\n"' + "长" * 40_000).encode("gb18030"), "超长的单元格"),
    "深.json": (lambda: b"[" * 200_000, "不是有效的 JSON"),
    "图片.csv": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), "不是 CSV、XLSX 或 JSON"),
    "空.csv": (lambda: b"\n\n", "没有内容"),
}


def test_files_that_do_harm_are_refused_on_the_page_and_the_hall_goes_on(
    shared: PagedHall, opened: Opener, tmp_path: Path
) -> None:
    page = opened(f"{shared.url}/manage/catalogue/import", account="manager").page
    head, jobs = shared.catalogue.standing.head, len(shared.catalogue.jobs.recent())
    for name, (made, told) in HOSTILE.items():
        file = tmp_path / name
        file.write_bytes(made())
        page.set_input_files("[name=file]", file)
        page.get_by_role("button", name="上传").click()
        expect(page.get_by_role("alert")).to_contain_text(told, timeout=60_000)
        expect(page.get_by_role("button", name="上传")).to_be_enabled()
    assert findings(page) == []
    assert shared.catalogue.standing.head == head
    assert len(shared.catalogue.jobs.recent()) == jobs, "nothing of them stays"
    shared.issue()


def test_a_workbook_as_people_make_it_is_understood(
    shared: PagedHall, opened: Opener, tmp_path: Path
) -> None:
    """A sheet of instructions first, a head of two lines, a department merged over its items, rounded and
    doubled codes, markup and formulas in names."""
    book = Workbook()
    book.active.title = "填表说明"
    book.active.append(["请逐项填写，不得漏项"])
    sheet = book.create_sheet("事项清单")
    sheet.append(["实施主体", "实施编码", "事项名称", "办理时限", None, "监督电话"])
    sheet.append([None, None, None, "法定时限", "承诺时限", None])
    rows = (
        ("示例县公安局", "MERGED0001", "<b>户口</b>迁移<script>alert(1)</script>", 20, 5, "12345"),
        (None, "MERGED0002", '=HYPERLINK("http://evil","点我")', 20, 5, "12345"),
        (None, 1.133e18, "编码被表格改成数字", 20, 5, "12345"),
        (None, "MERGED0001", "重复的编码", 20, 5, "12345"),
    )
    for row in rows:
        sheet.append(row)
        sheet.cell(sheet.max_row, 3).data_type = "s"
    for span in ("A1:A2", "B1:B2", "C1:C2", "D1:E1", "F1:F2", "A3:A6"):
        sheet.merge_cells(span)
    file = tmp_path / "各科室汇总（终稿）.xlsx"
    book.save(file)
    watched = opened(f"{shared.url}/manage/catalogue/import", account="manager")
    page = watched.page
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="上传").click()
    expect(page.get_by_text("工作表“事项清单”")).to_be_visible()
    expect(page.get_by_label("承诺时限对应")).to_have_value("promised_days")
    expect(page.get_by_label("实施主体对应")).to_have_value("department")
    page.get_by_role("button", name="试导入").click()
    expect(page.get_by_text("试导入完成")).to_be_visible()
    wrong = page.get_by_role("region", name="有误的行")
    expect(wrong.get_by_role("row", name="第 5 行")).to_contain_text("末几位已丢失")
    expect(wrong.get_by_role("row", name="第 6 行")).to_contain_text("与第 3 行重复")
    assert findings(page) == []
    page.get_by_role("button", name="正式导入").click()
    page.get_by_role("link", name="看改动并发布").click()
    expect(page.get_by_text("<b>户口</b>迁移").first).to_be_visible()
    page.get_by_role("button", name="发布").first.click()
    expect(page.get_by_role("status")).to_contain_text("已生效")
    assert watched.errors == []
    public = opened(f"{shared.url}/items?q=HYPERLINK", account=STRANGER, width=390, height=844)
    expect(public.page.get_by_role("link", name="HYPERLINK")).to_be_visible()
    assert public.errors == []
