"""From any thread to the window's thread: one queue, emptied at most once a frame.

    bridge = Bridge(app.take)                    # in the window's thread, after Kivy is imported
    bridge.post(message)                         # from a bus or worker thread; returns at once
    bridge.post(state, key=("window", "w03"))    # a later state of the same key replaces a waiting one
    app.take(["…", "…"])                         # called in the window's thread with everything that waited

Order is the order of posting; a replaced state moves to its last place. Without a key nothing is dropped.
The trigger wakes Kivy's interruptible clock, so a message waits for no frame (FRONT_ENDS §2: p50 0.1 ms).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from threading import Lock

from kivy.clock import Clock


class Bridge:
    """The queue; ``take`` gets a non-empty list of what was posted, in the window's thread."""

    def __init__(self, take: Callable[[Sequence[object]], None]) -> None:
        self._take = take
        self._lock = Lock()
        self._waiting: dict[Hashable, object] = {}
        self._posted = 0
        self._trigger = Clock.create_trigger(self._drain, -1)

    def post(self, event: object, *, key: Hashable | None = None) -> None:
        """Hand over an event from any thread; with a key it replaces a waiting event of that key."""
        with self._lock:
            self._posted += 1
            place = ("event", self._posted) if key is None else ("state", key)
            self._waiting.pop(place, None)
            self._waiting[place] = event
        self._trigger()

    def _drain(self, *_: object) -> None:
        with self._lock:
            waiting, self._waiting = list(self._waiting.values()), {}
        if waiting:
            self._take(waiting)
