"""How long a month's files take at the design size, and whether anybody in the hall's process waits for them.

`python -m tests.bench.report_files [--long]`. A journal of made-up days (tests/bench/report_speed.py); then
each file as the pages order it: seconds of wall time, size, memory of the process that makes it. Meanwhile a
thread of this process looks at the clock each millisecond, as the hall's thread would: the longest time that
it was held up. Short: 4 days of 2,000.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path
from typing import get_args

from hall_server.hall.plan import Plan
from hall_server.reports.asked import Question
from hall_server.reports.days import Days
from hall_server.reports.periods import period_of
from hall_server.reports.press import Format, Order, Press
from tests.bench.report_speed import hall, write

BAR_SECONDS = 180.0


class Watch:
    """A thread that wants to run each millisecond; ``most``: the longest that it was held up, in seconds.
    ``memory``: the most that a child process had, in MB."""

    def __init__(self) -> None:
        self.most, self.memory = 0.0, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        turns = 0
        while not self._over.is_set():
            before = time.perf_counter()
            self._over.wait(0.001)
            self.most = max(self.most, time.perf_counter() - before - 0.001)
            turns += 1
            if turns % 100 == 0:
                self._look()

    def _look(self) -> None:
        children = Path("/proc/thread-self").resolve().parent.glob("*/children")
        for child in " ".join(file.read_text() for file in children).split():
            try:
                lines = Path(f"/proc/{child}/status").read_text().splitlines()
            except OSError:
                continue  # it has just ended
            found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
            self.memory = max(self.memory, *(kilobytes // 1024 for kilobytes in found), 0)


def ordered(room: Path, plan: Plan, days: int, format_: Format) -> Order:
    """A file of the whole month as the page orders it."""
    last = date(2026, 11, days)
    period = period_of(date(2026, 11, 1), last, last)
    question = Question("all" if format_ == "docx" else "services", period, (), full=True, against="previous")
    return Order(str(room), str(room / "reports"), plan, format_, question, "2026-11-30 18:00:00")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    days, tickets, windows = (29, 10_000, 253) if options.long else (4, 2_000, 60)
    plan = hall(windows)
    slowest = 0.0
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        events = write(room / "journal.db", plan, days, tickets)
        Days(room / "journal.db", room / "reports", plan).fold_missing()
        print(f"{days} days of {tickets} numbers, {events} events", flush=True)
        with Watch() as alone:
            time.sleep(2.0)
        print(f"without any file a thread of this process was held up for {alone.most * 1000:.0f} ms")
        press = Press()
        for format_ in get_args(Format):
            with Watch() as watch:
                started = time.perf_counter()
                with press.make(ordered(room, plan, days, format_)) as made:
                    size = len(made.read())
                took = time.perf_counter() - started
            held = watch.most * 1000
            print(f"{format_}: {took:.1f} s, {size / 1e6:.2f} MB, memory up to {watch.memory} MB", flush=True)
            print(f"    a thread of this process was held up for at most {held:.0f} ms", flush=True)
            slowest = max(slowest, took)
    print(f"REPORT FILES: {slowest:.1f} s for the slowest file of a month (bar {BAR_SECONDS:.0f})")
    sys.exit(slowest > BAR_SECONDS)


if __name__ == "__main__":
    main()
