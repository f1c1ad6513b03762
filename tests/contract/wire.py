"""The two wires of the shared suite, and a box that collects what arrives."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Generic, Protocol, TypeVar

from contract.delivery import Delivery
from contract.memory import MemoryBroker
from contract.mqtt import MqttBus
from tests.mosquitto import Mosquitto

T = TypeVar("T")
PATIENCE = 10.0


class Box(Generic[T]):
    """Collects values from other threads; waiting ends as soon as the condition holds."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self._news = threading.Condition()

    def put(self, value: T, *_rest: object) -> None:
        with self._news:
            self.values.append(value)
            self._news.notify_all()

    def wait(self, holds: Callable[[list[T]], bool]) -> list[T]:
        """All values as soon as ``holds``; AssertionError when it never does."""
        with self._news:
            held = self._news.wait_for(lambda: holds(self.values), PATIENCE)
            assert held, f"{len(self.values)} came, the last {self.values[-3:]}"
            return list(self.values)

    def first(self) -> T:
        return self.wait(bool)[0]

    def last(self, holds: Callable[[T], bool]) -> T:
        return self.wait(lambda values: bool(values) and holds(values[-1]))[-1]


def until(holds: Callable[[], bool]) -> None:
    """For what gives no sign when it happens: look each 5 ms; AssertionError when it never does."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it never happened"
        threading.Event().wait(0.005)


class Wire(Protocol):
    """What the suite needs of a broker."""

    def bus(self, station: str) -> Delivery:
        """A bus, not yet open; closed at the end."""

    def linked(self, station: str) -> Delivery:
        """A bus that is open and linked."""

    def cut(self, bus: Delivery) -> None:
        """The link breaks; the bus may come back only after mend."""

    def mend(self, bus: Delivery) -> None:
        """The link may be made again."""

    def restart(self) -> None:
        """The broker dies and comes back with nothing."""


class _Buses:
    def __init__(self) -> None:
        self.made: list[Delivery] = []

    def close(self) -> None:
        for bus in self.made:
            bus.close()

    def open(self, bus: Delivery) -> Delivery:
        links: Box[bool] = Box()
        bus.on_link(links.put)
        bus.open()
        links.first()
        return bus


class MemoryWire(_Buses):
    """Inside this process."""

    def __init__(self) -> None:
        super().__init__()
        self.broker = MemoryBroker()

    @classmethod
    def running(cls) -> Iterator[MemoryWire]:
        wire = cls()
        yield wire
        wire.close()

    def bus(self, station: str) -> Delivery:
        self.made.append(self.broker.bus(station))
        return self.made[-1]

    def linked(self, station: str) -> Delivery:
        return self.open(self.bus(station))

    def cut(self, bus: Delivery) -> None:
        self.broker.cut(bus.station)

    def mend(self, bus: Delivery) -> None:
        self.broker.mend(bus.station)

    def restart(self) -> None:
        self.broker.restart()


class MqttWire(_Buses):
    """A real broker; each bus reaches it through its own relay, whose wires can be cut."""

    def __init__(self, broker: Mosquitto) -> None:
        super().__init__()
        self.broker = broker
        self.relays: dict[str, Relay] = {}

    @classmethod
    def running(cls, broker: Mosquitto) -> Iterator[MqttWire]:
        wire = cls(broker)
        yield wire
        wire.close()
        for relay in wire.relays.values():
            relay.close()

    def bus(self, station: str) -> Delivery:
        relay = self.relays.setdefault(station, Relay(self.broker.port))
        address = replace(self.broker.address(station), port=relay.port)
        self.made.append(MqttBus("demo", station, address, reconnect_seconds=(0.02, 0.2)))
        return self.made[-1]

    def linked(self, station: str) -> Delivery:
        return self.open(self.bus(station))

    def cut(self, bus: Delivery) -> None:
        self.relays[bus.station].cut()

    def mend(self, bus: Delivery) -> None:
        self.relays[bus.station].mend()

    def restart(self) -> None:
        self.broker.kill()
        self.broker.start()


class Relay:
    """A TCP relay to the broker; when cut it refuses and drops, when silent it carries nothing."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self._whole = threading.Event()
        self._whole.set()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._whole.clear()
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                _shut(end)

    def mend(self) -> None:
        self._whole.set()

    def close(self) -> None:
        self._closed = True
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                near, _ = self._listener.accept()
                if not self._whole.is_set():
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                continue
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_carry, args=(source, sink), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        _shut(source)
        _shut(sink)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
