"""A station's side of confirming calls (回报): what became of each, told once, many in one message.

``note`` costs its caller one put into a queue, so the thread that draws or plays may call it at any moment.
A thread of its own gathers for an instant, so that sixty screens do not all answer a call at once, waits
while there is no link, and forgets what is too old to help anybody.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from contract import topics
from contract.bus import Bus
from contract.clock import StationClock
from contract.messages import CallDrop, CallFate, CallReport, CallReports

GATHER_SECONDS = (0.03, 0.15)
"""How long the first report of a message waits for others, drawn anew each time."""
LARGEST = 64
"""Reports of one message, and what is kept while there is no link."""
KEPT_SECONDS = 60.0
REMEMBERED = 512
_WORTH = {CallFate.DROPPED: 0, CallFate.CHIMED: 1, CallFate.SHOWN: 2, CallFate.SPOKEN: 2}


def better(new: CallFate, old: CallFate) -> bool:
    """Whether a later report says more for the call than an earlier one: only then it counts."""
    return _WORTH[new] > _WORTH[old]


@dataclass(frozen=True, slots=True)
class _Noted:
    call: str
    fate: CallFate
    why: CallDrop
    at: float


class _Stop:
    """End."""


class CallReporter:
    """Of one station. Construct before its bus opens; ``open`` and ``close`` around the station's life."""

    def __init__(
        self,
        bus: Bus,
        clock: StationClock,
        *,
        gather_seconds: tuple[float, float] = GATHER_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus, self._clock, self._monotonic = bus, clock, monotonic
        self._gather_seconds = gather_seconds
        self._inbox: queue.SimpleQueue[_Noted | bool | _Stop] = queue.SimpleQueue()
        self._said: OrderedDict[str, CallFate] = OrderedDict()
        self._pending: OrderedDict[str, _Noted] = OrderedDict()
        self._linked = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"reports-{bus.station}", daemon=True)
        bus.on_link(self._inbox.put)

    def note(self, call: str, fate: CallFate, why: CallDrop = CallDrop.NONE) -> None:
        """This became of a call, now; from any thread, never waits. Nothing is said twice."""
        self._inbox.put(_Noted(call, fate, why, self._monotonic()))

    def open(self) -> None:
        """Begin to report."""
        self._thread.start()

    def close(self) -> None:
        """Say what is still to be said, and end; before the station closes."""
        self._stopping.set()
        self._inbox.put(_Stop())
        if self._thread.is_alive():
            self._thread.join()

    # ------------------------------------------------------------ the one thread

    def _run(self) -> None:
        while self._take(self._inbox.get()):
            if not (self._linked and self._pending):
                continue
            self._stopping.wait(random.uniform(*self._gather_seconds))
            going_on = self._take_all()
            if self._linked:
                self._publish()
            if not going_on:
                return

    def _take_all(self) -> bool:
        """Everything that has come meanwhile; False when the end has."""
        while len(self._pending) < LARGEST:
            try:
                item = self._inbox.get_nowait()
            except queue.Empty:
                return True
            if not self._take(item):
                return False
        return True

    def _take(self, item: _Noted | bool | _Stop) -> bool:
        match item:
            case _Stop():
                return False
            case _Noted():
                self._note(item)
            case linked:
                self._linked = linked
        return True

    def _note(self, noted: _Noted) -> None:
        said = self._said.get(noted.call)
        if said is not None and not better(noted.fate, said):
            return
        for book in (self._said, self._pending):
            book.pop(noted.call, None)
        self._said[noted.call] = noted.fate
        self._pending[noted.call] = noted
        while len(self._said) > REMEMBERED:
            self._said.popitem(last=False)
        while len(self._pending) > LARGEST:
            self._pending.popitem(last=False)

    def _publish(self) -> None:
        now, now_ms = self._monotonic(), self._clock.now_ms()
        reports = tuple(
            CallReport(
                call=noted.call,
                fate=noted.fate,
                why=noted.why,
                at_ms=0 if now_ms is None else now_ms - round((now - noted.at) * 1000),
            )
            for noted in self._pending.values()
            if now - noted.at < KEPT_SECONDS
        )
        self._pending.clear()
        if reports:
            self._bus.publish(topics.STATION_CALLS, CallReports(reports=reports))
