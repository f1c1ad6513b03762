"""What device tests share: a listener that can be waited for, and small made-up devices."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic
from typing import Generic, TypeVar

from devices.capabilities import Capabilities
from devices.health import Health
from devices.ports import Kind, Status

T = TypeVar("T")

LIMIT_SECONDS = 20.0
"""No test waits this long unless it fails."""


class Heard(Generic[T]):
    """Collects what a callback is told; tests wait for it instead of sleeping."""

    def __init__(self) -> None:
        self.all: list[T] = []
        self._changed = threading.Condition()

    def __call__(self, told: T) -> None:
        with self._changed:
            self.all.append(told)
            self._changed.notify_all()

    def wait(self, wanted: Callable[[T], bool] = lambda _: True, *, after: int = 0) -> T:
        """The first one from index ``after`` that is wanted; fails the test when it does not come."""
        deadline = monotonic() + LIMIT_SECONDS
        with self._changed:
            while True:
                for told in self.all[after:]:
                    if wanted(told):
                        return told
                if not self._changed.wait(deadline - monotonic()):
                    raise AssertionError(f"not heard; only {self.all[after:]}")


def outcome(future: Future[T]) -> T:
    """Its value, in time."""
    return future.result(LIMIT_SECONDS)


def state_is(state: str) -> Callable[[Health], bool]:
    """A health in this state."""
    return lambda health: health.state == state


class Toy:
    """A device made of functions, for tests of the supervisor."""

    kind = Kind.SPEAKER
    capabilities = Capabilities()

    def __init__(self) -> None:
        self.on_open: Callable[[], None] = lambda: None
        self.on_identify: Callable[[], str] = lambda: "toy-1"
        self.on_heartbeat: Callable[[], Status] = lambda: Status(True)
        self.opened = self.closed = self.beats = 0

    def open(self) -> None:
        self.opened += 1
        self.on_open()

    def close(self) -> None:
        self.closed += 1

    def identify(self) -> str:
        return self.on_identify()

    def heartbeat(self) -> Status:
        self.beats += 1
        return self.on_heartbeat()
