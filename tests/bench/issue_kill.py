"""Q1: numbers issued by 16 kiosks over MQTT while the server is killed at random.

`python -m tests.bench.issue_kill [--issues 1000] [--kills 3] [--long] [--seed N]`; --long = 100,000 issues.
One history, one checker: every request answered once with one number; every answered number in the
journal; no number twice.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

import apsw

from contract import messages as m
from contract import topics
from contract.bus import Unanswered
from contract.mqtt import MqttBus
from hall_server.checking import verify
from tests.hall.server_process import ServerProcess, open_all, write_hall

KIOSKS = 16
SERVICES = ("minzheng", "banshui", "churujing", "zonghe-shouli")  # of the sample hall, without slots to fill


class History:
    """What each client was told: (request, number or '')."""

    def __init__(self, issues: int) -> None:
        self._lock = threading.Lock()
        self._left = issues
        self.told: dict[str, str] = {}
        self.contradictions: list[str] = []
        self.repeats = 0

    def take(self) -> int | None:
        """The next request to make."""
        with self._lock:
            if not self._left:
                return None
            self._left -= 1
            return self._left

    def note(self, request: str, number: str) -> None:
        """An answer came."""
        with self._lock:
            if self.told.setdefault(request, number) != number:
                self.contradictions.append(f"{request}: {self.told[request]} then {number}")

    @property
    def answered(self) -> int:
        """How many requests have their number."""
        return len(self.told)


def client(bus: MqttBus, history: History, seed: int) -> None:
    """Issue until nothing is left, with the same id until each is answered; some repeated on purpose."""
    chance = random.Random(seed)
    while (i := history.take()) is not None:
        request = m.Issue(id=f"{bus.station}-{i}", service=chance.choice(SERVICES))
        for _ in range(2 if chance.random() < 0.05 else 1):
            while True:
                try:
                    answer = bus.request(topics.ISSUE, request, timeout_seconds=5).result()
                except Unanswered:
                    history.repeats += 1
                    continue
                history.note(request.id, answer.slip.ticket if answer.slip is not None else "refused")
                break


def check(path: Path, history: History) -> dict[str, int]:
    """Compare the clients' history with the journal."""
    verify(path)
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    journal = [
        row[0]
        for row in db.execute("SELECT json_extract(body,'$.ticket') FROM event WHERE kind='TicketIssued'")
    ]
    db.close()
    told = [ticket for ticket in history.told.values() if ticket != "refused"]
    return {
        "duplicates": len(told) - len(set(told)) + len(journal) - len(set(journal)),
        "lost": len(set(told) - set(journal)),
        "unasked": len(set(journal) - set(told)),
        "contradictions": len(history.contradictions),
        "refused": len(history.told) - len(told),
    }


def run(issues: int, kills: int, seed: int) -> dict[str, int]:
    """The whole bench; returns the counts that must be zero."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        server = ServerProcess(write_hall(Path(folder), kiosks=KIOSKS), Path(folder) / "state")
        server.start()
        buses = [server.bus(f"kiosk-{i}") for i in range(1, KIOSKS + 1)]
        open_all(buses)
        history = History(issues)
        threads = [
            threading.Thread(target=client, args=(bus, history, seed + n)) for n, bus in enumerate(buses)
        ]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        marks = sorted(chance.randrange(issues) for _ in range(kills))
        for mark in marks:
            while history.answered < mark and any(t.is_alive() for t in threads):
                threads[0].join(0.005)
            server.kill()
            server.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - started
        for bus in buses:
            bus.close()
        server.stop()
        bad = check(server.state / "journal.db", history)
        print(
            f"seed {seed}: {history.answered} issues by {KIOSKS} kiosks in {seconds:.1f} s, "
            f"{kills} kills, {history.repeats} time-outs; {bad}"
        )
    return bad


def main() -> int:
    """Print the figure; status 1 when a count is not zero."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issues", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    issues, kills = (100_000, 40) if options.long else (options.issues, options.kills)
    bad = run(issues, kills, options.seed)
    print(f"Q1: {bad['duplicates']} duplicates, {bad['lost']} lost of {issues} issues (bar 0, 0)")
    return 1 if any(bad.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
