"""Two LED bars on a PTY with Onbon cards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.registry import build
from devices.signals import BarText, LedBars
from devices.simulators.led_bars import LedBarSimulator
from tests.devices.conformance import Stand, cable

SIMULATES = ("led_bar",)


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """Bars 1 and 2."""
    simulator = LedBarSimulator("bars", folder / "bars", (1, 2), make="onbon", baud=115200)
    simulator.start()
    options = {"port": simulator.address, "addresses": [1, 2], "baud": 115200}
    driver = build("ledbar_onbon", options)

    def work(bars: LedBars) -> object:
        return bars.show(1, BarText("A012请到1号窗口"))

    try:
        yield Stand(driver, work, simulator, cable(simulator))
    finally:
        simulator.stop()
