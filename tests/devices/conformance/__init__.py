"""One module for each driver, named like it: how to stand it before its simulator for the conformance test.

A module has ``SIMULATES``, the words of the bench's simulators that it uses, and ``stand(folder)``, a context
manager that gives a Stand. A driver without a module here fails tests/devices/test_conformance.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from devices.ports import Device
from devices.simulators.simulator import Simulator


@dataclass(frozen=True, slots=True)
class Stand:
    """A closed driver, made by the registry, before a running simulator.

    ``work`` is one ordinary operation on an open driver. ``plug(False)`` pulls the device away,
    ``plug(True)`` brings it back; None where nothing can be pulled. ``quiet_faults`` are tried by the
    driver's own tests only: they take long by their nature.
    """

    driver: Device
    work: Callable[[Any], object]
    simulator: Simulator | None = None
    plug: Callable[[bool], None] | None = None
    quiet_faults: frozenset[str] = frozenset()


def cable(simulator: Simulator) -> Callable[[bool], None]:
    """The plug of a simulator that has the fault ``unplugged``."""
    return lambda there: simulator.set_fault("unplugged", not there)
