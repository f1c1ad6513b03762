"""A scanner that plays keyboard: the keys are handed over as the window does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from devices.drivers.scanner_keys import KeyboardScanner
from devices.protocols.scans import KeyBurst
from devices.registry import build
from tests.devices.conformance import Stand

SIMULATES: tuple[str, ...] = ()


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """Keys of one code."""
    driver = build("scanner_keys", {})

    def work(scanner: KeyboardScanner) -> object:
        now = monotonic()
        for key in ("A", "0", "1", "2", KeyBurst.ENTER):
            assert scanner.press(key, now) == ()
        return scanner.poll(timeout_seconds=1.0)

    yield Stand(driver, work)
