"""What travels between bus and wire, and where it waits: bounded and counted."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

BACKLOG_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Parcel:
    """What travels: bytes and the MQTT 5 properties that we use.

    ``state`` means that the row is retained; ``deadline`` is the monotonic instant after which nobody
    wants it any more.
    """

    topic: str
    payload: bytes
    qos: int = 0
    state: bool = False
    expiry_seconds: int | None = None
    response_topic: str = ""
    correlation: bytes = b""
    deadline: float | None = None


class Tally:
    """Named counters that any thread may raise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def add(self, name: str, count: int = 1) -> int:
        """Raise a counter; its new value."""
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + count
            return self._counts[name]

    def counts(self) -> dict[str, int]:
        """A copy of all counters."""
        with self._lock:
            return dict(self._counts)


class Backlog:
    """Parcels in order of arrival, at most ``limit``: when full, states that a newer one supersedes go first,
    then the oldest. Not thread-safe; ``dropped`` is told how many went."""

    def __init__(self, dropped: Callable[[int], object], limit: int = BACKLOG_LIMIT) -> None:
        self._parcels: deque[Parcel] = deque()
        self._dropped = dropped
        self._limit = limit

    def __len__(self) -> int:
        return len(self._parcels)

    def put(self, parcel: Parcel) -> None:
        """Append; may drop others."""
        self._parcels.append(parcel)
        if len(self._parcels) > self._limit:
            self._make_room()

    def take(self) -> Parcel:
        """The oldest; IndexError when empty."""
        return self._parcels.popleft()

    def clear(self) -> list[Parcel]:
        """Take all."""
        parcels = list(self._parcels)
        self._parcels.clear()
        return parcels

    def _make_room(self) -> None:
        newest = {parcel.topic: parcel for parcel in self._parcels if parcel.state}
        kept = [parcel for parcel in self._parcels if not parcel.state or newest[parcel.topic] is parcel]
        kept = kept[-self._limit :]
        self._dropped(len(self._parcels) - len(kept))
        self._parcels = deque(kept)
