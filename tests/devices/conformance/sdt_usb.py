"""The ID card reader on USB, split endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.ports import IdCardReader
from devices.registry import build
from devices.simulators.sdt_reader import SdtReaderSimulator
from tests.devices.conformance import Stand, cable

SIMULATES = ("sdt_reader",)


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """A reader on which a card lies."""
    simulator = SdtReaderSimulator("reader-1", folder / "reader-1", module_seconds=0.0, usb="split")
    simulator.start()
    simulator.lay("wang")
    driver = build("sdt", {"port": simulator.address})

    def work(reader: IdCardReader) -> object:
        simulator.lay("wang")
        return reader.read() if reader.find() else None

    try:
        yield Stand(driver, work, simulator, cable(simulator))
    finally:
        simulator.stop()
