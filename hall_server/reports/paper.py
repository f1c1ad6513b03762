"""An answer as PDF, A4 across: title, the hall's figures beside earlier ones, the table, the formulas."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from hall_server.reports.asked import Answer
from hall_server.reports.fonts import BOLD, REGULAR, register
from hall_server.reports.spreadsheet import about
from hall_server.reports.table import change, flat_cells, flat_heads, shown

MARGIN = 14 * mm
WIDTH = landscape(A4)[0] - 2 * MARGIN
ACROSS = 9
NAME_WIDTH = 36 * mm
LARGEST_LINES = 1500
_INK, _ACCENT, _HAIR = colors.HexColor("#14213d"), colors.HexColor("#0b4aa2"), colors.HexColor("#d3dbe9")
_STRIPE = colors.HexColor("#f3f6fb")


def _style(name: str, size: float, *, bold: bool = False, right: bool = False) -> ParagraphStyle:
    return ParagraphStyle(
        name,
        fontName=BOLD if bold else REGULAR,
        fontSize=size,
        leading=size * 1.45,
        textColor=_INK,
        alignment=2 if right else 0,
        wordWrap="CJK",
    )


_TITLE, _SUB = _style("title", 17, bold=True), _style("sub", 9)
_SECTION, _WORDS = _style("section", 12, bold=True), _style("words", 8)
_FIGURE = _style("figure", 8, right=True)
_HEAD, _HEAD_RIGHT = _style("head", 8, bold=True), _style("head-right", 8, bold=True, right=True)
_HEAD.textColor = _HEAD_RIGHT.textColor = colors.white


def pdf(answer: Answer, hall: str, made: str) -> bytes:
    """The document; a table of more than 1,500 lines is cut, and says so."""
    register()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=landscape(A4),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=16 * mm,
        title=f"{hall} {answer.report.name} {answer.question.period.text}",
        author=hall,
    )

    def foot(canvas: Canvas, _document: object) -> None:
        canvas.setFont(REGULAR, 8)
        canvas.setFillColor(_INK)
        canvas.drawString(MARGIN, 9 * mm, f"{hall} · {answer.report.name} · 生成于 {made}")
        canvas.drawRightString(landscape(A4)[0] - MARGIN, 9 * mm, f"第 {canvas.getPageNumber()} 页")

    document.build(list(_story(answer, hall, made)), onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _story(answer: Answer, hall: str, made: str) -> Iterator[Flowable]:
    yield Paragraph(escape(f"{hall} · {answer.report.name}"), _TITLE)
    said = [f"{name}：{text}" for name, text in about(answer, hall, made)[2:]]
    yield Paragraph(escape("　".join(said)), _SUB)
    yield Spacer(0, 4 * mm)
    if not answer.table.lines:
        yield Paragraph("这段时间没有这类记录。", _SECTION)
    else:
        yield Paragraph("全大厅对比", _SECTION)
        yield _comparison(answer)
        yield Spacer(0, 4 * mm)
        yield Paragraph(f"按{'、'.join(answer.table.heads)}", _SECTION)
        yield from _tables(answer)
    yield Paragraph("指标公式", _SECTION)
    for indicator in answer.report.indicators:
        yield Paragraph(escape(f"{indicator.name}：{indicator.formula}"), _WORDS)


def _comparison(answer: Answer) -> Flowable:
    names = [title for one in answer.earlier for title in (one.name, "变化")]
    rows = [[*_line(["指标"], _HEAD), *_line(["本期", *names], _HEAD_RIGHT)]]
    for line in answer.headlines:
        sort = line.column.sort
        cells = [shown(sort, line.now)]
        for then in line.then:
            cells += [shown(sort, then), change(sort, line.now, then)]
        rows.append([*_line([line.column.title], _WORDS), *_line(cells, _FIGURE)])
    return _ruled(rows, 1)


def _tables(answer: Answer) -> Iterator[Flowable]:
    """The table in as many strips as its columns need, the groups before each."""
    table = answer.table
    heads, lines = flat_heads(table), table.lines[:LARGEST_LINES]
    body = [
        [shown(sort, value) if value != "" else "" for sort, value in flat_cells(table, x)] for x in lines
    ]
    step = 3 * (ACROSS // 3) if table.against else ACROSS
    for at in range(0, len(heads), step):
        strip = slice(at, at + step)
        rows = [[*_line(table.heads, _HEAD), *_line([title for title, _ in heads[strip]], _HEAD_RIGHT)]]
        for line, cells in zip(lines, body, strict=True):
            rows.append([*_line(line.names, _WORDS), *_line(cells[strip], _FIGURE)])
        yield _ruled(rows, len(table.heads))
        yield Spacer(0, 4 * mm)
    if len(table.lines) > len(lines):
        yield Paragraph(f"共 {len(table.lines)} 行，此处列出前 {len(lines)} 行；全部请导出表格文件。", _WORDS)


def _line(words: Sequence[str], style: ParagraphStyle) -> list[Flowable]:
    return [Paragraph(escape(word), style) for word in words]


def _ruled(rows: list[list[Flowable]], names: int) -> Flowable:
    across = len(rows[0])
    rest = (WIDTH - NAME_WIDTH * names) / max(1, across - names)
    widths = [NAME_WIDTH] * names + [min(rest, 34 * mm)] * (across - names)
    style = TableStyle(
        [
            ("BACKGROUND", (0, 0), (-1, 0), _ACCENT),
            ("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.white, _STRIPE]),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, _HAIR),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
    )
    return LongTable(rows, colWidths=widths, repeatRows=1, style=style, hAlign="LEFT")
