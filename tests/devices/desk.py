"""A printer's interpreter without motor, line or thread: bytes in, ticket out, at once."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from devices.simulators.escpos_machine import Machine
from devices.simulators.thermal_paper import PrintedTicket, Strip


@dataclass(slots=True)
class Desk:
    """The Mechanism of a Machine that is always ready."""

    dots: int
    strip: Strip
    replies: bytes = b""
    cuts: int = 0

    def print_rows(self, picture: Image.Image) -> None:
        self.strip.add(picture)

    def feed_rows(self, rows: int) -> None:
        self.strip.blank(rows)

    def cut(self) -> None:
        self.cuts += 1

    def note(self, text: str, code: str = "") -> None:
        (self.strip.codes if code else self.strip.lines).append(code or text)

    def reply(self, data: bytes) -> None:
        self.replies += data

    def paper_sensor(self) -> bytes:
        return b"\x00"

    def set_automatic(self, mask: int) -> None:
        pass

    def new_job(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Result:
    """What came of the bytes."""

    ticket: PrintedTicket
    unknown: tuple[str, ...]
    wrapped_lines: int

    @property
    def picture(self) -> Image.Image:
        """1 = black."""
        return Image.open(io.BytesIO(self.ticket.png)).convert("L").point(lambda v: 255 - v).convert("1")


def show(data: bytes, *, dots: int, rom: str = "gbk") -> Result:
    """Interpret all of ``data``; a command that is not complete stays undone."""
    desk = Desk(dots, Strip(dots))
    machine = Machine(desk, rom=rom)
    steps = machine.run()
    wanted = next(steps)
    at = 0
    while at + wanted <= len(data) and (wanted or at < len(data)):
        wanted, at = steps.send(data[at : at + wanted]), at + wanted
    return Result(desk.strip.torn(1, cut=True), tuple(machine.unknown), machine.wrapped_lines)
