"""Q9: a kiosk cut off for eight hours while the hall goes on, killed and started again, then merged.

`python -m tests.bench.lease_day [--long] [--seed N]`. Processes: the shipped server with its broker (on a
clock that runs SPEED times as fast, so that eight hours pass in minutes: fast_clock.py), the kiosk's own
numbers (lone_kiosk.py: shipped desk, drawer, clock, bus) behind a path that is cut without a word. Meanwhile
two kiosks issue over the bus and windows call over HTTP; server, broker and lonely kiosk are killed with -9.
Afterwards the journal is held against what everybody was told, by a checker of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import httpx
import msgspec

from contract import messages as m
from contract import topics
from contract.bus import Unanswered
from contract.clock import china, monotonic_ms, wall_ms
from contract.mqtt import MqttBus
from contract.outbox import Drawer
from hall_server.broker import secret
from tests.bench.fast_clock import FastClock
from tests.bench.lone_kiosk import SERVICES, Wish, Word
from tests.faults.path import CuttablePath
from tests.hall.server_process import ServerProcess, open_all, write_hall

HOURS = 8
HOUR_MS = 3_600_000
PERSONS = 300
WINDOWS = ("w03", "w04", "w05", "w06", "w07", "w08")
LIMIT_SECONDS = 60.0


@dataclass
class Told:
    """What people were told: numbers by ticket with the instant that the giver named."""

    lone: dict[str, Word] = field(default_factory=dict)
    online: set[str] = field(default_factory=set)
    kills: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    doubled: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Result:
    """Everything that is wrong, and how much there was."""

    wrong: list[str]
    lone: int
    online: int
    called: int
    decided: Counter[str]
    kills: Counter[str]
    merge_seconds: float


class LoneKiosk:
    """The process behind the path."""

    def __init__(self, port: int, password: str, file: Path, clock: FastClock) -> None:
        self._words = [str(port), password, str(file), *clock.words()]
        self.start()

    def start(self) -> None:
        """Start it, or start it again."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.lone_kiosk", *self._words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, wish: Wish, *, kill_after: float | None = None) -> Word | None:
        """What it answers; None when it died first, of ``kill_after`` seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(wish) + b"\n")
        self._process.stdin.flush()
        if kill_after is not None:
            time.sleep(kill_after)
            self._process.kill()
        line = self._process.stdout.readline()
        if kill_after is not None:
            self._end()
        return msgspec.json.decode(line, type=Word) if line.endswith(b"\n") else None

    def await_(self, fits: str, value: int) -> None:
        """Until ``ready`` is at least, or ``away`` at most, this."""
        until = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < until:
            word = self.ask(Wish("how"))
            assert word is not None
            if (fits == "ready" and word.ready >= value) or (fits == "away" and word.away <= value):
                return
            time.sleep(0.1)
        raise AssertionError(f"the kiosk never had {fits} {value}")

    def stop(self) -> None:
        """Orderly."""
        self._end()

    def _end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


class Day:
    """One run in a folder."""

    def __init__(self, folder: Path, speed: int, numbers: int, seed: int, stack: ExitStack) -> None:
        self.chance = random.Random(seed)
        self.numbers, self.told, self.stop = numbers, Told(), threading.Event()
        morning = china(wall_ms()).replace(hour=8, minute=30, second=0, microsecond=0)
        self.clock = FastClock(speed, monotonic_ms(), int(morning.timestamp() * 1000))
        path = write_hall(folder / "hall", kiosks=3)
        path.write_text(_first_come(path.read_text(encoding="utf-8")), encoding="utf-8")
        program = ("-m", "tests.bench.fast_hall", *self.clock.words())
        self.server = ServerProcess(path, folder / "state", program=program)
        self.server.start()
        stack.callback(lambda: self.server.stop())
        self.path = CuttablePath(self.server.broker_port)
        self.path.start()
        stack.callback(self.path.stop)
        _remember_a_busy_day(folder / "lone.db", numbers)
        password = secret(self.server.state / "broker" / "secrets" / "kiosk-1")
        self.kiosk = LoneKiosk(self.path.port, password, folder / "lone.db", self.clock)
        stack.callback(self.kiosk.stop)
        self.buses = [self.server.bus(f"kiosk-{i}") for i in (2, 3)]
        for bus in self.buses:
            stack.callback(bus.close)
        open_all(self.buses)
        self.pages = [self.server.http(seconds=3) for _ in WINDOWS]
        for page in self.pages:
            stack.callback(page.close)
        self.kiosk.await_("ready", numbers // 4)

    def run(self) -> float:
        """The eight hours, the merge, the rest of the day; seconds that the merge took."""
        others = [threading.Thread(target=self._online, args=(bus, n)) for n, bus in enumerate(self.buses)]
        others += [
            threading.Thread(target=self._window, args=at) for at in zip(self.pages, WINDOWS, strict=True)
        ]
        others.append(threading.Thread(target=self._kill))
        for thread in others:
            thread.start()
        self.path.cut()
        self._alone()
        self.stop.set()
        others[-1].join()
        merging = time.monotonic()
        self.path.mend()
        self.kiosk.await_("away", 0)
        took = time.monotonic() - merging
        for thread in others:
            thread.join()
        return took

    # ------------------------------------------------------------ the lonely kiosk

    def _alone(self) -> None:
        """Citizens come evenly over the hours; some twice; now and then the kiosk is killed on the way."""
        begin = self.clock.wall_ms()
        kills = set(self.chance.sample(range(self.numbers), max(3, self.numbers // 60)))
        for n in range(self.numbers):
            due = begin + HOURS * HOUR_MS * (n + 1) // (self.numbers + 1)
            time.sleep(max(0.0, (due - self.clock.wall_ms()) / 1000 / self.clock.speed))
            person = f"p{self.chance.randrange(PERSONS)}" if self.chance.random() < 0.5 else ""
            self._take(Wish(f"a{n:05d}", self.chance.choice(SERVICES), person), kill=n in kills)
        left = begin + HOURS * HOUR_MS - self.clock.wall_ms()
        time.sleep(max(0.0, left / 1000 / self.clock.speed))

    def _take(self, wish: Wish, *, kill: bool) -> None:
        word = self.kiosk.ask(wish, kill_after=self.chance.uniform(0, 0.006) if kill else None)
        if kill:
            self.told.kills["kiosk"] += 1
            self.kiosk.start()
            first, word = word, self.kiosk.ask(wish)
            if first is not None and word is not None and first.number != word.number:
                self.told.doubled.append(f"{wish.id} was told {first.number}, then {word.number}")
        assert word is not None
        if word.refusal:
            self.told.refused[word.refusal] += 1
        elif not word.existing:
            known = self.told.lone.setdefault(word.ticket, word)
            if known.id != wish.id:
                self.told.doubled.append(f"{word.number} was given to {known.id} and {wish.id}")

    # ------------------------------------------------------------ the others

    def _online(self, bus: MqttBus, which: int) -> None:
        chance = random.Random(which)
        n = 0
        while not self.stop.is_set():
            n += 1
            person = f"p{chance.randrange(PERSONS)}" if chance.random() < 0.5 else ""
            ask = m.Issue(
                id=f"{which}-{n:05d}",
                service=chance.choice(SERVICES),
                person=m.Person(key=person) if person else None,
            )
            slip = None
            while slip is None:
                try:
                    answer = bus.request(topics.ISSUE, ask, timeout_seconds=2).result()
                except Unanswered:
                    continue
                if answer.slip is None and answer.refusal is not None and answer.refusal.code != "failed":
                    break
                slip = answer.slip
            if slip is not None:
                self.told.online.add(slip.ticket)
            self.stop.wait(HOURS * 3600 / self.clock.speed / max(1, self.numbers) * chance.uniform(1, 3))

    def _window(self, http: httpx.Client, window: str) -> None:
        """Calls for as long as anybody waits, also while numbers come home and after it."""
        n = nobody = 0
        while not (self.stop.is_set() and nobody > 20):
            n += 1
            code = self._press(http, window, "next", f"{window}-n{n:06d}")
            if code == 200:
                nobody = 0
                self._press(http, window, "arrive", f"{window}-a{n:06d}")
                self._press(http, window, "finish", f"{window}-f{n:06d}")
            else:
                assert code == 409, f"{window} was answered {code}"
                nobody += self.stop.is_set()
            time.sleep(0.05 if self.stop.is_set() else HOURS * 3600 / self.clock.speed / self.numbers * 3)

    def _press(self, http: httpx.Client, window: str, action: str, request: str) -> int:
        while True:
            try:
                answer = http.post(f"/api/windows/{window}/{action}", json={"request": request})
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if answer.status_code != 503:
                return answer.status_code
            time.sleep(0.05)

    def _kill(self) -> None:
        """The server twice and its broker once or more, spread over the hours."""
        whole = HOURS * 3600 / self.clock.speed
        for what in ("server", "broker", "server"):
            if self.stop.wait(whole / 4):
                return
            self.told.kills[what] += 1
            if what == "broker":
                self.server.kill_broker()
            else:
                self.server.kill()
                self.server.start()


# ---------------------------------------------------------------- before and after


def _first_come(text: str) -> str:
    """The sample hall without special calling rules and rota, so that the order to be checked is plain."""
    kept, skipping = [], False
    for line in text.splitlines():
        if line.startswith("["):
            skipping = line in ("[[calling]]", "[[rota]]")
        if not skipping:
            kept.append(line)
    return "\n".join(kept) + "\n"


def _remember_a_busy_day(file: Path, numbers: int) -> None:
    """What the kiosk would know of yesterday: it sizes its blocks by that."""
    drawer = Drawer(file)
    drawer.open()
    drawer.change({"counts": msgspec.json.encode({"yesterday": dict.fromkeys(SERVICES, numbers // 2)})})
    drawer.close()


def _rows(journal: Path) -> Iterator[tuple[int, str, dict[str, object]]]:
    db = apsw.Connection(str(journal), flags=apsw.SQLITE_OPEN_READONLY)
    for seq, kind, body in db.execute("SELECT seq, kind, body FROM event ORDER BY seq"):
        yield int(str(seq)), str(kind), msgspec.json.decode(str(body))
    db.close()


def judge(journal: Path, told: Told) -> tuple[list[str], int, Counter[str]]:
    """Sentences of all that is wrong; how many were called; what the merges decided."""
    wrong, called, decided = list(told.doubled), 0, Counter[str]()
    issued: dict[str, dict[str, object]] = {}
    waiting: dict[str, dict[str, tuple[int, int]]] = {}
    left_out: set[str] = set()
    for seq, kind, body in _rows(journal):
        ticket = str(body.get("ticket", ""))
        if kind == "TicketIssued":
            if ticket in issued:
                wrong.append(f"{ticket} was issued twice")
            issued[ticket] = body
            at = int(str(body.get("true_ms") or body["at_ms"]))
            waiting.setdefault(str(body["service"]), {})[ticket] = (at, seq)
        elif kind == "TicketCancelled":
            waiting[str(issued[ticket]["service"])].pop(ticket, None)
        elif kind == "MergeDecided":
            decided[str(body["code"])] += 1
            left_out.update({str(body["number"])} if not body.get("waits", True) else ())
        elif kind == "TicketCalled":
            called += 1
            queue = waiting[str(issued[ticket]["service"])]
            mine = queue.pop(ticket)
            before = [other for other, place in queue.items() if place[0] < mine[0]]
            if before:
                wrong.append(f"{ticket} was called at {seq} while {before[0]} waited longer")
    for ticket, word in told.lone.items():
        home = issued.get(ticket)
        if home is None and word.number not in left_out:
            wrong.append(f"{ticket} was on paper and is lost")
        elif home is not None and home.get("true_ms") != word.issued_ms:
            wrong.append(f"{ticket} has time {home.get('true_ms')}, its paper says {word.issued_ms}")
    wrong += [f"{ticket} was confirmed online and is lost" for ticket in told.online - issued.keys()]
    wrong += [f"{ticket} was given by two" for ticket in told.online & told.lone.keys()]
    wrong += [f"{ticket} still waits" for queue in waiting.values() for ticket in queue]
    return wrong, called, decided


def run(folder: Path, *, speed: int, numbers: int, seed: int) -> Result:
    """One day."""
    with ExitStack() as stack:
        day = Day(folder, speed, numbers, seed, stack)
        took = day.run()
    wrong, called, decided = judge(folder / "state" / "journal.db", day.told)
    if day.told.refused:
        wrong.append(f"citizens were sent away: {dict(day.told.refused)}")
    told = day.told
    return Result(wrong, len(told.lone), len(told.online), called, decided, told.kills, took)


def main() -> int:
    """Print what was seen; status 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="eight hours in four minutes, 400 numbers")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    speed, numbers = (120, 400) if options.long else (1440, 60)
    print(f"seed {options.seed}, {HOURS} h at {speed} times the pace", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        found = run(Path(folder), speed=speed, numbers=numbers, seed=options.seed)
    print(
        f"{found.lone} alone, {found.online} online, {found.called} calls; kills {dict(found.kills)}; "
        f"merged in {found.merge_seconds:.1f} s; decided {dict(found.decided)}"
    )
    for wrong in found.wrong[:20]:
        print(wrong)
    print(f"Q9: {len(found.wrong)} lost, doubled or out of order of {found.lone} (bar 0)")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
