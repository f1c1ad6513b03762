"""The shell: errors, signals, heartbeat; and a window that is told everything before it opens."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys
from assets.ui import window
from assets.ui.display import Display
window.prepare(Display(width=640, height=360), title="试")
window.open_window(Display(width=640, height=360))
from kivy.clock import Clock
from kivy.config import Config
from kivy.core.window import Window
from assets.ui.shell import Shell

class Program(Shell):
    recovered = 0
    def on_ready(self):
        samples, clock = Config.get("graphics", "multisamples"), Clock.__class__.__name__
        print("ready", Window.size, samples, clock, flush=True)
        print("input", dict(Config.items("input")), flush=True)
        {act}
    def recover(self):
        self.recovered += 1
        print("recovered", self.recovered, flush=True)
    def fail(self, *_):
        raise ValueError("planted")
    def on_stop(self):
        super().on_stop()
        print("stopped", flush=True)

Program().run()
print("over", flush=True)
"""


def run(act: str) -> subprocess.CompletedProcess[str]:
    code = PROGRAM.replace("{act}", act)
    return subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=False, timeout=60
    )


def test_a_signal_ends_it_in_order_and_kivy_reads_no_arguments() -> None:
    done = run("Clock.schedule_once(lambda _: os.kill(os.getpid(), signal.SIGTERM), 0)")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "ready (640, 360) 0 ClockBaseInterrupt"
    assert lines[1] == "input {'mouse': 'mouse,disable_on_activity,disable_multitouch'}"
    assert lines[-2:] == ["stopped", "over"]


def test_an_error_leads_back_to_a_known_screen_and_the_third_ends_the_program() -> None:
    once = "Clock.schedule_once(self.fail, 0); Clock.schedule_once(lambda _: self.stop(), 0.3)"
    done = run(once)
    assert done.returncode == 0, done.stderr
    assert "recovered 1" in done.stdout
    assert "ValueError: planted" in done.stderr
    thrice = run("[Clock.schedule_once(self.fail, n / 20) for n in range(3)]")
    assert thrice.returncode != 0
    assert "recovered 2" in thrice.stdout
    assert "recovered 3" not in thrice.stdout


def test_options_that_would_not_count_are_refused() -> None:
    code = (
        "from assets.ui import window; from assets.ui.display import Display\n"
        "window.prepare(Display()); window.open_window(Display()); window.prepare(Display())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "RuntimeError: window.prepare must come before" in done.stderr


@pytest.mark.window
def test_errors_far_apart_are_forgiven() -> None:
    from kivy.base import ExceptionManager

    from assets.ui.shell import Crashes

    now, recovered = [0.0], []
    crashes = Crashes(lambda: recovered.append(now[0]), clock=lambda: now[0])
    for now[0] in (0.0, 31.0, 62.0, 93.0):
        assert crashes.handle_exception(ValueError("planted")) == ExceptionManager.PASS
    now[0] = 94.0
    assert crashes.handle_exception(ValueError("planted")) == ExceptionManager.RAISE
    assert len(recovered) == 4
    assert crashes.handle_exception(SystemExit()) == ExceptionManager.RAISE
