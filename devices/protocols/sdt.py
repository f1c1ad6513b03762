"""Frames of second-generation ID card readers (SAM_V/SAM_A modules, GA 450), as bytes and back.

Request: ``AA AA AA 96 69 | Len(2) | CMD PARA | CHK``; reply: ``… | Len(2) | SW1 SW2 SW3 | data | CHK``.
Len is big-endian and counts everything behind it; CHK is the XOR of all bytes from Len to before CHK.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from functools import reduce
from operator import xor

PREAMBLE = bytes.fromhex("AA AA AA 96 69")
SHORTEST, LONGEST = 4, 2400
"""Bounds of Len in a reply; anything else is noise that looks like a preamble."""

BASE_HEAD = 4
"""Bytes in front of text and photo in a base read: their two lengths."""
PRINTS_HEAD = 6
"""The same with fingerprints: three lengths."""
TEXT_BYTES = 256
PHOTO_BYTES = 1024


class Command(IntEnum):
    """CMD and PARA as one number."""

    RESET = 0x10FF
    STATUS = 0x11FF
    SAM_ID = 0x12FF
    FIND = 0x2001
    SELECT = 0x2002
    READ_BASE = 0x3001
    READ_NEWEST_ADDRESS = 0x3003
    READ_BASE_AND_PRINTS = 0x3010
    RATE_115200 = 0x6000
    RATE_57600 = 0x6001
    RATE_38400 = 0x6002
    RATE_19200 = 0x6003
    RATE_9600 = 0x6004


RATES: dict[int, Command] = {
    115200: Command.RATE_115200,
    57600: Command.RATE_57600,
    38400: Command.RATE_38400,
    19200: Command.RATE_19200,
    9600: Command.RATE_9600,
}
"""The rates that a module's serial port can be told to use, the usual one first."""


class Said(IntEnum):
    """SW3: what the module says."""

    OK = 0x90
    NOTHING_STORED = 0x91
    FOUND = 0x9F
    BAD_CHECKSUM = 0x10
    BAD_LENGTH = 0x11
    BAD_COMMAND = 0x21
    UNKNOWN_ERROR = 0x24
    CARD_REFUSED_READER = 0x31
    READER_REFUSED_CARD = 0x32
    DATA_CHECK_FAILED = 0x33
    WRONG_KIND_OF_CARD = 0x40
    READ_FAILED = 0x41
    RANDOM_FAILED = 0x47
    SELF_TEST_FAILED = 0x60
    NOT_AUTHORISED = 0x66
    NOT_FOUND = 0x80
    NOT_SELECTED = 0x81


class Garbled(Exception):
    """A frame whose checksum or inner lengths do not fit."""


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """One reply: the module's status and its data, which may be a person's: not in the representation."""

    sw1: int
    sw2: int
    said: int
    data: bytes

    def __repr__(self) -> str:
        return f"Reply({self.said:02X}, {len(self.data)} bytes)"


def build_request(command: int) -> bytes:
    """The whole frame that asks ``command`` (CMD and PARA as one number)."""
    return build_frame(command.to_bytes(2, "big"))


def build_reply(said: int, data: bytes = b"", *, sw1: int = 0, sw2: int = 0) -> bytes:
    """The whole frame with which a module answers; simulators use it."""
    return build_frame(bytes((sw1, sw2, said)) + data)


def build_frame(body: bytes) -> bytes:
    """Preamble, length, body, checksum."""
    counted = struct.pack(">H", len(body) + 1) + body
    return PREAMBLE + counted + bytes((reduce(xor, counted),))


def take_reply(buffer: bytearray) -> Reply | None:
    """Cut the first whole reply out of ``buffer``; None while bytes are missing.

    Noise in front of a preamble is thrown away. Raises Garbled when the checksum is wrong; the caller
    then drops all input and starts again from *find*.
    """
    body = _take_body(buffer)
    if body is None:
        return None
    return Reply(body[0], body[1], body[2], body[3:])


def take_request(buffer: bytearray) -> int | None:
    """Cut the first whole request out of ``buffer`` (the module's side); None while bytes are missing."""
    body = _take_body(buffer, shortest=3)
    return None if body is None else int.from_bytes(body[:2], "big")


def parse_base(data: bytes) -> tuple[bytes, bytes]:
    """Text (256 bytes) and photo (WLT, opaque, may be empty) of a base read. Raises Garbled."""
    if len(data) < BASE_HEAD:
        raise Garbled("base read without lengths")
    text_bytes, photo_bytes = struct.unpack_from(">HH", data)
    if text_bytes != TEXT_BYTES or len(data) < BASE_HEAD + text_bytes + photo_bytes:
        raise Garbled("base read with wrong lengths")
    text_end = BASE_HEAD + text_bytes
    return data[BASE_HEAD:text_end], data[text_end : text_end + photo_bytes]


def parse_base_and_prints(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Text, photo and fingerprints (opaque, may be empty) of a read with prints. Raises Garbled."""
    if len(data) < PRINTS_HEAD:
        raise Garbled("read with prints without lengths")
    sizes = struct.unpack_from(">HHH", data)
    if sizes[0] != TEXT_BYTES or len(data) < PRINTS_HEAD + sum(sizes):
        raise Garbled("read with prints with wrong lengths")
    text_end = PRINTS_HEAD + sizes[0]
    photo_end = text_end + sizes[1]
    return data[PRINTS_HEAD:text_end], data[text_end:photo_end], data[photo_end : photo_end + sizes[2]]


def build_base(text: bytes, photo: bytes) -> bytes:
    """Data of a base read; simulators use it."""
    return struct.pack(">HH", len(text), len(photo)) + text + photo


def build_base_and_prints(text: bytes, photo: bytes, prints: bytes) -> bytes:
    """Data of a read with prints; simulators use it."""
    return struct.pack(">HHH", len(text), len(photo), len(prints)) + text + photo + prints


def parse_newest_address(data: bytes) -> str:
    """The address that was written to the card after it was made: 70 bytes UTF-16LE."""
    return data[:70].decode("utf-16-le", errors="replace").rstrip("\0 ").strip()


def build_newest_address(address: str) -> bytes:
    """The reverse; simulators use it."""
    return address.ljust(35).encode("utf-16-le")[:70]


def parse_sam_id(data: bytes) -> str:
    """The module's identity as printed on its label, ``05.03-20181121-…``. Raises Garbled."""
    if len(data) != 16 or len(set(data)) == 1:
        raise Garbled("no SAM id")
    return "{:02d}.{:02d}-{:08d}-{:010d}-{:010d}".format(*struct.unpack("<HHIII", data))


def build_sam_id(text: str) -> bytes:
    """The reverse of ``parse_sam_id``; simulators use it."""
    first, *rest = text.split("-")
    return struct.pack("<HHIII", *(int(part) for part in (*first.split("."), *rest)))


def _take_body(buffer: bytearray, *, shortest: int = SHORTEST) -> bytes | None:
    while True:
        start = buffer.find(PREAMBLE)
        if start < 0:
            del buffer[: max(0, len(buffer) - len(PREAMBLE) + 1)]
            return None
        del buffer[:start]
        head = len(PREAMBLE) + 2
        if len(buffer) < head:
            return None
        length = int.from_bytes(buffer[len(PREAMBLE) : head], "big")
        if shortest <= length <= LONGEST:
            break
        del buffer[: len(PREAMBLE)]
    if len(buffer) < head + length:
        return None
    counted = bytes(buffer[len(PREAMBLE) : head + length])
    del buffer[: head + length]
    if reduce(xor, counted):
        raise Garbled("checksum")
    return counted[2:-1]
