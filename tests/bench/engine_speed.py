"""Q3 in process and Q4: how fast the hall's core and journal are, against their own floor.

`python -m tests.bench.engine_speed [--long]`. Q3: commands of 16 callers, answered after the commit, against
the same writer committing pre-built batches of the same bytes for 16 callers. Q4: time per command with few
and many open tickets. Q5 has a bench of its own, ``restart``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from contract.clock import HallClock
from hall_server.hall import commands as c
from hall_server.hall.decide import decide, turn_of_day
from hall_server.hall.evolve import evolve
from hall_server.hall.model import Hall
from hall_server.hall.pictures import Look
from hall_server.journal_writer import Batch, Journal
from hall_server.service import HallService
from tests.hall_server.halls import small_plan
from tests.hall_server.running import Recorder

CALLERS = 16
KEY = b"a made-up key of thirty-two byte"
NOON = 1_795_233_600_000


class Silent(Recorder):
    """Forgets what is published."""

    def publish(self, route: object, message: object, **ids: str) -> None:
        """Into nothing."""


def serve(path: Path) -> tuple[HallService, Journal]:
    """A service on a journal."""
    journal = Journal(path, on_failure=lambda error: print("journal failed:", error), key=KEY)
    journal.open()
    clock = HallClock(journal.last_reading())
    return HallService(
        small_plan(windows=8), journal, clock=clock, publisher=Silent(), look=Look(boot="b")
    ), journal


def many(work: Callable[[int, int], None], each: int) -> tuple[float, list[float]]:
    """(seconds in all, seconds of each call) of ``work(caller, i)`` by 16 threads."""
    took: list[list[float]] = [[] for _ in range(CALLERS)]

    def caller(number: int) -> None:
        for i in range(each):
            started = time.perf_counter()
            work(number, i)
            took[number].append(time.perf_counter() - started)

    threads = [threading.Thread(target=caller, args=(n,)) for n in range(CALLERS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started, sorted(sum(took, []))  # noqa: RUF017 - sixteen short lists


def commands_per_second(folder: Path, each: int) -> tuple[float, float, list[Batch]]:
    """(commands a second, p99 ms, the batches that were written)."""
    service, journal = serve(folder / "q3.db")
    service.start()
    written: list[Batch] = []
    write = journal.write

    def keep(batch: Batch) -> None:
        if batch.entries:
            written.append(batch)
        write(batch)

    journal.write = keep  # type: ignore[method-assign]

    def work(caller: int, i: int) -> None:
        command = c.Issue(request=f"{caller}-{i}", by="bench", service=("tax", "social", "police")[i % 3])
        service.submit(command).result()

    seconds, took = many(work, each)
    service.stop()
    journal.close()
    return CALLERS * each / seconds, took[int(len(took) * 0.99)] * 1000, written


def floor_per_second(folder: Path, batches: list[Batch]) -> float:
    """The same bytes by the same writer thread, pre-built, for 16 callers who wait for each."""
    journal = Journal(folder / "floor.db", on_failure=lambda error: print("journal failed:", error), key=KEY)
    journal.open()
    journal.start()
    lock, left = threading.Lock(), iter(batches)

    def caller() -> None:
        while True:
            done = threading.Event()
            with lock:
                batch = next(left, None)
                if batch is None:
                    return
                journal.write(
                    Batch(batch.entries, batch.tickets, batch.request, batch.answer, release=done.set)
                )
            done.wait()

    threads = [threading.Thread(target=caller) for _ in range(CALLERS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    journal.close()
    return len(batches) / seconds


def microseconds_per_command(open_tickets: int, rounds: int) -> float:
    """Issue, next, arrive, finish on the bare core with so many waiting throughout."""
    hall = Hall(small_plan(windows=8))
    for event in turn_of_day(hall, NOON):
        evolve(hall, event)

    def do(command: c.Command, now_ms: int) -> None:
        for event in decide(hall, command, now_ms).events:
            evolve(hall, event)

    for i in range(open_tickets):
        do(c.Issue(request="", by="b", service=("tax", "social", "police")[i % 3]), NOON + i)
    best = float("inf")
    for round_ in range(3):
        started = time.perf_counter()
        for i in range(rounds):
            now = NOON + open_tickets + round_ * rounds + i
            do(c.Issue(request="", by="b", service="tax"), now)
            for kind in (c.CallNext, c.Arrive, c.Finish):
                do(kind(request="", by="b", window="w1"), now)
        best = min(best, time.perf_counter() - started)
    return best / rounds / 4 * 1e6


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    each = 2000 if options.long else 200
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rate, p99, batches = commands_per_second(folder, each)
        floor = floor_per_second(folder, batches)
        few, much = microseconds_per_command(100, 300), microseconds_per_command(10_000, 300)
    print(f"Q3 in process: {rate:.0f} commands/s, p99 {p99:.1f} ms, {rate / floor:.2f} x floor (bar 0.3 x)")
    print(
        f"Q4: {few:.0f} µs a command with 100 open, {much:.0f} µs with 10,000: {much / few:.2f} x (bar 1.3 x)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
