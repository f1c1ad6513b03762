"""An answer as XLSX: typed cells, heads that stay in sight, the indicators' formulas on their own sheet."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from hall_server.reports.asked import Answer
from hall_server.reports.indicators import Indicator
from hall_server.reports.table import Sort, Table, Value, change, flat_cells, flat_heads, seconds

FORMATS = {Sort.COUNT: "#,##0", Sort.TIME: "[h]:mm:ss", Sort.RATE: "0.00%", Sort.MEAN: "0.00", Sort.TEXT: "@"}
DAY_SECONDS = 86_400
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_HEAD = {
    "font": Font(name="Noto Sans SC", bold=True, color="FFFFFF"),
    "fill": PatternFill("solid", fgColor="0B4AA2"),
    "alignment": Alignment(wrap_text=True, vertical="center", horizontal="center"),
}
_PLAIN = Font(name="Noto Sans SC")


def workbook(answer: Answer, hall: str, made: str) -> bytes:
    """The table, the comparison of the whole hall, and the formulas; ``made`` says when."""
    book = Workbook(write_only=True)
    _table(book, answer.table)
    _comparison(book, answer)
    _about(book, about(answer, hall, made), answer.report.indicators)
    return _saved(book)


def table_workbook(table: Table, said: Iterable[tuple[str, str]]) -> bytes:
    """A table alone, with what the file says of itself and the formulas."""
    book = Workbook(write_only=True)
    _table(book, table)
    _about(book, said, [column.indicator for column in table.columns])
    return _saved(book)


def _saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class _Sheet:
    """One sheet of a book that is written row by row."""

    def __init__(self, book: Workbook, title: str, widths: Iterable[int], freeze: str = "A2") -> None:
        self.sheet = book.create_sheet(title)
        self.sheet.freeze_panes = freeze
        for n, width in enumerate(widths, 1):
            self.sheet.column_dimensions[get_column_letter(n)].width = width

    def head(self, titles: Iterable[str]) -> None:
        """The row that stays in sight."""
        self.sheet.append([self._cell(Sort.TEXT, title, **_HEAD) for title in titles])

    def row(self, cells: Iterable[tuple[Sort, Value]]) -> None:
        """One row of typed cells."""
        self.sheet.append([self._cell(sort, value, font=_PLAIN) for sort, value in cells])

    def _cell(self, sort: Sort, value: Value, **style: object) -> WriteOnlyCell:
        cell = WriteOnlyCell(self.sheet, value=_typed(sort, value))
        if isinstance(value, str):
            cell.data_type = "s"  # whatever it begins with, it is no formula
        elif value is not None:
            cell.number_format = FORMATS[sort]
        for name, what in style.items():
            setattr(cell, name, what)
        return cell


def _typed(sort: Sort, value: Value) -> str | int | float | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _UNSEEN.sub("", value)
    if sort is Sort.TIME:
        return seconds(value) / DAY_SECONDS
    return value / {Sort.RATE: 10_000, Sort.MEAN: 100}.get(sort, 1)


def _table(book: Workbook, table: Table) -> None:
    heads = flat_heads(table)
    first = get_column_letter(len(table.heads) + 1)
    sheet = _Sheet(book, table.name, [22] * len(table.heads) + [14] * len(heads), f"{first}2")
    sheet.head([*table.heads, *(title for title, _ in heads)])
    for line in table.lines:
        sheet.row([*((Sort.TEXT, name) for name in line.names), *flat_cells(table, line)])


def _comparison(book: Workbook, answer: Answer) -> None:
    sheet = _Sheet(book, "全大厅对比", (24, 14, 14, 18, 14, 18))
    names = [title for one in answer.earlier for title in (one.name, f"比{one.name}")]
    sheet.head(["指标", "本期", *names])
    for line in answer.headlines:
        cells: list[tuple[Sort, Value]] = [(Sort.TEXT, line.column.title), (line.column.sort, line.now)]
        for then in line.then:
            cells += [
                (line.column.sort, then),
                (Sort.TEXT, change(line.column.sort, line.now, then)),
            ]
        sheet.row(cells)


def _about(book: Workbook, said: Iterable[tuple[str, str]], indicators: Iterable[Indicator]) -> None:
    sheet = _Sheet(book, "说明", (24, 90))
    sheet.head(["项目", "内容"])
    for name, text in said:
        sheet.row([(Sort.TEXT, name), (Sort.TEXT, text)])
    for indicator in indicators:
        sheet.row([(Sort.TEXT, indicator.name), (Sort.TEXT, indicator.formula)])


def about(answer: Answer, hall: str, made: str) -> list[tuple[str, str]]:
    """What a file says of itself."""
    report = answer.report
    return [
        ("大厅", hall),
        ("报表", report.name),
        ("期间", answer.question.period.text),
        ("业务日", f"{len(report.days)} 个" + (f"，{report.running} 尚未结束" if report.running else "")),
        *((one.name, one.period.text) for one in answer.earlier),
        ("生成时间", made),
        ("数据截至", f"业务日志第 {report.last_seq} 条事件"),
    ]
