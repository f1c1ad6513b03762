"""The window of a board or a sign: messages from the bus in, one view out, drawn when it changed.

``DisplayApp`` knows nothing of halls: ``Rules`` are the pure functions of board.py or sign.py, ``screen``
draws their view. Everything runs in the window's thread but ``hear``, which any thread may call.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kivy.clock import Clock
from kivy.uix.widget import Widget

from assets.ui.bridge import Bridge
from assets.ui.shell import Shell
from assets.ui.theme import theme
from assets.ui.widgets.stage import Stage
from contract.branding import Branding
from contract.messages import BoardNow, Call, WindowState
from queue_display import confirming
from queue_display.confirming import Confirmed, Glass
from queue_display.news import Now

log = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Rules:
    """Pure functions of a kind of screen, and the state that it starts with.

    ``calls`` names the calls that a picture holds; ``mine``: whether a call is to be shown here at all.
    """

    start: Any
    fold: Callable[[Any, object, Now], Any]
    view: Callable[[Any, Now], Any]
    next_change: Callable[[Any, Now], float]
    calls: Callable[[Any, Now], tuple[str, ...]] = lambda _view, _now: ()
    mine: Callable[[Call], bool] = lambda _call: True


class DisplayApp(Shell):
    """A screen that nobody touches. ``hall_ms`` gives hall time, None while it is unknown; ``confirm`` is
    told what became of each call and must not wait."""

    def __init__(
        self,
        *,
        rules: Rules,
        screen: Callable[[], Widget],
        hall_ms: Callable[[], int | None],
        ready: Callable[[], None] = lambda: None,
        confirm: Callable[[Confirmed], None] = lambda _: None,
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._rules, self._screen_of = rules, screen
        self._hall_ms, self._mono, self._say_ready = hall_ms, mono, ready
        self._state = rules.start
        self._view: Any = None
        self._glass, self._confirm = Glass(), confirm
        self._timer: Any = None
        self.screen: Any = None
        self._bridge = Bridge(self.take)

    def hear(self, message: object, *, key: object | None = None) -> None:
        """Hand over a message from any thread; a state with the same key replaces one that still waits."""
        self._bridge.post(message, key=key)

    def build(self) -> Stage:
        """Make the screen and draw what is known before the first message."""
        self.screen = self._screen_of()
        self.stage.show(self.screen)
        self.draw()
        return self.stage

    def on_ready(self) -> None:
        """First frame flipped: the station can say ready."""
        log.info("first frame drawn")
        self.mark("first-frame")
        self._say_ready()

    def recover(self) -> None:
        """After an error: draw from the state again."""
        self._view = None
        self.draw()

    def on_flip(self) -> None:
        """What was drawn is on the glass."""
        self._note(confirming.flip(self._glass))

    def take(self, messages: Sequence[object]) -> None:
        """Fold what came and draw once."""
        now = self._now()
        for message in messages:
            if isinstance(message, Branding):
                theme.brand(message.colour, message.logo)
                continue
            self._state = self._rules.fold(self._state, message, now)
            if isinstance(message, Call):
                log.info("call %s %s to %s", message.kind, message.number, message.window)
                self.mark(message.call)
                if self._rules.mine(message):
                    self._note(confirming.hear(self._glass, message))
            elif isinstance(message, BoardNow | WindowState):
                self.mark("picture")
        self.draw()

    def draw(self, *_: object) -> None:
        """Draw the view when it changed, and come back when time alone will change it."""
        now = self._now()
        view = self._rules.view(self._state, now)
        if view != self._view:
            self._view = view
            self.screen.show(view)
        self._note(confirming.draw(self._glass, self._rules.calls(view, now), now))
        if self._glass.drawn:
            self.screen.canvas.ask_update()
        pause = min(self._rules.next_change(self._state, now), LONGEST_PAUSE_SECONDS)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = Clock.schedule_once(self.draw, pause)

    def _note(self, step: confirming.Step) -> None:
        self._glass, told = step
        for each in told:
            self._confirm(each)

    def _now(self) -> Now:
        return Now(self._mono(), self._hall_ms() or 0)
