"""Whole messages over a pipe between two of our own processes: four bytes of length, then as many bytes."""

from __future__ import annotations

import os
import select
import time

LARGEST = 1 << 26


class Broken(Exception):
    """The other end went away, is silent, or speaks another language."""


def write_frame(fd: int, body: bytes) -> None:
    """Send one message. Raises OSError when nobody reads any more."""
    data = memoryview(len(body).to_bytes(4, "big") + body)
    while data:
        data = data[os.write(fd, data) :]


def read_frame(fd: int, *, seconds: float | None = None) -> bytes | None:
    """The next message, None when the other end closed. Raises Broken: nothing whole within ``seconds``."""
    deadline = None if seconds is None else time.monotonic() + seconds
    head = _read(fd, 4, deadline)
    if not head:
        return None
    length = int.from_bytes(head, "big")
    if length > LARGEST:
        raise Broken(f"a message of {length} bytes")
    return _read(fd, length, deadline)


def _read(fd: int, count: int, deadline: float | None) -> bytes:
    """``count`` bytes, b'' when it ends before the first."""
    parts: list[bytes] = []
    missing = count
    while missing:
        if deadline is not None and not select.select([fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise Broken("no answer in time")
        part = os.read(fd, missing)
        if not part:
            if parts:
                raise Broken("ended within a message")
            return b""
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
