"""Frames of small serial devices described as data: lead, length, mark, escapes, checksum, tail.

One template covers a family of call boxes, bars and displays; a hall with another make adds data, not
code. Bytes only: which byte of a body means what stands in ``makes.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from operator import xor


class Checksum(StrEnum):
    """How the check bytes are made from the bytes that they cover."""

    NONE = "none"
    SUM8 = "sum8"
    XOR8 = "xor8"
    CRC16_ARC = "crc16_arc"
    """Polynomial A001 from 0, low byte first (Onbon)."""
    CRC16_MODBUS = "crc16_modbus"
    """Polynomial A001 from FFFF, low byte first."""

    @property
    def size(self) -> int:
        """Bytes that it takes on the wire."""
        return {Checksum.NONE: 0, Checksum.SUM8: 1, Checksum.XOR8: 1}.get(self, 2)

    def of(self, covered: bytes) -> bytes:
        """The check bytes."""
        match self:
            case Checksum.NONE:
                return b""
            case Checksum.SUM8:
                return bytes((sum(covered) & 0xFF,))
            case Checksum.XOR8:
                return bytes((reduce(xor, covered, 0),))
            case Checksum.CRC16_ARC:
                return crc16(covered, 0).to_bytes(2, "little")
            case Checksum.CRC16_MODBUS:
                return crc16(covered, 0xFFFF).to_bytes(2, "little")


class Covered(StrEnum):
    """What the checksum covers: the body alone, or every byte before the checksum."""

    BODY = "body"
    ALL = "all"


class Length(StrEnum):
    """How the length of the body stands in the frame; NONE where size or tail tell it."""

    NONE = "none"
    BYTE = "byte"
    WORD_LOW_FIRST = "word_low_first"
    WORD_HIGH_FIRST = "word_high_first"

    @property
    def size(self) -> int:
        """Bytes that one copy takes."""
        return {Length.NONE: 0, Length.BYTE: 1}.get(self, 2)

    def build(self, length: int) -> bytes:
        """One copy."""
        return (
            b""
            if self is Length.NONE
            else length.to_bytes(self.size, "little" if self is Length.WORD_LOW_FIRST else "big")
        )

    def parse(self, data: bytes) -> int:
        """The reverse."""
        return int.from_bytes(data, "little" if self is Length.WORD_LOW_FIRST else "big")


@dataclass(frozen=True, slots=True)
class FrameTemplate:
    """``lead · ahead · length×copies · mark · body · check · tail``.

    ``ahead`` is how many bytes of the body stand before the length, which then counts the rest. A frame
    without a length ends at its ``tail``, or after ``shortest`` = ``longest`` bytes of body. ``escapes``
    say what stands on the wire, between lead and tail, for a byte that may not. ``any_check`` is a check
    that means "not checked", b'' when there is none. A frame may begin with ``lead_copies`` leads.
    """

    lead: bytes
    checksum: Checksum
    tail: bytes = b""
    length: Length = Length.NONE
    length_copies: int = 1
    ahead: int = 0
    mark: bytes = b""
    covered: Covered = Covered.BODY
    escapes: Mapping[int, bytes] = field(default_factory=dict)
    any_check: bytes = b""
    lead_copies: int = 1
    shortest: int = 2
    longest: int = 64

    @property
    def delimited(self) -> bool:
        """Does only the tail say where a frame ends?"""
        return self.length is Length.NONE and self.shortest != self.longest


class BadFrame(Exception):
    """Something looked like a frame and its check, tail or size was wrong."""


def build_frame(template: FrameTemplate, body: bytes) -> bytes:
    """The whole frame around a body. Raises ValueError for a body that does not fit."""
    if not template.shortest <= len(body) <= template.longest:
        raise ValueError(f"a body of {len(body)} bytes does not fit the frame")
    ahead, rest = body[: template.ahead], body[template.ahead :]
    length = template.length.build(len(rest)) * template.length_copies
    inner = ahead + length + template.mark + rest
    inner += template.checksum.of(template.lead + inner if template.covered is Covered.ALL else body)
    wire = b"".join(template.escapes.get(byte, bytes((byte,))) for byte in inner)
    return template.lead * template.lead_copies + wire + template.tail


def take_body(buffer: bytearray, template: FrameTemplate) -> bytes | None:
    """Cut the first whole frame out of ``buffer`` and give its body; None while bytes are missing.

    Noise is thrown away. Raises BadFrame for a wrong check, tail or size; only the lead (or one byte)
    was cut then, so that a good frame that began inside a broken one is still found by the next call.
    """
    return _take_delimited(buffer, template) if template.delimited else _take_counted(buffer, template)


def crc16(data: bytes, start: int) -> int:
    """CRC-16, reflected polynomial A001."""
    crc = start
    for byte in data:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def _crc_step(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value


_CRC_TABLE = tuple(_crc_step(byte) for byte in range(256))


# ---------------------------------------------------------------- frames that know their size


def _take_counted(buffer: bytearray, template: FrameTemplate) -> bytes | None:
    head = len(template.lead) + template.ahead
    head += template.length.size * template.length_copies + len(template.mark)
    while True:
        if not _begins(buffer, template) or len(buffer) < head:
            return None
        length = _length(buffer, template)
        if length is not None and buffer[head - len(template.mark) : head] == template.mark:
            break
        del buffer[: max(1, len(template.lead))]
    body_end = head + length - template.ahead
    end = body_end + template.checksum.size + len(template.tail)
    if len(buffer) < end:
        return None
    frame = bytes(buffer[:end])
    body = frame[len(template.lead) : len(template.lead) + template.ahead] + frame[head:body_end]
    covered = frame[:body_end] if template.covered is Covered.ALL else body
    if not frame.endswith(template.tail) or not _checked(
        frame[body_end : body_end + template.checksum.size], covered, template
    ):
        del buffer[: max(1, len(template.lead))]
        raise BadFrame
    del buffer[:end]
    return body


def _begins(buffer: bytearray, template: FrameTemplate) -> bool:
    """Throw away what stands before the lead; is there a whole lead?"""
    start = buffer.find(template.lead)
    if start < 0:
        del buffer[: max(0, len(buffer) - len(template.lead) + 1)]
        return False
    del buffer[:start]
    return bool(buffer)


def _length(buffer: bytearray, template: FrameTemplate) -> int | None:
    """The body's whole length; None when the copies differ or no body is so long."""
    if template.length is Length.NONE:
        return template.shortest
    size, at = template.length.size, len(template.lead) + template.ahead
    copies = {
        bytes(buffer[at + size * index : at + size * (index + 1)]) for index in range(template.length_copies)
    }
    length = template.length.parse(copies.pop()) + template.ahead
    return None if copies or not template.shortest <= length <= template.longest else length


def _checked(check: bytes, covered: bytes, template: FrameTemplate) -> bool:
    return check == template.checksum.of(covered) or (bool(check) and check == template.any_check)


# ---------------------------------------------------------------- frames between two marks


def _take_delimited(buffer: bytearray, template: FrameTemplate) -> bytes | None:
    lead = template.lead
    start = buffer.find(lead)
    if start < 0:
        del buffer[: max(0, len(buffer) - len(lead) + 1)]
        return None
    begin = start + len(lead)
    while template.lead_copies > 1 and buffer[begin : begin + len(lead)] == lead:
        begin += len(lead)
    end = buffer.find(template.tail, begin)
    widest = 2 * (template.longest + template.checksum.size)
    if end < 0 and len(buffer) - begin <= widest:
        del buffer[:start]
        return None
    again = buffer.find(lead, begin) if template.escapes else -1
    if again >= 0 and (end < 0 or again < end):
        del buffer[:again]
        raise BadFrame
    if end < 0:
        del buffer[:begin]
        raise BadFrame
    body = _unwrapped(bytes(buffer[begin:end]), template)
    if body is None:
        del buffer[:begin]
        raise BadFrame
    del buffer[: end + len(template.tail)]
    return body


def _unwrapped(wire: bytes, template: FrameTemplate) -> bytes | None:
    """The body between lead and tail, without escapes; None when something is wrong with it."""
    inner = _unescaped(wire, template.escapes)
    if inner is None:
        return None
    size = len(inner) - template.checksum.size
    covered = template.lead + inner[:size] if template.covered is Covered.ALL else inner[:size]
    if not template.shortest <= size <= template.longest or not _checked(inner[size:], covered, template):
        return None
    return inner[:size]


def _unescaped(wire: bytes, escapes: Mapping[int, bytes]) -> bytes | None:
    plain = {escaped: byte for byte, escaped in escapes.items()}
    first = {escaped[0] for escaped in plain}
    found, at = bytearray(), 0
    while at < len(wire):
        if wire[at] not in first:
            found.append(wire[at])
            at += 1
            continue
        byte = plain.get(wire[at : at + 2])
        if byte is None:
            return None
        found.append(byte)
        at += 2
    return bytes(found)
