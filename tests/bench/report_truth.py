"""Q8: every figure of every report against an independent recomputation from the raw rows of the journal.

`python -m tests.bench.report_truth [--long] [--seed N]`. A hall (the real service on a real journal) lives
through busy days in hall time: undo, transfers with the way back, parks, returns of no-shows, green lane,
appointments, evaluations, postponements, quiet hours with empty queues, numbers merged from kiosks that were
cut off, numbers and windows left overnight, windows renamed, moved and taken away. Its process is killed
(SIGKILL) again and again, the real-time clock steps back and forth, closed days are measured in between. Then
every indicator, by every dimension, is compared to the millisecond. --long: three halls over weeks, two
through a crowded day each.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from contract.clock import HallClock
from hall_server.hall import commands as c
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall.pictures import Look
from hall_server.hall.plan import NoShowPolicy, Plan
from hall_server.journal_writer import Journal
from hall_server.reports.days import Days
from hall_server.service import HallService
from tests.hall_server.halls import small_plan
from tests.hall_server.reports.agreement import as_json, differences
from tests.hall_server.reports.naive import Naive
from tests.hall_server.reports.naive_rows import read
from tests.hall_server.reports.walks import lively
from tests.hall_server.running import Recorder
from tests.hall_server.test_hall import NOON

HOUR_MS = 3_600_000
WALL_STEPS_MS = (0, 0, 5 * 60_000, 2 * HOUR_MS, -3 * HOUR_MS, 27 * HOUR_MS)
"""What the real-time clock does while the hall is down."""


class Silent(Recorder):
    """Forgets what is published."""

    def publish(self, route: object, message: object, **ids: str) -> None:
        """Into nothing."""

    def clear(self, route: object, **ids: str) -> None:
        """Into nothing."""


class LiveDesk:
    """What a walk asks of a desk, given to a running service with a clock that the walk moves; ``speed``
    crowds so many times as much into an hour."""

    def __init__(self, path: Path, plan: Plan, wall_ms: int, speed: float) -> None:
        self._ms = 0
        self._speed = speed
        self._wall_ms = wall_ms
        self._journal = Journal(path, on_failure=lambda error: print("journal failed:", error))
        self._journal.open()
        self._clock = HallClock(
            self._journal.rows.last_reading(),
            monotonic=lambda: self._ms,
            wall=lambda: self._wall_ms + self._ms,
        )
        look = Look(boot="b")
        self._service = HallService(plan, self._journal, clock=self._clock, publisher=Silent(), look=look)
        self._service.start()
        self._begin = self._clock.now_ms()
        self._count = 0
        self.hall: Hall = self._service.query(lambda hall: hall).result()
        self.plan = plan

    @property
    def events(self) -> range:
        """As many as there are; a walk takes only their number."""
        return range(self.hall.seq)

    @property
    def now_ms(self) -> int:
        """Hall time."""
        return self._begin + self._ms

    @now_ms.setter
    def now_ms(self, to_ms: int) -> None:
        self._ms += int((to_ms - self.now_ms) / self._speed)

    def do(self, kind: type[c.Command], **options: Any) -> str:
        """Give a command and wait for its commit; returns the ticket of the answer."""
        self._count += 1
        command = kind(request=f"{os.getpid()}-{self._count}", by="test", **options)
        return self._service.submit(command).result().ticket


def live(path: Path, seed: int, commands: int, wall_ms: int, speed: float) -> None:
    """The child: walk, telling where hall time is, until killed or done."""
    chance = random.Random(seed)
    desk: Any = LiveDesk(path, described(seed), wall_ms, speed)
    for number in range(commands):
        if speed == 1 and number and number % 900 == 0:
            desk.now_ms += 9 * HOUR_MS
        with suppress(RuleBroken):
            lively(desk, chance, number)
        if number % 50 == 0:
            print(desk.now_ms, flush=True)
    print("done", flush=True)
    os._exit(0)


def described(seed: int) -> Plan:
    """Eight windows; the day closes at 02:00 in some halls."""
    policy = list(NoShowPolicy)[seed % 4]
    return small_plan(policy, windows=8, closes="02:00" if seed % 2 else "23:59")


def lived(path: Path, seed: int, lives: int, commands: int, speed: float) -> int:
    """So many lives of the hall's process, most ended by SIGKILL; returns how many were killed."""
    chance, wall_ms, killed = random.Random(seed), NOON, 0
    for life in range(lives):
        words = [sys.executable, "-m", "tests.bench.report_truth", "--child", str(path)]
        words += ["--seed", str(seed * 1000 + life), "--commands", str(commands), "--wall", str(wall_ms)]
        words += ["--speed", str(speed)]
        child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        lines = chance.randrange(2, commands // 80 + 3)
        for line in child.stdout:
            lines -= 1
            if line.strip() == "done":
                break
            wall_ms = max(wall_ms, int(line))
            if lines <= 0:
                child.kill()
                killed += 1
                break
        child.stdout.close()
        if child.wait() not in (0, -9):
            raise SystemExit(f"the hall ended with {child.returncode}; seed {seed}, life {life}")
        wall_ms += chance.choice(WALL_STEPS_MS if speed == 1 else WALL_STEPS_MS[:3])
        if chance.random() < 0.5:
            Days(path, path.parent / "reports", described(seed * 1000)).fold_missing()
    return killed


def check(path: Path, seed: int) -> tuple[int, list[str], str]:
    """(figures compared, what differs, what it was)."""
    plan = described(seed * 1000)
    started = time.perf_counter()
    days = Days(path, path.parent / "reports", plan).between()
    took = time.perf_counter() - started
    rows = read(path)
    naive = Naive(rows, as_json(plan))
    compared, wrong = differences(days, naive)
    measured = sum(len(column.values) // 8 for day in days for column in day.columns.values())
    said = f"{len(rows)} events, {len(days)} days, {measured} measurements (folds {took:.1f} s)"
    return compared, wrong, said


def main() -> None:
    """Halls by seed; the last line is the bar's."""
    options = _options()
    if options.child:
        live(options.child, options.seed, options.commands, options.wall, options.speed)
        return
    halls = [(10, 2000, 1.0)] * 3 + [(6, 9000, 30.0)] * 2 if options.long else [(5, 900, 1.0)]
    compared, wrong, killed = 0, 0, 0
    for number, (lives, commands, speed) in enumerate(halls):
        seed = options.seed + number
        with tempfile.TemporaryDirectory() as room:
            path = Path(room) / "journal.db"
            kills = lived(path, seed, lives, commands, speed)
            count, differing, said = check(path, seed)
        print(f"seed {seed}: {said}, {kills} kills, {count} figures, {len(differing)} differ", flush=True)
        print(*differing[:20], sep="\n", end="")
        compared, wrong, killed = compared + count, wrong + len(differing), killed + kills
    print(f"Q8: {wrong} of {compared} figures differ, {killed} kills (bar 0)")
    sys.exit(bool(wrong))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--child", type=Path)
    parser.add_argument("--commands", type=int, default=0)
    parser.add_argument("--wall", type=int, default=0)
    parser.add_argument("--speed", type=float, default=1.0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
