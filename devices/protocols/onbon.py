"""Onbon BX font cards (仰邦字库卡): frames, the command that shows a text, the card's answer; pure bytes.

``A5``×n · escaped(header · data · CRC-16) · ``5A``. Sources: DEVICES §4.3; the maker's protocol for BX-5K
and 6K and dealers' pages of it, whose frames for a 6K3 (``… 3C 49 5A``), for *acknowledged* (``… 14 AC
5A``) and for *format* (``… 2C F8 5A``) satisfy the CRC used here: polynomial A001 from 0 over unescaped
header and data, low byte first. Another printed frame (``… A8 7D 5A``) does not: confirm on the card, and
where it disagrees send ``FF FF``, which cards take as *not checked*.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from devices.protocols.framed import BadFrame, Checksum, FrameTemplate, build_frame, take_body
from devices.protocols.makes import encoded
from devices.signals import LedColour

FRAME = FrameTemplate(
    lead=b"\xa5",
    lead_copies=8,
    checksum=Checksum.CRC16_ARC,
    tail=b"\x5a",
    escapes={0xA5: b"\xa6\x02", 0xA6: b"\xa6\x01", 0x5A: b"\x5b\x02", 0x5B: b"\x5b\x01"},
    any_check=b"\xff\xff",
    shortest=14,
    longest=1024,
)
HOST, BROADCAST = 0x8000, 0xFFFE
_HEADER = struct.Struct("<HH6sBBH")
_DEVICE_TYPE, _VERSION = 0xFE, 0x02
_AREA = struct.Struct("<BHHHHBBBH3sBBBBBBI")
_PIXELS = 0x8000
"""Set in an x and a width that count pixels; without it they count bytes of eight."""
_NO_TIMEOUT = 10
_LINES_AS_SENT, _NO_WRAP, _SHOW_AT_ONCE = 2, 1, 1
_COLOURS = {LedColour.RED: b"\\C1", LedColour.GREEN: b"\\C2", LedColour.YELLOW: b"\\C3"}


class Command(IntEnum):
    """Command group and command."""

    ACKNOWLEDGED = 0xA000
    REFUSED = 0xA001
    PING = 0xA200
    SHOW = 0xA306


@dataclass(frozen=True, slots=True)
class Packet:
    """One frame: addresses, command, its third byte (answer wanted, or error), and what follows."""

    to: int
    sender: int
    command: int
    third: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Area:
    """Where on the panel a text is shown, in dots."""

    width: int = 128
    height: int = 32
    x: int = 0
    y: int = 0


def build_packet(packet: Packet, *, checked: bool = True) -> bytes:
    """The whole frame; ``checked`` False sends FF FF in place of the CRC."""
    data = packet.command.to_bytes(2, "big") + bytes((packet.third, 0, 0)) + packet.data
    body = _HEADER.pack(packet.to, packet.sender, bytes(6), _DEVICE_TYPE, _VERSION, len(data)) + data
    frame = build_frame(FRAME, body)
    if checked:
        return frame
    bare = b"".join(FRAME.escapes.get(byte, bytes((byte,))) for byte in body)
    return FRAME.lead * FRAME.lead_copies + bare + FRAME.any_check + FRAME.tail


def take_packet(buffer: bytearray) -> Packet | None:
    """Cut the first whole frame out of ``buffer``; None while bytes are missing. Raises BadFrame."""
    body = take_body(buffer, FRAME)
    if body is None:
        return None
    to, sender, _, _, _, size = _HEADER.unpack_from(body)
    data = body[_HEADER.size :]
    if size != len(data) or size < 5:
        raise BadFrame
    return Packet(to, sender, int.from_bytes(data[:2], "big"), data[2], data[5:])


def build_text(
    text: str, *, address: int, colour: LedColour | None, area: Area, columns: int, checked: bool = True
) -> bytes:
    """The frame that shows one line of text at once and until the next; None sends no colour."""
    shown = (_COLOURS[colour] if colour else b"") + encoded(_defused(text), "gbk", columns)
    place = _AREA.pack(
        *(0, _PIXELS | area.x, area.y, _PIXELS | area.width, area.height),
        *(0, 0, 0, _NO_TIMEOUT, bytes(3)),
        *(_LINES_AS_SENT, _NO_WRAP, _SHOW_AT_ONCE, 0, 2, 10, len(shown)),
    )
    content = b"\x00\x01" + (len(place) + len(shown)).to_bytes(2, "little") + place + shown
    return build_packet(Packet(address, HOST, Command.SHOW, 1, content), checked=checked)


def parse_text(data: bytes) -> tuple[str, LedColour | None, Area]:
    """What a SHOW packet asks of its first area. Raises BadFrame."""
    if len(data) < 4 + _AREA.size or data[1] < 1:
        raise BadFrame
    deleted = data[0]
    at = 1 + deleted
    if len(data) < at + 3 + _AREA.size:
        raise BadFrame
    place = _AREA.unpack_from(data, at + 3)
    shown = data[at + 3 + _AREA.size :]
    if place[-1] != len(shown):
        raise BadFrame
    area = Area(place[3] & ~_PIXELS, place[4], place[1] & ~_PIXELS, place[2])
    for colour, word in _COLOURS.items():
        if shown.startswith(word):
            return _plain(shown[len(word) :]), colour, area
    return _plain(shown), None, area


def _defused(text: str) -> str:
    """A backslash by itself begins a command of the card, so that of a text becomes the wide one."""
    return text.replace("\\", "＼")


def _plain(code: bytes) -> str:
    return code.decode("gbk", "replace")
