"""Byte links to hardware with deadlines: serial, TCP and scripted; every OS error becomes a DeviceError here.

A link never waits longer than it was told. ``read`` gives what is there as soon as one byte came, so a
driver that keeps its parser's buffer outside loses nothing and sleeps for nothing. pyserial opens and
configures; the bytes themselves go over the file descriptor, because changing pyserial's timeout per
call reconfigures the port each time, and because its read throws away what came before an unplug.
"""

from __future__ import annotations

import os
import select
import termios
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

import serial

from devices.link_faults import BAUD_RATES, bad_address, bad_baud, open_error, stalled, unplugged
from devices.ports import DeviceError, DeviceLost, DeviceMisconfigured


class Link(Protocol):
    """A stream of bytes to one device (or one bus of devices)."""

    @property
    def name(self) -> str:
        """The port as the technician wrote it."""

    def open(self) -> None:
        """Open and drop old input. Raises DeviceAbsent, DeviceLost, DeviceMisconfigured."""

    def close(self) -> None:
        """Let go; never raises, may be called twice."""

    def read(self, max_bytes: int, timeout_seconds: float) -> bytes:
        """One byte to ``max_bytes``, as soon as any is there; b'' at the deadline. Raises DeviceLost."""

    def write(self, data: bytes, timeout_seconds: float) -> None:
        """Hand all bytes to the system within the time. Raises DeviceLost when the other side takes none."""

    def drop_input(self) -> None:
        """Throw away what came in and was not read. Raises DeviceLost."""

    def presence(self) -> str:
        """As devices.ports.Pluggable."""


class SerialLink:
    """A serial port, 8N1, locked against a second program."""

    def __init__(self, port: str, *, baud: int = 115200) -> None:
        self._port = port
        self._baud = baud
        self._serial: serial.SerialBase | None = None

    @property
    def name(self) -> str:
        return self._port

    @property
    def seconds_per_byte(self) -> float:
        """Wire time of one byte: ten bits at the baud rate."""
        return 10.0 / self._baud

    def open(self) -> None:
        if self._baud not in BAUD_RATES:
            raise DeviceMisconfigured(bad_baud(self._port, self._baud))
        self.close()
        with _os_errors(self._port, opening=True):
            self._serial = self._opened()

    def close(self) -> None:
        port, self._serial = self._serial, None
        if port is not None:
            with suppress(DeviceError), _os_errors(self._port):
                port.close()

    def read(self, max_bytes: int, timeout_seconds: float) -> bytes:
        with _os_errors(self._port):
            descriptor = self._descriptor()
            if not _wait(descriptor, select.POLLIN, timeout_seconds):
                return b""
            data = os.read(descriptor, max_bytes)
        if not data:
            raise DeviceLost(unplugged(self._port))
        return data

    def write(self, data: bytes, timeout_seconds: float) -> None:
        deadline = monotonic() + timeout_seconds
        rest = memoryview(data)
        with _os_errors(self._port):
            descriptor = self._descriptor()
            while rest:
                if not _wait(descriptor, select.POLLOUT, deadline - monotonic()):
                    raise DeviceLost(stalled(self._port))
                with suppress(BlockingIOError):
                    rest = rest[os.write(descriptor, rest) :]

    def drop_input(self) -> None:
        while self.read(4096, 0.0):
            pass

    def presence(self) -> str:
        return presence(self._port)

    def _opened(self) -> serial.SerialBase:
        return serial.Serial(self._port, self._baud, timeout=0, write_timeout=0, exclusive=True)

    def _descriptor(self) -> int:
        if self._serial is None:
            raise DeviceLost(unplugged(self._port))
        descriptor: int = self._serial.fileno()
        return descriptor


class TcpLink(SerialLink):
    """A raw TCP stream (``host:port``), for devices behind a serial server or with a network of their own."""

    def __init__(self, address: str) -> None:
        super().__init__(address)

    def open(self) -> None:
        host, colon, port = self._port.rpartition(":")
        if not (colon and host and port.isdigit() and 0 < int(port) < 65536):
            raise DeviceMisconfigured(bad_address(self._port))
        super().open()

    def presence(self) -> str:
        return ""

    def _opened(self) -> serial.SerialBase:
        return serial.serial_for_url(f"socket://{self._port}", timeout=0)


def presence(path: str) -> str:
    """Which node stands at a path now; '' when none does. Another one after each plugging in."""
    try:
        node = os.stat(path)
    except OSError:
        return ""
    return f"{node.st_dev}:{node.st_ino}:{node.st_ctime_ns}"


def link_for(port: str, *, baud: int = 115200) -> SerialLink:
    """The link that a port's notation means: ``tcp://host:port`` or the path of a serial device."""
    scheme, separator, address = port.partition("://")
    if not separator:
        return SerialLink(port, baud=baud)
    if scheme not in ("tcp", "socket"):
        raise DeviceMisconfigured(bad_address(port))
    return TcpLink(address)


@dataclass(frozen=True, slots=True)
class Expect:
    """A step of a script: exactly these bytes must be written."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Give:
    """A step of a script: these bytes can be read, in pieces of at most ``piece`` bytes."""

    data: bytes
    piece: int = 4096


@dataclass(frozen=True, slots=True)
class Silence:
    """A step of a script: one read runs into its deadline."""


@dataclass(frozen=True, slots=True)
class Unplug:
    """A step of a script: from here on every call raises DeviceLost until the link is opened again."""


Step = Expect | Give | Silence | Unplug


class ScriptedLink:
    """A link that plays a script, for tests of bytes: no time passes, no port is touched."""

    def __init__(self, script: Iterable[Step], *, name: str = "script") -> None:
        self._name = name
        self._script = deque(script)
        self.written = bytearray()
        self.opened = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def finished(self) -> bool:
        """Was every step played?"""
        return not self._script

    def then(self, *steps: Step) -> None:
        """Go on with these steps."""
        self._script.extend(steps)

    def open(self) -> None:
        self.opened += 1
        if self._script and isinstance(self._script[0], Unplug):
            self._script.popleft()

    def close(self) -> None:
        pass

    def read(self, max_bytes: int, timeout_seconds: float) -> bytes:  # noqa: ARG002 - a script knows no time
        step = self._next()
        if isinstance(step, Silence):
            self._script.popleft()
            return b""
        if not isinstance(step, Give):
            return b""
        size = min(max_bytes, step.piece)
        self._script.popleft()
        if step.data[size:]:
            self._script.appendleft(Give(step.data[size:], step.piece))
        return step.data[:size]

    def write(self, data: bytes, timeout_seconds: float) -> None:  # noqa: ARG002 - a script knows no time
        self.written += data
        step = self._next()
        if not isinstance(step, Expect):
            raise AssertionError(f"written {data.hex(' ')}, but the script wants {step}")
        if not step.data.startswith(data):
            raise AssertionError(f"written {data.hex(' ')}, but the script wants {step.data.hex(' ')}")
        self._script.popleft()
        if step.data[len(data) :]:
            self._script.appendleft(Expect(step.data[len(data) :]))

    def drop_input(self) -> None:
        while self._script and isinstance(self._script[0], Give):
            self._script.popleft()

    def presence(self) -> str:
        return ""

    def _next(self) -> Step | None:
        if self._script and isinstance(self._script[0], Unplug):
            raise DeviceLost(unplugged(self._name))
        return self._script[0] if self._script else None


# ---------------------------------------------------------------- the one place for OS errors


@contextmanager
def _os_errors(name: str, *, opening: bool = False) -> Iterator[None]:
    try:
        yield
    except (serial.SerialException, OSError, termios.error, TypeError, ValueError) as error:
        raise (open_error(name, error) if opening else DeviceLost(unplugged(name))) from error


def _wait(descriptor: int, events: int, timeout_seconds: float) -> bool:
    poller = select.poll()
    poller.register(descriptor, events)
    return bool(poller.poll(max(0.0, timeout_seconds) * 1000.0))
