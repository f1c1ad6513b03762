"""Frames of small serial devices described as data: lead, length, mark, checksum, tail.

One template covers a family of call boxes and bars; a hall with another make adds data, not code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from operator import xor

from devices.ports import CallBoxKey


class Checksum(Enum):
    """How the check byte is made from the counted bytes."""

    SUM8 = "sum8"
    XOR8 = "xor8"

    def of(self, body: bytes) -> int:
        """The check byte of a body."""
        return sum(body) & 0xFF if self is Checksum.SUM8 else reduce(xor, body, 0)


@dataclass(frozen=True, slots=True)
class FrameTemplate:
    """``lead · length×copies · mark · body · check · tail``; length and check count the body only."""

    lead: bytes
    length_copies: int
    mark: bytes
    checksum: Checksum
    tail: bytes
    shortest: int = 2
    longest: int = 64


class BadFrame(Exception):
    """Something looked like a frame and its check byte or tail was wrong."""


def build_frame(template: FrameTemplate, body: bytes) -> bytes:
    """The whole frame around a body."""
    if not template.shortest <= len(body) <= template.longest:
        raise ValueError(f"a body of {len(body)} bytes does not fit the frame")
    length = bytes((len(body),)) * template.length_copies
    check = bytes((template.checksum.of(body),))
    return template.lead + length + template.mark + body + check + template.tail


def take_body(buffer: bytearray, template: FrameTemplate) -> bytes | None:
    """Cut the first whole frame out of ``buffer`` and give its body; None while bytes are missing.

    Noise is thrown away. Raises BadFrame for a wrong check byte or tail; only the lead was cut then, so
    that a good frame that began inside a broken one is still found by the next call.
    """
    while True:
        start = buffer.find(template.lead)
        if start < 0:
            del buffer[: max(0, len(buffer) - len(template.lead) + 1)]
            return None
        del buffer[:start]
        head = len(template.lead) + template.length_copies + len(template.mark)
        if len(buffer) < head:
            return None
        if _head_fits(buffer, template, head):
            break
        del buffer[: len(template.lead)]
    length = buffer[len(template.lead)]
    end = head + length + 1 + len(template.tail)
    if len(buffer) < end:
        return None
    body = bytes(buffer[head : head + length])
    if (
        buffer[head + length] != template.checksum.of(body)
        or buffer[end - len(template.tail) : end] != template.tail
    ):
        del buffer[: len(template.lead)]
        raise BadFrame
    del buffer[:end]
    return body


def _head_fits(buffer: bytearray, template: FrameTemplate, head: int) -> bool:
    lead = len(template.lead)
    lengths = set(buffer[lead : lead + template.length_copies])
    mark = buffer[lead + template.length_copies : head]
    return (
        len(lengths) == 1 and mark == template.mark and template.shortest <= min(lengths) <= template.longest
    )


# ---------------------------------------------------------------- call boxes


@dataclass(frozen=True, slots=True)
class Dialect:
    """A make of call box: its frame, its command bytes, its key codes and the width of its display.

    The frame is published; command bytes and key codes differ between makes and firmware: a hall
    states its own in the driver's options where ours do not fit.
    """

    frame: FrameTemplate
    poll: int
    key: int
    show: int
    keys: Mapping[int, CallBoxKey]
    columns: int


LCD21 = Dialect(
    frame=FrameTemplate(
        lead=b"\xff\x68", length_copies=2, mark=b"\x68", checksum=Checksum.SUM8, tail=b"\x16"
    ),
    poll=0x01,
    key=0x81,
    show=0x02,
    keys={
        0x01: CallBoxKey.NEXT,
        0x02: CallBoxKey.RECALL,
        0x03: CallBoxKey.ARRIVED,
        0x04: CallBoxKey.FINISH,
        0x05: CallBoxKey.NO_SHOW,
        0x06: CallBoxKey.PAUSE,
    },
    columns=8,
)
"""21-key LCD call box: ``FF 68 L L 68 addr cmd data… sum 16``, L counting addr to before sum."""

DIALECTS: Mapping[str, Dialect] = {"lcd21": LCD21}
NO_KEY = 0
