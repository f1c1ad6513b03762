"""Paper and type of the simulated printer: ROM characters in their cells, lines, pictures, tickets as PNG.

Shares nothing with the driver's layout, so that what it shows is evidence of the bytes that came.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import lru_cache

import qrcode
from PIL import Image, ImageChops, ImageDraw, ImageFont

from assets import glyphs

CELL = 24
HEAD_TO_CUTTER_ROWS = 48

_ROM_FACE = "NotoSansSC"


@dataclass(frozen=True, slots=True)
class Type:
    """How characters are being set: times wide and high, weight, underline, white on black."""

    wide: int = 1
    high: int = 1
    bold: bool = False
    underline: bool = False
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class PrintedTicket:
    """One piece of paper: picture, the text of its lines, QR contents; ``cut`` False when it was torn off."""

    number: int
    png: bytes
    text: str
    codes: tuple[str, ...]
    rows: int
    cut: bool


@dataclass(slots=True)
class LineBuffer:
    """The line that is being composed: dots and what was written."""

    dots: int
    pieces: list[Image.Image] = field(default_factory=list)
    text: str = ""
    used: int = 0

    def has_room(self, width: int) -> bool:
        """Does another piece of this width fit?"""
        return self.used + width <= self.dots

    def add(self, piece: Image.Image, text: str) -> None:
        """Set a piece behind the others."""
        self.pieces.append(piece)
        self.text += text
        self.used += piece.width

    def composed(self, align: int) -> Image.Image:
        """The line's dots, standing on one foot, placed left (0), centred (1) or right (2)."""
        height = max((piece.height for piece in self.pieces), default=0)
        line = Image.new("1", (self.dots, height))
        left = (self.dots - self.used) * align // 2
        for piece in self.pieces:
            line.paste(piece, (left, height - piece.height))
            left += piece.width
        return line


class Strip:
    """The paper since the last cut."""

    def __init__(self, dots: int, *, top_rows: int = 0) -> None:
        self.dots = dots
        self.lines: list[str] = []
        self.codes: list[str] = []
        self._bands: list[Image.Image] = []
        self.rows = 0
        self.inked = False
        self.blank(top_rows)

    def add(self, band: Image.Image) -> None:
        """Rows that passed the head."""
        self._bands.append(band)
        self.rows += band.height
        self.inked = self.inked or band.getbbox() is not None

    def blank(self, rows: int) -> None:
        """Rows without ink."""
        if rows > 0:
            self.add(Image.new("1", (self.dots, rows)))

    def torn(self, number: int, *, cut: bool) -> PrintedTicket:
        """What is in the citizen's hand."""
        paper = Image.new("1", (self.dots, max(1, self.rows)), 255)
        top = 0
        for band in self._bands:
            paper.paste(ImageChops.invert(band), (0, top))
            top += band.height
        out = io.BytesIO()
        paper.save(out, "PNG", optimize=True)
        return PrintedTicket(number, out.getvalue(), "\n".join(self.lines), tuple(self.codes), self.rows, cut)


def rom_character(char: str, columns: int, type_: Type) -> Image.Image:
    """A character of the ROM, 12 dots a column and 24 high, enlarged as a printer enlarges: dot by dot."""
    cell = _rom_cell(char, columns).copy()
    if type_.bold:
        cell = ImageChops.logical_or(cell, ImageChops.offset(cell, 1, 0))
    if type_.underline:
        ImageDraw.Draw(cell).line((0, CELL - 1, cell.width, CELL - 1), fill=255)
    if type_.inverse:
        cell = ImageChops.invert(cell)
    return cell.resize((cell.width * type_.wide, CELL * type_.high), Image.Resampling.NEAREST)


@lru_cache(2048)
def _rom_cell(char: str, columns: int) -> Image.Image:
    cell = Image.new("L", (12 * columns, CELL))
    em = CELL if columns == 2 else 21
    font = ImageFont.truetype(str(glyphs.font_file(_ROM_FACE)), em, layout_engine=ImageFont.Layout.BASIC)
    if columns == 2 and char == "─":
        ImageDraw.Draw(cell).line((0, 11, cell.width, 11), fill=255, width=2)
    elif char.strip():
        left = (cell.width - font.getlength(char)) / 2
        ImageDraw.Draw(cell).text((left, 21), char, font=font, fill=255, anchor="ls")
    return cell.point([255 * (value > 110) for value in range(256)], "1")


def raster_picture(data: bytes, width_bytes: int, rows: int, *, wide: int, high: int) -> Image.Image:
    """GS v 0: rows of bits, most significant left, 1 = black."""
    picture = Image.frombytes("1", (width_bytes * 8, rows), data)
    return picture.resize((picture.width * wide, picture.height * high), Image.Resampling.NEAREST)


def column_picture(data: bytes, bytes_a_column: int) -> Image.Image:
    """ESC *: columns of 8 or 24 dots, top first, most significant bit on top."""
    count = len(data) // bytes_a_column
    lying = Image.frombytes("1", (bytes_a_column * 8, count), data)
    return lying.transpose(Image.Transpose.TRANSPOSE)


def qr_symbol(content: str, module_dots: int, level: int) -> Image.Image:
    """A QR code as a printer makes it, without quiet zone; ``level`` 48-51 is L, M, Q, H."""
    levels = {
        48: qrcode.constants.ERROR_CORRECT_L,
        49: qrcode.constants.ERROR_CORRECT_M,
        50: qrcode.constants.ERROR_CORRECT_Q,
        51: qrcode.constants.ERROR_CORRECT_H,
    }
    code = qrcode.QRCode(error_correction=levels[level], border=0)
    code.add_data(content, optimize=0)
    code.make(fit=True)
    rows = code.get_matrix()
    small = Image.new("1", (len(rows), len(rows)))
    small.putdata([255 * dark for row in rows for dark in row])
    side = len(rows) * module_dots
    return small.resize((side, side), Image.Resampling.NEAREST)
