"""A broker and its buses inside one process, for tests and a whole hall in one process.

True bytes through the codec, retained states, last wills, sessions that queue for a cut link, and the
broker's own access rules. Links can be cut and mended, and the broker can lose everything as after
SIGKILL without persistence.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from contract.aclfile import Access, allowed
from contract.delivery import Delivery
from contract.parcels import Parcel
from contract.topics import covers

log = logging.getLogger(__name__)

SESSION_SECONDS = 60.0
QUEUE_LIMIT = 1000


@dataclass(slots=True)
class _Session:
    """What the broker knows of one station; ``bus`` is None while there is no link."""

    bus: MemoryBus | None = None
    will: Parcel | None = None
    filters: dict[str, None] = field(default_factory=dict)
    waiting: deque[Parcel] = field(default_factory=deque)
    lost_at: float = 0.0


class MemoryBroker:
    """Many MemoryBus of one process meet here."""

    def __init__(self, hall: str = "demo", *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.hall = hall
        self.monotonic = monotonic
        self._lock = threading.RLock()
        self._sessions: dict[str, _Session] = {}
        self._retained: dict[str, Parcel] = {}
        self._buses: dict[str, MemoryBus] = {}
        self._cut: set[str] = set()

    def bus(self, station: str) -> MemoryBus:
        """A bus for this station or for ``hall-server``; not yet open."""
        return MemoryBus(self, station)

    def retained(self, topic: str) -> bytes | None:
        """What is retained on a full topic, for assertions."""
        with self._lock:
            parcel = self._retained.get(topic)
            return parcel.payload if parcel else None

    def cut(self, station: str) -> None:
        """Break a station's link; the broker notices at once and publishes the will. Stays cut until mend."""
        with self._lock:
            self._cut.add(station)
            self._lose(station)

    def mend(self, station: str) -> None:
        """Let a cut station link again; it does so at once."""
        with self._lock:
            self._cut.discard(station)
            self._link(station)

    def restart(self) -> None:
        """The broker dies and comes back with nothing: no retained states, no sessions, no wills sent."""
        with self._lock:
            linked = [name for name, session in self._sessions.items() if session.bus is not None]
            self._sessions.clear()
            self._retained.clear()
            for name in linked:
                self._buses[name].link_changed(False)
                self._link(name)

    # ------------------------------------------------------------ for MemoryBus

    def attach(self, bus: MemoryBus) -> None:
        """A bus opens; a second one of the same station takes the session over."""
        with self._lock:
            if bus.station in self._buses:
                self._lose(bus.station)
            self._buses[bus.station] = bus
            self._link(bus.station)

    def detach(self, bus: MemoryBus) -> None:
        """A bus closes in order: its will is not published."""
        with self._lock:
            if self._buses.get(bus.station) is bus:
                del self._buses[bus.station]
            session = self._sessions.get(bus.station)
            if session is not None and session.bus is bus:
                session.bus, session.will, session.lost_at = None, None, self.monotonic()

    def linked(self, bus: MemoryBus) -> bool:
        """Whether parcels of this bus get through now."""
        with self._lock:
            session = self._sessions.get(bus.station)
            return session is not None and session.bus is bus

    def accept(self, sender: str, parcel: Parcel) -> bool:
        """Take a published parcel; False when the sender may not write there."""
        with self._lock:
            if not allowed(sender, Access.WRITE, parcel.topic):
                return False
            if parcel.state:
                if parcel.payload:
                    self._retained[parcel.topic] = parcel
                else:
                    self._retained.pop(parcel.topic, None)
            heard = False
            for station, session in self._sessions.items():
                if any(covers(filter_, parcel.topic) for filter_ in session.filters):
                    heard |= self._hand_on(station, session, parcel)
            if not heard and sender in self._buses:
                self._buses[sender].unheard(parcel)
            return True

    def subscribe(self, station: str, filters: list[str]) -> None:
        """Note filters and send what is retained on them; topics that may not be read stay silent."""
        with self._lock:
            session = self._sessions[station]
            for filter_ in filters:
                session.filters[filter_] = None
                for topic, parcel in list(self._retained.items()):
                    if covers(filter_, topic):
                        self._hand_on(station, session, parcel)

    # ------------------------------------------------------------ inside, under the lock

    def _link(self, station: str) -> None:
        bus = self._buses.get(station)
        if bus is None or station in self._cut:
            return
        session = self._sessions.get(station)
        now = self.monotonic()
        if session is not None and session.bus is None and now - session.lost_at > SESSION_SECONDS:
            session = None
        resumed = session is not None
        if session is None:
            session = self._sessions[station] = _Session()
        session.bus, session.will = bus, bus.last_will
        bus.link_changed(True, resumed=resumed)
        while session.waiting:
            parcel = session.waiting.popleft()
            if parcel.deadline is None or now < parcel.deadline:
                bus.arrived(parcel)

    def _lose(self, station: str) -> None:
        session = self._sessions.get(station)
        if session is None or session.bus is None:
            return
        bus, will = session.bus, session.will
        session.bus, session.will, session.lost_at = None, None, self.monotonic()
        bus.link_changed(False)
        if will is not None:
            self.accept(station, will)

    def _hand_on(self, station: str, session: _Session, parcel: Parcel) -> bool:
        """Whether the station is one that hears this."""
        if not allowed(station, Access.READ, parcel.topic):
            return False
        if session.bus is not None:
            session.bus.arrived(parcel)
        elif parcel.qos > 0:
            session.waiting.append(parcel)
            while len(session.waiting) > QUEUE_LIMIT:
                session.waiting.popleft()
        return True


class MemoryBus(Delivery):
    """Bus of one station on a MemoryBroker."""

    def __init__(self, broker: MemoryBroker, station: str) -> None:
        super().__init__(broker.hall, station, monotonic=broker.monotonic)
        self._broker = broker

    @property
    def last_will(self) -> Parcel | None:
        """What the broker shall publish when the link breaks."""
        return self._will

    def _connect(self) -> None:
        self._broker.attach(self)

    def _disconnect(self) -> None:
        self._broker.detach(self)

    def _send(self, parcel: Parcel) -> None:
        if not self._broker.linked(self):
            if not parcel.state:
                self._count("dropped_out")
            return
        if self._broker.accept(self.station, parcel):
            self.settled(parcel)
        elif self._count("denied") == 1:
            log.warning("%s may not publish on %s", self.station, parcel.topic)

    def _subscribe(self, filters: list[str]) -> None:
        if self._broker.linked(self):
            self._broker.subscribe(self.station, filters)

    def _await_subscribed(self) -> None:
        """The broker subscribes at once."""
