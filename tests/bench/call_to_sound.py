"""M2, second part: a window's "next" → first sample handed to the sound card → captured at a virtual sink.

``python -m tests.bench.call_to_sound [--calls 8] [--long]``: hall server with its Mosquitto, the announcer's
program on PulseAudio's null sink, the clerk's press over HTTP. The clock starts before the press is sent.
No clips: the chime is what sounds first in any case.
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
import threading
import time
from functools import partial
from pathlib import Path

from contract import topics
from contract.messages import Call, CallKind, Issue
from tests.bench.call_to_frame import SERVICE, press
from tests.hall.server_process import ServerProcess, open_all, write_hall
from tests.sinks import RATE, VirtualSink, eventually, missing

CHIME_SECONDS = 2.2
CHUNK_BYTES = RATE * 4 // 200


class Ears(threading.Thread):
    """Notes when sound that is not silence comes out of the sink after each silence."""

    def __init__(self, sink: VirtualSink) -> None:
        super().__init__(daemon=True)
        command = ["parec", "-d", "hall.monitor", "--format=s16le", "--rate=48000", "--latency-msec=5"]
        environment = {**os.environ, **sink.environment}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        self.heard_ns: list[int] = []
        self.running = threading.Event()

    def run(self) -> None:
        """Until ``stop``."""
        quiet = True
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            while chunk := stream.read(CHUNK_BYTES):
                now = time.monotonic_ns()
                self.running.set()
                silent = not any(chunk)
                if quiet and not silent:
                    self.heard_ns.append(now)
                quiet = silent

    def stop(self) -> None:
        """End."""
        self._process.terminate()
        self._process.wait()
        self.join()


def main() -> int:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=8)
    parser.add_argument("--long", action="store_true", help="100 calls")
    options = parser.parse_args()
    if missing():
        raise SystemExit(f"not installed: {missing()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sink = VirtualSink(folder)
        sink.start()
        server = ServerProcess(write_hall(folder / "hall"), folder / "state")
        server.start()
        try:
            handed, heard = measure(server, sink, folder, 100 if options.long else options.calls)
        finally:
            server.stop()
            sink.kill()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {len(handed)} calls")
    print(f"M2 captured at the sink: p50 {statistics.median(heard):.0f} p95 {p95(heard):.0f} ms (bar <= 150)")
    print(f"M2 handed to the card: p50 {statistics.median(handed):.0f} ms")
    print(f"M2 handed to the card: {p95(handed):.0f} ms p95 (bar <= 60)")
    return 0


def p95(values: list[float]) -> float:
    """Of sorted or unsorted values."""
    return sorted(values)[int(len(values) * 0.95)]


def measure(
    server: ServerProcess, sink: VirtualSink, folder: Path, calls: int
) -> tuple[list[float], list[float]]:
    """Milliseconds from the press to the card, and to the sink's other side."""
    timing, config = folder / "timing", folder / "announcer.toml"
    config.write_text(
        '[station]\nid = "announcer-1"\nname = "广播"\nhall = "demo"\n'
        f'server = "127.0.0.1:{server.broker_port}"\ncache = "cache"\n'
        f'secret_file = "{server.state}/broker/secrets/announcer-1"\n'
        '[devices.speaker]\ndriver = "speaker"\nbackend = "pulse"\n',
        "utf-8",
    )
    command = [sys.executable, "-m", "queue_display", "announce", "--config", str(config)]
    with (folder / "announcer.log").open("wb") as log:
        announcer = subprocess.Popen(
            [*command, "--timing", str(timing)], env={**os.environ, **sink.environment}, stderr=log
        )
    ears = Ears(sink)
    ears.start()
    kiosk, watcher = server.bus("kiosk-1"), server.bus("sign-3")
    called: list[str] = []

    def hear(call: Call, _ids: dict[str, str]) -> None:
        if call.kind is CallKind.CALL:
            called.append(call.call)

    watcher.on(topics.BOARD_CALL, hear, board="hall")
    open_all([kiosk, watcher])
    eventually(lambda: b"loudspeaker works" in (folder / "announcer.log").read_bytes())
    assert ears.running.wait(10)
    pressed, pause, http = [], random.Random(1), server.http()
    for number in range(calls):
        kiosk.request(topics.ISSUE, Issue(id=f"bench-issue-{number:06d}", service=SERVICE)).result(10)
        time.sleep(CHIME_SECONDS + pause.uniform(0, 0.1))
        pressed.append(time.monotonic_ns())
        press(http, "next", number)
        eventually(partial(_reached, called, number))
        time.sleep(0.5)
        press(http, "arrive", number)
    time.sleep(CHIME_SECONDS)
    announcer.send_signal(signal.SIGTERM)
    announcer.wait()
    http.close()
    ears.stop()
    kiosk.close()
    watcher.close()
    lines = [line.split("\t") for line in timing.read_text("utf-8").splitlines()]
    moments = {name: int(handed) for handed, name, _ in lines}
    handed = [(moments[name] - at) / 1e6 for name, at in zip(called, pressed, strict=True)]
    heard = [(min(moment for moment in ears.heard_ns if moment > at) - at) / 1e6 for at in pressed]
    return handed, heard


def _reached(called: list[str], number: int) -> bool:
    return len(called) > number


if __name__ == "__main__":
    sys.exit(main())
