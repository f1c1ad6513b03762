"""The ticket printer on TCP; what a stopped printer does for seconds has tests of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.drivers import escpos
from devices.ports import TicketPrinter
from devices.registry import build
from devices.simulators.ticket_printer import TicketPrinterSimulator
from tests.devices.conformance import Stand, cable
from tests.devices.printer_bench import QUICK, SHORT, TICKET

SIMULATES = ("ticket_printer",)


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """A printer with paper."""
    simulator = TicketPrinterSimulator("printer-1", link=folder / "printer-1", baud=921600)
    simulator.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(escpos, "PATIENCE", QUICK)
        driver = build("escpos", {"port": simulator.address, "baud": 921600, "mode": "text"})

    def work(printer: TicketPrinter) -> object:
        return printer.print(SHORT), printer.status(), TICKET

    try:
        yield Stand(driver, work, simulator, cable(simulator), frozenset({"hot_head"}))
    finally:
        simulator.stop()
