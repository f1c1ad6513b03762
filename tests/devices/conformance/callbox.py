"""A line of two call boxes on a PTY."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.ports import CallBoxBus
from devices.registry import build
from devices.simulators.call_box import CallBoxSimulator
from tests.devices.conformance import Stand, cable

SIMULATES = ("call_box",)


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """Boxes 1 and 2."""
    simulator = CallBoxSimulator("callbox", folder / "callbox", (1, 2), baud=115200)
    simulator.start()
    driver = build("callbox", {"port": simulator.address, "addresses": [1, 2], "baud": 115200})

    def work(line: CallBoxBus) -> object:
        line.show(1, "A012")
        return line.poll(timeout_seconds=0.1)

    try:
        yield Stand(driver, work, simulator, cable(simulator))
    finally:
        simulator.stop()
