"""Wait for something outside this process; a device that is not there yet is only asked again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from devices.faults import DeviceAbsent, DeviceLost
from tests.devices.support import LIMIT_SECONDS


def until(holds: Callable[[], bool], *, patient: bool = True) -> None:
    """AssertionError when it never holds; ``patient`` asks a lost device again."""
    deadline = monotonic() + LIMIT_SECONDS
    pause = threading.Event()
    while True:
        try:
            if holds():
                return
        except (DeviceAbsent, DeviceLost):
            if not patient:
                raise
        assert monotonic() < deadline, "it did not happen in time"
        pause.wait(0.02)
