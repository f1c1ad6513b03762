"""A ticket as one black-and-white picture: looks the same on every printer and knows every character."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

import qrcode
from PIL import Image, ImageDraw, ImageFont

from assets import glyphs
from devices.printing.job import Job
from devices.printing.lines import Glyph, Row, fits_unbroken, width_of, wrap
from devices.protocols import escpos_bytes
from devices.tickets import Align, Feed, Line, Picture, Qr, Rule, Ticket, TicketPart

_SMALL_PAPER_DOTS = 432
_SMALL_EM, _LARGE_EM = 23, 28
_MARGIN_DOTS = 8
_INK_LEVEL = {"NotoSansSC": 120, "HanaMinB": 80}
_THIN, _STROKES = "HanaMinB", {False: 0.012, True: 0.04}
"""The face of the rarest characters has one thin weight: its strokes are drawn wider, by this much of an em,
so that 𠮷 does not fade beside bold or large neighbours."""
_QR_QUIET_MODULES = 2


@dataclass(frozen=True, slots=True)
class Style:
    """How a line is set: em in dots, weight, place, hanging indent in half ems."""

    em: int
    bold: bool = False
    align: Align = Align.LEFT
    hang: int = 0


def em_of(dots: int) -> int:
    """The size of ordinary type on paper of this width: 16 Hanzi a line on narrow, 20 on wide paper."""
    return _SMALL_EM if dots <= _SMALL_PAPER_DOTS else _LARGE_EM


def picture(ticket: Ticket, dots: int) -> Image.Image:
    """The whole ticket, ``dots`` wide, one bit a dot, 1 = black."""
    blocks = [_block(part, dots) for part in ticket]
    paper = Image.new("1", (dots, max(1, sum(block.height for block in blocks))))
    top = 0
    for block in blocks:
        paper.paste(block, (0, top))
        top += block.height
    return paper


def picture_job(ticket: Ticket, dots: int) -> Job:
    """The picture as raster commands."""
    paper = picture(ticket, dots)
    return Job(
        escpos_bytes.INIT + escpos_bytes.raster(paper.tobytes(), (dots + 7) // 8),
        paper.height,
    )


def line_picture(line: Line, dots: int, em: int) -> Image.Image:
    """One line of a ticket, wrapped, over the whole width."""
    style = Style(em * _scale(line, dots, em), line.bold, line.align, line.hang)
    rows = wrap(
        measured(line.text, style.em, bold=style.bold),
        dots,
        hang=style.hang * style.em // 2,
        even=style.align is Align.CENTER,
    )
    pitch = style.em + em // 3
    block = Image.new("1", (dots, pitch * len(rows)))
    for number, row in enumerate(rows):
        _set_row(block, row, style, (number > 0, number * pitch + em // 6))
    return block


def glyph_picture(text: str, width: int, em: int, *, bold: bool = False) -> Image.Image:
    """One character in a cell ``width`` × ``em``: for what a printer's ROM does not have."""
    cell = Image.new("1", (width, em))
    natural = drawn_width(text, em, bold)
    _draw(cell, text, (max(0, (width - natural) // 2), _baseline(em)), em, bold=bold)
    return cell


def qr_picture(code: Qr, dots: int) -> Image.Image:
    """The code centred over the whole width; modules shrink until it fits."""
    rows = qr_modules(code.data)
    side = len(rows)
    size = max(1, min(code.size, dots // (side + 2 * _QR_QUIET_MODULES)))
    small = Image.new("1", (side, side))
    small.putdata([255 * dark for row in rows for dark in row])
    quiet = _QR_QUIET_MODULES * size
    block = Image.new("1", (dots, side * size + 2 * quiet))
    large = small.resize((side * size, side * size), Image.Resampling.NEAREST)
    block.paste(large, ((dots - large.width) // 2, quiet))
    return block


def dots_picture(dotted: Picture, dots: int) -> Image.Image:
    """The dots centred over the whole width, with a little white below them."""
    found = Image.frombytes("1", (dotted.width, dotted.height), dotted.rows)
    if found.width > dots:
        found = found.resize((dots, max(1, found.height * dots // found.width)), Image.Resampling.NEAREST)
    block = Image.new("1", (dots, found.height + _MARGIN_DOTS))
    block.paste(found, ((dots - found.width) // 2, 0))
    return block


def qr_modules(data: str) -> list[list[bool]]:
    """The code's modules, level M, True = dark."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(data)
    code.make(fit=True)
    modules: list[list[bool]] = code.get_matrix()
    return modules


def native_qr_side(data: str) -> int:
    """How many modules wide a printer makes the code: it does not split data into modes as we do."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(data, optimize=0)
    return 17 + 4 * int(code.best_fit())


def measured(text: str, em: int, *, bold: bool = False) -> list[Glyph]:
    """The characters of ``text`` with their widths in dots; what nobody can draw as 〓."""
    return [Glyph(cluster, drawn_width(cluster, em, bold)) for cluster in clusters(text)]


@lru_cache(4096)
def drawn_width(text: str, em: int, bold: bool = False) -> int:
    """How many dots wide a character is."""
    return round(_font(_font_name(text), em, bold).getlength(text[0]))


def clusters(text: str) -> list[str]:
    """Characters with the marks upon them; line breaks and tabs count as a blank."""
    shown = "".join(piece for _, piece in glyphs.runs(text))
    found: list[str] = []
    for char in shown.replace("\n", " ").replace("\t", " "):
        if found and unicodedata.category(char) in ("Mn", "Me", "Mc"):
            found[-1] += char
        else:
            found.append(char)
    return found


# ---------------------------------------------------------------- drawing


def _block(part: TicketPart, dots: int) -> Image.Image:
    em = em_of(dots)
    match part:
        case Line():
            inner = line_picture(part, dots - 2 * _MARGIN_DOTS, em)
            block = Image.new("1", (dots, inner.height))
            block.paste(inner, (_MARGIN_DOTS, 0))
            return block
        case Qr():
            return qr_picture(part, dots)
        case Picture():
            return dots_picture(part, dots)
        case Rule():
            block = Image.new("1", (dots, em // 2 + 2))
            ImageDraw.Draw(block).line((0, em // 4, dots, em // 4), fill=255, width=2)
            return block
        case Feed():
            return Image.new("1", (dots, em * 4 // 3 * part.lines))


def _scale(line: Line, dots: int, em: int) -> int:
    scale = max(1, min(8, line.scale))
    while scale > 1 and not fits_unbroken(measured(line.text, em * scale, bold=line.bold), dots):
        scale -= 1
    return scale


def _set_row(block: Image.Image, row: Row, style: Style, at: tuple[bool, int]) -> None:
    hanging, top = at
    left = style.hang * style.em // 2 if hanging else 0
    if style.align is Align.CENTER:
        left = max(0, (block.width - width_of(row)) // 2)
    for glyph in row:
        _draw(block, glyph.text, (left, top + _baseline(style.em)), style.em, bold=style.bold)
        left += glyph.width


def _draw(block: Image.Image, text: str, at: tuple[int, int], em: int, *, bold: bool) -> None:
    """A character at the pen, its marks centred on it: these faces do not place them by themselves."""
    base, left, above = _stamp(text[0], em, bold)
    block.paste(255, (at[0] + left, at[1] + above), base)
    for char in text[1:]:
        mark, _, above = _stamp(char, em, bold)
        block.paste(255, (at[0] + left + (base.width - mark.width) // 2, at[1] + above), mark)


@lru_cache(4096)
def _stamp(char: str, em: int, bold: bool) -> tuple[Image.Image, int, int]:
    """The character's dots and where they stand from the pen on the baseline."""
    name = _font_name(char)
    font = _font(name, em, bold)
    stroke = round(em * _STROKES[bold]) if name == _THIN else 0
    left, above, right, below = font.getbbox(char, anchor="ls", stroke_width=stroke)
    grey = Image.new("L", (max(1, int(right - left)), max(1, int(below - above))))
    ImageDraw.Draw(grey).text((-left, -above), char, font=font, fill=255, anchor="ls", stroke_width=stroke)
    level = _INK_LEVEL.get(name, 128)
    return grey.point([255 * (value > level) for value in range(256)], "1"), int(left), int(above)


def _font_name(text: str) -> str:
    return glyphs.font_of(text[0]) or glyphs.FONTS[0].name


@cache
def _font(name: str, em: int, bold: bool) -> ImageFont.FreeTypeFont:
    path = glyphs.font_file(name, bold=bold)
    return ImageFont.truetype(str(path), em, layout_engine=ImageFont.Layout.BASIC)


def _baseline(em: int) -> int:
    """Where Hanzi stand in their square: the faces' own ascent of 0.88 em."""
    return em * 22 // 25


def preload(ems: Iterable[int]) -> None:
    """Open the faces now, so that the first ticket does not wait for them."""
    for em in ems:
        for bold in (False, True):
            _font(glyphs.FONTS[0].name, em, bold)
