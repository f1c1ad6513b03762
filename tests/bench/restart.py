"""Q5: how long a hall with a year behind it is away when it is started again, and what the checks take.

`python -m tests.bench.restart [--long] [--events N] [--keep FOLDER]`; --long = 2.5 million events, a year.
The year is made by the real rules and written by the real writer, sealed and anchored: every command with its
request, answer and ticket rows. It ends as by kill -9 in the middle of a day, at the worst moment:
a whole snapshot's worth of events lies behind the newest snapshot. The file's pages are dropped from the
system's cache before the start is timed, until the first new number is answered.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from contract.clock import HallClock
from hall_server.hall import commands as c
from hall_server.hall.pictures import Look
from hall_server.journal.rows import JournalReader
from hall_server.keeping import JOURNAL
from hall_server.service import HallService
from tests.bench.year import WINDOWS, make, opened
from tests.hall_server.halls import small_plan
from tests.hall_server.running import Recorder

YEAR = 2_500_000


class Silent(Recorder):
    """Forgets what is published."""

    def publish(self, route: object, message: object, **ids: str) -> None:
        """Into nothing."""


def restart_seconds(state: Path) -> float:
    """From opening the journal, its pages not in memory, until the first new number is answered."""
    forget_pages(state / JOURNAL)
    started = time.perf_counter()
    journal = opened(state)
    service = HallService(
        small_plan(windows=WINDOWS),
        journal,
        clock=HallClock(journal.last_reading()),
        publisher=Silent(),
        look=Look(boot="b"),
    )
    service.start()
    service.submit(c.Issue(request="first", by="bench", service="tax")).result()
    seconds = time.perf_counter() - started
    service.stop()
    journal.close()
    return seconds


def forget_pages(path: Path) -> None:
    """Drop a file from the system's cache."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def verify_seconds(state: Path) -> float:
    """The technician's verify, as a process of its own. Raises CalledProcessError when it finds anything."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "hall_server", "verify", "--state", state],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


def figures(state: Path, events: int) -> Iterator[str]:
    """Lines to print; the bar's is the last."""
    started = time.perf_counter()
    if not (state / JOURNAL).exists():
        maker = multiprocessing.get_context("spawn").Process(target=make, args=(state, events))
        maker.start()
        maker.join()
    with JournalReader(state / JOURNAL) as reader:
        behind, _ = reader.last()
    size = (state / JOURNAL).stat().st_size
    yield f"{behind} events, {size / 1e6:.0f} MB, made in {time.perf_counter() - started:.0f} s"
    seconds = restart_seconds(state)
    yield f"whole check as a process: {verify_seconds(state):.1f} s, peak {_peak_mb():.0f} MB"
    yield f"Q5: {seconds:.2f} s to the first answer from {behind} events (bar 5 s from 2.5 million)"


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> int:
    """Print the figures; status 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--keep", type=Path, help="a folder for the journal, used again when it has one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        state = options.keep or Path(folder)
        for line in figures(state, YEAR if options.long else options.events):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
