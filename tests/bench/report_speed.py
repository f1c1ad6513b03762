"""How long reports take over a month of a hall of the design size: 10,000 numbers a day, 253 windows.

`python -m tests.bench.report_speed [--long]`. Writes a journal of made-up days, measures each closed day once
(cold), then asks a new process's worth of caches for the month: every kind of report as its page would show
it, from kept days (warm), and again from memory. Also the running day of 10,000 numbers, one visit's story,
and the month's CSV. Short: 4 days of 2,000.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from contract.messages import Paper, Person, WindowStatus
from hall_server.hall import events as e
from hall_server.hall.model import Class, Outcome
from hall_server.hall.plan import Plan, Rules, Service, ServiceWindow, Zone
from hall_server.journal_writer import Batch, Journal
from hall_server.records import Entry
from hall_server.reports.days import Days
from hall_server.reports.kinds import KINDS
from hall_server.reports.report import make
from hall_server.reports.sheets import report_csv

NINE = 1_793_494_800_000  # 2026-11-01 09:00 +08:00
DAY_MS = 86_400_000
SECOND = 1000
ZONES, SERVICES = 6, 40


def hall(windows: int) -> Plan:
    """A hall with so many windows, each for three services."""
    names = [f"s{n:02d}" for n in range(SERVICES)]
    services = {
        s: Service(s, f"业务{s}", f"z{n % ZONES}", f"A{chr(65 + n % 26)}") for n, s in enumerate(names)
    }
    made = {
        f"w{n:03d}": ServiceWindow(
            f"w{n:03d}", f"{n}号窗口", "", f"z{n % ZONES}", tuple(names[(n + k) % SERVICES] for k in range(3))
        )
        for n in range(windows)
    }
    zones = {f"z{n}": Zone(f"z{n}", f"专区{n}") for n in range(ZONES)}
    items = {f"i{n:04d}": f"事项{n}" for n in range(1800)}
    return Plan("bench", "示例大厅", Rules(), zones, services, made, {}, item_names=items)


def day(plan: Plan, number: int, tickets: int, chance: random.Random) -> Iterator[e.Event]:
    """A made-up business day: numbers over eight hours, waits, calls, services, what goes wrong."""
    begin = NINE + number * DAY_MS
    label = f"202611{number + 1:02d}"
    found: list[e.Event] = []
    for at, window in enumerate(plan.windows):
        clerk = f"{at:03d}"
        opened, paused = begin + at * 10, begin + 3 * 3600 * SECOND
        found.append(e.WindowChanged(at_ms=opened, window=window, status=WindowStatus.OPEN, clerk=clerk))
        found.append(e.WindowChanged(at_ms=paused, window=window, status=WindowStatus.PAUSED, clerk=clerk))
        found.append(e.WindowChanged(at_ms=paused + 1, window=window, status=WindowStatus.OPEN, clerk=clerk))
        closing = begin + 10 * 3600 * SECOND
        found.append(e.WindowChanged(at_ms=closing, window=window, status=WindowStatus.CLOSED))
    windows = list(plan.windows.values())
    for ordinal in range(tickets):
        found += _life(label, ordinal, begin, chance.choice(windows), chance)
    found.sort(key=lambda event: event.at_ms)
    yield e.DayOpened(at_ms=begin, day=label, closes_ms=begin + DAY_MS // 2)
    yield from found
    yield e.DayClosed(at_ms=begin + DAY_MS // 2, day=label)


def _life(
    label: str, ordinal: int, begin: int, window: ServiceWindow, chance: random.Random
) -> Iterator[e.Event]:
    ticket, at = f"{label}-A{ordinal:05d}", begin + chance.randrange(8 * 3600) * SECOND
    rank_class = Class.GREEN if chance.random() < 0.08 else Class.NORMAL
    yield e.TicketIssued(
        at_ms=at,
        ticket=ticket,
        number=f"A{ordinal:05d}",
        series="A",
        ordinal=ordinal,
        day=label,
        service=window.services[0],
        rank=at << 16,
        items=(f"i{chance.randrange(1800):04d}",),
        person=Person(key=f"{chance.randrange(10**6):064d}", masked_name="张*"),
        rank_class=rank_class,
        green_reason="age" if rank_class is Class.GREEN else "",
        station="kiosk-1",
    )
    yield e.PaperReported(at_ms=at + 2000, ticket=ticket, paper=Paper.CONFIRMED, station="kiosk-1")
    clerk = f"{int(window.id[1:]):03d}"
    at += chance.randrange(60, 3600) * SECOND
    yield e.TicketCalled(at_ms=at, ticket=ticket, window=window.id, clerk=clerk)
    if chance.random() < 0.15:
        at += 40 * SECOND
        yield e.TicketRecalled(at_ms=at, ticket=ticket, window=window.id)
    at += 20 * SECOND
    if chance.random() < 0.05:
        yield e.TicketNoShow(at_ms=at, ticket=ticket, window=window.id)
        return
    yield e.TicketArrived(at_ms=at, ticket=ticket, window=window.id, responsible=clerk)
    at += chance.randrange(120, 1500) * SECOND
    outcome = Outcome.DONE if chance.random() < 0.9 else Outcome.MISSING_MATERIAL
    yield e.TicketFinished(at_ms=at, ticket=ticket, window=window.id, outcome=outcome)


def write(path: Path, plan: Plan, days: int, tickets: int) -> int:
    """The journal of so many days and a running one; returns how many events it has."""
    journal = Journal(path, on_failure=lambda error: print("journal failed:", error))
    journal.open()
    journal.start()
    chance, seq = random.Random(7), 1
    first = e.PlanPublished(at_ms=NINE - 1, version=1, plan=plan, by="file", file="f")
    journal.write(Batch((Entry(1, NINE - 1, "", "file", first),)))
    for number in range(days + 1):
        entries = []
        for event in day(plan, number, tickets, chance):
            if number == days and isinstance(event, e.DayClosed):
                break
            seq += 1
            entries.append(Entry(seq, event.at_ms, f"202611{number + 1:02d}", "bench", event))
        for at in range(0, len(entries), 500):
            journal.write(Batch(tuple(entries[at : at + 500])))
    journal.close()
    return seq


def timed(work: Callable[[], object]) -> float:
    """Seconds of processor time: the machine has other work, and one thread does all of this."""
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    days, tickets, windows = (29, 10_000, 253) if options.long else (4, 2_000, 60)
    plan = hall(windows)
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "journal.db"
        events = write(path, plan, days, tickets)
        print(f"{days} closed days and a running one, {tickets} numbers a day, {events} events", flush=True)
        kept = Path(room) / "reports"
        cold = timed(Days(path, kept, plan).fold_missing)
        size = sum(file.stat().st_size for file in kept.iterdir())
        print(f"measured once at day close: {cold / days:.2f} s a day, {size / days / 1e6:.2f} MB a day kept")
        fresh = Days(path, kept, plan)
        closed = f"202611{days:02d}"
        first = timed(lambda: fresh.between(last=closed))
        print(f"a month of kept days read: {first:.2f} s")
        month = fresh.between(last=closed)
        worst = max((timed(lambda kind=kind: make(month, kind)), kind) for kind in KINDS if kind != "all")  # type: ignore[misc]
        whole = timed(lambda: make(month, "all"))
        print(f"slowest report of the month: {worst[1]} {worst[0]:.2f} s; all indicators {whole:.2f} s")
        both = timed(lambda: make(month, "waits", ("day", "window", "half_hour")))
        print(f"waits by day, window and half hour: {both:.2f} s")
        lines = timed(lambda: sum(1 for _ in report_csv(make(month, "services", ("day", "window")))))
        print(f"services by day and window as CSV: {lines:.2f} s")
        running = timed(lambda: fresh.between(f"202611{days + 1:02d}"))
        print(f"the running day of {tickets} numbers, first time: {running:.2f} s")
        story = timed(lambda: fresh.trace(f"{closed}-A{tickets // 2:05d}"))
        print(f"one visit's story: {story:.2f} s")
    total = first + worst[0]
    print(f"REPORTS: {total:.2f} s for a month's slowest report from disk (processor time)")
    sys.exit(0)


if __name__ == "__main__":
    main()
