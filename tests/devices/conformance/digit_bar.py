"""Digit bars on a PTY that nobody answers on, as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.registry import build
from devices.signals import BarText, LedBars
from devices.simulators.pty_line import PtyLine
from tests.devices.conformance import Stand

SIMULATES: tuple[str, ...] = ()


def _listen(line: PtyLine) -> None:
    while True:
        line.read(64)


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """Two bars."""
    wire = PtyLine(folder / "digits", _listen, baud=9600)
    wire.plug()
    driver = build("digit_bar", {"port": str(wire.link), "addresses": [5, 6]})

    def work(bars: LedBars) -> object:
        return bars.show(5, BarText("999"))

    try:
        yield Stand(driver, work)
    finally:
        wire.unplug()
