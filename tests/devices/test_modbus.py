"""Modbus RTU: pymodbus above, frames by our own hand below; boxes and lights on a wire that misbehaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from devices.faults import DeviceLost, DeviceMisconfigured, DeviceRefused
from devices.ports import CallBoxBus, CallBoxKey, KeyPress
from devices.registry import build
from devices.signals import DARK, Flash, GuideLights, LedColour, Light
from devices.simulators.modbus_units import (
    GuideLightSimulator,
    ModbusCallBoxSimulator,
    Request,
    sealed,
    take_request,
)

BOXES = (1, 2, 5)
POSITIONS = {"card": {LedColour.GREEN: 0}, "paper": {LedColour.GREEN: 1, LedColour.RED: 2}}


# ---------------------------------------------------------------- frames, by vectors of the specification


def test_frames_of_the_units_carry_the_known_sums() -> None:
    assert sealed(bytes.fromhex("01 03 00 00 00 0A")) == bytes.fromhex("01 03 00 00 00 0A C5 CD")
    assert sealed(bytes.fromhex("11 01 00 13 00 25")) == bytes.fromhex("11 01 00 13 00 25 0E 84")


def test_a_request_behind_noise_is_heard() -> None:
    buffer = bytearray(b"\x00\xff" + sealed(bytes.fromhex("03 0F 00 00 00 03 01 05")) + b"\x01")
    assert take_request(buffer) == Request(3, 0x0F, 0, 3, b"\x05")
    assert take_request(buffer) is None


# ---------------------------------------------------------------- call boxes


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[ModbusCallBoxSimulator]:
    simulator = ModbusCallBoxSimulator("callbox", tmp_path / "callbox", BOXES, baud=115200)
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def line(boxes: ModbusCallBoxSimulator) -> Iterator[CallBoxBus]:
    options = {"port": boxes.address, "addresses": list(BOXES), "baud": 115200}
    driver = cast("CallBoxBus", build("callbox_modbus", options))
    driver.open()
    yield driver
    driver.close()


def test_every_key_of_every_box(boxes: ModbusCallBoxSimulator, line: CallBoxBus) -> None:
    line.identify()
    for address in BOXES[:2]:
        for key in (CallBoxKey.NEXT, CallBoxKey.PAUSE):
            boxes.press(address, key)
            assert line.poll(timeout_seconds=10.0) == KeyPress(address, key)
    assert line.poll(timeout_seconds=0.4) is None


@pytest.mark.parametrize("fault", ["echo", "wrong_sum", "collision", "late", "noise", "bounce"])
def test_a_press_survives_a_bad_wire_and_comes_once(
    fault: str, boxes: ModbusCallBoxSimulator, line: CallBoxBus
) -> None:
    boxes.set_fault(fault, True)
    boxes.press(2, CallBoxKey.NEXT)
    assert line.poll(timeout_seconds=10.0) == KeyPress(2, CallBoxKey.NEXT)
    assert line.poll(timeout_seconds=0.5) is None


def test_a_missing_box_is_named_and_the_others_go_on(boxes: ModbusCallBoxSimulator, line: CallBoxBus) -> None:
    boxes.set_fault("missing", True)
    line.identify()
    assert [fault.code for fault in line.heartbeat().faults] == ["box_missing"]
    boxes.press(1, CallBoxKey.NEXT)
    assert line.poll(timeout_seconds=10.0) == KeyPress(1, CallBoxKey.NEXT)
    boxes.set_fault("missing", False)
    boxes.press(5, CallBoxKey.NEXT)
    assert line.poll(timeout_seconds=10.0) == KeyPress(5, CallBoxKey.NEXT)


def test_a_line_where_nobody_answers_is_lost(boxes: ModbusCallBoxSimulator, line: CallBoxBus) -> None:
    boxes.set_fault("mute", True)
    with pytest.raises(DeviceLost, match="silent"):
        line.poll(timeout_seconds=10.0)


def test_unplugged_while_polling(boxes: ModbusCallBoxSimulator, line: CallBoxBus) -> None:
    assert line.poll(timeout_seconds=0.05) is None
    boxes.set_fault("unplugged", True)
    with pytest.raises(DeviceLost, match="unplugged"):
        line.poll(timeout_seconds=10.0)


def test_text_on_the_right_box_and_a_box_that_has_no_such_input(
    boxes: ModbusCallBoxSimulator, line: CallBoxBus
) -> None:
    line.show(2, "A012")
    line.show(5, "TOO LONG FOR IT")
    assert boxes.state()["displays"] == {"1": "", "2": "A012", "5": "TOO LONG"}
    options = {"port": boxes.address, "addresses": [1], "baud": 115200, "first_input": 40}
    line.close()
    other = cast("CallBoxBus", build("callbox_modbus", options))
    other.open()
    with pytest.raises(DeviceRefused, match="unit_refused"):
        other.identify()
    other.close()


# ---------------------------------------------------------------- lights


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[GuideLightSimulator]:
    simulator = GuideLightSimulator("lights", tmp_path / "lights", POSITIONS, baud=115200)
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def lights(unit: GuideLightSimulator) -> Iterator[GuideLights]:
    options = {"port": unit.address, "positions": POSITIONS, "baud": 115200}
    driver = cast("GuideLights", build("guide_lights", options))
    driver.open()
    yield driver
    driver.close()


@pytest.mark.parametrize("fault", ["", "echo", "wrong_sum", "collision", "late", "noise"])
def test_colours_change_at_once_and_are_read_back(
    fault: str, unit: GuideLightSimulator, lights: GuideLights
) -> None:
    if fault:
        unit.set_fault(fault, True)
    lights.light("paper", Light(Flash.STEADY, LedColour.RED))
    lights.light("card", Light(Flash.STEADY))
    assert unit.burning() == {"card": LedColour.GREEN, "paper": LedColour.RED}
    lights.light("paper", Light(Flash.STEADY, LedColour.GREEN))
    assert lights.lit() == {"card": Light(Flash.STEADY), "paper": Light(Flash.STEADY, LedColour.GREEN)}
    lights.light("card", DARK)
    assert unit.burning() == {"card": None, "paper": LedColour.GREEN}
    assert unit.picture()[1].startswith(b"\x89PNG")


def test_a_colour_that_a_position_lacks_burns_in_the_one_it_has(
    unit: GuideLightSimulator, lights: GuideLights
) -> None:
    lights.light("card", Light(Flash.STEADY, LedColour.RED))
    assert unit.burning()["card"] is LedColour.GREEN


def test_a_unit_that_lost_its_power_burns_again_with_a_heartbeat(
    unit: GuideLightSimulator, lights: GuideLights
) -> None:
    lights.light("card", Light(Flash.STEADY))
    unit.set_fault("dark", True)
    assert unit.burning()["card"] is None
    assert lights.heartbeat().ok
    assert unit.burning()["card"] is LedColour.GREEN


def test_what_is_refused_lost_and_misconfigured(unit: GuideLightSimulator, lights: GuideLights) -> None:
    with pytest.raises(DeviceRefused, match="no_such_position"):
        lights.light("door", DARK)
    unit.set_fault("refuses", True)
    with pytest.raises(DeviceMisconfigured, match="unit_refused"):
        lights.heartbeat()
    unit.set_fault("refuses", False)
    unit.set_fault("mute", True)
    with pytest.raises(DeviceLost, match="silent"):
        lights.heartbeat()


@pytest.mark.parametrize(
    ("positions", "words"),
    [
        ({}, "at least one position"),
        ({"card": {}}, "at least one position"),
        ({"a": {"green": 1}, "b": {"red": 1}}, "one coil stands at two places"),
    ],
)
def test_wrong_positions_are_told(positions: dict[str, dict[str, int]], words: str) -> None:
    with pytest.raises(DeviceMisconfigured, match=words):
        build("guide_lights", {"port": "/nowhere", "positions": positions})
