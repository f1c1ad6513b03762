"""D2 and K3, printer's part: the driver against a bare pyserial loop that moves the same bytes.

The simulated printer is a process of its own on a PTY paced to the baud rate. Both loops send the same
status questions, ticket, cut and GS r, and wait for the same answers. ``beyond the wire`` is the time
from the call of ``print`` to the last byte at the printer, less ten bits a byte.

    python -m tests.bench.printer_throughput [--long]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Literal

import serial

from devices.drivers.escpos import EscposPrinter, Options
from devices.printing.job import Job
from devices.protocols import escpos_bytes as escpos
from devices.simulators.ticket_printer import TicketPrinterSimulator
from devices.tickets import Align, Line, Proof, Qr, Rule, Ticket

BAR = 0.9
_TURN = 1
_CUT = escpos.feed(24) + escpos.CUT + escpos.PAPER_PROOF


def ticket(number: int) -> Ticket:
    """A ticket as the kiosk prints it; each has another number, so nothing is cached."""
    return (
        Line("示例县政务服务中心", align=Align.CENTER, bold=True),
        Line("综合专区", align=Align.CENTER),
        Rule(),
        Line("企业与许可综合受理", 2, Align.CENTER, bold=True),
        Line(f"A{number:03d}", 6, Align.CENTER, bold=True),
        Line(f"您前面还有 {number} 人", 2, Align.CENTER, bold=True),
        Rule(),
        Line("办理事项：个体工商户设立登记、食品经营许可（新办）", hang=10),
        Line("取号姓名：王𠮷㐂䶮·买买提*", hang=10),
        Line("取号时间：2026-11-21 11:05", hang=10),
        Rule(),
        Line("请在休息区等候，注意呼叫及大屏显示信息", align=Align.CENTER),
        Qr(f"http://192.168.1.10:18080/t/01JD2X3Y4Z5A6B7C8D9E0F{number:04d}"),
    )


@dataclass(frozen=True, slots=True)
class Case:
    """One line: baud, mode, tickets in the short and in the long form."""

    baud: int
    mode: Literal["text", "picture"]
    short: int
    long: int


CASES = (Case(115200, "text", 21, 150), Case(9600, "text", 3, 30), Case(115200, "picture", 3, 21))


class SimulatedPrinter:
    """The child process and its port."""

    def __init__(self, process: subprocess.Popen[str], port: str) -> None:
        self.port = port
        self._process = process

    def last_byte_at(self) -> float:
        """When the last byte came, by the machine's monotonic clock."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("last\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


@contextmanager
def simulated_printer(baud: int) -> Iterator[SimulatedPrinter]:
    """A printer outside this process."""
    with tempfile.TemporaryDirectory() as folder:
        port = f"{folder}/printer"
        process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name, "--simulate", port, str(baud)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "ready"
            yield SimulatedPrinter(process, port)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)


def simulate(port: str, baud: int) -> None:
    """The child: a printer until its standard input ends."""
    sim = TicketPrinterSimulator("printer", link=Path(port), baud=baud)
    sim.start()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(sim.last_byte_at, flush=True)
    sim.stop()


@dataclass(slots=True)
class Times:
    """Seconds of each ticket: until the proof, and from the start to the last byte beyond its wire time."""

    whole: list[float]
    beyond: list[float]

    def add(self, start: float, last_byte: float, wire: float) -> None:
        """One ticket is proven now."""
        self.whole.append(monotonic() - start)
        self.beyond.append(last_byte - start - wire)


def bare_turn(printer: SimulatedPrinter, baud: int, jobs: list[Job], times: Times) -> None:
    """Each ticket's bytes by pyserial alone."""
    with serial.Serial(printer.port, baud, timeout=60) as line:
        for job in jobs:
            start = monotonic()
            for query in escpos.Query:
                line.write(escpos.ask(query))
                line.read(1)
            line.write(job.data + _CUT)
            line.read(1)
            times.add(start, printer.last_byte_at(), _wire(job, baud))


def driver_turn(
    driver: EscposPrinter, printer: SimulatedPrinter, baud: int, numbered: list[tuple[int, Job]], times: Times
) -> None:
    """The same tickets by the driver, laid out and drawn anew."""
    driver.open()
    driver.identify()
    for number, job in numbered:
        start = monotonic()
        proof = driver.print(ticket(number))
        assert proof is Proof.CONFIRMED
        times.add(start, printer.last_byte_at(), _wire(job, baud))
    driver.close()


def run(case: Case, count: int) -> float:
    """One case, driver and bare loop in turns so that a busy machine is busy for both; ratio of medians."""
    ours, bare = Times([], []), Times([], [])
    size = 0
    with simulated_printer(case.baud) as printer:
        driver = EscposPrinter(Options(port=printer.port, baud=case.baud, mode=case.mode))
        driver.compose(ticket(999))
        for first in range(0, count, _TURN):
            numbers = range(first, min(count, first + _TURN))
            jobs = [driver.compose(ticket(number)) for number in numbers]
            size += sum(len(job.data) for job in jobs)
            driver_turn(driver, printer, case.baud, list(zip(numbers, jobs, strict=True)), ours)
            bare_turn(printer, case.baud, jobs, bare)
    ratio = median(bare.whole) / median(ours.whole)
    print(f"{case.mode} at {case.baud} baud, {count} tickets of {size // count} bytes: ratio {ratio:.3f}")
    for name, times in (("driver", ours), ("bare loop", bare)):
        print(
            f"  {name:9} ticket to proof: median {median(times.whole) * 1000:.0f} ms; last byte beyond the "
            f"wire: median {median(times.beyond) * 1000:.0f} ms, p95 {_p95(times.beyond) * 1000:.0f} ms"
        )
    return ratio


def _wire(job: Job, baud: int) -> float:
    return (len(job.data) + len(_CUT) + 3 * len(escpos.Query)) * 10 / baud


def _p95(values: list[float]) -> float:
    return sorted(values)[max(0, round(len(values) * 0.95) - 1)]


def main() -> None:
    """Print the figures; the last line is the bar's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--simulate", nargs=2, metavar=("PORT", "BAUD"))
    options = parser.parse_args()
    if options.simulate:
        simulate(options.simulate[0], int(options.simulate[1]))
        return
    ratios = [run(case, case.long if options.long else case.short) for case in CASES]
    print(f"D2 printer: {min(ratios):.3f} x bare pyserial loop (bar >= {BAR})")


if __name__ == "__main__":
    main()
