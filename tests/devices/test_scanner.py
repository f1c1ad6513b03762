"""The serial scanner before its simulator: every fault is said, and the next code is read all the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from devices.drivers.scanner import Options, SerialScanner, build
from devices.drivers.scanner_keys import KeyboardScanner
from devices.faults import DeviceLost, DeviceRefused, Owner
from devices.health import Health
from devices.ports import Scan
from devices.protocols.scans import KeyBurst
from devices.simulators.scanner import ScannerSimulator
from devices.supervisor import Supervised
from tests.devices.support import Heard, state_is

CODE = "BANSHI:1:T:20261123:A012:9F3C2A71"


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[ScannerSimulator]:
    made = ScannerSimulator("scanner-1", tmp_path / "scanner-1", baud=115200)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def scanner(simulator: ScannerSimulator) -> Iterator[SerialScanner]:
    driver = build(Options(port=simulator.address, baud=115200))
    driver.open()
    yield driver
    driver.close()


def test_a_code_is_read(simulator: ScannerSimulator, scanner: SerialScanner) -> None:
    assert scanner.poll(timeout_seconds=0.0) is None
    simulator.scan(CODE)
    assert scanner.poll(timeout_seconds=5.0) == Scan(CODE)
    assert scanner.counts() == {"scans": 1, "refused": 0}


@pytest.mark.parametrize(
    ("fault", "code"),
    [("partial", "scan_partial"), ("non_ascii", "scan_foreign"), ("over_long", "scan_too_long")],
)
def test_a_bad_code_is_told_to_the_citizen_and_the_next_is_read(
    fault: str, code: str, simulator: ScannerSimulator, scanner: SerialScanner
) -> None:
    simulator.set_fault(fault, True)
    simulator.scan(CODE)
    with pytest.raises(DeviceRefused) as caught:
        scanner.poll(timeout_seconds=5.0)
    assert caught.value.fault.code == code
    assert caught.value.fault.owner is Owner.CITIZEN
    assert CODE not in str(caught.value)
    simulator.set_fault(fault, False)
    simulator.scan(CODE)
    assert scanner.poll(timeout_seconds=5.0) == Scan(CODE)


@pytest.mark.parametrize(("fault", "times"), [("glued", 2), ("slow", 1), ("noise", 1)])
def test_what_a_wire_does_to_a_code_is_overcome(
    fault: str, times: int, simulator: ScannerSimulator, scanner: SerialScanner
) -> None:
    simulator.set_fault(fault, True)
    simulator.scan(CODE)
    for _ in range(times):
        assert scanner.poll(timeout_seconds=5.0) == Scan(CODE)
    assert scanner.poll(timeout_seconds=0.0) is None


def test_a_code_that_came_between_two_pages_can_be_dropped(
    simulator: ScannerSimulator, scanner: SerialScanner
) -> None:
    simulator.scan(CODE)
    while b"\r" not in scanner._scans._buffer:
        scanner.heartbeat()
    scanner.drop()
    simulator.scan("A013")
    assert scanner.poll(timeout_seconds=5.0) == Scan("A013")


def test_under_a_supervisor_it_comes_back_with_the_next_code(simulator: ScannerSimulator) -> None:
    health: Heard[Health] = Heard()
    scans: Heard[Scan] = Heard()
    driver = build(Options(port=simulator.address, baud=115200))
    device = Supervised("scanner", driver, health, heartbeat_seconds=0.1, first_pause_seconds=0.02)
    device.start()
    device.watch(lambda each: each.poll(timeout_seconds=0.05), scans, every_seconds=0.0)
    health.wait(state_is("ready"))
    simulator.set_fault("unplugged", True)
    health.wait(lambda each: each.state in ("absent", "backing_off"))
    told = len(health.all)
    simulator.set_fault("unplugged", False)
    health.wait(state_is("ready"), after=told)
    simulator.scan(CODE)
    assert scans.wait() == Scan(CODE)
    device.stop()


# ---------------------------------------------------------------- keyboard


def test_the_keys_of_a_code_wake_who_waits_for_it() -> None:
    scanner = KeyboardScanner()
    scanner.open()
    found: list[Scan | None] = []
    waiter = threading.Thread(target=lambda: found.append(scanner.poll(timeout_seconds=20.0)))
    waiter.start()
    now = monotonic()
    assert [scanner.press(key, now) for key in (*CODE, KeyBurst.ENTER)] == [()] * (len(CODE) + 1)
    waiter.join(20)
    assert found == [Scan(CODE)]


def test_a_closed_keyboard_scanner_keeps_nothing() -> None:
    scanner = KeyboardScanner()
    for key in (*CODE, KeyBurst.ENTER):
        scanner.press(key, 0.0)
    with pytest.raises(DeviceLost):
        scanner.poll()
    scanner.open()
    assert scanner.poll(timeout_seconds=0.0) is None


def test_typing_comes_back_for_the_window() -> None:
    scanner = KeyboardScanner()
    scanner.open()
    assert scanner.press("1", 0.0) == ()
    assert scanner.due(0.01) == ()
    assert scanner.due(0.06) == ("1",)
    assert scanner.press(KeyBurst.ENTER, 0.2) == (KeyBurst.ENTER,)


def test_a_foreign_burst_is_refused() -> None:
    scanner = KeyboardScanner()
    scanner.open()
    for key in ("é" * 8, KeyBurst.ENTER):
        for one in key:
            scanner.press(one, 0.0)
    with pytest.raises(DeviceRefused, match="scan_foreign"):
        scanner.poll(timeout_seconds=0.0)
