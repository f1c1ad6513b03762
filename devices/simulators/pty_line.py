"""A serial line on a PTY, seen from the device: a stable link, bytes paced to a baud rate, a plug to pull."""

from __future__ import annotations

import os
import pty
import re
import select
import termios
import threading
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic

_PIECE_SECONDS = 0.002
_SPEEDS = tuple(name for name in dir(termios) if re.fullmatch(r"B\d+", name))


class Unplugged(Exception):
    """The line is closed: by ``stop`` or because the plug was pulled."""


class PtyLine:
    """One PTY whose slave end is linked at ``link``; ``serve`` runs on a thread while it is plugged in.

    ``serve(line)`` reads and writes until Unplugged is raised by ``read`` or ``write``; it starts anew
    with each ``plug``, as a device does with each power-on.
    """

    def __init__(self, link: Path, serve: Callable[[PtyLine], None], *, baud: int = 115200) -> None:
        self.link = link
        self.baud = baud
        self._serve = serve
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._master = self._slave = self._wake = self._waker = -1
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """What a driver's ``port`` is."""
        return str(self.link)

    @property
    def plugged(self) -> bool:
        """Is there a port for the driver to open?"""
        return self._thread is not None

    def plug(self) -> None:
        """Make the port appear and start serving; nothing happens when it is there already."""
        with self._lock:
            if self._thread is not None:
                return
            self._closing.clear()
            self._master, self._slave = pty.openpty()
            tty.setraw(self._slave)
            self._wake, self._waker = os.pipe()
            self._point_link(os.ttyname(self._slave))
            self._thread = threading.Thread(target=self._run, name=f"sim {self.link.name}", daemon=True)
            self._thread.start()

    def unplug(self) -> None:
        """Make the port vanish at once, in the middle of whatever it does."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is None:
                return
            self.link.unlink(missing_ok=True)
            self._closing.set()
            os.write(self._waker, b"x")
            thread.join()
            for descriptor in (self._master, self._slave, self._wake, self._waker):
                os.close(descriptor)

    def read(self, max_bytes: int, timeout_seconds: float | None = None) -> bytes:
        """What the driver sent, after the time that it takes on the wire; b'' at the deadline."""
        poller = select.poll()
        poller.register(self._wake, select.POLLIN)
        poller.register(self._master, select.POLLIN)
        ready = poller.poll(None if timeout_seconds is None else max(0.0, timeout_seconds) * 1000.0)
        if self._closing.is_set():
            raise Unplugged
        if not ready:
            return b""
        data = os.read(self._master, max_bytes)
        self.pause(len(data) * self.seconds_per_byte)
        return data

    def write(self, data: bytes, *, paced: bool = True) -> None:
        """Send at the baud rate, in pieces of about 2 ms; a driver that does not read blocks the line."""
        if not paced:
            self._write_all(data)
            return
        start = monotonic()
        piece = max(1, int(_PIECE_SECONDS / self.seconds_per_byte))
        for offset in range(0, len(data), piece):
            part = data[offset : offset + piece]
            self.pause(start + (offset + len(part)) * self.seconds_per_byte - monotonic())
            self._write_all(part)

    def pause(self, seconds: float) -> None:
        """Let time pass as the device would; ends early with Unplugged."""
        if (seconds > 0 and self._closing.wait(seconds)) or self._closing.is_set():
            raise Unplugged

    @property
    def host_rate(self) -> int:
        """The baud rate that the driver has set on its end of the line."""
        speed = termios.tcgetattr(self._slave)[5]
        return next((int(name[1:]) for name in _SPEEDS if getattr(termios, name) == speed), 0)

    @property
    def seconds_per_byte(self) -> float:
        """Ten bits at the baud rate."""
        return 10.0 / self.baud

    def _write_all(self, data: bytes) -> None:
        poller = select.poll()
        poller.register(self._wake, select.POLLIN)
        poller.register(self._master, select.POLLOUT)
        while data:
            poller.poll()
            if self._closing.is_set():
                raise Unplugged
            data = data[os.write(self._master, data) :]

    def _point_link(self, target: str) -> None:
        self.link.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.link.with_name(f".{self.link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(self.link)

    def _run(self) -> None:
        with suppress(Unplugged):
            self._serve(self)
