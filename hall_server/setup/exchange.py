"""The hall's description as TOML and as a workbook (XLSX), out and back in; each mistake names its cell.

A workbook has one sheet for each list of the description (zones, services, windows, …), its first row the
keys, and one sheet 大厅设置 with the single tables as table, key, value. A list stands in one cell, a line
each; names may be divided by 、 too. What belongs to the box (broker, ports, stations) is not in it.
"""

from __future__ import annotations

import dataclasses
import datetime
import io
import re
import tomllib
import typing
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import tomli_w
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from contract.schema import ConfigError, Problem, check
from hall_server.catalogue.files import Unreadable, safe_archive
from hall_server.hall_file import OF_THE_BOX, HallFile

SINGLES = {"hall": "大厅", "branding": "标志与颜色", "rules": "规则", "voice": "广播", "booking": "预约"}
LISTS = {
    "zones": "专区",
    "services": "业务",
    "windows": "窗口",
    "boards": "综合屏",
    "calling": "叫号规则",
    "rota": "排班",
    "pronunciations": "读音",
    "broadcasts": "广播词",
    "kiosks": "自助机",
}
DAYS = "节假日"
SINGLE_SHEET = "大厅设置"
DIVIDER = "\n"
_DIVIDERS = re.compile(r"[\n、,，]")
_SENTENCES = ("notices",)
LARGEST_CELLS = 200_000
LARGEST_UNPACKED = 64 * 1024 * 1024
_NO_WORKBOOK = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    NotImplementedError,
    OSError,
)
"""What reading a broken workbook raises."""
_HEAD = PatternFill("solid", fgColor="DDE7F3")
_YES, _NO = "是", "否"


def plain(file: HallFile) -> dict[str, Any]:
    """The description as mappings, without what belongs to the box and without what is as by default."""
    raw = msgspec.to_builtins(file, builtin_types=(datetime.date,))
    return {
        key: _bare(value) for key, value in raw.items() if key not in OF_THE_BOX and value not in (None, [])
    }


def to_toml(file: HallFile) -> str:
    """The description as TOML, as a person would write it."""
    return tomli_w.dumps(plain(file))


def from_toml(text: str, box: HallFile) -> HallFile:
    """Back from TOML, on this box. Raises ConfigError with every mistake."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("TOML", [Problem("", "", f"不是有效的 TOML：{error}")]) from error
    return _on_box(raw, box, "TOML")


def to_xlsx(file: HallFile) -> bytes:
    """The description as a workbook."""
    raw, book = plain(file), Workbook()
    book.remove(book.active)
    single = book.create_sheet(SINGLE_SHEET)
    single.append(["表", "项", "值"])
    for table in SINGLES:
        for key, value in raw.get(table, {}).items():
            single.append([table, key, _cell(value)])
    for table, title in LISTS.items():
        sheet = book.create_sheet(title)
        keys = [field.encode_name for field in msgspec.structs.fields(_record(table))]
        sheet.append(keys)
        for row in raw.get(table, []):
            sheet.append([_cell(row.get(key)) for key in keys])
    days = book.create_sheet(DAYS)
    days.append(["日期"])
    for day in raw.get("holidays", []):
        days.append([day])
    for sheet in book:
        _dress(sheet)
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            cell.data_type = "s"  # a name may begin with =, it is no formula
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def from_xlsx(content: bytes, box: HallFile) -> HallFile:
    """Back from a workbook, on this box. Raises ConfigError; a mistake names sheet, row and column."""
    try:
        safe_archive(io.BytesIO(content), LARGEST_UNPACKED)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except Unreadable as why:
        raise ConfigError("XLSX", [Problem("", "", why.sentence)]) from why
    except _NO_WORKBOOK as error:
        raise ConfigError("XLSX", [Problem("", "", "不是有效的 XLSX 工作簿")]) from error
    try:
        return _of_book(book, box)
    except _NO_WORKBOOK as error:
        raise ConfigError("XLSX", [Problem("", "", "工作簿已损坏，请重新导出")]) from error


def _of_book(book: Any, box: HallFile) -> HallFile:
    raw: dict[str, Any] = {}
    for _, (table, key, value, *_) in _rows(book, SINGLE_SHEET, 3):
        part = raw.setdefault(str(table), {})
        if value is not None:
            part[str(key)] = _value(value, str(key), _single(str(table)))
    lines: dict[str, list[int]] = {}
    for table, title in LISTS.items():
        kind, rows = _record(table), list(_rows(book, title, 0, head=True))
        keys = [str(key) for key in rows[0][1]] if rows else []
        lines[table] = [line for line, _ in rows[1:]]
        raw[table] = [
            {k: _value(v, k, kind) for k, v in zip(keys, row, strict=False) if v not in (None, "")}
            for _, row in rows[1:]
        ]
    raw["holidays"] = [_day(row[0]) for _, row in _rows(book, DAYS, 1)]
    try:
        return _on_box(raw, box, "XLSX")
    except ConfigError as error:
        raise ConfigError("XLSX", [_placed(p, raw, lines) for p in error.problems]) from error


def _on_box(raw: Mapping[str, Any], box: HallFile, source: str) -> HallFile:
    kept = msgspec.to_builtins(box, builtin_types=(datetime.date,))
    own = {key: kept[key] for key in OF_THE_BOX if kept[key] is not None}
    strangers = [key for key in raw if key in OF_THE_BOX]
    if strangers:
        problems = [Problem(key, "", "属于本机设置，不能在这里导入") for key in strangers]
        raise ConfigError(source, problems)
    return check({**raw, **own}, HallFile, source=source)


def _rows(book: Any, title: str, width: int, *, head: bool = False) -> Iterable[tuple[int, tuple[Any, ...]]]:
    """(line, cells) of the filled rows below a sheet's head, with it when ``head``. ConfigError when huge."""
    if title not in book.sheetnames:
        return
    cells = 0
    for line, row in enumerate(book[title].iter_rows(values_only=True), start=1):
        cells += len(row)
        if cells > LARGEST_CELLS:
            raise ConfigError("XLSX", [Problem(title, "", f"超过 {LARGEST_CELLS} 个单元格")])
        if any(cell not in (None, "") for cell in row) and (line > 1 or head):
            yield line, (*row, *([None] * (width - len(row))))


_ENTRY = re.compile(r'(?P<table>\w+)\[(?P<index>\d+)?\s*"?(?P<id>[^"\]]*)"?\](?P<field>.*)')


def _placed(problem: Problem, raw: Mapping[str, Any], lines: Mapping[str, list[int]]) -> Problem:
    """``services[3 "shebao"].prefix`` and ``services[shebao].prefix`` become 业务!第5行 prefix."""
    found = _ENTRY.fullmatch(problem.path)
    if found is None or found["table"] not in LISTS:
        return dataclasses.replace(problem, path=f"{SINGLE_SHEET}!{problem.path}")
    table = found["table"]
    ids = [str(row.get("id", row.get("group", row.get("written", "")))) for row in raw[table]]
    index = int(found["index"]) if found["index"] else ids.index(found["id"]) if found["id"] in ids else 0
    place = f"{LISTS[table]}!第{lines[table][index]}行 {found['field'].lstrip('.')}"
    return dataclasses.replace(problem, path=place)


def _record(table: str) -> type[msgspec.Struct]:
    """The struct of one row of a list: zones: tuple[ZonePart, ...] -> ZonePart."""
    found: type[msgspec.Struct] = typing.get_args(_hints(HallFile)[table])[0]
    return found


def _single(table: str) -> type[msgspec.Struct] | None:
    return _hints(HallFile)[table] if table in SINGLES else None


def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _hint(kind: type | None, key: str) -> Any:
    return _hints(kind).get(key, str) if kind else str


def _bare(value: Any) -> Any:
    """Without empty options, so that TOML has no null."""
    if isinstance(value, Mapping):
        return {key: _bare(part) for key, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [_bare(part) for part in value]
    return value


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return _YES if value else _NO
    if isinstance(value, list):
        return DIVIDER.join(str(part) for part in value)
    return value


def _value(cell: Any, key: str, kind: type | None) -> Any:
    """A cell as its key wants it; what does not fit stays as it is and is refused by the check."""
    hint = _hint(kind, key)
    words = str(hint)
    if cell is None:
        return None
    if words.startswith("tuple") or typing.get_origin(hint) is tuple:
        parts = str(cell).split(DIVIDER) if key in _SENTENCES else _DIVIDERS.split(str(cell))
        return [part.strip() for part in parts if part.strip()]
    if hint is bool:
        return {_YES: True, _NO: False}.get(str(cell), cell)
    if hint is str or "str" in words:
        return str(cell)
    if isinstance(cell, float) and cell.is_integer() and "float" not in words:
        return int(cell)
    return cell


def _day(cell: Any) -> Any:
    if isinstance(cell, datetime.datetime):
        return cell.date()
    if isinstance(cell, str):
        try:
            return datetime.date.fromisoformat(cell.strip())
        except ValueError:
            return cell
    return cell


def _dress(sheet: Any) -> None:
    """A head that stays in sight, columns as wide as what stands in them."""
    sheet.freeze_panes = "A2"
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), _HEAD
    for index, column in enumerate(sheet.columns, start=1):
        width = max(sum(2 if ord(ch) > 0x2E7F else 1 for ch in str(c.value or "")) for c in column)
        sheet.column_dimensions[get_column_letter(index)].width = min(60, max(8, width + 2))
