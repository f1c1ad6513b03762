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
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from hall_server.catalogue.mapping import guessed
from hall_server.catalogue.merged import MOST, Merged, TooMany

LARGEST_FILE = 256 * 1024 * 1024
LARGEST_UNPACKED = 1024 * 1024 * 1024
LARGEST_SHARED = 256 * 1024 * 1024
MOST_ROWS = 300_000
MOST_COLUMNS = 200
LONGEST_CELL = 32_768
HEAD_WITHIN = 10
SAMPLE_ROWS = 5
MOST_SHEETS = 20
_CHUNK = 1 << 20
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<head", b"<meta")
_SURELY_UTF8 = 20

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROL = ("\t", "\r", "\n")

Line = tuple[int, tuple[Any, ...]]


class Unreadable(Exception):
    """The file cannot be taken; ``sentence`` tells the manager why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Sheet(msgspec.Struct, frozen=True):
    """What a file looks like: kind, encoding, the line of its head, the columns and the first rows; of a
    workbook which sheet."""

    kind: str
    encoding: str
    head_line: int
    head: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    name: str = ""


def look(path: Path) -> Sheet:
    """The head and the first rows. Raises Unreadable."""
    kind, encoding = _kind(path)
    name = _sheet_of_items(path) if kind == "xlsx" else ""
    lines = list(itertools.islice(_lines(path, kind, encoding, name), HEAD_WITHIN + SAMPLE_ROWS))
    if not lines:
        raise Unreadable("文件里没有内容")
    best = max(
        range(min(len(lines), HEAD_WITHIN)), key=lambda i: (sum(map(bool, guessed(_texts(lines[i][1])))), -i)
    )
    head = _texts(lines[best][1])
    while head and not head[-1]:
        head = head[:-1]
    sample = tuple(_texts(cells)[: len(head)] for _, cells in lines[best + 1 : best + 1 + SAMPLE_ROWS])
    return Sheet(kind, encoding, lines[best][0], head, sample, name)


def rows(
    path: Path, sheet: Sheet, mapping: Sequence[str]
) -> Iterator[tuple[int, dict[str, Any], tuple[Any, ...]]]:
    """(line, values by element key, the cells as they stand) below the head. Raises Unreadable on the way."""
    used = [(index, key) for index, key in enumerate(mapping) if key]
    for line, cells in _lines(path, sheet.kind, sheet.encoding, sheet.name):
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
        raise Unreadable("这是旧式 XLS 或加了密码的文件，请去掉密码、另存为 XLSX 后再导入")
    if begin.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_MARKUP):
        raise Unreadable("这是网页格式的表格，请用表格软件打开并另存为 XLSX 后再导入")
    if begin.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"[", b"{")):
        return "json", "utf-8"
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "csv", "utf-16"
    if b"\0" in begin:
        raise Unreadable("不是 CSV、XLSX 或 JSON 文件")
    return "csv", _encoding(path)


def _encoding(path: Path) -> str:
    """UTF-8 when all of it is, else GB 18030 (with GBK and GB 2312) when all of it is that.

    A few bytes that are wrong do not make UTF-8 another encoding: most of it would decode as GB 18030 too, to
    characters that nobody wrote. So who begins as UTF-8 and then fails is told where.
    """
    for name in ("utf-8-sig", "gb18030"):
        line, wide = _broken_at(path, name)
        if not line:
            return name
        if name == "utf-8-sig" and wide >= _SURELY_UTF8:
            raise Unreadable(f"第 {line} 行有损坏的文字（文件是 UTF-8），请重新导出后再导入")
    if wide >= _SURELY_UTF8:
        raise Unreadable(f"第 {line} 行有损坏的文字（文件是 GBK），请重新导出后再导入")
    raise Unreadable("文字编码不是 UTF-8 或 GBK，请另存为 UTF-8 后再导入")


def _broken_at(path: Path, encoding: str) -> tuple[int, int]:
    """(the first line that is not of this encoding, 0 = none; characters beyond ASCII before it)."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, wide = 1, 0
    with path.open("rb") as file:
        for piece in itertools.chain(iter(lambda: file.readline(_CHUNK), b""), [b""]):
            try:
                told = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                return line, wide + len(error.object[: error.start].decode(encoding, "ignore"))
            wide += 0 if told.isascii() else sum(ch > "\x7f" for ch in told)
            line += piece.endswith(b"\n")
    return 0, wide


def _lines(path: Path, kind: str, encoding: str, name: str) -> Iterator[Line]:
    """(line, cells) of every line that is not empty."""
    source = {"csv": _csv, "xlsx": _xlsx, "json": _json}[kind](path, name if kind == "xlsx" else encoding)
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
        begin = "".join(file.readline(LONGEST_CELL) for _ in range(HEAD_WITHIN))
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


def safe_archive(file: Path | IO[bytes], largest: int = 0) -> None:
    """Refuse what would unpack to more than a workbook can be, or ``largest`` bytes, and document types:
    bombs of entities. Raises Unreadable, BadZipFile."""
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > 2000 or sum(part.file_size for part in parts) > (largest or LARGEST_UNPACKED):
            raise Unreadable("工作簿展开后过大，可能有整列格式或图片；请只保留数据后再导入")
        for part in parts:
            if part.filename.endswith("sharedStrings.xml") and part.file_size > LARGEST_SHARED:
                raise Unreadable("工作簿的文字过多，请分批导入")
            if part.filename.endswith((".xml", ".rels")):
                with archive.open(part) as file:
                    if b"<!DOCTYPE" in file.read(4096).replace(b"\0", b""):
                        raise Unreadable("工作簿含有不允许的文档类型声明")


def _xlsx(path: Path, name: str) -> Iterator[Line]:
    with _workbook(path) as book:
        sheet = book[name] if name else book.worksheets[0]
        sheet.reset_dimensions()
        with zipfile.ZipFile(path) as archive:
            merged = Merged(archive, _part_of(sheet, archive))
        for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            if line > MOST_ROWS * 4:
                raise Unreadable(f"超过 {MOST_ROWS * 4} 行，请删去空行后再导入")
            yield line, merged.fill(line, cells)


def _sheet_of_items(path: Path) -> str:
    """The sheet whose head looks most like a list of items, '' = there is one; hidden ones do not count."""
    with _workbook(path) as book:
        seen = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"][:MOST_SHEETS]
        if len(seen) < 2:
            return str(seen[0].title) if seen and seen[0] is not book.worksheets[0] else ""
        return str(max(seen, key=_like_a_list).title)


def _like_a_list(sheet: Any) -> int:
    """How many columns of its best line are known."""
    sheet.reset_dimensions()
    lines = itertools.islice(sheet.iter_rows(values_only=True), HEAD_WITHIN)
    return max((sum(map(bool, guessed(_texts(cells[:MOST_COLUMNS])))) for cells in lines), default=0)


def _part_of(sheet: Any, archive: zipfile.ZipFile) -> str:
    """Where in the archive a sheet lies."""
    part = str(getattr(sheet, "_worksheet_path", "")).lstrip("/")
    return part if part in archive.namelist() else _first_sheet(archive)


def _opened(stream: IO[bytes]) -> Any:
    """The workbook, its sheets unmeasured: where a sheet does not say how large it is, openpyxl reads it
    through to the end when it is opened, each sheet each time, and we count ourselves. It was half of an
    import.
    """
    measure = ReadOnlyWorksheet._get_size
    ReadOnlyWorksheet._get_size = lambda _: None
    try:
        return load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    finally:
        ReadOnlyWorksheet._get_size = measure


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    """An open workbook of nothing but values. Raises Unreadable, in the block too."""
    try:
        safe_archive(path)
        with path.open("rb") as stream:
            book = _opened(stream)
            try:
                yield book
            finally:
                book.close()
    except TooMany as error:
        raise Unreadable(f"合并单元格超过 {MOST} 处，请取消合并后再导入") from error
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        AttributeError,
        SyntaxError,
        NotImplementedError,
        EOFError,
        OSError,
    ) as error:
        raise Unreadable("不是有效的 XLSX 工作簿，或文件已损坏") from error


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
    """For a CSV that somebody opens in a spreadsheet: nothing begins like a formula, in full width either."""
    told = "" if value is None else str(value)
    return f"'{told}" if told.lstrip(" \u3000").startswith(_FORMULA) or told.startswith(_CONTROL) else told


def csv_of(rows: Sequence[Sequence[object]]) -> bytes:
    """Rows as CSV that spreadsheets open right: UTF-8 with its mark, no formulas."""
    out = io.StringIO()
    csv.writer(out).writerows([[safe_cell(cell) for cell in row] for row in rows])
    return codecs.BOM_UTF8 + out.getvalue().encode()
