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
