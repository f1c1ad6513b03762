"""D2 and K3, the reader's part: the driver against a bare pyserial loop that moves the same bytes.

Run as ``python -m tests.bench.device_throughput [--long]``. The simulator runs as a program of its own at
115,200 baud; driver and bare loop take turns on the same simulator, so a noisy machine hits both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import serial

from devices.cards import IdCard
from devices.drivers.sdt import SdtReader
from devices.links import SerialLink
from devices.ports import IdCardReader
from devices.protocols.sdt import Command, build_request
from devices.simulators.control_client import ask
from devices.supervisor import Supervised

BAUD = 115200
FIND_BYTES, SELECT_BYTES, BASE_BYTES = 15, 19, 1295
K3_WIRE_SECONDS = 0.112
WATCH_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class BenchInUse:
    """A running bench of simulators: its control port and the folder of its links."""

    control_port: int
    links: Path

    def swap_card(self) -> None:
        """Take the card away and lay it again, so that it can be found once more."""
        ask(self.control_port, "/api/remove", {})
        ask(self.control_port, "/api/lay", {"person": "wang"})


@dataclass(frozen=True, slots=True)
class Row:
    """One device: seconds per operation with a bare loop and with the driver."""

    name: str
    bare_seconds: float
    driver_seconds: float

    @property
    def ratio(self) -> float:
        """Throughput of the driver as a part of the bare loop's."""
        return self.bare_seconds / self.driver_seconds


def reader_row(bench: BenchInUse, turns: int) -> Row:
    """Find, select and read a card."""
    port = str(bench.links / "reader-1")
    bare, driven = [], []
    for _ in range(turns):
        bench.swap_card()
        with serial.Serial(port, BAUD, timeout=3.0, exclusive=True) as line:
            bare.append(_seconds(lambda line=line: _bare_read(line)))  # type: ignore[misc]
        bench.swap_card()
        driver = SdtReader(SerialLink(port, baud=BAUD))
        driver.open()
        driven.append(_seconds(lambda driver=driver: _driver_read(driver)))  # type: ignore[misc]
        driver.close()
    return Row("ID card: find, select, base read", statistics.median(bare), statistics.median(driven))


def card_to_value(bench: BenchInUse, turns: int) -> list[float]:
    """Seconds from laying a card on until a page that waits for it has it, for each turn."""
    waits: list[float] = []
    came = threading.Semaphore(0)
    driver: IdCardReader = SdtReader(SerialLink(str(bench.links / "reader-1"), baud=BAUD))
    device = Supervised("reader", driver)
    device.start()

    def card_came(_: IdCard) -> None:
        came.release()

    device.watch(
        lambda reader: reader.read() if reader.find() else None, card_came, every_seconds=WATCH_SECONDS
    )
    for _ in range(turns):
        ask(bench.control_port, "/api/remove", {})
        start = perf_counter()
        ask(bench.control_port, "/api/lay", {"person": "wang"})
        if not came.acquire(timeout=10.0):
            raise RuntimeError("no card came")
        waits.append(perf_counter() - start)
    device.stop()
    return waits


@contextmanager
def running_bench() -> Iterator[BenchInUse]:
    """The simulators as a program; ends with it."""
    with tempfile.TemporaryDirectory() as folder:
        links = Path(folder) / "dev"
        config = Path(folder) / "bench.toml"
        config.write_text(
            f"[bench]\nlinks = {json.dumps(str(links))}\ncontrol_port = 0\n"
            f'[simulators.reader-1]\nsimulator = "sdt_reader"\nbaud = {BAUD}\n'
        )
        command = [sys.executable, "-m", "devices", "simulate", "--config", str(config)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
            try:
                assert program.stderr is not None
                page = next(line for line in program.stderr if "control page" in line)
                yield BenchInUse(int(page.split()[-1].rstrip("/").rpartition(":")[2]), links)
            finally:
                program.terminate()


def main() -> int:
    """Print the figures; 0 always, since a bench judges nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="200 turns instead of 15")
    turns = 200 if parser.parse_args().long else 15
    with running_bench() as bench:
        row = reader_row(bench, turns)
        waits = sorted(card_to_value(bench, turns))
    print(f"{row.name}: bare {row.bare_seconds * 1e3:.1f} ms, driver {row.driver_seconds * 1e3:.1f} ms")
    beyond = waits[int(len(waits) * 0.95)] - K3_WIRE_SECONDS
    print(f"K3-reader: {beyond * 1e3:.0f} ms p95 beyond the wire time (part of the bar of 300 ms)")
    print(f"D2-reader: {row.ratio:.3f} × a bare pyserial loop (bar ≥ 0.9)")
    return 0


def _bare_read(line: serial.Serial) -> None:
    for command, length in (
        (Command.FIND, FIND_BYTES),
        (Command.SELECT, SELECT_BYTES),
        (Command.READ_BASE, BASE_BYTES),
    ):
        line.write(build_request(command))
        if len(line.read(length)) != length:
            raise RuntimeError("the simulator gave too little")


def _driver_read(driver: SdtReader) -> None:
    if not driver.find():
        raise RuntimeError("no card found")
    driver.read()


def _seconds(run: Callable[[], None]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
