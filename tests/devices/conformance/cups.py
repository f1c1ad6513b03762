"""The A4 printer behind a cupsd of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.ports import ReportPrinter
from devices.registry import build
from devices.simulators.page_printer import QUEUE, PagePrinterSimulator, missing
from tests.devices.conformance import Stand, cable

SIMULATES = ("page_printer",)


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """A queue that is idle."""
    if missing():
        pytest.skip(missing())
    simulator = PagePrinterSimulator("report-1")
    simulator.start()
    driver = build("cups", {"queue": QUEUE, "server": simulator.address})

    def work(printer: ReportPrinter) -> object:
        return printer.print_pages(b"a page\n", title="test", timeout_seconds=1.5)

    try:
        yield Stand(
            driver, work, simulator, cable(simulator), frozenset({"paper_out", "jam", "offline", "slow"})
        )
    finally:
        simulator.stop()
