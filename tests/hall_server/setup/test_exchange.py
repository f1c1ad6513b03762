"""The description out as TOML and as a workbook and back in, whole, and each mistake at its cell."""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path

import pytest
from msgspec.structs import replace
from openpyxl import load_workbook

from contract.schema import ConfigError
from hall_server.config import load
from hall_server.hall_file import OF_THE_BOX, HallFile, KioskPart, PronunciationPart
from hall_server.setup.exchange import from_toml, from_xlsx, to_toml, to_xlsx
from hall_server.setup.words import sentences

DEMO = Path(__file__).parents[3] / "assets" / "halls" / "demo" / "hall.toml"


@pytest.fixture(scope="module")
def demo() -> HallFile:
    file = load(DEMO).file
    readings = (PronunciationPart(written="重庆", spoken="chong2 qing4"),)
    days = (datetime.date(2026, 10, 1), datetime.date(2027, 1, 1))
    kiosks = (KioskPart(id="kiosk-1", zones=("zonghe", "gongan")),)
    voice = replace(file.voice, quiet=("12:00-13:30", "22:00-06:00"))
    assert file.broadcasts
    return replace(file, holidays=days, pronunciations=readings, kiosks=kiosks, voice=voice)


def test_toml_brings_the_same_description_back(demo: HallFile) -> None:
    text = to_toml(demo)
    assert from_toml(text, demo) == demo
    assert not any(f"[{table}]" in text or f"[[{table}]]" in text for table in OF_THE_BOX)


def test_a_workbook_brings_the_same_description_back(demo: HallFile) -> None:
    assert from_xlsx(to_xlsx(demo), demo) == demo


def test_a_name_that_begins_like_a_formula_is_none(demo: HallFile) -> None:
    evil = replace(demo.services[0], name='=HYPERLINK("http://evil","点我")')
    file = replace(demo, services=(evil, *demo.services[1:]))
    book = load_workbook(io.BytesIO(to_xlsx(file)))
    assert "f" not in {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert from_xlsx(to_xlsx(file), demo) == file


def test_what_belongs_to_the_box_cannot_be_brought_in(demo: HallFile) -> None:
    other = replace(demo, web=replace(demo.web, port=4))
    assert from_toml(to_toml(demo), other).web.port == 4
    with pytest.raises(ConfigError, match="属于本机设置"):
        from_toml(to_toml(demo) + '\n[broker]\naddress = "elsewhere:1"\n', demo)


def edited(demo: HallFile, sheet: str, cell: str, value: object) -> bytes:
    book = load_workbook(io.BytesIO(to_xlsx(demo)))
    book[sheet][cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_an_edited_cell_comes_in(demo: HallFile) -> None:
    file = from_xlsx(edited(demo, "业务", "B2", "改名业务"), demo)
    assert file.services[0].name == "改名业务"
    assert file.services[1:] == demo.services[1:]


@pytest.mark.parametrize(
    ("sheet", "cell", "value", "said"),
    [
        ("业务", "D3", "12", "业务!第3行 prefix“12”：应为一到两个大写字母"),
        ("读音", "B2", "{}", "读音!第2行 spoken“{}”：应为符合格式的文字"),
        ("窗口", "G4", "也许", "窗口!第4行 open“也许”：应为是或否"),
        ("业务", "Z1", "no_such_key", "业务!第2行 no_such_key“x”：没有这个设置项"),
    ],
)
def test_a_mistake_names_its_cell(demo: HallFile, sheet: str, cell: str, value: str, said: str) -> None:
    content = edited(demo, sheet, cell, value)
    if cell == "Z1":
        book = load_workbook(io.BytesIO(content))
        book[sheet]["Z2"] = "x"
        out = io.BytesIO()
        book.save(out)
        content = out.getvalue()
    with pytest.raises(ConfigError) as refused:
        from_xlsx(content, demo)
    assert said in sentences(refused.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a workbook", b"a,b,c\n1,2,3\n"])
def test_what_is_no_workbook_is_refused_in_words(demo: HallFile, content: bytes) -> None:
    with pytest.raises(ConfigError, match="不是有效的"):
        from_xlsx(content, demo)


@pytest.mark.parametrize("name", ['=HYPERLINK("http://evil.example","x")', "=1+1", "@SUM(1+1)", "+1", "-1"])
def test_a_name_is_no_formula_in_a_workbook_and_comes_back(demo: HallFile, name: str) -> None:
    named = replace(demo, zones=(replace(demo.zones[0], name=name), *demo.zones[1:]))
    book = load_workbook(io.BytesIO(to_xlsx(named)))
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert from_xlsx(to_xlsx(named), demo) == named


def hostile(demo: HallFile, part: str, content: bytes) -> bytes:
    """The workbook with one part replaced."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(to_xlsx(demo))) as sound,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in sound.namelist():
            made.writestr(name, content if name == part else sound.read(name))
    return out.getvalue()


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b" " * (65 * 1024 * 1024), "展开后过大"),
        (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>', "文档类型"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'.encode("utf-16"), "文档类型"),
        (b"<worksheet><sheetData><row", "工作簿"),
    ],
    ids=["bomb", "entities", "entities in UTF-16", "torn"],
)
def test_a_hostile_workbook_is_refused_in_words(demo: HallFile, part: str, content: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        from_xlsx(hostile(demo, part, content), demo)
    assert said in "".join(sentences(refused.value))
