"""ESC/POS as bytes: commands built, replies taken apart; no port, no clock, no font.

Sources: DEVICES §3.2 (layouts on which Epson, SNBC, SPRT and Partner manuals agree). Real-time replies,
automatic status, transmitted status and flow control share one line; bits 0, 1, 4 and 7 of a reply's
first byte tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

INIT = b"\x1b@"
HANZI_ON = b"\x1b\x74\x00\x1c&"
HANZI_OFF = b"\x1c."
CUT = b"\x1dVB\x00"
FULL_CUT = b"\x1dV\x00"
RECOVER = b"\x10\x05\x01"
CLEAR = b"\x10\x05\x02"
PAPER_PROOF = b"\x1dr\x01"
AUTOMATIC_OFF = b"\x1da\x00"
AUTOMATIC_ON = b"\x1da\x0f"
MODEL_NAME = b"\x1dI\x43"
SERIAL_NUMBER = b"\x1dI\x44"

RASTER_ROWS = 960
"""Rows of one raster command: more than this some printers refuse."""

_GAP_ROWS = 8

HANZI_DOTS = 24
ASCII_DOTS = 12


class Query(IntEnum):
    """What DLE EOT can ask."""

    PRINTER = 1
    OFFLINE = 2
    ERROR = 3
    PAPER = 4


class Trouble(StrEnum):
    """What the status bits can say is wrong."""

    OFFLINE = "offline"
    FEEDING = "feeding"
    COVER_OPEN = "cover_open"
    PAPER_OUT = "paper_out"
    PAPER_NEAR_END = "paper_near_end"
    CUTTER = "cutter"
    MECHANICAL = "mechanical"
    UNRECOVERABLE = "unrecoverable"
    HEAD_HOT = "head_hot"


class HanziSet(StrEnum):
    """Characters that a printer's ROM has in two bytes."""

    NONE = "none"
    GB2312 = "gb2312"
    GBK = "gbk"


# ---------------------------------------------------------------- commands


def ask(query: int) -> bytes:
    """DLE EOT n, a Query or what a maker adds: answered with one byte even when offline or out of paper."""
    return bytes((0x10, 0x04, query))


def scale(times: int) -> bytes:
    """GS !: ASCII and Hanzi alike, ``times`` (1-8) as wide and as high."""
    if not 1 <= times <= 8:
        raise ValueError(f"scale {times}: wanted 1 to 8")
    return bytes((0x1D, 0x21, (times - 1) << 4 | (times - 1)))


def bold(on: bool) -> bytes:
    """ESC E."""
    return bytes((0x1B, 0x45, on))


def center(on: bool) -> bytes:
    """ESC a: counts only at the beginning of a line."""
    return bytes((0x1B, 0x61, on))


def line_spacing(dots: int) -> bytes:
    """ESC 3: from one line of text to the next."""
    return bytes((0x1B, 0x33, min(dots, 255)))


def feed(dots: int) -> bytes:
    """ESC J, as often as it takes."""
    whole, rest = divmod(dots, 255)
    return b"\x1bJ\xff" * whole + (bytes((0x1B, 0x4A, rest)) if rest else b"")


def raster(rows: bytes, width_bytes: int) -> bytes:
    """GS v 0 for a picture, 1 = black, most significant bit left, without the white at the right.

    Each stretch of inked or of blank rows is a command of its own, as wide as its ink: a ticket takes
    about half the bytes, and only a command is used that every printer has.
    """
    lines = [rows[at : at + width_bytes].rstrip(b"\x00") for at in range(0, len(rows), width_bytes)]
    return b"".join(_raster_command(lines[a:b]) for a, b in _stretches(lines))


def inline_picture(columns: bytes) -> bytes:
    """ESC * 33: 24 dots high, three bytes a column from the top, set among the text of a line."""
    count, rest = divmod(len(columns), 3)
    if rest:
        raise ValueError(f"{len(columns)} bytes: wanted three a column")
    return b"\x1b*\x21" + count.to_bytes(2, "little") + defused(columns)


def qr(data: bytes, module_dots: int) -> bytes:
    """Native QR code, model 2, level M, at the place of the current alignment."""
    if not 1 <= module_dots <= 16:
        raise ValueError(f"{module_dots} dots a module: wanted 1 to 16")
    store = (len(data) + 3).to_bytes(2, "little")
    return b"".join(
        (
            b"\x1d(k\x04\x001A2\x00",
            b"\x1d(k\x03\x001C" + bytes((module_dots,)),
            b"\x1d(k\x03\x001E1",
            b"\x1d(k" + store + b"1P0" + data,
            b"\x1d(k\x03\x001Q0",
        )
    )


def two_bytes(char: str, hanzi: HanziSet) -> bytes | None:
    """The code of a character in the printer's ROM, or None when it has to be drawn.

    Python's gb2312 codec moves — and ·, so GBK's codes are taken and cut to the older set's rows.
    Four-byte GB18030 codes are never sent: most ROMs print rubbish for them (DEVICES §3.1 row 8).
    """
    if hanzi is HanziSet.NONE:
        return None
    code = char.encode("gbk", "ignore")
    if len(code) != 2:
        return None
    if hanzi is HanziSet.GB2312 and not (0xA1 <= code[0] <= 0xF7 and code[1] >= 0xA1):
        return None
    return code


def defused(data: bytes) -> bytes:
    """Picture data in which no printer can see a real-time command.

    A printer looks for DLE EOT, DLE ENQ and DLE DC4 in everything that comes in, pictures included; DLE
    ENQ 2 in a picture would clear its buffer. One more dot beside the one that makes the DLE is not seen
    by anyone.
    """
    return _REAL_TIME.sub(b"\x18", data)


_REAL_TIME = re.compile(rb"\x10(?=[\x04\x05\x14])")


def _stretches(lines: Sequence[bytes]) -> list[tuple[int, int]]:
    """Where inked rows begin and end, and the gaps between; gaps too small to be worth it are inked."""
    marks: list[tuple[int, int]] = []
    start = 0
    for at in range(1, len(lines) + 1):
        if at == len(lines) or bool(lines[at]) != bool(lines[at - 1]) or at - start == RASTER_ROWS:
            marks.append((start, at))
            start = at
    joined: list[tuple[int, int]] = []
    for begin, end in marks:
        small = end - begin < _GAP_ROWS or (joined and joined[-1][1] - joined[-1][0] < _GAP_ROWS)
        if joined and small and end - joined[-1][0] <= RASTER_ROWS:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return joined


def _raster_command(lines: Sequence[bytes]) -> bytes:
    width = max(1, *(len(line) for line in lines))
    head = b"\x1dv0\x00" + width.to_bytes(2, "little") + len(lines).to_bytes(2, "little")
    return head + defused(b"".join(line.ljust(width, b"\x00") for line in lines))


# ---------------------------------------------------------------- replies


@dataclass(frozen=True, slots=True)
class RealTime:
    """One byte of answer to DLE EOT."""

    value: int


@dataclass(frozen=True, slots=True)
class Automatic:
    """Four bytes that a printer with automatic status sends by itself when something changed."""

    value: bytes


@dataclass(frozen=True, slots=True)
class Transmitted:
    """Answer to GS r: everything before it was carried out."""

    value: int


@dataclass(frozen=True, slots=True)
class Info:
    """Answer to GS I: a name or a number."""

    text: str


Reply = RealTime | Automatic | Transmitted | Info

_INFO_LIMIT = 80


class Replies:
    """Takes the printer's bytes in any pieces and gives whole replies; flow control and noise fall out."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that are complete now."""
        self._rest += data
        found: list[Reply] = []
        while self._rest:
            size, reply = _take(self._rest)
            if size == 0:
                break
            self._rest = self._rest[size:]
            if reply is not None:
                found.append(reply)
        return found

    def clear(self) -> None:
        """Forget half a reply."""
        self._rest = b""


def _take(data: bytes) -> tuple[int, Reply | None]:
    """Length and value of the first reply; length 0 when more bytes are wanted."""
    first = data[0]
    if first & 0x93 == 0x12:
        return 1, RealTime(first)
    if first & 0x93 == 0x10:
        return _take_automatic(data)
    if first == 0x5F:
        return _take_info(data)
    if first & 0x90 == 0:
        return 1, Transmitted(first)
    return 1, None


def _take_automatic(data: bytes) -> tuple[int, Reply | None]:
    if any(byte & 0x90 for byte in data[1:4]):
        return 1, None
    return (4, Automatic(data[:4])) if len(data) >= 4 else (0, None)


def _take_info(data: bytes) -> tuple[int, Reply | None]:
    end = data.find(b"\x00", 0, _INFO_LIMIT)
    if end < 0:
        return (1, None) if len(data) >= _INFO_LIMIT else (0, None)
    return end + 1, Info(data[1:end].decode("ascii", "replace").strip())


_BITS: dict[Query, tuple[tuple[int, Trouble], ...]] = {
    Query.PRINTER: ((0x08, Trouble.OFFLINE),),
    Query.OFFLINE: ((0x04, Trouble.COVER_OPEN), (0x08, Trouble.FEEDING), (0x20, Trouble.PAPER_OUT)),
    Query.ERROR: (
        (0x04, Trouble.MECHANICAL),
        (0x08, Trouble.CUTTER),
        (0x20, Trouble.UNRECOVERABLE),
        (0x40, Trouble.HEAD_HOT),
    ),
    Query.PAPER: ((0x0C, Trouble.PAPER_NEAR_END), (0x60, Trouble.PAPER_OUT)),
}

_AUTOMATIC_BITS: tuple[tuple[int, int, Trouble], ...] = (
    (0, 0x08, Trouble.OFFLINE),
    (0, 0x20, Trouble.COVER_OPEN),
    (0, 0x40, Trouble.FEEDING),
    (1, 0x04, Trouble.MECHANICAL),
    (1, 0x08, Trouble.CUTTER),
    (1, 0x20, Trouble.UNRECOVERABLE),
    (1, 0x40, Trouble.HEAD_HOT),
    (2, 0x03, Trouble.PAPER_NEAR_END),
    (2, 0x0C, Trouble.PAPER_OUT),
)


def troubles(query: Query, value: int) -> frozenset[Trouble]:
    """What a real-time answer says is wrong."""
    return frozenset(trouble for mask, trouble in _BITS[query] if value & mask)


def automatic_troubles(value: bytes) -> frozenset[Trouble]:
    """What four bytes of automatic status say is wrong."""
    return frozenset(trouble for at, mask, trouble in _AUTOMATIC_BITS if value[at] & mask)
