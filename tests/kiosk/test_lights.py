"""The lights at the kiosk's slots, on real coils: lay, take, paper, and a unit that was away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from devices.registry import build
from devices.signals import GuideLights, LedColour
from devices.simulators.modbus_units import GuideLightSimulator
from devices.supervisor import Supervised
from kiosk.hardware import Hardware
from kiosk.lights import PAPER_SECONDS, SlotLights

POSITIONS = {"card": {LedColour.GREEN: 0}, "paper": {LedColour.GREEN: 1, LedColour.RED: 2}}


class Kiosk:
    """Lights under supervision before a simulated unit, and a clock that tests move."""

    def __init__(self, folder: Path) -> None:
        self.now = 100.0
        self.unit = GuideLightSimulator("lights", folder / "lights", POSITIONS, baud=115200)
        self.unit.start()
        options = {"port": self.unit.address, "positions": POSITIONS, "baud": 115200}
        self.device: Supervised[Any] = Supervised(
            "lights", build("guide_lights", options), lambda health: self.slots.changed(health)
        )
        self.slots = SlotLights(cast("Supervised[GuideLights]", self.device), clock=lambda: self.now)
        self.device.start()


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    made = Kiosk(tmp_path)
    yield made
    made.device.stop()
    made.unit.stop()


def test_a_page_that_waits_for_a_card_makes_its_slot_flash(kiosk: Kiosk) -> None:
    kiosk.slots.lay(True)
    for colour in (LedColour.GREEN, None, LedColour.GREEN):
        assert kiosk.unit.wait_for("card", colour)
    kiosk.slots.lay(False)
    assert kiosk.unit.wait_for("card", None)
    assert kiosk.unit.burning()["paper"] is None


def test_a_card_left_behind_flashes_whatever_the_page_does(kiosk: Kiosk) -> None:
    kiosk.slots.take(True)
    kiosk.slots.lay(False)
    for colour in (LedColour.GREEN, None, LedColour.GREEN):
        assert kiosk.unit.wait_for("card", colour)
    kiosk.slots.take(False)
    assert kiosk.unit.wait_for("card", None)


def test_the_paper_slot_shines_for_a_while(kiosk: Kiosk) -> None:
    kiosk.slots.paper(True)
    assert kiosk.unit.wait_for("paper", LedColour.GREEN)
    kiosk.now += PAPER_SECONDS + 1.0
    for _ in range(3):
        assert kiosk.unit.wait_for("paper", None)


def test_lights_that_were_away_burn_again_as_they_should(kiosk: Kiosk) -> None:
    kiosk.slots.take(True)
    assert kiosk.unit.wait_for("card", LedColour.GREEN)
    kiosk.unit.set_fault("unplugged", True)
    kiosk.unit.set_fault("dark", True)
    assert kiosk.unit.burning()["card"] is None
    kiosk.unit.set_fault("unplugged", False)
    assert kiosk.unit.wait_for("card", LedColour.GREEN)


def test_a_kiosk_without_lights_does_nothing() -> None:
    hardware = Hardware({}, lambda _event: None)
    hardware.look_for_cards(True)
    hardware.watch_card(True)
    slots = SlotLights(None)
    slots.lay(True)
    slots.paper(True)
