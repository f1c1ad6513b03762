"""What a simulated USB device and the backend in the driver's process say to each other over a socket.

Each message is four bytes of length and a MessagePack struct. A transfer ends with data, a number or the
errno that libusb would give: 110 timed out, 19 no such device.
"""

from __future__ import annotations

import socket
import struct
from enum import StrEnum

import msgspec

_LENGTH = struct.Struct(">I")
_LONGEST = 1 << 20


class Op(StrEnum):
    """What is asked of the device."""

    DESCRIBE = "describe"
    OUT = "out"
    IN = "in"
    STRING = "string"
    RESET = "reset"


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """``size`` bytes are wanted at most; ``timeout_ms`` 0 waits for ever; ``index`` of a string."""

    op: Op
    endpoint: int = 0
    data: bytes = b""
    size: int = 0
    timeout_ms: int = 0
    index: int = 0


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The descriptors that matter: ids, bulk endpoints in their order, strings, where it is plugged in."""

    vendor: int
    product: int
    endpoints: tuple[int, ...]
    interface_class: int = 0xFF
    strings: tuple[str, ...] = ("", "", "")
    bus: int = 1
    address: int = 2
    ports: tuple[int, ...] = (1,)
    packet: int = 64


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """``error`` is an errno, 0 when all is well; ``count`` bytes were taken; ``shape`` answers DESCRIBE."""

    data: bytes = b""
    count: int = 0
    error: int = 0
    shape: Shape | None = None


_ENCODER = msgspec.msgpack.Encoder()
_ASK = msgspec.msgpack.Decoder(Ask)
_REPLY = msgspec.msgpack.Decoder(Reply)


def send(line: socket.socket, message: Ask | Reply) -> None:
    """One message. Raises OSError."""
    data = _ENCODER.encode(message)
    line.sendall(_LENGTH.pack(len(data)) + data)


def take_ask(line: socket.socket) -> Ask:
    """The next question. Raises OSError, EOFError at the end."""
    return _ASK.decode(_take(line))


def take_reply(line: socket.socket) -> Reply:
    """The next answer. Raises OSError, EOFError at the end."""
    return _REPLY.decode(_take(line))


def _take(line: socket.socket) -> bytes:
    (length,) = _LENGTH.unpack(_exactly(line, _LENGTH.size))
    if length > _LONGEST:
        raise EOFError
    return _exactly(line, length)


def _exactly(line: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = line.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)
