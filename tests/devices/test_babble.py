"""A device, or a wire, that speaks without end: every driver says so in time, and none fills the memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.faults import DeviceError
from devices.health import Health
from devices.ports import Status
from devices.protocols.scans import LONGEST, SerialScans
from devices.registry import build
from devices.simulators.pty_line import PtyLine
from devices.supervisor import Supervised
from tests.devices.support import Heard
from tests.devices.test_conformance import check_fault, ended

LINES: dict[str, dict[str, Any]] = {
    "callbox": {"addresses": [1, 2]},
    "callbox_modbus": {"addresses": [1, 2]},
    "ledbar": {"make": "lcd21", "addresses": [1, 2]},
    "ledbar_onbon": {"addresses": [1, 2]},
    "guide_lights": {"positions": {"card": {"green": 0}}},
    "digit_bar": {"addresses": [1]},
    "sdt": {},
    "scanner": {},
}
UNASKED = ("scanner", "digit_bar")
"""These ask nothing: how they are stays unknown."""


@pytest.fixture
def babble(tmp_path: Path) -> Iterator[PtyLine]:
    def speak(line: PtyLine) -> None:
        while True:
            line.write(bytes(range(256)) * 4)

    line = PtyLine(tmp_path / "port", speak)
    line.plug()
    yield line
    line.unplug()


@pytest.mark.parametrize("name", LINES)
def test_a_wire_that_never_falls_quiet_is_told_in_time(name: str, babble: PtyLine) -> None:
    driver = build(name, {"port": str(babble.link), **LINES[name]})
    results = [ended(ask) for ask in (driver.open, driver.identify, driver.heartbeat)]
    driver.close()
    for result in results:
        if isinstance(result, DeviceError):
            check_fault(result.fault)
    if name in UNASKED:
        assert isinstance(results[-1], Status)
        assert results[-1].ok is None
    else:
        assert any(isinstance(result, DeviceError) for result in results), results


def test_a_scanner_that_nobody_listens_to_keeps_little() -> None:
    scans = SerialScans(terminated=True)
    for _ in range(1000):
        scans.feed(b"A012\r" * 800, 0.0)
        assert len(scans._buffer) <= 16 * LONGEST


def test_noise_is_not_taken_for_what_a_printer_says_of_itself(babble: PtyLine) -> None:
    """Any byte of it could be an answer: *no paper* would send somebody for a roll."""
    heard: Heard[Health] = Heard()
    driver = build("escpos", {"port": str(babble.link), "baud": 115200})
    device = Supervised("printer", driver, heard, first_pause_seconds=0.05)
    device.start()
    heard.wait(lambda health: health.fault is not None and health.fault.code == "noisy")
    device.stop()
