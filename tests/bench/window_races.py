"""Q2: two to eight windows press next at the same moment, over HTTP as the clerk's page does.

`python -m tests.bench.window_races [--races 1000] [--seed N] [--long]`; --long = 10,000. In each race fewer
numbers wait than windows press. Every press is answered with a number of its own or 暂无等待, and the
journal must say the same: no number called to two windows, no success that did not happen.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw

from contract import messages as m
from contract import topics
from tests.hall.server_process import ServerProcess, open_all, write_hall

WINDOWS = [f"w{i:02d}" for i in range(13, 21)]
SERVICE = "zonghe-shouli"  # of the sample hall, without slots to fill


class Clerk:
    """One window's page: a kept connection of its own."""

    def __init__(self, server: ServerProcess, window: str) -> None:
        self.window = window
        self._http = server.http(seconds=20)
        self._count = 0

    def press(self, action: str) -> tuple[int, dict[str, str]]:
        """Status and answer."""
        self._count += 1
        answer = self._http.post(
            f"/api/windows/{self.window}/{action}", json={"request": f"{self.window}-press-{self._count}"}
        )
        return answer.status_code, answer.json()

    def close(self) -> None:
        """Let the connection go."""
        self._http.close()


def race(clerks: list[Clerk], pool: ThreadPoolExecutor) -> list[tuple[str, int, dict[str, str]]]:
    """All press next at one moment."""
    gate = threading.Barrier(len(clerks))

    def press(clerk: Clerk) -> tuple[str, int, dict[str, str]]:
        gate.wait()
        return (clerk.window, *clerk.press("next"))

    return list(pool.map(press, clerks))


def judge(waiting: int, answers: list[tuple[str, int, dict[str, str]]]) -> list[str]:
    """What was wrong in a race."""
    numbers = [answer["number"] for _, status, answer in answers if status == 200]
    wrong = []
    if len(set(numbers)) != len(numbers):
        wrong.append(f"one number at two windows: {numbers}")
    if len(numbers) != min(waiting, len(answers)):
        wrong.append(f"{waiting} waited, {len(numbers)} were called")
    for _, status, answer in answers:
        if status != 200 and not (status == 409 and answer.get("sentence") == "暂无等待"):
            wrong.append(f"an answer of {status}: {answer}")
    return wrong


def two_places(journal: Path) -> int:
    """Numbers that the journal calls to a second window without an end between."""
    db = apsw.Connection(str(journal), flags=apsw.SQLITE_OPEN_READONLY)
    at: dict[str, str] = {}
    doubled = 0
    for kind, ticket, window in db.execute(
        "SELECT kind, json_extract(body,'$.ticket'), json_extract(body,'$.window') FROM event ORDER BY seq"
    ):
        if kind == "TicketCalled":
            doubled += ticket in at or window in at.values()
            at[ticket] = window
        elif kind == "TicketFinished":
            at.pop(ticket, None)
    db.close()
    return doubled


def run(races: int, seed: int) -> tuple[int, int]:
    """(numbers at two windows, wrong answers)."""
    chance = random.Random(seed)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(8) as pool:
        server = ServerProcess(write_hall(Path(folder), windows=20), Path(folder) / "state")
        server.start()
        kiosk = server.bus("kiosk-1")
        open_all([kiosk])
        clerks = {window: Clerk(server, window) for window in WINDOWS}
        for own in ("w01", "w02", "w06"):
            clerk = Clerk(server, own)
            clerk.press("close")
            clerk.close()
        issued, started = 0, time.monotonic()
        for _ in range(races):
            pressing = chance.sample(WINDOWS, chance.randrange(2, 9))
            waiting = chance.randrange(1, len(pressing))
            for future in [
                kiosk.request(topics.ISSUE, m.Issue(id=f"r{issued + i}", service=SERVICE), timeout_seconds=20)
                for i in range(waiting)
            ]:
                answer = future.result()
                if answer.slip is None:
                    wrong.append(f"a number was refused: {answer.refusal}")
            issued += waiting
            answers = race([clerks[window] for window in pressing], pool)
            wrong += judge(waiting, answers)
            served = [clerks[window] for window, status, _ in answers if status == 200]
            list(pool.map(lambda clerk: (clerk.press("arrive"), clerk.press("finish")), served))
        seconds = time.monotonic() - started
        for clerk in clerks.values():
            clerk.close()
        kiosk.close()
        server.stop()
        doubled = two_places(server.state / "journal.db")
    print(f"seed {seed}: {races} races, {issued} numbers, {seconds:.1f} s; wrong: {wrong[:5]}")
    return doubled, len(wrong)


def main() -> int:
    """Print the figure; status 1 when a count is not zero."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--races", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    races = 10_000 if options.long else options.races
    doubled, wrong = run(races, options.seed)
    print(f"Q2: {doubled} numbers at two windows, {wrong} false answers in {races} races (bar 0, 0)")
    return 1 if doubled or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
