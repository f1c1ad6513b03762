"""Q4, second part: what a durable command costs with a thousand and with a million events behind it.

`python -m tests.bench.growth [--long]`; --long = 1,000,000 events behind, else 30,000. Both halls are made
by the real rules and written by the real writer; then both are open at once and take turns, so that a busy
machine is busy for both. A turn is a number issued, called, arrived and finished, each answered from disk.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.clock import HallClock
from hall_server.hall import commands as c
from hall_server.hall.pictures import Look
from hall_server.service import HallService
from tests.bench.restart import Silent
from tests.bench.year import WINDOWS, make, opened
from tests.hall_server.halls import small_plan

FEW = 1_000
MANY, MANY_LONG = 30_000, 1_000_000
ROUNDS, TURNS = 40, 25


@contextmanager
def serving(state: Path) -> Iterator[HallService]:
    """The hall of a state folder."""
    journal = opened(state)
    service = HallService(
        small_plan(windows=WINDOWS),
        journal,
        clock=HallClock(journal.last_reading()),
        publisher=Silent(),
        look=Look(boot="b"),
    )
    service.start()
    try:
        yield service
    finally:
        service.stop()
        journal.close()


def round_ms(service: HallService, number: int) -> float:
    """Milliseconds a durable command in one round."""
    started = time.perf_counter()
    for turn in range(TURNS):
        key = f"growth-{number}-{turn}"
        service.submit(c.Issue(request=f"i{key}", by="bench", service="tax")).result()
        for kind in (c.CallNext, c.Arrive, c.Finish):
            command = kind(request=f"{kind.__name__}{key}", by="bench", window="w1")
            service.submit(command).result()
    return (time.perf_counter() - started) / TURNS / 4 * 1000


def measure(folder: Path, many: int) -> tuple[float, float, int]:
    """(ms with few events behind, ms with many, how many these are): medians of alternating rounds."""
    behind = [make(folder / name, events) for name, events in (("few", FEW), ("many", many))]
    with serving(folder / "few") as few, serving(folder / "many") as much:
        rounds = [(round_ms(few, i), round_ms(much, i)) for i in range(ROUNDS)]
    return (*(statistics.median(side) for side in zip(*rounds, strict=True)), behind[1])


def main() -> int:
    """Print the figure; status 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        few, much, behind = measure(Path(folder), MANY_LONG if options.long else MANY)
    print(
        f"Q4 growth: {few:.2f} ms a command with {FEW} events behind, {much:.2f} ms with {behind}: "
        f"{much / few:.2f} x (bar 1.3 x)"
    )
    return 0 if much / few <= 1.3 else 1


if __name__ == "__main__":
    sys.exit(main())
