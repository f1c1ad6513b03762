"""Files of every kind into the catalogue: good rows go in, bad ones are named, hostile files are refused."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openpyxl import Workbook

from hall_server.catalogue import files
from hall_server.catalogue.files import Unreadable, look
from hall_server.catalogue.importing import Job, Mode, Progress, Result, run
from hall_server.catalogue.mapping import guessed
from hall_server.catalogue.records import Entry
from hall_server.catalogue.store import Store

HEAD = ("实施编码", "事项名称", "实施主体", "基本编码", "办件类型", "承诺时限", "申请材料", "是否网上办理")
GOOD = (
    "330100001",
    "居民身份证换领",
    "公安局",
    "000100",
    "承诺件",
    "15个工作日",
    "居民户口簿（复印件1份，容缺）",
    "是",
)
OTHER = ("330100002", "社会保障卡申领", "人社局", "000200", "即办件", "0", "", "否")


def folder(path: Path, content: bytes) -> Path:
    path.mkdir(exist_ok=True)
    (path / "file").write_bytes(content)
    return path


def text(rows: Sequence[Sequence[object]], encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def book(rows: Sequence[Sequence[object]]) -> bytes:
    made = Workbook()
    for row in rows:
        made.active.append(list(row))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def imported(path: Path, content: bytes, **more: Any) -> tuple[Result, list[Progress]]:
    place = folder(path / "job", content)
    sheet = look(place / "file")
    job = Job(
        id="1",
        name="f",
        by="clerk:m",
        at_ms=1,
        store=str(path / "c.db"),
        sheet=sheet,
        mapping=guessed(sheet.head),
        dry=False,
    )
    said: list[Progress] = []
    return run(msgspec.structs.replace(job, **more), place, said.append), said


def items(path: Path) -> dict[str, Entry]:
    store = Store(path / "c.db")
    store.open()
    found = {code: store.item(code, store.head) for code in store.digests(store.head)}
    store.close()
    return {code: one[1] for code, one in found.items() if one}


@pytest.mark.parametrize("kind", ["utf-8", "utf-8-sig", "gb18030", "xlsx", "json"])
def test_every_kind_of_file_says_the_same(tmp_path: Path, kind: str) -> None:
    rows = [HEAD, GOOD, OTHER]
    if kind == "xlsx":
        content = book([("示例县事项清单",), *rows])
    elif kind == "json":
        content = json.dumps([dict(zip(HEAD, row, strict=True)) for row in rows[1:]]).encode()
    else:
        content = text(rows, kind)
    result, said = imported(tmp_path, content)
    assert (result.good, result.added, result.bad_rows, result.version) == (2, 2, 0, 1)
    card = items(tmp_path)["330100001"]
    assert (card.promised_days, card.handling, card.online) == (15, "承诺", True)
    assert [(p.name, p.copies, p.may_be_missing) for p in card.materials] == [("居民户口簿", 1, True)]
    assert said[0].phase == "读取"
    assert said[-1].phase == "写入"


def test_bad_rows_are_named_and_good_ones_go_in(tmp_path: Path) -> None:
    bad = [
        ("", "没有编码", "公安局", "", "", "", "", ""),
        ("330100001", "又一次", "公安局", "", "", "", "", ""),
        ("1.33E+17", "科学计数", "公安局", "", "", "", "", ""),
        ("330100009", "=cmd|x", "公安局", "", "特办", "很久", "", "也许"),
    ]
    result, _ = imported(tmp_path, text([HEAD, GOOD, *bad, OTHER]))
    assert (result.good, result.bad_rows) == (2, 4)
    assert {(b.line, b.element, b.reason) for b in result.bad} == {
        (3, "实施编码", "没有编码"),
        (4, "实施编码", "与第 2 行重复"),
        (5, "实施编码", "像是被表格软件改成了科学计数"),
        (6, "办件类型", "应填“即办件”或“承诺件”"),
        (6, "承诺办结时限", "应填数字"),
        (6, "是否网上办理", "应填“是”或“否”"),
    }
    kept = list(csv.reader(io.StringIO((tmp_path / "job" / "bad.csv").read_text("utf-8-sig"))))
    assert [row[0] for row in kept] == ["行号", "3", "4", "5", "6"]
    assert kept[-1][3] == "'=cmd|x"


def test_a_dry_run_writes_nothing_and_an_unchanged_file_makes_no_version(tmp_path: Path) -> None:
    dry, _ = imported(tmp_path, text([HEAD, GOOD, OTHER]), dry=True)
    assert (dry.added, dry.version, items(tmp_path)) == (2, 0, {})
    first, _ = imported(tmp_path, text([HEAD, GOOD, OTHER]))
    again, _ = imported(tmp_path, text([HEAD, GOOD, OTHER]))
    assert (first.version, again.version, again.same) == (1, 0, 2)


def test_an_update_keeps_what_the_file_does_not_have(tmp_path: Path) -> None:
    imported(tmp_path, text([HEAD, GOOD, OTHER]))
    short = [("编码", "事项名称", "部门"), (GOOD[0], "居民身份证换发", "公安局")]
    result, _ = imported(tmp_path, text(short))
    assert (result.changed, result.removed) == (1, 0)
    card = items(tmp_path)[GOOD[0]]
    assert (card.name, card.promised_days, len(card.materials)) == ("居民身份证换发", 15, 1)
    whole, _ = imported(tmp_path, text(short), mode=Mode.REPLACE)
    assert (whole.removed, set(items(tmp_path))) == (1, {GOOD[0]})


def test_papers_in_rows_of_their_own_belong_to_the_item_above(tmp_path: Path) -> None:
    head = ("实施编码", "事项名称", "实施主体", "材料名称", "份数", "容缺")
    rows = [
        ("7", "甲", "局", "身份证", 1, "否"),
        ("", "", "", "照片", 2, "是"),
        ("8", "乙", "局", "", "", ""),
    ]
    result, _ = imported(tmp_path, book([head, *rows]))
    assert (result.good, result.bad_rows) == (2, 0)
    assert [(p.name, p.copies, p.may_be_missing) for p in items(tmp_path)["7"].materials] == [
        ("身份证", 1, False),
        ("照片", 2, True),
    ]


def test_the_import_finds_what_is_outside_the_library_or_named_otherwise(tmp_path: Path) -> None:
    library = text([("基本编码", "事项名称"), ("000100", "居民身份证申领"), ("000300", "别的")])
    made, _ = imported(tmp_path, library, mode=Mode.LIBRARY)
    assert made.library == 2
    result, _ = imported(tmp_path, text([HEAD, GOOD, OTHER]))
    assert {(f.kind, f.code) for f in result.found} == {
        ("other_name", GOOD[0]),
        ("outside", OTHER[0]),
        ("offline", OTHER[0]),
    }


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as file:
            for _ in range(9):
                file.write(b" " * (1 << 20))
    return out.getvalue()


def entities() -> bytes:
    out = io.BytesIO(book([HEAD, GOOD]))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/evil.xml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (bomb, "展开后过大"),
        (entities, "文档类型声明"),
        (lambda: b"PK\x03\x04 broken", "已损坏"),
        (lambda: b"\xd0\xcf\x11\xe0 old", "另存为 XLSX"),
        (lambda: b"\x89PNG\r\n\x1a\n\0\0\0", "不是 CSV"),
        (lambda: b"", "没有内容"),
        (lambda: b"\xff\xff\x80 not text", "编码不是"),
        (lambda: b'[{"a": 1}, 2]', "JSON 应为"),
        (lambda: b"[" * 100_000, "不是有效的 JSON"),
        (lambda: text([HEAD]) + b'"' + b"x" * 70_000, "超长的单元格"),
        (lambda: text([["a"] * 300]), "超过 200 列"),
    ],
)
def test_hostile_files_are_refused_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Any, told: str
) -> None:
    monkeypatch.setattr(files, "LARGEST_UNPACKED", 8 << 20)
    place = folder(tmp_path / "job", content())
    with pytest.raises(Unreadable) as refused:
        look(place / "file")
    assert told in refused.value.sentence


# ---------------------------------------------------------------- what people's files are like


def test_merged_cells_count_for_every_line_that_they_span(tmp_path: Path) -> None:
    made = Workbook()
    sheet = made.active
    sheet.append(["序号", "实施主体", "实施编码", "事项名称", "办理时限", None])
    sheet.append([None, None, None, None, "法定时限", "承诺时限"])
    for line, name in enumerate(("甲", "乙", "丙"), 3):
        sheet.append([line - 2, "公安局" if line == 3 else None, f"33010000{line}", f"事项{name}", 20, 5])
    for span in ("A1:A2", "B1:B2", "C1:C2", "D1:D2", "E1:F1", "B3:B5"):
        sheet.merge_cells(span)
    out = io.BytesIO()
    made.save(out)
    result, _ = imported(tmp_path, out.getvalue(), dry=False)
    assert (result.good, result.bad) == (3, ())
    store = Store(tmp_path / "c.db")
    store.open()
    assert [one.department for one in store.entries(1, departments=["公安局"])] == ["公安局"] * 3
    assert {one.promised_days for one in store.entries(1, departments=["公安局"])} == {5}
    store.close()


def test_the_sheet_with_the_list_is_taken_not_the_instructions_nor_a_hidden_one(tmp_path: Path) -> None:
    made = Workbook()
    made.active.title = "填表说明"
    made.active.append(["请按要求填写"])
    hidden = made.create_sheet("旧清单")
    hidden.append(HEAD)
    hidden.sheet_state = "hidden"
    for row in (HEAD, GOOD, OTHER):
        if not made.sheetnames.count("事项清单"):
            made.create_sheet("事项清单")
        made["事项清单"].append(row)
    out = io.BytesIO()
    made.save(out)
    found = look(folder(tmp_path / "look", out.getvalue()) / "file")
    assert (found.name, found.head[:2], len(found.sample)) == ("事项清单", HEAD[:2], 2)
    assert imported(tmp_path, out.getvalue())[0].good == 2


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_rare_characters_come_through_every_encoding(tmp_path: Path, encoding: str) -> None:
    rare = ("330100009", "𠮷某办理㐂", "镕基局", *GOOD[3:])
    result, _ = imported(tmp_path, text([HEAD, rare], encoding), dry=False)
    assert (result.good, result.bad_rows) == (1, 0)
    store = Store(tmp_path / "c.db")
    store.open()
    assert [one.name for one in store.search("㐂", 1).found] == ["𠮷某办理㐂"]
    store.close()


def test_a_broken_byte_is_told_by_its_line_and_makes_no_gibberish(tmp_path: Path) -> None:
    for encoding, told in (("utf-8", "第 9 行有损坏的文字（文件是 UTF-8）"), ("gb18030", "（文件是 GBK）")):
        lines = text([HEAD, *[GOOD] * 12], encoding).split(b"\r\n")
        lines[8] = lines[8][:12] + b"\xff\xff" + lines[8][13:]
        with pytest.raises(Unreadable) as refused:
            look(folder(tmp_path / encoding, b"\r\n".join(lines)) / "file")
        assert told in refused.value.sentence
        assert "第 9 行" in refused.value.sentence


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xef\xbb\xbf<html><table><tr><td>a</td></tr></table>", "网页格式"),
        (b"<?xml version='1.0'?><Workbook/>", "网页格式"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 encrypted", "加了密码"),
    ],
)
def test_what_only_looks_like_a_table_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(Unreadable) as refused:
        look(folder(tmp_path / "job", content) / "file")
    assert told in refused.value.sentence


def test_a_title_above_tabs_does_not_hide_the_columns(tmp_path: Path) -> None:
    body = "示例县政务服务事项清单\n" + "\n".join("\t".join(map(str, row)) for row in (HEAD, GOOD))
    assert look(folder(tmp_path / "job", body.encode()) / "file").head == HEAD


def test_codes_that_a_spreadsheet_rounded_are_refused_and_unseen_characters_vanish(tmp_path: Path) -> None:
    rounded = (1.133e18, "甲事项", *GOOD[2:])
    unseen = ("3301\u200b00005\ufeff", "乙\u202e事项\u200d", *GOOD[2:])
    result, _ = imported(tmp_path, book([HEAD, rounded, unseen]), dry=False)
    assert [(bad.line, bad.element) for bad in result.bad] == [(2, "实施编码")]
    assert "末几位已丢失" in result.bad[0].reason
    store = Store(tmp_path / "c.db")
    store.open()
    found = store.item("330100005", 1)
    assert found is not None
    assert found[1].name == "乙事项"
    store.close()


def test_a_cell_of_a_hundred_thousand_characters_costs_its_row_only(tmp_path: Path) -> None:
    long = ("330100007", "超长事项", "公安局", "", "即办件", "0", "材" * 32_000, "否")
    result, _ = imported(tmp_path, book([HEAD, GOOD, long]))
    assert (result.good, result.bad_rows) == (1, 1)
    huge = [
        dict(zip(HEAD, GOOD, strict=True)),
        {**dict(zip(HEAD, OTHER, strict=True)), "事项名称": "名" * 100_000},
    ]
    result, _ = imported(tmp_path, json.dumps(huge).encode())
    assert [(bad.line, bad.value, bad.reason) for bad in result.bad] == [
        (3, "名" * 20 + "…", "超过 200 个字")
    ]


def test_nothing_in_what_we_export_is_a_formula() -> None:
    evil = ("=1+1", "+A1", "-2+3", "@SUM(1)", "\t=1", "\n=1", " =1", "　=1", "＝1+1", "＠SUM")
    assert all(files.safe_cell(one).startswith("'") for one in evil)
    assert [files.safe_cell(one) for one in ("居民", "A-1", "", None, 5)] == ["居民", "A-1", "", "", "5"]


def test_more_merged_cells_than_any_list_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hall_server.catalogue.merged.MOST", 3)
    made = Workbook()
    made.active.append(HEAD)
    for line in range(2, 20, 2):
        made.active.merge_cells(f"A{line}:A{line + 1}")
    out = io.BytesIO()
    made.save(out)
    with pytest.raises(Unreadable, match="合并单元格"):
        look(folder(tmp_path / "job", out.getvalue()) / "file")
