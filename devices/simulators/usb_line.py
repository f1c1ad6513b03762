"""A USB plug seen from the device: bulk endpoints on a socket, one pair or a split one, a plug to pull."""

from __future__ import annotations

import errno
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic

from devices.links import simulate_usb
from devices.simulators.pty_line import Unplugged
from devices.simulators.usb_backend import simulated_usb
from devices.simulators.usb_wire import Ask, Op, Reply, Shape, send, take_ask

_IN = 0x80


class UsbLine:
    """As PtyLine, over USB: ``serve(line)`` runs on a thread while plugged in.

    With two IN endpoints the first ``head`` bytes of each ``write`` go to the first one, the rest to the
    second, as readers with split endpoints do it.
    """

    def __init__(self, path: Path, shape: Shape, serve: Callable[[UsbLine], None], *, head: int = 7) -> None:
        self.path = path
        self.shape = shape
        self._serve, self._head = serve, head
        self._changed = threading.Condition()
        self._closed = True
        self._stalled = False
        self._listener: socket.socket | None = None
        self._clients: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._came = bytearray()
        self._waiting: dict[int, deque[bytes]] = {}
        simulate_usb(simulated_usb)

    @property
    def address(self) -> str:
        """What a driver's ``port`` is."""
        return f"usbsim://{self.path}"

    @property
    def plugged(self) -> bool:
        """Is there a device to be found?"""
        return not self._closed

    def plug(self) -> None:
        """Appear on the bus."""
        with self._changed:
            if not self._closed:
                return
            self._closed = False
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(self.path))
            listener.listen(8)
            self._listener = listener
            self._forget()
            self._start(self._accept, listener)
            self._start(self._run)

    def unplug(self) -> None:
        """Vanish at once, in the middle of whatever is going on."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self.path.unlink(missing_ok=True)
            threads, self._threads = self._threads, []
            for line in (self._listener, *self._clients):
                if line is not None:
                    with suppress(OSError):
                        line.shutdown(socket.SHUT_RDWR)
                    line.close()
            self._clients.clear()
            self._changed.notify_all()
        for thread in threads:
            thread.join()

    def stall(self, on: bool) -> None:
        """Take no more bytes, or go on."""
        with self._changed:
            self._stalled = on
            self._changed.notify_all()

    def read(self, max_bytes: int, timeout_seconds: float | None = None) -> bytes:
        """What the driver sent; b'' at the deadline. Raises Unplugged."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._came), timeout_seconds)
            if self._closed:
                raise Unplugged
            data = bytes(self._came[:max_bytes])
            del self._came[: len(data)]
            return data

    def write(self, data: bytes) -> None:
        """One answer. Raises Unplugged."""
        first, *more = [endpoint for endpoint in self.shape.endpoints if endpoint & _IN]
        parts = {first: data[: self._head], more[0]: data[self._head :]} if more else {first: data}
        self.give(parts)

    def give(self, parts: Mapping[int, bytes]) -> None:
        """Bytes for each of these IN endpoints, all at once. Raises Unplugged."""
        with self._changed:
            if self._closed:
                raise Unplugged
            for endpoint, part in parts.items():
                packets = range(0, len(part), self.shape.packet)
                self._waiting[endpoint] += [part[at : at + self.shape.packet] for at in packets]
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Let time pass as the device would. Raises Unplugged."""
        with self._changed:
            if self._changed.wait_for(lambda: self._closed, max(0.0, seconds)):
                raise Unplugged

    # ------------------------------------------------------------ the bus's side

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name=f"sim {self.path.name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self) -> None:
        with suppress(Unplugged):
            self._serve(self)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self._changed:
                if self._closed:
                    client.close()
                    return
                self._clients.append(client)
                self._start(self._talk, client)

    def _talk(self, client: socket.socket) -> None:
        with suppress(OSError, EOFError), client:
            while True:
                send(client, self._answer(take_ask(client)))
        with self._changed:
            if not self._closed:
                self._clients.remove(client)
                self._threads.remove(threading.current_thread())

    def _answer(self, ask: Ask) -> Reply:
        with self._changed:
            if ask.op is Op.DESCRIBE:
                return Reply(shape=self.shape)
            if ask.op is Op.STRING:
                return Reply(data=self.shape.strings[ask.index].encode("utf-16-le"))
            if ask.op is Op.RESET:
                self._forget()
                return Reply()
            if ask.endpoint not in self.shape.endpoints:
                return Reply(error=errno.ENOENT)
            return self._take(ask) if ask.op is Op.OUT else self._give(ask)

    def _take(self, ask: Ask) -> Reply:
        seconds = ask.timeout_ms / 1000 if ask.timeout_ms else None
        if not self._changed.wait_for(lambda: self._closed or not self._stalled, seconds):
            return Reply(error=errno.ETIMEDOUT)
        if self._closed:
            return Reply(error=errno.ENODEV)
        self._came += ask.data
        self._changed.notify_all()
        return Reply(count=len(ask.data))

    def _give(self, ask: Ask) -> Reply:
        """Whole packets, until a short one or the buffer is full, as a bulk transfer ends."""
        waiting = self._waiting[ask.endpoint]
        deadline = monotonic() + ask.timeout_ms / 1000 if ask.timeout_ms else None
        data = bytearray()
        while len(data) + self.shape.packet <= ask.size:
            left = None if deadline is None else max(0.0, deadline - monotonic())
            if not self._changed.wait_for(lambda: self._closed or bool(waiting), left):
                break
            if self._closed:
                return Reply(error=errno.ENODEV)
            packet = waiting.popleft()
            data += packet
            if len(packet) < self.shape.packet:
                break
        return Reply(data=bytes(data)) if data else Reply(error=errno.ETIMEDOUT)

    def _forget(self) -> None:
        """Under the lock: a fresh bus."""
        self._came.clear()
        self._waiting = {endpoint: deque() for endpoint in self.shape.endpoints if endpoint & _IN}
