"""Talking to a smart card (ISO 7816-4): one command, its whole answer, whatever detours the card wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum

Transmit = Callable[[bytes], bytes]
"""Carries one command APDU to the card and its answer back, status word included."""

_DETOURS = 8


class Sw(IntEnum):
    """Status words that mean something here."""

    OK = 0x9000
    NOT_ALLOWED = 0x6982
    BLOCKED = 0x6983
    CONDITIONS = 0x6985
    NO_FILE = 0x6A82
    NO_RECORD = 0x6A83
    NO_REFERENCE = 0x6A88
    WRONG_P1P2 = 0x6A86
    NO_COMMAND = 0x6D00
    NO_CLASS = 0x6E00


class BadAnswer(Exception):
    """The card's bytes are not what the command is answered with."""


def exchange(transmit: Transmit, command: bytes) -> tuple[bytes, int]:
    """Data and status word of a command; 61xx is fetched, 6Cxx is asked again with the right length.

    Raises BadAnswer for an answer without a status word or endless detours.
    """
    data = b""
    for _ in range(_DETOURS):
        answer = transmit(command)
        if len(answer) < 2:
            raise BadAnswer("no status word")
        word = int.from_bytes(answer[-2:], "big")
        data += answer[:-2]
        if word >> 8 == 0x61:
            command = bytes((0x00, 0xC0, 0x00, 0x00, word & 0xFF))
        elif word >> 8 == 0x6C:
            command = command[:4] + bytes((word & 0xFF,))
        else:
            return data, word
    raise BadAnswer("endless detours")


def select_name(name: bytes) -> bytes:
    """SELECT by the name of an application."""
    return b"\x00\xa4\x04\x00" + bytes((len(name),)) + name


def read_record(number: int, p2: int) -> bytes:
    """READ RECORD with any length."""
    return bytes((0x00, 0xB2, number, p2, 0x00))


def tlv(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The BER-TLV objects of one level: tag and value. Raises BadAnswer when a length does not fit."""
    at = 0
    while at < len(data):
        if data[at] in (0x00, 0xFF):
            at += 1
            continue
        tag, at = _tag(data, at)
        size, at = _length(data, at)
        if at + size > len(data):
            raise BadAnswer("a value is cut off")
        yield tag, data[at : at + size]
        at += size


def find(data: bytes, wanted: int) -> bytes | None:
    """The first value with this tag at any depth, None without one. Raises BadAnswer."""
    for tag, value in tlv(data):
        if tag == wanted:
            return value
        first = tag >> (8 * ((tag.bit_length() - 1) // 8))
        if first & 0x20:
            found = find(value, wanted)
            if found is not None:
                return found
    return None


def _tag(data: bytes, at: int) -> tuple[int, int]:
    tag = data[at]
    at += 1
    if tag & 0x1F == 0x1F:
        more = True
        while more:
            if at >= len(data) or tag > 0xFFFF:
                raise BadAnswer("a tag is cut off")
            tag, more = tag << 8 | data[at], bool(data[at] & 0x80)
            at += 1
    return tag, at


def _length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise BadAnswer("a length is cut off")
    first = data[at]
    at += 1
    if first < 0x80:
        return first, at
    count = first & 0x7F
    if not 1 <= count <= 2 or at + count > len(data):
        raise BadAnswer("a length is cut off")
    return int.from_bytes(data[at : at + count], "big"), at + count
