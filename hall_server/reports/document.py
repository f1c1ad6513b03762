"""The month's report as DOCX that can be edited: real headings, real tables, Chinese fonts for Chinese."""

from __future__ import annotations

import io
from collections.abc import Sequence

from docx import Document
from docx.document import Document as Doc
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from hall_server.reports.asked import Asked
from hall_server.reports.monthly import formulas, sections
from hall_server.reports.passages import Grid, Month, Section
from hall_server.reports.periods import Period, earlier

BODY, HEADING, LATIN = "仿宋", "黑体", "Times New Roman"
LONGEST_GRID = 400
_INK = RGBColor(0x14, 0x21, 0x3D)
_SHADE = "DFE9F8"
_GROUPINGS: tuple[tuple[str, ...], ...] = (
    ("hall",),
    ("service",),
    ("window",),
    ("item",),
    ("item", "reason"),
    ("reason",),
    ("day",),
)


def month_of(asked: Asked, period: Period, hall: str, *, running: bool) -> Month:
    """All the figures of a month and the two that it is compared with. Raises JournalBroken."""
    before, year = earlier(period, asked.days.labels())
    now, past, last = (
        {by: asked.report(p, "all", by) for by in _GROUPINGS} for p in (period, before.period, year.period)
    )
    return Month(hall, period.text, running, before.name, before.period.text, year.name, now, past, last)


def docx(month: Month, made: str) -> bytes:
    """The document."""
    document = Document()
    _styles(document)
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.4)
    section.top_margin = section.bottom_margin = Cm(2.5)
    title = document.add_paragraph(f"{month.hall}运行月报", style="Title")
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    under = document.add_paragraph(f"（{month.period}）")
    under.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if month.running:
        document.add_paragraph(f"本月尚未结束；{month.before_name}按同样天数比较（{month.before_period}）。")
    for part in sections(month):
        _section(document, part)
    document.add_heading("附：指标公式", 1)
    for indicator in formulas():
        line = document.add_paragraph(style="List Bullet")
        line.add_run(f"{indicator.name}：").bold = True
        line.add_run(indicator.formula)
    last = document.add_paragraph(f"{month.hall}　{made} 生成；数据来自业务日志，可编辑后报送。")
    last.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    document.core_properties.title = f"{month.hall}运行月报（{month.period}）"
    document.core_properties.author = month.hall
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _styles(document: Doc) -> None:
    """Word takes Chinese characters from the East Asian font of a style, not from its name."""
    sizes = {"Normal": 12, "Title": 22, "Heading 1": 15, "List Bullet": 10.5}
    for name, size in sizes.items():
        style = document.styles[name]
        heading = name in ("Title", "Heading 1")
        style.font.name, style.font.size, style.font.color.rgb = LATIN, Pt(size), _INK
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:eastAsia"), HEADING if heading else BODY)
        style.font.bold = heading
    document.styles["Normal"].paragraph_format.space_after = Pt(6)


def _section(document: Doc, part: Section) -> None:
    document.add_heading(part.title, 1)
    for sentence in part.sentences:
        paragraph = document.add_paragraph(sentence)
        paragraph.paragraph_format.first_line_indent = Pt(24)
    if part.grid is not None:
        _grid(document, part.grid)


def _grid(document: Doc, grid: Grid) -> None:
    rows = grid.rows[:LONGEST_GRID]
    table = document.add_table(len(rows) + 1, len(grid.heads), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    lines = [list(row.cells) for row in table.rows]  # each look-up of cells walks the whole table
    _fill(lines[0], grid.heads, names=len(grid.heads), bold=True)
    _repeat(table.rows[0]._tr)
    for cells, words in zip(lines[1:], rows, strict=True):
        _fill(cells, words, names=grid.names, bold=False)
    if len(rows) < len(grid.rows):
        document.add_paragraph(f"共 {len(grid.rows)} 行，此处列出前 {len(rows)} 行。")
    else:
        document.add_paragraph()


def _fill(cells: Sequence[object], words: Sequence[str], *, names: int, bold: bool) -> None:
    for n, (cell, word) in enumerate(zip(cells, words, strict=True)):
        paragraph = cell.paragraphs[0]  # type: ignore[attr-defined]
        run = paragraph.add_run(word)
        run.font.size, run.bold = Pt(9), bold
        paragraph.paragraph_format.space_after = Pt(0)
        if bold:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            shade = OxmlElement("w:shd")
            shade.set(qn("w:val"), "clear")
            shade.set(qn("w:fill"), _SHADE)
            cell._tc.get_or_add_tcPr().append(shade)  # type: ignore[attr-defined]
        elif n >= names and not any("\u4e00" <= c <= "\u9fff" for c in word[:1]):
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _repeat(row: object) -> None:
    """The head again on each page that the table reaches."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row.get_or_add_trPr().append(mark)  # type: ignore[attr-defined]
