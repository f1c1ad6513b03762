"""The smart-card reader before a pcscd of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.ports import CardReader
from devices.registry import build
from tests.devices.cards import fresh_reader
from tests.devices.conformance import Stand, cable
from tests.devices.waiting import until

SIMULATES = ("smart_card",)


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """A reader with a 社保卡 in it."""
    simulator = fresh_reader()
    simulator.lay("ss-zhang")

    def work(reader: CardReader) -> object:
        if reader.still_there():
            simulator.remove()
            until(lambda: not reader.still_there(), patient=False)
        if not simulator.state()["card"]:
            simulator.lay("ss-zhang")
        until(reader.find, patient=False)
        return reader.read()

    yield Stand(build("pcsc", {"socket": simulator.address}), work, simulator, cable(simulator))
