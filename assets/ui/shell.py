"""Shell: the Kivy App that both front ends extend: signals, crashes, first frame, heartbeat, keys.

    class KioskApp(Shell):
        def build(self): return self.stage          # a Stage is made for you
        def on_ready(self): …                       # first frame was flipped
        def recover(self): …                        # after an unexpected error: drop the session, go home

- SIGTERM and SIGINT end the main loop in order; ``App.on_stop`` runs.
- Kivy's settings panel and kv file by class name are off.
- ``beat_age()``: seconds since the window's thread last turned; readable from any thread, for health and
  for the watchdog: a hung window is really seen.
- An exception in a callback is logged and ``recover`` is called; the third within a minute ends the program,
  so that the supervisor starts it afresh.
- ``timings(path)``: an optional file of monotonic nanoseconds, one line per mark whose frame was flipped.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TextIO

from kivy.app import App
from kivy.base import ExceptionHandler, ExceptionManager
from kivy.clock import Clock
from kivy.core.window import Window

from assets.ui.widgets.focus import FocusPath
from assets.ui.widgets.stage import Stage

log = logging.getLogger(__name__)

FAILURES: Final = 3
WITHIN_SECONDS: Final = 60.0


class Crashes(ExceptionHandler):
    """Keeps the window alive after an error, but not after the third within a minute."""

    def __init__(self, recover: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._recover = recover
        self._clock = clock
        self._seen: list[float] = []

    def handle_exception(self, inst: BaseException) -> int:
        """Kivy asks: go on (PASS) or end (RAISE)."""
        if not isinstance(inst, Exception):
            return int(ExceptionManager.RAISE)
        now = self._clock()
        self._seen = [*(at for at in self._seen if now - at < WITHIN_SECONDS), now]
        log.error("error in the window's thread (%d within a minute)", len(self._seen), exc_info=inst)
        if len(self._seen) >= FAILURES:
            return int(ExceptionManager.RAISE)
        self._recover()
        return int(ExceptionManager.PASS)


class Shell(App):
    """See the module."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.stage = Stage()
        self.keys = FocusPath(self.stage)
        self.ready = False
        self._turned = time.monotonic()
        self._marks: list[str] = []
        self._timings: TextIO | None = None
        self._unwatch: Callable[[], None] = lambda: None

    def build(self) -> Stage:
        """The window's content."""
        return self.stage

    def on_ready(self) -> None:
        """The first frame was flipped."""

    def on_flip(self) -> None:
        """A frame is on the glass; called for each, so be quick."""

    def recover(self) -> None:
        """Back to a known screen after an error."""

    def beat_age(self) -> float:
        """Seconds since the window's thread last turned."""
        return time.monotonic() - self._turned

    def timings(self, path: Path) -> None:
        """Write ``monotonic_ns TAB mark`` for each mark once its frame was flipped."""
        self._timings = path.open("a", encoding="utf-8")

    def mark(self, name: str) -> None:
        """The next flipped frame shows this; ignored without ``timings``."""
        if self._timings is not None:
            self._marks.append(name)

    def on_start(self) -> None:
        """Wire what lives as long as the window."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ordered_stop)
        ExceptionManager.add_handler(Crashes(self.recover))
        Clock.schedule_interval(self._turn, 0.5)
        Window.bind(on_key_down=self.keys.key_down)
        self.watch_flips()

    def watch_flips(self) -> None:
        """Tell when a frame is on the glass: Kivy's on_flip comes before the swap, which draws."""
        swap = Window.flip

        def swap_and_tell() -> None:
            swap()
            self._flipped()

        Window.flip = swap_and_tell
        self._unwatch = lambda: setattr(Window, "flip", swap)

    def on_stop(self) -> None:
        """Close the file of timings."""
        self._unwatch()
        if self._timings is not None:
            self._timings.close()
            self._timings = None

    def open_settings(self, *_: object) -> bool:
        """No settings panel: F1 is the help key."""
        return False

    def load_kv(self, filename: str | None = None) -> bool:
        """No kv file by the name of the class."""
        del filename
        return False

    def _ordered_stop(self, number: int, _frame: object) -> None:
        log.info("signal %d: closing the window", number)
        Clock.schedule_once(lambda _: self.stop(), 0)

    def _turn(self, _seconds: float) -> None:
        self._turned = time.monotonic()

    def _flipped(self) -> None:
        if not self.ready:
            self.ready = True
            self.on_ready()
        if self._marks and self._timings is not None:
            now = time.monotonic_ns()
            self._timings.writelines(f"{now}\t{mark}\n" for mark in self._marks)
            self._timings.flush()
            self._marks.clear()
        self.on_flip()
