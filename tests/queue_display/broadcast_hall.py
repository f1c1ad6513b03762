"""The server's side of broadcasts: sends them to an announcer, hears what became of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from contract import topics
from contract.bus import Bus
from contract.messages import Broadcast, BroadcastPart, CallReport
from tests.queue_display.voices import Hall


class Told(Hall):
    """A hall that also hears reports and broadcasts."""

    def __init__(self, bus: Bus | None = None) -> None:
        self.reports: list[CallReport] = []
        self._told = threading.Condition()
        super().__init__(bus)
        self.bus.on(topics.STATION_CALLS, lambda message, _: self._hear_reports(message.reports))

    def _hear_reports(self, reports: tuple[CallReport, ...]) -> None:
        with self._told:
            self.reports += reports
            self._told.notify_all()

    @contextmanager
    def beating(self) -> Iterator[None]:
        """The server beats, as a real one does."""
        stopping = threading.Event()

        def beat() -> None:
            while not stopping.wait(1.0):
                self.beat()

        self.beat()
        thread = threading.Thread(target=beat)
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()

    def wait_report(self, name: str) -> CallReport:
        """The report of this name, once it comes."""
        with self._told:
            assert self._told.wait_for(lambda: any(r.call == name for r in self.reports), 60), name
            return next(report for report in self.reports if report.call == name)

    def broadcast(self, name: str, parts: tuple[BroadcastPart, ...], **changes: object) -> None:
        """Have these passages spoken."""
        fields: dict[str, object] = {
            "broadcast": name,
            "parts": parts,
            "at_ms": self.now_ms(),
            "expires_ms": self.now_ms() + 600_000,
        }
        message = Broadcast(**(fields | changes))  # type: ignore[arg-type]
        self.bus.publish(topics.STATION_BROADCAST, message, station="announcer-1")

    def stop(self, name: str) -> None:
        """Stop it."""
        self.bus.publish(
            topics.STATION_BROADCAST, Broadcast(broadcast=name, stop=True), station="announcer-1"
        )
