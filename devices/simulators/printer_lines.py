"""The two sockets on the back of the simulated printer: serial (a PTY) and network (TCP)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Protocol

from devices.simulators.pty_line import PtyLine, Unplugged
from devices.simulators.usb_line import UsbLine
from devices.simulators.usb_wire import Shape

Take = Callable[[bytes], bool]
"""Offers bytes to the printer; False when it cannot take them now (they are offered again)."""

_UNPACED_BAUD = 10**9
_PIECE_SECONDS = 0.004
_RETRY_SECONDS = 0.01
_USB = Shape(
    vendor=0x0416,
    product=0x5011,
    endpoints=(0x01, 0x82),
    interface_class=7,
    strings=("BANSHI", "SIM TICKET PRINTER", "SIM-80-0001"),
)


class PrinterLine(Protocol):
    """A way in."""

    @property
    def address(self) -> str:
        """What a driver opens."""

    def connect(self) -> None:
        """Be there."""

    def disconnect(self) -> None:
        """Be gone: the other side notices."""

    def send(self, data: bytes) -> None:
        """Answer whoever is connected."""


class PtyPrinterLine:
    """Serial, with the time that bytes take at ``baud``.

    Times come from a schedule and not from sleeps in a row: what one sleep is late the next makes up.
    """

    def __init__(self, link: Path, take: Take, *, baud: int) -> None:
        self.address = str(link)
        self._take = take
        self._seconds_per_byte = 10.0 / baud
        self._line = PtyLine(link, self._serve, baud=_UNPACED_BAUD)
        self._sending = threading.Lock()

    def connect(self) -> None:
        """Make the port appear."""
        self._line.plug()

    def disconnect(self) -> None:
        """Make the port vanish."""
        self._line.unplug()

    def send(self, data: bytes) -> None:
        """Send at the baud rate."""
        with self._sending, suppress(Unplugged, OSError):
            self._line.pause(len(data) * self._seconds_per_byte)
            self._line.write(data)

    def _serve(self, line: PtyLine) -> None:
        piece = max(1, int(_PIECE_SECONDS / self._seconds_per_byte))
        free_at = monotonic()
        while True:
            data, begun = line.read(piece, 0.0), free_at
            if not data:
                data, begun = line.read(piece), monotonic()
            free_at = begun + len(data) * self._seconds_per_byte
            line.pause(free_at - monotonic())
            while not self._take(data):
                line.pause(_RETRY_SECONDS)
                free_at = monotonic()


class UsbPrinterLine:
    """USB printer class with one pair of bulk endpoints, as python-escpos expects it (OUT 01, IN 82)."""

    def __init__(self, path: Path, take: Take) -> None:
        self._take = take
        self._line = UsbLine(path, _USB, self._serve)
        self.address = self._line.address

    def connect(self) -> None:
        """Appear on the bus."""
        self._line.plug()

    def disconnect(self) -> None:
        """Vanish from the bus."""
        self._line.unplug()

    def send(self, data: bytes) -> None:
        """Answer."""
        with suppress(Unplugged):
            self._line.write(data)

    def _serve(self, line: UsbLine) -> None:
        while True:
            data = line.read(4096)
            stalled = False
            while not self._take(data):
                if not stalled:
                    line.stall(True)
                    stalled = True
                line.pause(_RETRY_SECONDS)
            if stalled:
                line.stall(False)


class TcpPrinterLine:
    """Network, port 9100 as it were; the newest connection gets the answers."""

    def __init__(self, port: int, take: Take) -> None:
        self._port = port
        self._take = take
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._client: socket.socket | None = None
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()

    @property
    def address(self) -> str:
        """Known once it listens."""
        return f"tcp://127.0.0.1:{self._port}"

    def connect(self) -> None:
        """Listen (again on the same port)."""
        with self._lock:
            if self._listener is not None:
                return
            self._closing.clear()
            self._listener = socket.create_server(("127.0.0.1", self._port))
            self._port = self._listener.getsockname()[1]
            self._start(self._accept, self._listener)

    def disconnect(self) -> None:
        """Close everything; a connected driver sees the end of the stream."""
        with self._lock:
            listener, self._listener = self._listener, None
            threads, self._threads = self._threads, []
            self._closing.set()
            if listener is not None:
                with suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
                listener.close()
            if self._client is not None:
                with suppress(OSError):
                    self._client.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()

    def send(self, data: bytes) -> None:
        """Answer the newest connection."""
        client = self._client
        if client is not None:
            with suppress(OSError):
                client.sendall(data)

    def _start(self, target: Callable[[socket.socket], None], argument: socket.socket) -> None:
        thread = threading.Thread(target=target, args=(argument,), name="sim printer tcp", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while not self._closing.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                if self._closing.is_set():
                    client.close()
                    return
                self._client = client
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client:
            while not self._closing.is_set():
                try:
                    data = client.recv(4096)
                except OSError:
                    break
                if not data:
                    break
                while not self._take(data):
                    if self._closing.wait(_RETRY_SECONDS):
                        return
            if self._client is client:
                self._client = None
