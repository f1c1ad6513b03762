"""The kiosk's window: states of the session in, one page out; touches back as events."""

from __future__ import annotations

import gc
import importlib
import logging
import time
from collections.abc import Callable, Sequence

from kivy.clock import Clock
from kivy.core.window import Window

from assets.ui.bridge import Bridge
from assets.ui.shell import Shell
from assets.ui.theme import theme
from assets.ui.widgets.stage import Stage
from contract.clock import date_text, time_text, weekday_text
from kiosk import flow
from kiosk.flows import events as e
from kiosk.flows.aside import IdleWarning
from kiosk.flows.home import nobody_there
from kiosk.flows.state import State
from kiosk.flows.take import ZonePage, likely
from kiosk.scan_keys import KeySorter, ScanKeys
from kiosk.screens.page import Moment, Page

log = logging.getLogger(__name__)

TOUCH_SECONDS = 1.0
"""Touches that press nothing are told to the session at most so often."""
TURNS_A_SECOND = 60.0
"""How often the window looks for touches; costs nothing at rest and a finger waits half as long."""
COLLECT = (50_000, 20, 100)
"""Thresholds of Python's collector while a citizen is there; each session's end collects everything."""
AHEAD = (
    "home",
    "zone",
    "service",
    "guide",
    "issuing",
    "number",
    "reprint",
    "keypad",
    "error",
    "idle_warning",
)
"""Pages whose code is loaded while nobody waits for it."""


class KioskApp(Shell):
    """Draws what the session shows. ``hear`` may be called from any thread, all else from the window's."""

    def __init__(
        self,
        emit: Callable[[e.Event], None],
        hall_ms: Callable[[], int | None],
        *,
        start: State | None = None,
        ready: Callable[[], None] = lambda: None,
        scanner: KeySorter | None = None,
    ) -> None:
        super().__init__()
        self._scanner = scanner
        self._emit, self._hall_ms, self._say_ready = emit, hall_ms, ready
        self._pages: dict[tuple[str, str], Page] = {}
        self._state = start or flow.start()
        self._moment = Moment()
        self._touched_at = 0.0
        self.failed = False
        self._ahead = list(AHEAD)
        self._bridge = Bridge(self.take)
        self.keys.on_back = lambda: self.emit(e.Back())
        self.keys.on_help = lambda: self.emit(e.CallForGuide())
        self.keys.on_text = lambda text: self.emit(e.KeyPressed(text))

    @property
    def page(self) -> Page:
        """The page on the glass."""
        return self._pages[_key(self._state)]

    def hear(self, state: State) -> None:
        """A new state; of several that wait only the last is drawn."""
        self._bridge.post(state, key="state")

    def emit(self, event: e.Event) -> None:
        """Hand an event to the session."""
        self._emit(event)

    def build(self) -> Stage:
        """The first page."""
        self._draw(self._state)
        return self.stage

    def on_start(self) -> None:
        """Clock and touches."""
        super().on_start()
        if self._scanner is not None:
            Window.unbind(on_key_down=self.keys.key_down)
            self._scan_keys = ScanKeys(self._scanner, self.keys.key_down, Clock.schedule_once)
            Window.bind(on_key_down=self._scan_keys.key_down)
        Clock._max_fps = TURNS_A_SECOND  # no public name once the clock exists
        Window.bind(on_touch_down=self._touched)
        Clock.schedule_interval(self._tick, 1.0)

    def on_ready(self) -> None:
        """First frame flipped."""
        log.info("first frame drawn")
        self._say_ready()
        Clock.schedule_once(self._load_ahead, 0.2)

    def give_up(self) -> None:
        """End the window with a failure, so that the supervisor starts the program afresh; any thread."""
        self.failed = True
        Clock.schedule_once(lambda _: self.stop(), 0)

    def recover(self) -> None:
        """A page broke: drop all of them and end the session."""
        self._pages.clear()
        self._emit(e.Failed())

    def take(self, states: Sequence[object]) -> None:
        """Draw the newest state."""
        state = states[-1]
        assert isinstance(state, State)
        self._draw(state)

    def _draw(self, state: State) -> None:
        if state.session != self._state.session:
            self._forget()
        self._state = state
        manner, branding = state.manner, state.facts.branding
        theme.brand(branding.colour, branding.logo)
        theme.use(
            palette="contrast" if manner.contrast else "light", scale="elder" if manner.elder else "normal"
        )
        page = self._shown(state)
        self.stage.show(page)
        self.mark(state.screen.name)

    def _shown(self, state: State) -> Page:
        """The page of this state, made if it is not there, with everything on it."""
        key = _key(state)
        page = self._pages.get(key)
        if page is None:
            module = importlib.import_module(f"kiosk.screens.{state.screen.name}")
            page = self._pages[key] = module.PAGE(self.emit)
        page.show(state)
        self._read_clock()
        page.moment(self._moment)
        return page

    def _forget(self) -> None:
        """The citizen is gone: no page that showed anything of him stays, not even unseen."""
        self._pages.clear()
        self.keys.set(None)
        Clock.schedule_once(self._tidy, 0.3)

    def _tidy(self, _seconds: float) -> None:
        """Pages are rings of objects: free them now, not some time; then make those of the next citizen."""
        theme.property("version").dispatch(theme)
        gc.collect()
        self._make_next(0.0)

    def _make_next(self, _seconds: float) -> None:
        """At rest, build one page that will probably be opened, and go on with the next."""
        state = self._state
        if not nobody_there(state) or state.facts.shelf is None:
            return
        for screen in likely(state.facts.shelf):
            ahead = state.show(screen)
            if _key(ahead) not in self._pages:
                self._shown(ahead).size = self.stage.size
                Clock.schedule_once(self._make_next, 0.05)
                return

    def _tick(self, _seconds: float) -> None:
        if self._read_clock():
            self.page.moment(self._moment)

    def _read_clock(self) -> bool:
        """Hall time for the header; True when it reads differently now."""
        now = self._hall_ms()
        if now is None:
            return False
        before = self._moment
        self._moment = Moment(time_text(now), f"{date_text(now)} {weekday_text(now)}")
        return self._moment != before

    def _touched(self, *_: object) -> bool:
        now = time.monotonic()
        quiet = nobody_there(self._state) or isinstance(self._state.screen, IdleWarning)
        if not quiet and now - self._touched_at >= TOUCH_SECONDS:
            self._touched_at = now
            self._emit(e.Touched())
        return False

    def _load_ahead(self, _seconds: float) -> None:
        if self._ahead:
            importlib.import_module(f"kiosk.screens.{self._ahead.pop(0)}")
            Clock.schedule_once(self._load_ahead, 0.05)
        elif nobody_there(self._state):
            _spare_the_collector()
            self._make_next(0.0)
        else:
            Clock.schedule_once(self._load_ahead, 5.0)


def _spare_the_collector() -> None:
    """What was loaded stays for ever: never look at it again, and collect when nobody is there.

    A full collection costs up to 0.2 s here, too much between a touch and its page. Only at rest: what is
    frozen is never freed, so nothing of a citizen may be among it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)


def _key(state: State) -> tuple[str, str]:
    """Which page draws this state: each zone has one of its own, all else one per kind of screen."""
    screen = state.screen
    return screen.name, screen.zone if isinstance(screen, ZonePage) else ""
