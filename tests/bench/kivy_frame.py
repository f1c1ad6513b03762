"""K2, and the screen's part of M2: what a hall board costs at 1080p with software GL, and how fast it draws.

`python -m tests.bench.kivy_frame [--long]` starts its own Xvfb (an offscreen window would not pay for the
swap). Printed: start to first frame, memory, CPU a frame when everything is redrawn, message on the bus →
frame flipped, frames and CPU of a quiet minute.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from assets.ui.display import Display
from tests.bench.xvfb import display

FRAMES = 60
WARM = 10


def main() -> int:
    """Parent: a display, the measured process, the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="200 calls and a quiet minute")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return measure(calls=200 if options.long else 20, quiet_seconds=60 if options.long else 5)
    with display() as name:
        environment = {k: v for k, v in os.environ.items() if k != "SDL_VIDEODRIVER"} | {"DISPLAY": name}
        command = [sys.executable, "-m", "tests.bench.kivy_frame", "--child", *sys.argv[1:]]
        started = time.monotonic()
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    load = os.getloadavg()[0]
    print(f"load {load:.1f} on {os.cpu_count()} cores")
    print(
        f"K1b first frame: {figures['first_frame'] - started:.2f} s (bar ≤ 3 s), {figures['memory']:.0f} MB"
    )
    print(
        f"K2b quiet: {figures['quiet_frames']:.2f} frames/s (bar ≤ 1), {figures['quiet_cpu']:.1f} % of a core"
    )
    print(f"M2a call on the bus → frame flipped: p50 {figures['p50']:.0f} ms, p95 {figures['p95']:.0f} ms")
    print(f"K2: {figures['frame']:.1f} ms CPU a frame at 1920×1080 (bar ≤ 40)")
    return 0


def measure(*, calls: int, quiet_seconds: float) -> int:
    """Child: a board on an in-process bus, measured from its own clock."""
    from assets.ui import window

    panel = Display(width=1920, height=1080, left=0, top=0, diagonal_inches=55)
    window.prepare(panel)
    window.open_window(panel)
    from tests.bench.board_under_test import BoardUnderTest

    with tempfile.TemporaryDirectory() as folder:
        test = BoardUnderTest(Path(folder) / "timing", calls=calls, quiet_seconds=quiet_seconds)
        threading.Thread(target=test.script, name="script", daemon=True).start()
        test.app.run()
        test.close()
    sys.stdout.write(json.dumps(test.figures) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
