"""A device at one moment, and a standing question to it: what programs see of a supervised device."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from devices.faults import Cause, Fault
from devices.ports import Kind, State

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Health:
    """A device at one moment. ``ok`` is what it says of itself: None is unknown, never healthy.

    ``faults`` come with what to do and for whom, the gravest first; a ready device may have some (paper
    near its end). ``since`` is monotonic seconds of the last change of state; ``sequence`` rises with
    each change; ``replaced`` is the identity that was here before when another unit was put in its place.
    """

    name: str
    kind: Kind
    state: State
    ok: bool | None = None
    faults: tuple[Fault, ...] = ()
    identity: str = ""
    replaced: str = ""
    since: float = 0.0
    sequence: int = 0

    @property
    def usable(self) -> bool:
        """Can it do its work now? An unknown status counts as yes: the device answered when it was opened."""
        return self.state is State.READY and self.ok is not False

    @property
    def fault(self) -> Fault | None:
        """The gravest fault, or None."""
        return self.faults[0] if self.faults else None


class Condition(StrEnum):
    """A device at one moment in one word, for lists and lamps; never OK unless the device said so.

    NO_DEVICE: none is meant to be here. OFFLINE: one is, and is away. USER_ERROR: a person blocks it.
    """

    OK = "ok"
    WARNING = "warning"
    UNKNOWN = "unknown"
    USER_ERROR = "user_error"
    FAULT = "fault"
    STARTING = "starting"
    OFFLINE = "offline"
    NO_DEVICE = "no_device"


def condition(health: Health | None) -> Condition:
    """The word for a health; None is a place without a device."""
    if health is None:
        return Condition.NO_DEVICE
    if health.state in (State.OPENING, State.IDENTIFYING):
        return Condition.STARTING
    if health.state is State.ABSENT:
        return Condition.OFFLINE
    fault = health.fault
    if health.state is not State.READY or health.ok is False:
        blocked = fault is not None and fault.cause is Cause.PERSON
        return Condition.USER_ERROR if blocked else Condition.FAULT
    if fault is not None:
        return Condition.WARNING
    return Condition.OK if health.ok else Condition.UNKNOWN


Listener = Callable[[Health], None]


class Watch(Generic[T]):
    """A standing question to a device, asked again and again until ``stop``; it outlives a pulled plug."""

    def __init__(
        self,
        ask: Callable[[Any], T | None],
        found: Callable[[T], None],
        refused: Callable[[Fault], None] | None,
        every_seconds: float,
        limit_seconds: float,
    ) -> None:
        self.ask, self.found, self.refused = ask, found, refused
        self.every_seconds, self.limit_seconds = every_seconds, limit_seconds
        self.due = 0.0
        self.slipped = ""
        self._running = True
        self._lock = threading.RLock()

    @property
    def running(self) -> bool:
        """Was it not stopped yet?"""
        return self._running

    def stop(self) -> None:
        """Ask no more. When this returns no answer will be delivered any more; one in flight is dropped."""
        with self._lock:
            self._running = False

    def deliver(self, tell: Callable[[], None]) -> None:
        """For the supervisor: call ``tell`` unless stopped."""
        with self._lock:
            if self._running:
                tell()
