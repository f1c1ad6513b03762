"""A line of two call boxes as Modbus units on a PTY."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.ports import CallBoxBus
from devices.registry import build
from devices.simulators.modbus_units import ModbusCallBoxSimulator
from tests.devices.conformance import Stand, cable

SIMULATES = ("call_box",)


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """Units 1 and 2."""
    simulator = ModbusCallBoxSimulator("callbox", folder / "callbox", (1, 2), baud=115200)
    simulator.start()
    driver = build("callbox_modbus", {"port": simulator.address, "addresses": [1, 2], "baud": 115200})

    def work(line: CallBoxBus) -> object:
        line.show(1, "A012")
        return line.poll(timeout_seconds=0.1)

    try:
        yield Stand(driver, work, simulator, cable(simulator))
    finally:
        simulator.stop()
