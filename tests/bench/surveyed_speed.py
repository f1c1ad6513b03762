"""Q3 in process with the outlook's surveys beside it and without: what a forecast costs who takes a number.

16 callers issue, call, let arrive and finish through the one door; rounds with and without a forecaster
alternate in one run, so that a busy machine burdens both alike. Some hundred numbers wait throughout.

    python -m tests.bench.surveyed_speed [--long]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hall_server.forecaster import Forecaster
from hall_server.hall import commands as c
from hall_server.hall.model import RuleBroken
from tests.bench.engine_speed import many, serve

WAITING = 300
SERVICES = ("tax", "social", "police")


@dataclass(frozen=True, slots=True)
class Round:
    """Commands a second, their p50 and p99 in ms, and how many surveys came meanwhile."""

    rate: float
    p50: float
    p99: float
    surveys: int


def measured(folder: Path, each: int, *, surveyed: bool) -> Round:
    """One round in a fresh hall."""
    folder.mkdir()
    path = folder / "journal.db"
    service, journal = serve(path)
    forecaster = Forecaster(service, path) if surveyed else None
    seen: set[int] = set()
    service.on_view(lambda view: seen.add(view.waits.at_ms))
    service.start()
    for i in range(WAITING):
        service.submit(c.Issue(request="", by="bench", service=SERVICES[i % 3])).result()
    if forecaster is not None:
        forecaster.start()

    def work(caller: int, i: int) -> None:
        window = f"w{caller % 8 + 1}"
        kind = (c.CallNext, c.Arrive, c.Finish)[i % 4 - 1] if i % 4 else None
        issue = c.Issue(request=f"{caller}-{i}", by="bench", service=SERVICES[i % 3])
        command = issue if kind is None else kind(request="", by="bench", window=window)
        try:
            service.submit(command).result()
        except RuleBroken:
            return  # two callers share a window: one of them comes too late

    seconds, took = many(work, each)
    if forecaster is not None:
        forecaster.stop()
    service.stop()
    journal.close()
    count = len(took)
    return Round(count / seconds, took[count // 2] * 1e3, took[int(count * 0.99)] * 1e3, len(seen) - 1)


def main() -> None:
    """Print both beside each other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true")
    long = parser.parse_args().long
    each, rounds = (2000, 6) if long else (500, 3)
    plain, beside = [], []
    with tempfile.TemporaryDirectory() as name:
        for i in range(rounds):
            plain.append(measured(Path(name) / f"plain{i}", each, surveyed=False))
            beside.append(measured(Path(name) / f"beside{i}", each, surveyed=True))
    for title, found in (("without surveys", plain), ("with surveys", beside)):
        rate = statistics.median(one.rate for one in found)
        p50, p99 = (statistics.median(getattr(one, name) for one in found) for name in ("p50", "p99"))
        surveys = sum(one.surveys for one in found)
        print(f"{title}: {rate:.0f} commands/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms, {surveys} surveys")
    ratio = statistics.median(b.rate for b in beside) / statistics.median(p.rate for p in plain)
    print(f"SURVEYED: {ratio:.2f} x the commands/s without surveys (bar >= 0.8)")


if __name__ == "__main__":
    main()
