"""The server's beat: the retained state that tells stations it lives, and the hall's tick."""

from __future__ import annotations

import threading
from collections.abc import Callable

from contract import messages as m
from contract import topics
from contract.bus import Bus
from hall_server.hall import commands as c
from hall_server.service import HallService

BEAT_SECONDS = 2.0
TICK_SECONDS = 1.0


class Beat:
    """Says ``state`` at once when something in it changed (``soon``), else every two seconds, and lets the
    hall see the time each second. ``service`` runs from before ``start`` until after ``stop``."""

    def __init__(self, service: HallService, bus: Bus, state: Callable[[m.Presence], m.ServerState]) -> None:
        self._service, self._bus, self._state = service, bus, state
        self._now = threading.Event()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("beat", self._beat), ("tick", self._tick))
        ]

    def soon(self) -> None:
        """The next beat is now; from any thread, also before start()."""
        self._now.set()

    def start(self) -> None:
        """Beat and tick; the bus is open."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Both have ended."""
        self._stopping.set()
        self._now.set()
        for thread in self._threads:
            thread.join()

    def _beat(self) -> None:
        while not self._stopping.is_set():
            self._now.clear()
            self._bus.publish(topics.SERVER, self._state(m.Presence.READY))
            self._now.wait(BEAT_SECONDS)

    def _tick(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            self._service.submit(c.Tick(request="", by="clock"))
