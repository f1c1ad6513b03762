"""One command to a device: its number, its time, and the one word with which it ends."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from enum import StrEnum
from typing import Any, TypeVar

from devices.faults import Cause, DeviceError, DeviceMisconfigured, DeviceRefused

T = TypeVar("T")


class Completion(StrEnum):
    """How a command ended; every command ends with exactly one of these."""

    SUCCESS = "success"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    NOT_READY = "not_ready"
    USER_ERROR = "user_error"
    REFUSED = "refused"
    HARDWARE_ERROR = "hardware_error"
    MISCONFIGURED = "misconfigured"
    SOFTWARE_ERROR = "software_error"


_TIMES = frozenset(("busy", "hung"))


class Pending(Future[T]):
    """A command that was given: ``id`` names it in logs, ``printer#17``; see Supervised.submit."""

    def __init__(self, id: str, run: Callable[[Any], T], deadline: float) -> None:
        super().__init__()
        self.id = id
        self.run = run
        self.deadline = deadline
        self.begun = False

    @property
    def completion(self) -> Completion | None:
        """How it ended; None while it has not."""
        if not self.done():
            return None
        try:
            error = self.exception()
        except CancelledError:
            return Completion.CANCELLED
        return Completion.SUCCESS if error is None else _word(error, begun=self.begun)


def _word(error: BaseException, *, begun: bool) -> Completion:
    if not isinstance(error, DeviceError):
        return Completion.SOFTWARE_ERROR
    fault = error.fault
    if fault.code in _TIMES:
        return Completion.TIMED_OUT
    if fault.cause is Cause.PROGRAM:
        return Completion.SOFTWARE_ERROR
    if not begun:
        return Completion.NOT_READY
    if isinstance(error, DeviceRefused):
        return Completion.USER_ERROR if fault.cause is Cause.PERSON else Completion.REFUSED
    return Completion.MISCONFIGURED if isinstance(error, DeviceMisconfigured) else Completion.HARDWARE_ERROR
