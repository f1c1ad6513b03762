"""One hall, two wires: the shared suite runs on a MemoryBroker and on a real Mosquitto."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.wire import MemoryWire, MqttWire, Wire
from tests.mosquitto import MOSQUITTO, Mosquitto

STATIONS = ("hall-server", "kiosk-1", "kiosk-2", "board-1")


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running broker that knows STATIONS."""
    if not MOSQUITTO:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    broker = Mosquitto(tmp_path, STATIONS)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture(params=["memory", "mqtt"])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    """A broker and the means to make buses on it and to break their links."""
    if request.param == "memory":
        yield from MemoryWire.running()
    else:
        yield from MqttWire.running(request.getfixturevalue("mosquitto"))
