"""M2, first part: a window's "next" → the frame that shows the call was flipped; over real processes.

`python -m tests.bench.call_to_frame [--calls 20] [--long]`: hall server with its Mosquitto, one board under
Xvfb, kiosk's requests over MQTT, the clerk's press over HTTP. The clock starts before the press is sent, so
the figure holds HTTP, commit, broker, fold and drawing. Then the board is killed (-9) and started again.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from contract import topics
from contract.messages import Call, Issue
from tests.bench.xvfb import display
from tests.hall.server_process import ServerProcess, open_all, write_hall

SERVICE, WINDOW = "shebao", "w03"
WAIT_SECONDS = 20.0


class Board:
    """The board's process; ``frames`` is its timing file: mark → monotonic ns of the flip."""

    def __init__(self, folder: Path, server: ServerProcess, x: str) -> None:
        self._folder, self._x = folder, x
        self._timing = folder / "timing"
        (folder / "secret").write_text((server.state / "broker/secrets/board-1").read_text("utf-8"), "utf-8")
        self._config = folder / "board.toml"
        self._config.write_text(
            '[station]\nid = "board-1"\nname = "综合屏"\nhall = "demo"\nsecret_file = "secret"\n'
            f'server = "127.0.0.1:{server.broker_port}"\ncache = "cache"\n[display]\nleft = 0\ntop = 0\n',
            "utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process."""
        environment = {k: v for k, v in os.environ.items() if k != "SDL_VIDEODRIVER"} | {"DISPLAY": self._x}
        command = [sys.executable, "-m", "queue_display", "board", "--config", str(self._config)]
        with (self._folder / "board.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--timing", str(self._timing)], env=environment, stderr=log
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the process; returns its exit status."""
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait()

    def frames(self) -> dict[str, int]:
        """What was flipped so far."""
        if not self._timing.exists():
            return {}
        lines = (line.split("\t") for line in self._timing.read_text("utf-8").splitlines())
        return {mark: int(moment) for moment, mark in lines}

    def wait_for(self, mark: str) -> int:
        """The moment at which a mark was flipped."""
        until = time.monotonic() + WAIT_SECONDS
        while mark not in (seen := self.frames()):
            if time.monotonic() > until:
                log = (self._folder / "board.log").read_text("utf-8")
                raise TimeoutError(f"{mark} was never drawn:\n{log[-3000:]}")
            time.sleep(0.005)
        return seen[mark]


def main() -> int:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--long", action="store_true", help="200 calls")
    options = parser.parse_args()
    calls = 200 if options.long else options.calls
    with tempfile.TemporaryDirectory() as name, display() as x:
        folder = Path(name)
        server = ServerProcess(write_hall(folder / "hall"), folder / "state")
        server.start()
        board = Board(folder, server, x)
        try:
            took, back = measure(server, board, calls)
        finally:
            server.stop()
    took.sort()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {calls} calls")
    print(f"board killed -9 → true picture drawn again: {back:.2f} s (bar ≤ 5 s)")
    print(f"M2 first part: p50 {statistics.median(took):.0f} ms")
    print(f"M2 first part: p95 {took[int(len(took) * 0.95)]:.0f} ms (bar ≤ 100)")
    return 0


def measure(server: ServerProcess, board: Board, calls: int) -> tuple[list[float], float]:
    """Milliseconds of each call, and seconds of the board's return after kill -9."""
    kiosk, watcher = server.bus("kiosk-1"), server.bus("sign-3")
    sent: dict[str, int] = {}
    pressed = [0]

    def called(call: Call, _ids: dict[str, str]) -> None:
        sent.setdefault(call.call, pressed[0])

    watcher.on(topics.BOARD_CALL, called)
    open_all([kiosk, watcher])
    board.start()
    board.wait_for("first-frame")
    took, pause, http = [], random.Random(1), server.http()
    for number in range(calls):
        kiosk.request(topics.ISSUE, Issue(id=f"bench-issue-{number:06d}", service=SERVICE)).result(10)
        time.sleep(pause.uniform(0.1, 0.5))
        known = set(sent)
        pressed[0] = time.monotonic_ns()
        press(http, "next", number)
        while not (new := set(sent) - known):
            time.sleep(0.002)
        call = new.pop()
        took.append((board.wait_for(call) - sent[call]) / 1e6)
        press(http, "arrive", number)
    board.stop(signal.SIGKILL)
    before = board.frames().get("picture", 0)
    started = time.monotonic_ns()
    board.start()
    while (seen := board.frames().get("picture", 0)) <= max(before, started):
        time.sleep(0.01)
    board.stop()
    kiosk.close()
    watcher.close()
    return took, (seen - started) / 1e9


def press(http: httpx.Client, key: str, number: int) -> None:
    """A key of the clerk."""
    answer = http.post(f"/api/windows/{WINDOW}/{key}", json={"request": f"bench-{key}-{number:06d}"})
    assert answer.json()["ok"]


if __name__ == "__main__":
    sys.exit(main())
