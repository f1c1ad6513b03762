"""M3: how fast 60 screens show the truth again after a broker restart and after a silent cut.

`python -m tests.bench.screens_return [--rounds 3] [--long]`; --long = 20 rounds of each. While the screens
are cut off the hall goes on calling; a call older than the outage must never reach a screen afterwards.
"""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

from contract import messages as m
from contract import topics
from contract.mqtt import BrokerAddress, MqttBus
from hall_server.broker import secret
from tests.faults.path import CuttablePath
from tests.hall.server_process import ServerProcess, open_all, write_hall

SCREENS = 60
CUT_SECONDS = 8.0


class Screen:
    """One board's bus: when it last saw which newest number, and the calls it heard."""

    def __init__(self, bus: MqttBus, changed: threading.Condition) -> None:
        self.bus, self._changed = bus, changed
        self.newest = ""
        self.calls: list[m.Call] = []
        bus.on(topics.BOARD_NOW, self._now)
        bus.on(topics.BOARD_CALL, self._call)

    def _now(self, message: m.BoardNow, _ids: dict[str, str]) -> None:
        with self._changed:
            self.newest = message.rows[0].number if message.rows else ""
            self._changed.notify_all()

    def _call(self, message: m.Call, _ids: dict[str, str]) -> None:
        self.calls.append(message)


class Hall:
    """Server, path, screens, and one clerk who calls."""

    def __init__(self, folder: Path) -> None:
        self.server = ServerProcess(write_hall(folder, boards=SCREENS, windows=40), folder / "state")
        self.server.start()
        self.path = CuttablePath(self.server.broker_port)
        self.path.start()
        self.changed = threading.Condition()
        self.screens = [Screen(self._bus(f"board-{i}"), self.changed) for i in range(1, SCREENS + 1)]
        self.kiosk = self.server.bus("kiosk-1")
        open_all([self.kiosk, *(screen.bus for screen in self.screens)], 30)
        self._http = self.server.http(seconds=30)
        self._count = 0

    def _bus(self, station: str) -> MqttBus:
        password = secret(self.server.state / "broker" / "secrets" / station)
        return MqttBus("demo", station, BrokerAddress("127.0.0.1", self.path.port, station, password))

    def issue(self) -> str:
        """A number for the window that calls."""
        self._count += 1
        ask = m.Issue(id=f"i{self._count}", service="shebao")
        slip = self.kiosk.request(topics.ISSUE, ask, timeout_seconds=20).result().slip
        assert slip is not None
        return slip.number

    def call(self, number: str) -> None:
        """Call it and be done with it."""
        for action in ("next", "arrive", "finish"):
            request = {"request": f"bench-{action}-{number}-{self._count}"}
            answer = self._http.post(f"/api/windows/w13/{action}", json=request)
            assert answer.status_code == 200, answer.text

    def wait_all(self, number: str, seconds: float) -> float:
        """Until every screen shows this as its newest; returns when (monotonic)."""
        with self.changed:
            shown = self.changed.wait_for(lambda: all(s.newest == number for s in self.screens), seconds)
        assert shown, f"{sum(s.newest != number for s in self.screens)} screens never showed {number}"
        return time.monotonic()

    def forget_calls(self) -> None:
        """Count stale calls from here."""
        for screen in self.screens:
            screen.calls.clear()

    def stale(self, *numbers: str) -> int:
        """Calls of these numbers that reached a screen after all."""
        return sum(
            call.number in numbers and call.kind is not m.CallKind.RETRACT
            for s in self.screens
            for call in s.calls
        )

    def close(self) -> None:
        """Everything ends."""
        for bus in (self.kiosk, *(screen.bus for screen in self.screens)):
            bus.close()
        self.path.stop()
        self.server.stop()


def accepting(port: int) -> float:
    """When the broker accepts again (monotonic)."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            continue
        return time.monotonic()


def broker_restart(hall: Hall) -> tuple[float, int]:
    """(seconds, stale calls)."""
    before, during = hall.issue(), hall.issue()
    hall.call(before)
    hall.wait_all(before, 20)
    hall.forget_calls()
    hall.server.kill_broker()
    hall.call(during)
    accepted = accepting(hall.server.broker_port)
    return hall.wait_all(during, 30) - accepted, hall.stale(before)


def silent_cut(hall: Hall) -> tuple[float, int]:
    """(seconds, stale calls): the call made during the cut is older than the outage and must not sound."""
    before, during = hall.issue(), hall.issue()
    hall.call(before)
    hall.wait_all(before, 20)
    hall.forget_calls()
    hall.path.cut()
    hall.call(during)
    threading.Event().wait(CUT_SECONDS)
    hall.path.mend()
    mended = time.monotonic()
    return hall.wait_all(during, 30) - mended, hall.stale(before)


def p95(values: list[float]) -> float:
    """Of a few."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def main() -> int:
    """Print the figure; status 1 when a stale call got through."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    rounds = 20 if options.long else options.rounds
    with tempfile.TemporaryDirectory() as folder:
        hall = Hall(Path(folder))
        restarts = [broker_restart(hall) for _ in range(rounds)]
        cuts = [silent_cut(hall) for _ in range(rounds)]
        hall.close()
    stale = sum(count for _, count in restarts + cuts)
    print("after a broker restart:", " ".join(f"{seconds:.2f}" for seconds, _ in restarts), "s")
    print(
        f"after a silent cut of {CUT_SECONDS:.0f} s:", " ".join(f"{seconds:.2f}" for seconds, _ in cuts), "s"
    )
    print(
        f"M3: p95 {p95([s for s, _ in restarts]):.2f} s after a broker restart, "
        f"{p95([s for s, _ in cuts]):.2f} s after a silent cut, {stale} stale calls (bar 2 s, 6 s, 0)"
    )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
