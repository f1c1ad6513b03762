"""Lamps at two slots on the coils of a Modbus unit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.registry import build
from devices.signals import Flash, GuideLights, LedColour, Light
from devices.simulators.modbus_units import GuideLightSimulator
from tests.devices.conformance import Stand, cable

SIMULATES = ("guide_light",)


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """A green lamp at the card slot, a green and a red one at the paper slot."""
    positions = {"card": {LedColour.GREEN: 0}, "paper": {LedColour.GREEN: 1, LedColour.RED: 2}}
    simulator = GuideLightSimulator("lights", folder / "lights", positions, baud=115200)
    simulator.start()
    driver = build("guide_lights", {"port": simulator.address, "positions": positions, "baud": 115200})

    def work(lights: GuideLights) -> object:
        lights.light("card", Light(Flash.STEADY))
        return lights.lit()

    try:
        yield Stand(driver, work, simulator, cable(simulator))
    finally:
        simulator.stop()
