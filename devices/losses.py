"""What the log is told of a device: once that it is lost, once that it is back, once each slip of its driver.

A device that comes and goes (a bad plug) would fill the log: what is lost again before it held for a while is
told once more, then only when it holds. Errors that no driver should raise are told by type and place: their
words may quote a card.
"""

from __future__ import annotations

import logging
import traceback
from time import monotonic

from devices.counters import CounterBook
from devices.faults import DeviceError

_log = logging.getLogger(__name__)
STEADY_SECONDS = 2.0
"""Ready for this long: the device holds, and the next loss is a new one."""
_FRAMES = 8


def where(error: BaseException) -> str:
    """Type and place of an error and of what it came from, without what it says."""
    found: list[str] = []
    each: BaseException | None = error
    while each is not None and len(found) < _FRAMES:
        places = traceback.extract_tb(each.__traceback__)[-_FRAMES:]
        found += [type(each).__name__, *(f"  {at.filename}:{at.lineno} {at.name}" for at in places)]
        each = each.__cause__ or each.__context__
    return "\n".join(found)


class Losses:
    """Of one device; called by its worker and by its watchdog."""

    def __init__(self, name: str, book: CounterBook) -> None:
        self._name, self._book = name, book
        self._lost_at: float | None = None
        self._back_at: float | None = None
        self._once = False
        self._again = 0
        self._slips: set[str] = set()

    @property
    def away(self) -> bool:
        """Is it lost, or was never there?"""
        return self._lost_at is not None

    @property
    def holds(self) -> bool:
        """Is it ready for some time?"""
        return self._back_at is not None and monotonic() - self._back_at > STEADY_SECONDS

    def begin(self) -> None:
        """Its worker starts."""
        self._lost_at = self._back_at = None
        self._once, self._again = False, 0

    def lost(self, error: DeviceError) -> None:
        """It is gone; what is told while it is away already counts for nothing."""
        if self._lost_at is not None:
            return
        flaps = self._once and self._back_at is not None and not self.holds
        self._again += flaps
        self._once, self._lost_at, self._back_at = True, monotonic(), None
        if flaps and self._again == 1:
            _log.warning("device %s is lost again at once: %s; told next when it holds", self._name, error)
        elif not flaps:
            _log.warning("device %s is lost: %s", self._name, error)
        self._book.add("supervisor.losses")
        self._book.add(f"faults.{error.fault.code}")

    def hangs(self) -> None:
        """Its worker is stuck in the driver."""
        if self._lost_at is None:
            self._lost_at, self._back_at = monotonic(), None
            _log.error("device %s hangs in its driver", self._name)

    def back(self) -> None:
        """It is ready."""
        if self._lost_at is not None and not self._again:
            _log.info("device %s is back after %.1f s", self._name, monotonic() - self._lost_at)
        self._lost_at, self._back_at = None, monotonic()

    def beats(self) -> None:
        """It answered a heartbeat."""
        if not self.holds:
            return
        if self._again:
            _log.info("device %s holds again after %d more losses", self._name, self._again)
        self._again = 0
        self._slips.clear()

    def slipped(self, error: BaseException, doing: str) -> None:
        """Its driver raised what no driver should."""
        place = where(error)
        if place not in self._slips:
            self._slips.add(place)
            _log.error("device %s: fault in its driver while %s: %s", self._name, doing, place)
