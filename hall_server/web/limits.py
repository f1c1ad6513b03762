"""PURE: how many requests a minute each asker may make; a bucket that drips."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

KEPT = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at_ms: int


@dataclass(frozen=True, slots=True)
class Limit:
    """``per_minute`` on average, ``burst`` at once."""

    per_minute: float
    burst: int


class Limiter:
    """The buckets of all askers; bounded: the longest untouched go first."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_ms(self, asker: str, limit: Limit, now_ms: int) -> int:
        """Take one; 0 = go on, else how long to wait."""
        bucket = self._buckets.get(asker)
        if bucket is None:
            bucket = self._buckets[asker] = _Bucket(limit.burst, now_ms)
            if len(self._buckets) > KEPT:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(asker)
        rate = limit.per_minute / 60_000
        bucket.left = min(limit.burst, bucket.left + (now_ms - bucket.at_ms) * rate)
        bucket.at_ms = now_ms
        if bucket.left >= 1:
            bucket.left -= 1
            return 0
        return int((1 - bucket.left) / rate) + 1
