"""The camera before its MJPEG server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.ports import Camera
from devices.registry import build
from devices.simulators.camera_server import CameraSimulator
from tests.devices.conformance import Stand, cable

SIMULATES = ("camera_server",)


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """A camera that sees a desk."""
    simulator = CameraSimulator("camera-1", frames_per_second=30.0)
    simulator.start()
    options = {"source": simulator.address, "read_timeout_seconds": 0.5, "stale_seconds": 0.5}
    driver = build("camera", options)

    def work(camera: Camera) -> object:
        return camera.frame(timeout_seconds=1.0)

    try:
        yield Stand(driver, work, simulator, cable(simulator))
    finally:
        simulator.stop()
