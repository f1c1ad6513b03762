"""Kiosks and windows at the real server while it and its broker are killed at random; then the checker.

`python -m tests.faults.campaign [--minutes 10] [--seed S] [--keep FOLDER]`. The history goes to
FOLDER/history.jsonl, so that a failure can be looked at again.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from contract import messages as m
from contract import topics
from contract.bus import Unanswered
from contract.mqtt import MqttBus
from hall_server import keeping
from tests.faults.history import History, Line, check, facts, read
from tests.hall.server_process import ServerProcess, open_all, write_hall

KIOSKS = 4
WINDOWS = tuple(f"w{i:02d}" for i in range(13, 19))
OTHERS = ("w02", "w03", "w04", "w19", "w20")
SERVICE = "shebao"
PERSONS = 40
REPEATED = 0.05


@dataclass
class Result:
    """What a campaign saw."""

    wrong: list[str]
    seconds: float
    kills: Counter[str]
    ends: Counter[str] = field(default_factory=Counter)


class Client:
    """One sender with one command under way at a time; asks again until it has an answer."""

    pace_seconds = 0.02

    def __init__(self, name: str, history: History, seed: str, stop: threading.Event) -> None:
        self.name = name
        self.chance = random.Random(seed)
        self.stop = stop
        self._history = history
        self._count = 0

    def run(self) -> None:
        """One errand after the other until the campaign stops; the last one gets its answer."""
        while not self.stop.is_set():
            self.turn()
            self.stop.wait(self.pace_seconds * self.chance.random())

    def turn(self) -> None:
        """One errand."""
        raise NotImplementedError

    def send(self, line: Line) -> Line:
        """Send once; returns the end as a line of its own."""
        raise NotImplementedError

    def ask(self, command: str, **options: str) -> Line:
        """Ask until there is an answer; some confirmed ones are asked again on purpose."""
        self._count += 1
        request = f"{self.name.partition(':')[2] or self.name}-{command}-{self._count:06d}"
        asked = Line(
            type="invoke",
            at=0,
            client=self.name,
            command=command,
            request=request,
            service=SERVICE,
            **options,  # type: ignore[arg-type]
        )
        answer = self._asked(asked)
        while answer.type == "unknown":
            answer = self._asked(asked)
        if answer.type == "ok" and self.chance.random() < REPEATED:
            self._asked(asked)
        return answer

    def _asked(self, line: Line) -> Line:
        self._history.note(_at(line))
        end = _at(self.send(line))
        self._history.note(end)
        return end


class Kiosk(Client):
    """Issues numbers over MQTT, half of them for persons who sometimes come again."""

    pace_seconds = 0.2

    def __init__(self, bus: MqttBus, history: History, seed: str, stop: threading.Event) -> None:
        super().__init__(bus.station, history, seed, stop)
        self._bus = bus

    def turn(self) -> None:
        person = f"p{self.chance.randrange(PERSONS)}" if self.chance.random() < 0.5 else ""
        self.ask("issue", person=person)

    def send(self, line: Line) -> Line:
        person = m.Person(key=line.person) if line.person else None
        request = m.Issue(id=line.request, service=SERVICE, person=person)
        try:
            answer = self._bus.request(topics.ISSUE, request, timeout_seconds=2).result()
        except Unanswered:
            return _ended(line, "unknown")
        if answer.slip is None:
            code = answer.refusal.code if answer.refusal else ""
            return _ended(line, "unknown" if code == "failed" else "refused", code=code)
        return _ended(line, "ok", ticket=answer.slip.ticket, existing=answer.existing)


class Window(Client):
    """Calls, receives and finishes over HTTP as the clerk's page does."""

    def __init__(
        self, server: ServerProcess, window: str, history: History, seed: str, stop: threading.Event
    ) -> None:
        self._http = server.http(seconds=3)
        token = self._http.headers["Authorization"].split("_")[1]
        super().__init__(f"api:{token}", history, seed, stop)
        self._address = f"/api/windows/{window}/"

    def turn(self) -> None:
        if not self.ask("next").ticket:
            self.stop.wait(0.05)
            return
        while self.chance.random() < 0.2 and self.ask("recall").type == "ok":
            pass
        self.ask("arrive")
        if self.chance.random() < 0.6:
            self.ask("finish")

    def send(self, line: Line) -> Line:
        try:
            answer = self._http.post(self._address + line.command, json={"request": line.request})
        except httpx.TransportError:
            self.stop.wait(0.05)
            return _ended(line, "unknown")
        told = answer.json()
        if answer.status_code == 200:
            return _ended(line, "ok", ticket=told["ticket"])
        if answer.status_code == 503:
            return _ended(line, "unknown", code=told["code"])
        return _ended(line, "refused", code=told["code"])

    def close(self) -> None:
        """Let the connection go."""
        self._http.close()


def _at(line: Line) -> Line:
    return Line(**{name: getattr(line, name) for name in line.__struct_fields__} | {"at": time.monotonic()})


def _ended(line: Line, kind: str, **answer: object) -> Line:
    fields = {name: getattr(line, name) for name in line.__struct_fields__}
    return Line(**fields | {"type": kind} | answer)


def run(seconds: float, seed: int, folder: Path, *, every: tuple[float, float] = (1.0, 4.0)) -> Result:
    """The whole campaign in ``folder``; a kill after each random wait within ``every`` seconds."""
    server = ServerProcess(write_hall(folder, kiosks=KIOSKS, windows=20), folder / "state")
    server.start()
    for other in OTHERS:
        with server.http() as http:
            closed = http.post(f"/api/windows/{other}/close", json={"request": f"close-{other}"})
        closed.raise_for_status()
    history, stop = History(folder / "history.jsonl"), threading.Event()
    buses = [server.bus(f"kiosk-{i}") for i in range(1, KIOSKS + 1)]
    open_all(buses)
    windows = [Window(server, w, history, f"{seed}-{w}", stop) for w in WINDOWS]
    clients = [*(Kiosk(bus, history, f"{seed}-{bus.station}", stop) for bus in buses), *windows]
    started = time.monotonic()
    with ThreadPoolExecutor(len(clients)) as pool:
        working = [pool.submit(client.run) for client in clients]
        try:
            kills = _kill(server, random.Random(seed), started + seconds, every, stop)
        finally:
            stop.set()
        for work in working:
            work.result()
    took = time.monotonic() - started
    for window in windows:
        window.close()
    for bus in buses:
        bus.close()
    server.stop()
    history.close()
    keeping.check(server.state)
    lines = read(folder / "history.jsonl")
    ends = Counter(f"{line.command} {line.type}" for line in lines if line.type != "invoke")
    return Result(check(lines, facts(server.state / "journal.db")), took, kills, ends)


def _kill(
    server: ServerProcess,
    chance: random.Random,
    until: float,
    every: tuple[float, float],
    stop: threading.Event,
) -> Counter[str]:
    kills: Counter[str] = Counter()
    while (left := until - time.monotonic()) > 0:
        stop.wait(min(left, chance.uniform(*every)))
        if chance.random() < 0.6:
            kills["server"] += 1
            server.kill()
            server.start()
        else:
            kills["broker"] += 1
            server.kill_broker()
    return kills


def main() -> int:
    """Print what was seen; status 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", type=Path, help="an empty folder for hall, journal and history")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        result = run(options.minutes * 60, options.seed, options.keep or Path(folder))
    print(f"{result.seconds:.1f} s; kills {dict(result.kills)}; {dict(sorted(result.ends.items()))}")
    for wrong in result.wrong[:20]:
        print(wrong)
    done = sum(count for end, count in result.ends.items() if end.endswith(" ok"))
    print(f"campaign: {len(result.wrong)} violations in {done} confirmed commands (bar 0)")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
