"""The simulated printer's interpreter: ESC/POS in, paper out; written from the manuals, not the driver.

``Machine.run`` is a generator that yields how many bytes it wants next. What it does to paper goes
through a ``Mechanism``, whose calls may block (no paper, hot head) or raise to throw the job away.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Protocol

from PIL import Image

from devices.simulators.thermal_paper import (
    CELL,
    LineBuffer,
    Type,
    column_picture,
    qr_symbol,
    raster_picture,
    rom_character,
)

Steps = Generator[int, bytes, None]

DRAWN = "▯"
"""Stands for a small picture in the text of a line."""

_DEFAULT_SPACING = 30


class Mechanism(Protocol):
    """Motor, head and cutter, and the way back to the host."""

    dots: int

    def print_rows(self, picture: Image.Image) -> None:
        """Move these rows past the head."""

    def feed_rows(self, rows: int) -> None:
        """Move paper without printing."""

    def cut(self) -> None:
        """Cut where the paper stands at the cutter."""

    def note(self, text: str, code: str = "") -> None:
        """Keep what a line says and what a QR code holds."""

    def reply(self, data: bytes) -> None:
        """Answer the host."""

    def paper_sensor(self) -> bytes:
        """Answer to GS r 1."""

    def set_automatic(self, mask: int) -> None:
        """GS a."""

    def new_job(self) -> None:
        """ESC @ came."""


class Machine:
    """State of the interpreter. ``rom`` is the set of two-byte characters: gb18030, gbk, gb2312 or none."""

    def __init__(self, mechanism: Mechanism, *, rom: str = "gbk", model: str = "SIM-80") -> None:
        self.unknown: list[str] = []
        self.wrapped_lines = 0
        self._mechanism = mechanism
        self._rom = rom
        self._model = model
        self._type = Type()
        self._two_byte: dict[int, Callable[[], Steps]] = {0x1B: self._esc, 0x1D: self._gs, 0x1C: self._fs}
        self._reset()

    def run(self) -> Steps:
        """Interpret for ever; start a new one after the buffer was cleared."""
        self._line = LineBuffer(self._mechanism.dots)
        while True:
            first = (yield 1)[0]
            if first in self._two_byte:
                yield from self._two_byte[first]()
            elif first == 0x0A:
                self._end_line()
            elif first == 0x10:
                yield from self._skip_real_time()
            elif first == 0x09:
                self._set(" " * 4, 1)
            elif first >= 0x20:
                yield from self._text(first)
            elif first not in (0x0D, 0x00):
                self._note_unknown(bytes((first,)))

    # ------------------------------------------------------------ text

    def _text(self, first: int) -> Steps:
        if first < 0x80 or not self._hanzi:
            self._set(bytes((first,)).decode("cp437"), 1)
            return
        second = (yield 1)[0]
        char = self._rom_character(bytes((first, second)))
        if char is None:
            self._set("□", 2)
            if 0x30 <= second <= 0x39:
                self._set(chr(second), 1)
            return
        self._set(char, 2)

    def _rom_character(self, code: bytes) -> str | None:
        rare = not (0xA1 <= code[0] <= 0xF7 and code[1] >= 0xA1)
        if self._rom == "none" or (self._rom == "gb2312" and rare):
            return None
        try:
            char = code.decode("gb18030" if self._rom == "gb18030" else "gbk")
        except UnicodeDecodeError:
            return None
        return char if len(char) == 1 else None

    def _set(self, text: str, columns: int) -> None:
        for char in text:
            self._add(rom_character(char, columns, self._type), char)

    def _add(self, piece: Image.Image, text: str) -> None:
        if not self._line.has_room(piece.width):
            self.wrapped_lines += 1
            self._end_line()
        self._line.add(piece, text)

    def _end_line(self) -> None:
        line, self._line = self._line, LineBuffer(self._mechanism.dots)
        picture = line.composed(self._align)
        if picture.height:
            self._mechanism.print_rows(picture)
        self._mechanism.feed_rows(max(0, self._spacing - picture.height))
        self._mechanism.note(line.text)

    def _flush_line(self) -> None:
        if self._line.pieces:
            self._end_line()

    # ------------------------------------------------------------ ESC

    def _esc(self) -> Steps:
        letter = (yield 1)[0:1]
        if letter == b"@":
            self._reset()
            self._line = LineBuffer(self._mechanism.dots)
            self._mechanism.new_job()
        elif letter == b"2":
            self._spacing = _DEFAULT_SPACING
        elif letter == b"*":
            yield from self._bit_image()
        elif letter in (b"i", b"m"):
            self._flush_line()
            self._mechanism.cut()
        elif letter in b"3EGaJd!-tMR V{=" and letter:
            self._esc_with_one(letter, (yield 1)[0])
        elif letter == b"c":
            yield 2
        else:
            self._note_unknown(b"\x1b" + letter)

    def _esc_with_one(self, letter: bytes, n: int) -> None:
        if letter == b"3":
            self._spacing = n
        elif letter in (b"E", b"G"):
            self._type = replace(self._type, bold=bool(n & 1))
        elif letter == b"a":
            self._align = n & 3
        elif letter == b"J":
            self._flush_line()
            self._mechanism.feed_rows(n)
        elif letter == b"d":
            self._flush_line()
            self._mechanism.feed_rows(n * self._spacing)
        elif letter == b"!":
            self._type = Type(1 + (n >> 5 & 1), 1 + (n >> 4 & 1), bool(n & 8), bool(n & 0x80))
        elif letter == b"-":
            self._type = replace(self._type, underline=bool(n & 3))

    def _bit_image(self) -> Steps:
        mode, low, high = yield 3
        depth = 3 if mode in (32, 33) else 1
        data = yield (low + high * 256) * depth
        self._add(column_picture(data, depth), DRAWN)

    # ------------------------------------------------------------ FS

    def _fs(self) -> Steps:
        letter = (yield 1)[0:1]
        if letter in (b"&", b"."):
            self._hanzi = letter == b"&" and self._rom != "none"
        elif letter == b"!":
            n = (yield 1)[0]
            self._type = Type(1 + (n >> 2 & 1), 1 + (n >> 3 & 1), self._type.bold, bool(n & 0x80))
        elif letter in (b"-", b"W"):
            yield 1
        elif letter == b"S":
            yield 2
        else:
            self._note_unknown(b"\x1c" + letter)

    # ------------------------------------------------------------ GS

    def _gs(self) -> Steps:
        letter = (yield 1)[0:1]
        if letter == b"v":
            yield from self._raster()
        elif letter == b"(":
            yield from self._extended()
        elif letter == b"V":
            yield from self._cut()
        elif letter in (b"L", b"W"):
            yield 2
        elif letter in b"!BraIhwHfb" and letter:
            self._gs_with_one(letter, (yield 1)[0])
        else:
            self._note_unknown(b"\x1d" + letter)

    def _gs_with_one(self, letter: bytes, n: int) -> None:
        if letter == b"!":
            self._type = replace(self._type, wide=1 + (n >> 4 & 7), high=1 + (n & 7))
        elif letter == b"B":
            self._type = replace(self._type, inverse=bool(n & 1))
        elif letter == b"r" and n in (1, 49):
            self._mechanism.reply(self._mechanism.paper_sensor())
        elif letter == b"a":
            self._mechanism.set_automatic(n)
        elif letter == b"I" and n in (0x42, 0x43, 0x44):
            text = {0x42: "BANSHI", 0x43: self._model, 0x44: f"{self._model}-0001"}[n]
            self._mechanism.reply(b"_" + text.encode("ascii") + b"\x00")

    def _raster(self) -> Steps:
        _, mode, xl, xh, yl, yh = yield 6
        width, rows = xl + xh * 256, yl + yh * 256
        data = yield width * rows
        self._flush_line()
        high, wide = divmod(mode & 3, 2)
        picture = raster_picture(data, width, rows, wide=wide + 1, high=high + 1)
        self._print_placed(picture)

    def _print_placed(self, picture: Image.Image) -> None:
        paper = Image.new("1", (self._mechanism.dots, picture.height))
        paper.paste(picture, ((paper.width - min(paper.width, picture.width)) * self._align // 2, 0))
        for top in range(0, paper.height, CELL):
            self._mechanism.print_rows(paper.crop((0, top, paper.width, min(paper.height, top + CELL))))

    def _cut(self) -> Steps:
        mode = (yield 1)[0]
        extra = (yield 1)[0] if mode in (65, 66) else None
        self._flush_line()
        if extra is not None:
            self._mechanism.feed_rows(extra)
        self._mechanism.cut()

    def _extended(self) -> Steps:
        kind, low, high = yield 3
        data = yield low + high * 256
        if kind != ord("k") or len(data) < 2 or data[0] != 49:
            self._note_unknown(b"\x1d(" + bytes((kind,)) + data[:2])
        elif data[1] == 67:
            self._qr_dots = data[2]
        elif data[1] == 69:
            self._qr_level = data[2]
        elif data[1] == 80:
            self._qr_data = data[3:]
        elif data[1] == 81 and self._qr_data:
            self._print_qr()

    def _print_qr(self) -> None:
        content = self._qr_data.decode("utf-8", "replace")
        self._flush_line()
        self._mechanism.note("", content)
        self._print_placed(qr_symbol(content, self._qr_dots, self._qr_level))

    # ------------------------------------------------------------

    def _skip_real_time(self) -> Steps:
        """Real-time commands were obeyed when they came in; here they are only stepped over."""
        second = (yield 1)[0]
        yield {0x04: 1, 0x05: 1, 0x14: 3}.get(second, 1)

    def _reset(self) -> None:
        self._type = Type()
        self._align = 0
        self._spacing = _DEFAULT_SPACING
        self._hanzi = self._rom != "none"
        self._qr_dots, self._qr_level, self._qr_data = 3, 48, b""
        self._line = LineBuffer(self._mechanism.dots)

    def _note_unknown(self, command: bytes) -> None:
        self.unknown.append(command.hex(" "))
