"""What all simulators on one line have in common: plugging in, unplugging, and the faults that are on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Protocol


class Line(Protocol):
    """A PTY or a USB cable."""

    @property
    def address(self) -> str:
        """What a driver opens."""

    def plug(self) -> None:
        """Be there."""

    def unplug(self) -> None:
        """Be gone."""


class OnLine:
    """``FAULTS`` are those of the simulator, with what they do; ``unplugged`` among them unplugs the line."""

    FAULTS: Mapping[str, str]

    def __init__(self, name: str, line: Line) -> None:
        self.name = name
        self._plugged = line
        self._lock = threading.Condition()
        self._faults: set[str] = set()

    @property
    def address(self) -> str:
        """Path of the port's symlink, or ``usbsim://PATH``."""
        return self._plugged.address

    def start(self) -> None:
        """Plug it in."""
        self._plugged.plug()

    def stop(self) -> None:
        """Unplug it for good."""
        self._plugged.unplug()

    def faults(self) -> Mapping[str, str]:
        """What it can do wrong."""
        return self.FAULTS

    def set_fault(self, fault: str, on: bool) -> None:
        """Switch a fault. Raises KeyError for one that it does not have."""
        if fault not in self.faults():
            raise KeyError(fault)
        with self._lock:
            (self._faults.add if on else self._faults.discard)(fault)
            self._switched(fault, on=on)
        if fault == "unplugged":
            self._plugged.unplug() if on else self._plugged.plug()

    def _switched(self, fault: str, *, on: bool) -> None:
        """Under the lock: what else follows from a fault."""
