"""The ticket printer on USB, python-escpos' Usb over pyusb."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.drivers import escpos
from devices.ports import TicketPrinter
from devices.registry import build
from devices.simulators.printer_model import PrinterMake
from devices.simulators.ticket_printer import TicketPrinterSimulator
from tests.devices.conformance import Stand, cable
from tests.devices.printer_bench import QUICK, SHORT

SIMULATES = ("ticket_printer",)


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """A printer with paper that sees whether its ticket was taken."""
    make = PrinterMake(presenter=True)
    simulator = TicketPrinterSimulator("printer-1", link=folder / "printer-1", usb=True, make=make)
    simulator.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(escpos, "PATIENCE", QUICK)
        driver = build("escpos", {"port": simulator.address, "mode": "text", "profile": "presenter-80mm"})

    def work(printer: TicketPrinter) -> object:
        return printer.print(SHORT)

    try:
        quiet = frozenset({"hot_head", "offline", "cutter_error", "paper_out", "cover_open", "power_cut"})
        yield Stand(driver, work, simulator, cable(simulator), quiet)
    finally:
        simulator.stop()
