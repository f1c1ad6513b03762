"""Sees that a worker hangs inside a driver, and says so while the worker itself cannot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from devices.faults import DeviceLost, Fault, Owner

GRACE_SECONDS = 0.5
_LOOK_SECONDS = 0.5
HUNG = Fault("hung", "设备长时间没有反应", "把设备断电重启；会自动恢复", Owner.TECHNICIAN)


@dataclass(slots=True, eq=False)
class _Stay:
    """One stay of the worker inside the driver."""

    deadline: float
    future: Future[Any] | None
    hung: bool = False


class Watchdog:
    """A thread that looks after one worker; ``give_up`` is called once per stay that takes too long,
    ``look`` twice a second: what waits behind a stay that is within its time is to be looked at there."""

    def __init__(
        self, name: str, give_up: Callable[[Future[Any] | None], None], look: Callable[[], None]
    ) -> None:
        self.name = name
        self._give_up = give_up
        self._look = look
        self._changed = threading.Condition()
        self._stay: _Stay | None = None
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"watchdog {self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    @contextmanager
    def limit(self, seconds: float, future: Future[Any] | None = None) -> Iterator[None]:
        """The worker is inside the driver, at most ``seconds``, for this future.

        Raises DeviceLost at the end when the stay was given up meanwhile.
        """
        stay = _Stay(monotonic() + seconds + GRACE_SECONDS, future)
        with self._changed:
            self._stay = stay
        try:
            yield
        finally:
            with self._changed:
                self._stay = None
            if stay.hung:
                raise DeviceLost(HUNG)

    def _run(self) -> None:
        while not self._stopping:
            stay = self._hung()
            if stay is not None:
                self._give_up(stay.future)
            self._look()

    def _hung(self) -> _Stay | None:
        """The stay that takes too long, once; None when there is none for half a second."""
        until = monotonic() + _LOOK_SECONDS
        with self._changed:
            while not self._stopping:
                stay, now = self._stay, monotonic()
                if stay is not None and not stay.hung:
                    if now >= stay.deadline:
                        stay.hung = True
                        return stay
                    until = min(until, stay.deadline)
                if now >= until:
                    break
                self._changed.wait(until - now)
        return None


def end(future: Future[Any], *, value: object = None, error: BaseException | None = None) -> None:
    """Complete once; whoever comes second is ignored."""
    with suppress(InvalidStateError):
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)
