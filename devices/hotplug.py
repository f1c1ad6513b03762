"""The kernel's word that something was plugged in or out, as a hint to look again at once.

pyudev listens to the kernel itself (source ``kernel``): that works with and without udevd. A hint may be
lost and is never believed: every device is also looked at anew while it is away (devices/supervisor.py).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import pyudev

_log = logging.getLogger(__name__)
SUBSYSTEMS = ("tty", "usb", "usbmisc", "video4linux", "hidraw", "sound", "input")
_LOOK_SECONDS = 0.5


class Nudged(Protocol):
    """A supervised device."""

    def nudge(self) -> None:
        """Look at your port now."""


@dataclass(frozen=True, slots=True)
class Plugged:
    """One word of the kernel: ``action`` add, remove, change …; ``path`` in its tree."""

    action: str
    subsystem: str
    path: str


class HotPlug:
    """One thread for all devices of a program."""

    def __init__(self, devices: Iterable[Nudged], told: Callable[[Plugged], None] | None = None) -> None:
        self._devices = tuple(devices)
        self._told = told
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> bool:
        """Listen from now on; False where the kernel's socket cannot be had (rescanning goes on alone)."""
        try:
            monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source="kernel")
            for subsystem in SUBSYSTEMS:
                monitor.filter_by(subsystem)
            monitor.start()
        except (OSError, ImportError) as error:
            _log.warning("no word of the kernel about hot-plugging (%s); ports are only looked at", error)
            return False
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, args=(monitor,), name="hotplug", daemon=True)
        self._thread.start()
        return True

    def stop(self) -> None:
        """Listen no more; may be called twice."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _run(self, monitor: Any) -> None:
        while not self._stopping.is_set():
            try:
                device = monitor.poll(_LOOK_SECONDS)
            except OSError:
                _log.exception("the kernel's word about hot-plugging is lost; ports are only looked at")
                return
            if device is not None:
                self._tell(Plugged(str(device.action), str(device.subsystem), str(device.device_path)))

    def _tell(self, plugged: Plugged) -> None:
        for device in self._devices:
            device.nudge()
        if self._told is not None:
            self._told(plugged)
