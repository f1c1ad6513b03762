"""The kiosk's scanner and camera: wanted by a page, and off between pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.ports import Device, Frame
from devices.registry import build
from devices.simulators.camera_server import CameraSimulator
from devices.simulators.scanner import ScannerSimulator
from kiosk.flows import events as e
from kiosk.hardware import Hardware
from tests.devices.support import Heard

CODE = "http://hall.example/t/20261123-C013.9F3C2A71"


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[ScannerSimulator]:
    made = ScannerSimulator("scanner", tmp_path / "scanner", baud=115200)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def camera() -> Iterator[CameraSimulator]:
    made = CameraSimulator("camera", frames_per_second=30.0)
    made.start()
    yield made
    made.stop()


def started(name: str, driver: Device, heard: Heard[e.Event]) -> Hardware:
    """A kiosk's hardware with this one device, ready."""
    hardware = Hardware({name: driver}, heard)
    hardware.start()
    heard.wait(lambda event: isinstance(event, e.DeviceChanged) and event.ready)
    return hardware


def test_codes_are_taken_while_a_page_wants_them(scanner: ScannerSimulator) -> None:
    heard: Heard[e.Event] = Heard()
    hardware = started("scanner", build("scanner", {"port": scanner.address, "baud": 115200}), heard)
    hardware.look_for_scans(True)
    hardware.look_for_scans(True)
    scanner.scan(CODE)
    assert heard.wait(lambda event: isinstance(event, e.Scanned)) == e.Scanned(CODE)
    scanner.set_fault("non_ascii", True)
    scanner.scan(CODE)
    refused = heard.wait(lambda event: isinstance(event, e.ScanRefused))
    assert isinstance(refused, e.ScanRefused)
    assert refused.sentence == "这个码不是大厅使用的码，请出示号票或预约上的码"
    hardware.look_for_scans(False)
    hardware.stop()


def test_the_camera_is_off_between_pages(camera: CameraSimulator) -> None:
    heard: Heard[e.Event] = Heard()
    frames: Heard[Frame] = Heard()
    hardware = started("camera", build("camera", {"source": camera.address}), heard)
    hardware.preview(frames)
    frames.wait()
    hardware.preview(None)
    assert camera.wait_watched(0)
    told = len(frames.all)
    hardware.preview(frames)
    frames.wait(after=told)
    hardware.stop()


def test_a_kiosk_without_scanner_and_camera_does_nothing() -> None:
    heard: Heard[e.Event] = Heard()
    hardware = Hardware({}, heard)
    hardware.look_for_scans(True)
    hardware.preview(None)
    hardware.stop()
