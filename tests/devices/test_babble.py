"""A device, or a wire, that speaks without end: every driver says so in time, and none fills the memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tty
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from devices.faults import DeviceError
from devices.health import Health
from devices.ports import Status
from devices.protocols.scans import LONGEST, SerialScans
from devices.registry import build
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
SHARED = ("callbox", "callbox_modbus", "ledbar", "ledbar_onbon", "guide_lights")
"""These wait for a gap before they speak."""


NOISE = "import os\nwhile True:\n    os.write(1, bytes(range(256)) * 16)"


@pytest.fixture
def babble() -> Iterator[str]:
    """A port whose other end is a program that writes as fast as the port takes."""
    master, slave = os.openpty()
    tty.setraw(slave)
    with subprocess.Popen([sys.executable, "-c", NOISE], stdout=master) as speaker:
        yield os.ttyname(slave)
        speaker.kill()
    os.close(slave)
    os.close(master)


@pytest.mark.parametrize("name", LINES)
def test_a_wire_that_never_falls_quiet_is_told_in_time(name: str, babble: str) -> None:
    driver = build(name, {"port": babble, **LINES[name]})
    results = [ended(ask) for ask in (driver.open, driver.identify, driver.heartbeat)]
    driver.close()
    for result in results:
        if isinstance(result, DeviceError):
            check_fault(result.fault)
    if name in UNASKED:
        assert isinstance(results[-1], Status)
        assert results[-1].ok is None
    else:
        codes = {result.fault.code for result in results if isinstance(result, DeviceError)}
        assert codes, results


class Endless:
    """A wire without any gap, however busy this machine is."""

    name = "wire"

    def open(self) -> None:
        """Always."""

    close = drop_input = open

    def read(self, max_bytes: int, timeout_seconds: float) -> bytes:
        return b"\x55" * max_bytes

    def write(self, data: bytes, timeout_seconds: float) -> None:
        """Into the noise."""

    def presence(self) -> str:
        return "there"


@pytest.mark.parametrize("name", SHARED)
def test_who_waits_for_a_gap_says_that_there_is_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module(f"devices.drivers.{name}")
    monkeypatch.setattr(module, "link_for", lambda *_arguments, **_options: Endless())
    driver = build(name, {"port": "wire", **LINES[name]})
    driver.open()
    results = [ended(ask) for ask in (driver.identify, driver.heartbeat)]
    driver.close()
    assert "noisy" in {result.fault.code for result in results if isinstance(result, DeviceError)}


def test_a_scanner_that_nobody_listens_to_keeps_little() -> None:
    scans = SerialScans(terminated=True)
    for _ in range(1000):
        scans.feed(b"A012\r" * 800, 0.0)
        assert len(scans._buffer) <= 16 * LONGEST


def test_noise_is_not_taken_for_what_a_printer_says_of_itself(babble: str) -> None:
    """Any byte of it could be an answer: *no paper* would send somebody for a roll."""
    heard: Heard[Health] = Heard()
    driver = build("escpos", {"port": babble, "baud": 115200})
    device = Supervised("printer", driver, heard, first_pause_seconds=0.05)
    device.start()
    heard.wait(lambda health: health.fault is not None and health.fault.code == "noisy")
    device.stop()
