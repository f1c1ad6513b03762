"""A ticket in the printer's own type: few bytes, for slow lines; what the ROM lacks is drawn in between."""

from __future__ import annotations

from PIL import Image

from devices.printing.job import Job
from devices.printing.lines import Glyph, Row, fits_unbroken, wrap
from devices.printing.picture import (
    clusters,
    dots_picture,
    drawn_width,
    glyph_picture,
    line_picture,
    native_qr_side,
    qr_picture,
)
from devices.printing.profiles import Profile
from devices.protocols import escpos_bytes as escpos
from devices.protocols.escpos_bytes import ASCII_DOTS, HANZI_DOTS, HanziSet
from devices.tickets import Align, Feed, Line, Picture, Qr, Rule, Ticket, TicketPart

_GAP_DOTS = 8
_SUBSTITUTES = {"¥": "￥", "–": "-", "•": "·", "\u00a0": " "}
_RULE = "─"


def text_job(ticket: Ticket, profile: Profile) -> Job:
    """The ticket as text commands for a printer of this profile."""
    parts = [_part(part, profile) for part in ticket]
    hanzi = escpos.HANZI_OFF if profile.hanzi is HanziSet.NONE else escpos.HANZI_ON
    return Job(
        b"".join((escpos.INIT, hanzi, *(part.data for part in parts))), sum(part.rows for part in parts)
    )


def columns(text: str, hanzi: HanziSet) -> list[Glyph]:
    """The characters of ``text`` with their width in half-Hanzi columns and their code in the ROM."""
    return [_glyph(_SUBSTITUTES.get(cluster, cluster), hanzi) for cluster in clusters(text)]


def _glyph(cluster: str, hanzi: HanziSet) -> Glyph:
    if len(cluster) == 1:
        if " " <= cluster <= "~":
            return Glyph(cluster, 1, cluster.encode("ascii"))
        code = escpos.two_bytes(cluster, hanzi)
        if code is not None:
            return Glyph(cluster, 2, code)
    wide = drawn_width(cluster, HANZI_DOTS) > ASCII_DOTS + 2
    return Glyph(cluster, 2 if wide else 1)


def _part(part: TicketPart, profile: Profile) -> Job:
    match part:
        case Line():
            return _line(part, profile)
        case Qr():
            return _native_qr(part, profile) if profile.native_qr else _raster(qr_picture(part, profile.dots))
        case Picture():
            return _raster(dots_picture(part, profile.dots))
        case Rule():
            return _rule(profile)
        case Feed():
            rows = part.lines * (HANZI_DOTS + _GAP_DOTS)
            return Job(escpos.feed(rows), rows)


def _line(line: Line, profile: Profile) -> Job:
    glyphs = columns(line.text, profile.hanzi)
    scale = max(1, min(8, line.scale))
    width = profile.dots // ASCII_DOTS
    while scale > 1 and not fits_unbroken(glyphs, width // scale):
        scale -= 1
    drawn = any(not glyph.code for glyph in glyphs)
    if drawn and (scale > 1 or not profile.inline_pictures):
        return _raster(line_picture(line, profile.dots, HANZI_DOTS))
    rows = wrap(glyphs, width // scale, hang=line.hang, even=line.align is Align.CENTER)
    pitch = HANZI_DOTS * scale + _GAP_DOTS
    body = b"".join(_row(row, line, number) for number, row in enumerate(rows))
    return Job(
        escpos.center(line.align is Align.CENTER)
        + escpos.bold(line.bold)
        + escpos.scale(scale)
        + escpos.line_spacing(pitch)
        + body,
        pitch * len(rows),
    )


def _row(row: Row, line: Line, number: int) -> bytes:
    hang = b" " * line.hang if number and line.align is Align.LEFT else b""
    return hang + b"".join(glyph.code or _drawn(glyph, bold=line.bold) for glyph in row) + b"\n"


def _drawn(glyph: Glyph, *, bold: bool) -> bytes:
    cell = glyph_picture(glyph.text, glyph.width * ASCII_DOTS, HANZI_DOTS, bold=bold)
    return escpos.inline_picture(cell.transpose(Image.Transpose.TRANSPOSE).tobytes())


def _rule(profile: Profile) -> Job:
    code = escpos.two_bytes(_RULE, profile.hanzi)
    width = profile.dots // ASCII_DOTS
    body = code * (width // 2) if code else b"-" * width
    pitch = HANZI_DOTS
    start = escpos.center(False) + escpos.bold(False) + escpos.scale(1) + escpos.line_spacing(pitch)
    return Job(start + body + b"\n", pitch)


def _native_qr(code: Qr, profile: Profile) -> Job:
    side = native_qr_side(code.data)
    size = max(1, min(code.size, 16, profile.dots // (side + 4)))
    quiet = escpos.feed(2 * size)
    data = quiet + escpos.center(True) + escpos.qr(code.data.encode(), size) + escpos.center(False) + quiet
    return Job(data, (side + 4) * size)


def _raster(block: Image.Image) -> Job:
    data = escpos.raster(block.tobytes(), (block.width + 7) // 8)
    return Job(escpos.center(False) + escpos.scale(1) + data, block.height)
