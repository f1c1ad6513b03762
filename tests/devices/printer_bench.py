"""A simulated printer and the shipped driver on it, for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devices.drivers.escpos import EscposPrinter, Options
from devices.faults import DeviceError
from devices.printing.profiles import PATIENCE, Patience
from devices.simulators.printer_model import PrinterMake
from devices.simulators.ticket_printer import TicketPrinterSimulator
from devices.tickets import Align, Line, Proof, Qr, Rule, Ticket

FAST_BAUD = 921600
QUICK = Patience(connect=1.0, stall=0.4, status=0.6, look=0.05, stopped=0.2, cooling=5.0, margin=0.4)
"""For tests in which the printer fails: they wait out what the driver waits."""

TICKET: Ticket = (
    Line("示例县政务服务中心", align=Align.CENTER, bold=True),
    Rule(),
    Line("A012", 6, Align.CENTER, bold=True),
    Line("您前面还有 3 人", 2, Align.CENTER),
    Line("取号姓名：王𠮷㐂䶮·买买提*", hang=10),
    Qr("https://hall.example/t/1"),
)
SHORT: Ticket = (Line("A012"),)


class PrinterBench:
    """``sim`` outside, ``driver`` inside, opened and identified."""

    def __init__(self, sim: TicketPrinterSimulator, driver: EscposPrinter) -> None:
        self.sim = sim
        self.driver = driver

    def ready(self) -> None:
        """What the supervisor does after a loss."""
        self.driver.close()
        self.driver.open()
        self.driver.identify()

    def printing(self, ticket: Ticket, meanwhile: Callable[[], object]) -> Proof | DeviceError:
        """Print, and from this thread do ``meanwhile`` once the printer has begun to take the ticket."""
        result: list[Proof | DeviceError] = []

        def run() -> None:
            try:
                result.append(self.driver.print(ticket))
            except DeviceError as error:
                result.append(error)

        before = self.sim.received_bytes
        thread = threading.Thread(target=run, name="printing")
        thread.start()
        assert self.sim.wait_for(lambda: self.sim.received_bytes > before + 100)
        meanwhile()
        thread.join(20.0)
        assert result, "the driver did not come back"
        return result[0]


@contextmanager
def printer_bench(
    line: str,
    folder: Path,
    *,
    make: PrinterMake | None = None,
    patience: Patience = PATIENCE,
    baud: int = FAST_BAUD,
    opened: bool = True,
    **options: Any,
) -> Iterator[PrinterBench]:
    """``line`` is ``serial``, ``tcp`` or ``usb``."""
    sim = (
        TicketPrinterSimulator("printer-1", tcp_port=0, make=make)
        if line == "tcp"
        else TicketPrinterSimulator(
            "printer-1", link=folder / "printer-1", baud=baud, make=make, usb=line == "usb"
        )
    )
    sim.start()
    driver = EscposPrinter(Options(port=sim.address, baud=baud, **options), patience=patience)
    try:
        if opened:
            driver.open()
            driver.identify()
        yield PrinterBench(sim, driver)
    finally:
        driver.close()
        sim.stop()
