"""The camera driver against an MJPEG server that stalls, drops, freezes, goes dark and sends halves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import cv2
import numpy as np
import pytest

from devices.drivers.camera import OpenCvCamera, Options, build
from devices.faults import DeviceAbsent, DeviceError, DeviceLost, Owner
from devices.health import Health
from devices.ports import Frame, Status
from devices.simulators.camera_server import CameraSimulator, pictures
from devices.supervisor import Supervised
from tests.devices.support import LIMIT_SECONDS, Heard, state_is


@pytest.fixture(scope="module")
def camera_server() -> Iterator[CameraSimulator]:
    simulator = CameraSimulator("camera-1", frames_per_second=30.0)
    pictures("form", still=True)
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def simulator(camera_server: CameraSimulator) -> Iterator[CameraSimulator]:
    yield camera_server
    for fault in camera_server.faults():
        camera_server.set_fault(fault, False)


def options(simulator: CameraSimulator) -> Options:
    return Options(source=simulator.address, read_timeout_seconds=0.5, stale_seconds=0.5)


@pytest.fixture
def camera(simulator: CameraSimulator) -> Iterator[OpenCvCamera]:
    driver = build(options(simulator))
    driver.open()
    yield driver
    driver.close()


def until_it_fails(ask: Callable[[], object]) -> DeviceError:
    """Ask until the device says that it is lost."""
    for _ in range(2000):
        try:
            ask()
        except DeviceError as error:
            return error
    raise AssertionError("it never failed")


def test_frames_are_fresh_rgb_and_numbered(camera: OpenCvCamera) -> None:
    first, second = camera.frame(), camera.frame()
    assert (first.width, first.height) == (960, 720)
    assert len(first.pixels) == 960 * 720 * 3
    assert second.number > first.number
    assert second.pixels != first.pixels
    red, _, blue = np.frombuffer(first.pixels, np.uint8).reshape(720, 960, 3)[20, 20]
    assert red > blue, "the wooden desk is brown, not blue"
    assert camera.heartbeat().ok


def test_a_preview_is_no_larger_than_asked(simulator: CameraSimulator) -> None:
    driver = build(Options(source=simulator.address, preview_width=320))
    driver.open()
    frame = driver.frame()
    assert (frame.width, frame.height) == (320, 240)
    assert len(frame.pixels) == 320 * 240 * 3
    assert repr(frame) == "Frame(320 × 240, 1)", "a face is not for a log"
    driver.close()


def test_a_still_is_a_whole_jpeg(camera: OpenCvCamera) -> None:
    data = camera.still()
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (720, 960, 3)


@pytest.mark.parametrize(
    ("fault", "codes"),
    [
        ("unplugged", {"camera_ended", "camera_silent"}),
        ("stall", {"camera_silent", "camera_ended"}),
        ("drop", {"camera_ended"}),
        ("half_jpeg", {"camera_garbage"}),
        ("frozen", {"camera_frozen"}),
    ],
)
def test_no_picture_is_ever_given_out_by_a_sick_camera_and_it_heals(
    fault: str, codes: set[str], simulator: CameraSimulator, camera: OpenCvCamera
) -> None:
    camera.frame()
    simulator.set_fault(fault, True)
    error = until_it_fails(lambda: camera.frame(timeout_seconds=1.0))
    assert isinstance(error, DeviceLost)
    assert error.fault.code in codes
    simulator.set_fault(fault, False)
    camera.open()
    assert camera.frame().number >= 1
    assert camera.heartbeat().ok


def test_a_covered_lens_is_for_the_staff(simulator: CameraSimulator, camera: OpenCvCamera) -> None:
    camera.frame()
    simulator.set_fault("dark", True)
    status = Status(True)
    for _ in range(100):
        camera.frame()
        status = camera.heartbeat()
        if not status.ok:
            break
    assert [(fault.code, fault.owner) for fault in status.faults] == [("camera_dark", Owner.STAFF)]


def test_a_change_of_size_does_not_stop_the_pictures(
    simulator: CameraSimulator, camera: OpenCvCamera
) -> None:
    camera.frame()
    simulator.set_fault("resized", True)
    for _ in range(10):
        assert camera.frame().width in (480, 960)


def test_a_camera_that_is_not_there_is_absent() -> None:
    for source in ("http://127.0.0.1:1/", "/dev/no-such-video"):
        driver = build(Options(source=source))
        with pytest.raises(DeviceAbsent, match="camera_absent"):
            driver.open()
        driver.close()
        driver.close()


def test_a_closed_camera_gives_nothing(camera: OpenCvCamera) -> None:
    camera.close()
    for ask in (camera.frame, camera.still, camera.heartbeat):
        with pytest.raises(DeviceLost):
            ask()


def test_a_preview_under_a_supervisor_survives_a_frozen_camera(simulator: CameraSimulator) -> None:
    health: Heard[Health] = Heard()
    frames: Heard[Frame] = Heard()
    device = Supervised("camera", build(options(simulator)), health, first_pause_seconds=0.05)
    device.start()
    device.watch(lambda camera: camera.frame(timeout_seconds=0.8), frames, every_seconds=0.0)
    frames.wait()
    simulator.set_fault("frozen", True)
    assert health.wait(state_is("faulty")).faults[0].code == "camera_frozen"
    told, seen = len(health.all), len(frames.all)
    simulator.set_fault("frozen", False)
    health.wait(state_is("ready"), after=told)
    frames.wait(after=seen)
    device.stop()


def test_a_still_uses_the_large_mode_and_the_preview_goes_on(simulator: CameraSimulator) -> None:
    driver = build(Options(source=simulator.address, still_source=f"{simulator.address}still", burst=2))
    driver.open()
    driver.frame()
    image = cv2.imdecode(np.frombuffer(driver.still(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (1944, 2592, 3)
    assert driver.frame().width == 960
    assert driver.heartbeat().ok
    assert driver.counts()["stills"] == 1
    driver.close()


def test_a_still_of_a_sick_camera_is_lost_and_not_an_old_picture(simulator: CameraSimulator) -> None:
    driver = build(
        Options(source=simulator.address, still_source=f"{simulator.address}still", read_timeout_seconds=0.3)
    )
    driver.open()
    driver.frame()
    simulator.set_fault("half_jpeg", True)
    with pytest.raises(DeviceLost):
        driver.still(timeout_seconds=2.0)
    driver.close()


def test_a_burst_gives_different_pictures(camera: OpenCvCamera) -> None:
    pictures = camera.burst(4)
    assert len(set(pictures)) == 4


def test_at_rest_nobody_watches_and_the_next_picture_wakes_it(
    simulator: CameraSimulator, camera: OpenCvCamera
) -> None:
    first = camera.frame()
    assert simulator.wait_watched(1)
    camera.rest()
    camera.rest()
    assert simulator.wait_watched(0)
    assert camera.heartbeat() == Status(None, details={"resting": "yes"})
    second = camera.frame()
    assert second.pixels != first.pixels
    assert camera.heartbeat().ok
    assert camera.counts()["rests"] == 1


def test_it_rests_by_itself_when_nobody_asks(simulator: CameraSimulator) -> None:
    driver = build(Options(source=simulator.address, rest_seconds=0.05))
    driver.open()
    driver.frame()
    wait_until(lambda: driver.heartbeat().ok is None)
    assert simulator.wait_watched(0)
    driver.close()


def test_a_camera_that_vanished_at_rest_is_lost_when_it_is_wanted(
    simulator: CameraSimulator, camera: OpenCvCamera
) -> None:
    camera.frame()
    camera.rest()
    simulator.set_fault("unplugged", True)
    with pytest.raises(DeviceAbsent):
        camera.frame()
    simulator.set_fault("unplugged", False)


def test_what_the_camera_sees_can_be_changed(simulator: CameraSimulator, camera: OpenCvCamera) -> None:
    assert blue_in_the_corner(camera.frame()) < 110, "wood"
    simulator.show("nobody")
    with pytest.raises(KeyError):
        simulator.show("a ghost")
    wait_until(lambda: blue_in_the_corner(camera.frame()) > 180)
    simulator.show("form")


def blue_in_the_corner(frame: Frame) -> float:
    pixels = np.frombuffer(frame.pixels, np.uint8).reshape(frame.height, frame.width, 3)
    return float(pixels[10:40, 10:40, 2].mean())


def wait_until(true: Callable[[], bool]) -> None:
    """Ask again and again, each time a new picture or a new state; never longer than the test's limit."""
    deadline = monotonic() + LIMIT_SECONDS
    while not true():
        assert monotonic() < deadline


# ---------------------------------------------------------------- a camera that hangs on an old picture


def lost_code(ask: Callable[[], object]) -> str:
    with pytest.raises(DeviceLost) as lost:
        ask()
    return lost.value.fault.code


@pytest.mark.parametrize("seen_before", [True, False])
def test_a_frozen_camera_that_is_opened_anew_gives_no_picture(
    seen_before: bool, simulator: CameraSimulator
) -> None:
    driver = build(options(simulator))
    if seen_before:
        driver.open()
        driver.frame()
        simulator.set_fault("frozen", True)
        assert lost_code(lambda: [driver.frame(timeout_seconds=1.0) for _ in range(50)]) == "camera_frozen"
        driver.close()
    simulator.set_fault("frozen", True)
    driver.open()
    assert lost_code(lambda: driver.frame(timeout_seconds=1.0)) == "camera_frozen"
    simulator.set_fault("frozen", False)
    assert driver.frame().number == 1
    driver.close()


@pytest.mark.parametrize("seen_before", [True, False])
def test_no_old_picture_becomes_a_still(seen_before: bool, simulator: CameraSimulator) -> None:
    driver = build(Options(source=simulator.address, still_source=f"{simulator.address}still"))
    driver.open()
    if seen_before:
        driver.still()
    simulator.set_fault("frozen", True)
    assert lost_code(lambda: driver.still(timeout_seconds=1.5)) == "camera_frozen"
    driver.close()


def test_a_source_that_gives_one_picture_a_time_gives_stills_but_no_picture_twice(
    simulator: CameraSimulator, tmp_path: Path
) -> None:
    snapshot = tmp_path / "still.jpg"
    first, second = (simulator.next_jpeg(still=True) for _ in range(2))
    assert first
    assert second
    snapshot.write_bytes(first)
    driver = build(Options(source=simulator.address, still_source=f"file://{snapshot}"))
    driver.open()
    assert driver.still()
    assert lost_code(driver.still) == "camera_frozen"
    snapshot.write_bytes(second)
    assert driver.still()
    driver.close()
