"""A file of items as rows: CSV (UTF-8 or GBK), XLSX, JSON; hostile and huge files are refused early.

Runs in the import's own process, under limits of memory and time. Nothing of a file is evaluated: formulas
count as the value that the spreadsheet last showed.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import msgspec
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from hall_server.catalogue.mapping import guessed

LARGEST_FILE = 256 * 1024 * 1024
LARGEST_UNPACKED = 1024 * 1024 * 1024
LARGEST_SHARED = 256 * 1024 * 1024
MOST_ROWS = 300_000
MOST_COLUMNS = 200
LONGEST_CELL = 32_768
HEAD_WITHIN = 10
SAMPLE_ROWS = 5
_CHUNK = 1 << 20

Line = tuple[int, tuple[Any, ...]]


class Unreadable(Exception):
    """The file cannot be taken; ``sentence`` tells the manager why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Sheet(msgspec.Struct, frozen=True):
    """What a file looks like: kind, encoding, the line of its head, the columns and the first rows."""

    kind: str
    encoding: str
    head_line: int
    head: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]


def look(path: Path) -> Sheet:
    """The head and the first rows. Raises Unreadable."""
    kind, encoding = _kind(path)
    lines = list(itertools.islice(_lines(path, kind, encoding), HEAD_WITHIN + SAMPLE_ROWS))
    if not lines:
        raise Unreadable("文件里没有内容")
    best = max(
        range(min(len(lines), HEAD_WITHIN)), key=lambda i: (sum(map(bool, guessed(_texts(lines[i][1])))), -i)
    )
    head = _texts(lines[best][1])
    while head and not head[-1]:
        head = head[:-1]
    sample = tuple(_texts(cells)[: len(head)] for _, cells in lines[best + 1 : best + 1 + SAMPLE_ROWS])
    return Sheet(kind, encoding, lines[best][0], head, sample)


def rows(
    path: Path, sheet: Sheet, mapping: Sequence[str]
) -> Iterator[tuple[int, dict[str, Any], tuple[Any, ...]]]:
    """(line, values by element key, the cells as they stand) below the head. Raises Unreadable on the way."""
    used = [(index, key) for index, key in enumerate(mapping) if key]
    for line, cells in _lines(path, sheet.kind, sheet.encoding):
        if line <= sheet.head_line:
            continue
        yield line, {key: cells[index] for index, key in used if index < len(cells)}, cells


def count(path: Path, sheet: Sheet) -> int:
    """About how many lines there are, for the progress; 0 when that cannot be told without reading all."""
    if sheet.kind == "csv":
        with path.open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK), b""))
    if sheet.kind == "xlsx":
        with zipfile.ZipFile(path) as archive, archive.open(_first_sheet(archive)) as file:
            found, tail = 0, b""
            for chunk in iter(lambda: file.read(_CHUNK), b""):
                found += (tail + chunk).count(b"</row>")
                tail = chunk[-5:]
            return found
    return 0


def _kind(path: Path) -> tuple[str, str]:
    """(csv, xlsx or json; encoding), by content and not by name."""
    if path.stat().st_size > LARGEST_FILE:
        raise Unreadable(f"文件超过 {LARGEST_FILE >> 20} MB")
    with path.open("rb") as file:
        begin = file.read(4096)
    if begin.startswith(b"PK\x03\x04"):
        return "xlsx", ""
    if begin.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("这是旧式 XLS 文件，请另存为 XLSX 后再导入")
    if begin.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"[", b"{")):
        return "json", "utf-8"
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "csv", "utf-16"
    if b"\0" in begin:
        raise Unreadable("不是 CSV、XLSX 或 JSON 文件")
    return "csv", _encoding(path)


def _encoding(path: Path) -> str:
    """UTF-8 when all of it is, else GB 18030 (with GBK and GB 2312) when all of it is that."""
    for name in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(name)()
        try:
            with path.open("rb") as file:
                for chunk in iter(lambda: file.read(_CHUNK), b""):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return name
    raise Unreadable("文字编码不是 UTF-8 或 GBK，请另存为 UTF-8 后再导入")


def _lines(path: Path, kind: str, encoding: str) -> Iterator[Line]:
    """(line, cells) of every line that is not empty."""
    source = {"csv": _csv, "xlsx": _xlsx, "json": _json}[kind](path, encoding)
    filled = 0
    for line, cells in source:
        if not any(cell not in (None, "") for cell in cells):
            continue
        filled += 1
        if filled > MOST_ROWS:
            raise Unreadable(f"超过 {MOST_ROWS} 行，请分批导入")
        if len(cells) > MOST_COLUMNS:
            if any(cell not in (None, "") for cell in cells[MOST_COLUMNS:]):
                raise Unreadable(f"第 {line} 行超过 {MOST_COLUMNS} 列")
            cells = cells[:MOST_COLUMNS]
        yield line, cells


def _csv(path: Path, encoding: str) -> Iterator[Line]:
    csv.field_size_limit(LONGEST_CELL)
    with path.open(encoding=encoding, newline="") as file:
        begin = file.readline(LONGEST_CELL)
        file.seek(0)
        mark = max(",\t;", key=begin.count)
        reader = csv.reader(file, delimiter=mark)
        try:
            for cells in reader:
                yield reader.line_num, tuple(cells)
        except csv.Error as error:
            told = "有超长的单元格（引号没有成对？）" if "limit" in str(error) else "格式有误"
            raise Unreadable(f"第 {reader.line_num} 行{told}") from error


def _first_sheet(archive: zipfile.ZipFile) -> str:
    names = sorted(n for n in archive.namelist() if n.startswith("xl/worksheets/") and n.endswith(".xml"))
    if not names:
        raise Unreadable("不是有效的 XLSX 工作簿")
    return "xl/worksheets/sheet1.xml" if "xl/worksheets/sheet1.xml" in names else names[0]


def _safe_archive(path: Path) -> None:
    """Refuse what would unpack to more than a workbook can be, and document types (entity bombs)."""
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if len(parts) > 2000 or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
            raise Unreadable("工作簿展开后过大，可能有整列格式或图片；请只保留数据后再导入")
        for part in parts:
            if part.filename.endswith("sharedStrings.xml") and part.file_size > LARGEST_SHARED:
                raise Unreadable("工作簿的文字过多，请分批导入")
            if part.filename.endswith((".xml", ".rels")):
                with archive.open(part) as file:
                    if b"<!DOCTYPE" in file.read(4096):
                        raise Unreadable("工作簿含有不允许的文档类型声明")


def _xlsx(path: Path, _encoding: str) -> Iterator[Line]:
    try:
        _safe_archive(path)
        with path.open("rb") as stream:
            yield from _rows_of(load_workbook(stream, read_only=True, data_only=True, keep_links=False))
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        AttributeError,
        ParseError,
        NotImplementedError,
        EOFError,
        OSError,
    ) as error:
        raise Unreadable("不是有效的 XLSX 工作簿，或文件已损坏") from error


def _rows_of(book: Any) -> Iterator[Line]:
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        if line > MOST_ROWS * 4:
            raise Unreadable(f"超过 {MOST_ROWS * 4} 行，请删去空行后再导入")
        yield line, cells


def _json(path: Path, _encoding: str) -> Iterator[Line]:
    """A list of objects, or an object with one such list; the head is made of the keys of all."""
    try:
        raw = msgspec.json.decode(path.read_bytes().removeprefix(codecs.BOM_UTF8))
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(f"不是有效的 JSON：{error}") from error
    if isinstance(raw, dict):
        raw = next((value for value in raw.values() if isinstance(value, list)), None)
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        raise Unreadable("JSON 应为事项的列表，每项为一个对象")
    keys = tuple(dict.fromkeys(itertools.chain.from_iterable(raw)))
    if len(keys) > MOST_COLUMNS:
        raise Unreadable(f"超过 {MOST_COLUMNS} 个字段")
    yield 1, keys
    for number, one in enumerate(raw, start=2):
        yield number, tuple(one.get(key) for key in keys)


def _texts(cells: Sequence[Any]) -> tuple[str, ...]:
    return tuple("" if cell is None else str(cell).strip().replace("\n", " ")[:60] for cell in cells)


def safe_cell(value: object) -> str:
    """For a CSV that somebody opens in a spreadsheet: nothing begins like a formula."""
    told = "" if value is None else str(value)
    return f"'{told}" if told.startswith(("=", "+", "-", "@", "\t", "\r")) else told


def csv_of(rows: Sequence[Sequence[object]]) -> bytes:
    """Rows as CSV that spreadsheets open right: UTF-8 with its mark, no formulas."""
    out = io.StringIO()
    csv.writer(out).writerows([[safe_cell(cell) for cell in row] for row in rows])
    return codecs.BOM_UTF8 + out.getvalue().encode()
