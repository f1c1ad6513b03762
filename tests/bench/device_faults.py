"""D1: faults injected into every simulated device while the shipped drivers run under their supervisors.

A simulator is told by its control page (or directly, where it runs in this process) to misbehave; the
campaign waits until the device's health says that something is wrong, switches the fault off and waits
until the device is well again and works. Faults that a driver must overcome by itself are checked by
working through them: a card is read, a key pressed once arrives once, a bar shows its text. Counted: not
shown within 5 s, not healed within 5 s, work lost, and anything that a driver or a supervisor let slip.
What is done with each device stands in ``fault_turns.py``.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.simulators.control_client import ask
from tests.bench import fault_turns
from tests.bench.fault_turns import Tally, Turns


def campaign(minds: list[Turns], turns: int, seed: int) -> None:
    """So many turns, shared out over the devices, which take them at the same time."""
    for mind in minds:
        mind.start()
    for mind in minds:
        mind.expect_ready()
    threads = [
        threading.Thread(target=mind.run, args=(-(-turns // len(minds)), random.Random(seed + index)))
        for index, mind in enumerate(minds)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for mind in minds:
        mind.stop()


class Slips(logging.Handler):
    """Counts what drivers and supervisors let slip: tracebacks in the log, threads that died."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or record.levelno >= logging.ERROR:
            self.seen.append(self.format(record))

    def thread_died(self, arguments: threading.ExceptHookArgs) -> None:
        """For ``threading.excepthook``."""
        self.seen.append(f"thread died: {arguments.exc_value!r}")


@contextmanager
def running_bench(folder: Path) -> Iterator[int]:
    """The simulators as a program; its control port."""
    config = folder / "bench.toml"
    config.write_text(fault_turns.bench_toml(folder / "dev"), encoding="utf-8")
    command = [sys.executable, "-m", "devices", "simulate", "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
        try:
            assert program.stderr is not None
            page = next(line for line in program.stderr if "control page" in line)
            yield int(page.split()[-1].rstrip("/").rpartition(":")[2])
        finally:
            program.terminate()


def run(turns: int, seed: int, only: tuple[str, ...] = ()) -> tuple[Tally, list[str]]:
    """The campaign; its tally, and what slipped. ``only`` some devices by their name."""
    slips, tally = Slips(), Tally()
    logging.getLogger("devices").addHandler(slips)
    before, threading.excepthook = threading.excepthook, slips.thread_died
    try:
        with tempfile.TemporaryDirectory() as name, running_bench(Path(name)) as port:
            camera = ask(port, "/api/state")["simulators"]["camera-1"]["address"]
            made = [make(tally, port, Path(name) / "dev", camera) for make in fault_turns.ON_THE_BENCH]
            made += [make(tally, Path(name)) for make in fault_turns.IN_PROCESS if make.available()]
            campaign([mind for mind in made if not only or mind.name in only], turns, seed)
    finally:
        threading.excepthook = before
        logging.getLogger("devices").removeHandler(slips)
    return tally, slips.seen


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="2,000 faults instead of 40")
    parser.add_argument("--turns", type=int, default=0, help="another number of faults")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--only", nargs="*", default=(), metavar="DEVICE")
    options = parser.parse_args()
    turns = options.turns or (2000 if options.long else 40)
    tally, slipped = run(turns, options.seed, tuple(options.only))
    for complaint, count in tally.bad.most_common():
        print(f"  {count} × {complaint}")
    for slip in slipped[:10]:
        print(f"  slipped: {slip}")
    worst = f"shown ≤ {max(tally.shown, default=0):.1f} s, healed ≤ {max(tally.healed, default=0):.1f} s"
    print(f"{sum(tally.injected.values())} faults {json.dumps(dict(tally.injected))}: {worst}")
    print(f"D1: {sum(tally.bad.values()) + len(slipped)} failures (bar 0)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
