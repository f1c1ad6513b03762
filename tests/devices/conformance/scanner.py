"""A serial scanner on a PTY."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.ports import Scanner
from devices.registry import build
from devices.simulators.scanner import ScannerSimulator
from tests.devices.conformance import Stand, cable

SIMULATES = ("scanner",)


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """A scanner before which a ticket is held."""
    simulator = ScannerSimulator("scanner-1", folder / "scanner-1", baud=115200)
    simulator.start()
    driver = build("scanner", {"port": simulator.address, "baud": 115200})

    def work(scanner: Scanner) -> object:
        simulator.scan("A012-20261123")
        return scanner.poll(timeout_seconds=2.0)

    try:
        yield Stand(driver, work, simulator, cable(simulator))
    finally:
        simulator.stop()
