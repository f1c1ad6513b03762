"""K1: cold start to the first touchable frame, memory, and its growth over visits.

    python -m tests.bench.kiosk_start [--long]

Starts are processes on Xvfb with the real hall; touchable = the home page was flipped. Visits are walked
in this process through the real window code: card, zone, guide sheet, number, large type, end.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
from pathlib import Path
from statistics import median

from tests.kiosk.on_display import Display, place

WARM_UP = 200


def main() -> None:
    """Starts, then visits, then the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="10 starts and 1,000 visits instead of 3 and 100")
    long = parser.parse_args().long
    logging.basicConfig(level=logging.WARNING)
    starts, memory = _starts(10 if long else 3)
    visits = 1000 if long else 100
    slope = _slope(WARM_UP if long else 60, visits)
    print(f"K1 start: median {median(starts):.2f}, worst {max(starts):.2f} s")
    print(f"K1 memory: {memory:.0f} MB at the home page (bar ≤ 250 MB)")
    print(f"K1 slope: {slope:.1f} MB over {visits} visits (bar ≤ 5 MB over 1,000)")
    print(f"K1: {max(starts):.2f} s (bar ≤ 3 s)")


def _starts(count: int) -> tuple[list[float], float]:
    seconds, memory = [], 0.0
    with tempfile.TemporaryDirectory() as folder, place(Path(folder)) as hall:
        for number in range(count):
            kiosk = hall.kiosk(name=f"k{number}")
            seconds.append((kiosk.marks.wait("home") - kiosk.started) / 1e9)
            memory = max(memory, kiosk.resident_megabytes())
            kiosk.stop()
    return seconds, memory


def _slope(warm_up: int, visits: int) -> float:
    """Megabytes that resident memory grew by after the warm-up."""
    display = Display()
    os.environ.update({"DISPLAY": display.name, "SDL_VIDEODRIVER": "x11"})
    from assets.ui import window
    from assets.ui.display import Display as Panel

    window.prepare(Panel(left=0, top=0), title="bench")
    window.open_window(Panel(left=0, top=0))
    from kivy.base import EventLoop
    from kivy.core.window import Window

    from devices.tickets import Proof
    from kiosk import flow, samples
    from kiosk.app import KioskApp
    from kiosk.flows import events as e
    from kiosk.flows.state import LEAVE

    app = KioskApp(lambda _event: None, lambda: 1_795_230_300_000)
    Window.add_widget(app.build())
    EventLoop.start()
    state = samples.after()
    item = samples.item_code("居民身份证换领")

    def visit(number: int) -> None:
        nonlocal state
        large = (e.ToggleElder(),) if number % 5 == 0 else ()
        for event in (*large, e.ChooseZone("ga"), e.ChooseItem(item), e.ChooseOption(0, 1), e.Take()):
            step(event)
        step(e.Issued(state.attempts, samples.slip(f"L{number % 1000:03d}")))
        step(e.Printed(state.attempts, Proof.CONFIRMED))
        step(e.TimerFired(LEAVE))

    def step(event: e.Event) -> None:
        nonlocal state
        state, _ = flow.step(state, event)
        app.take([state])
        EventLoop.idle()

    for number in range(warm_up):
        visit(number)
    before = _resident()
    for number in range(visits):
        visit(number)
        if (number + 1) % max(visits // 5, 1) == 0:
            print(f"  after {number + 1} visits: {_resident():.1f} MB", flush=True)
    display.stop()
    return _resident() - before


def _resident() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
