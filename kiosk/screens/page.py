"""Page: what all kiosk screens share: header, lead (words only, out of reach), content, bottom bar.

A page draws the state it is given and emits events; it holds no rule. ``show`` may be called with every
new state: it draws only what differs. No control stands in the upper 30 % of the panel.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kivy.clock import Clock, ClockEvent
from kivy.input.motionevent import MotionEvent
from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from assets.ui.pictures import Sample
from assets.ui.theme import theme
from assets.ui.widgets import PushButton
from assets.ui.widgets.notice import Notice
from contract.errands import Errand
from kiosk.flows import events as e
from kiosk.flows.state import Manner, State
from kiosk.flows.words import Say

Emit = Callable[[e.Event], None]
HOLD_SECONDS = 5.0
LEAD_HEIGHT = 376
"""Header and this are the upper 30 % of 1,920 design pixels."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What the clock of the header says, in hall time; empty before the hall was heard."""

    time: str = ""
    date: str = ""


def load_kv(module_file: str) -> None:
    """Load the kv file beside a screen's module."""
    Builder.load_file(str(Path(module_file).with_suffix(".kv")))


class Page(BoxLayout):
    """See the module."""

    title = StringProperty("")
    title_level = StringProperty("display")
    title_wraps = BooleanProperty(False)
    title_lines = NumericProperty(1)
    subtitle = StringProperty("")
    roomy = BooleanProperty(True)
    lead_height = NumericProperty(LEAD_HEIGHT)
    bar_keys: Sequence[str] = ("back", "home", "elder", "contrast", "guide")

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(**options)
        self.emit = emit
        self._said = Notice()
        self._bar: tuple[object, ...] = ()
        self._keys: dict[str, Hashable] = {}
        self._holding: ClockEvent | None = None

    def show(self, state: State) -> None:
        """Draw this state; the screen in it is of this page's kind."""
        facts = state.facts
        self.ids.header.title = facts.hall_name
        self.ids.header.subtitle = " · ".join(each for each in (facts.station_name, facts.place) if each)
        if not self.title_wraps:
            self.title_level = "title" if theme.scale == "elder" else "display"
        self.draw(state, state.screen)
        helps = Errand.HELP in facts.errands
        self._show_bar([key for key in self.bar_for(state) if key != "guide" or helps], state.manner)

    def draw(self, state: State, screen: Any) -> None:
        """Fill lead and content."""
        raise NotImplementedError

    def bar_for(self, state: State) -> Sequence[str]:
        """Which buttons stand in the bottom bar."""
        del state
        return self.bar_keys

    def moment(self, now: Moment) -> None:
        """Set the clock."""
        self.ids.header.time_text, self.ids.header.date_text = now.time, now.date

    def say(self, say: Say | None) -> None:
        """Put a sentence at the foot of the lead, or take it away."""
        place = self.ids.facts
        if say is None:
            place.remove_widget(self._said)
            return
        self.roomy = not (theme.scale == "elder" and say.more)
        self._said.kind, self._said.text, self._said.action = say.tone.value, say.text, say.more
        if self._said.parent is None:
            place.add_widget(self._said)

    def changed(self, part: str, *key: Hashable) -> bool:
        """Whether this part must be built anew; type size and palette always count."""
        full = (*key, theme.scale, theme.palette)
        if self._keys.get(part) == full:
            return False
        self._keys[part] = full
        return True

    # ------------------------------------------------------------ bottom bar

    def _show_bar(self, keys: Sequence[str], manner: Manner) -> None:
        if self._bar == (*keys, manner):
            return
        self._bar = (*keys, manner)
        bar = self.ids.bar
        bar.clear_widgets()
        for key in keys:
            bar.add_widget(self._bar_button(key, manner))

    def _bar_button(self, key: str, manner: Manner) -> PushButton:
        looks: dict[str, tuple[str, str, e.Event]] = {
            "back": ("arrow-left", "返回", e.Back()),
            "home": ("home", "首页", e.GoHome()),
            "done": ("check-bold", "完成", e.GoHome()),
            "exit": ("logout", "退出", e.GoHome()),
            "elder": ("format-size", "标准字" if manner.elder else "大字版", e.ToggleElder()),
            "contrast": ("contrast-circle", "标准色" if manner.contrast else "高对比", e.ToggleContrast()),
            "guide": ("face-agent", "呼叫人工", e.CallForGuide()),
        }
        icon, text, event = looks[key]
        kind = "primary" if key == "done" else "plain"
        button = PushButton(icon=icon, text=text, stacked=True, level="small", kind=kind)
        button.bind(on_release=lambda _: self.emit(event))
        return button

    # ------------------------------------------------------------ the technician's five seconds

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Five seconds on the clock open the technician's page."""
        header = self.ids.header
        if header.collide_point(*touch.pos) and touch.x > header.center_x:
            self._let_go()
            self._holding = Clock.schedule_once(self._held, HOLD_SECONDS)
        return bool(super().on_touch_down(touch))

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """Let go too early: nothing happens."""
        self._let_go()
        return bool(super().on_touch_up(touch))

    def _let_go(self) -> None:
        if self._holding is not None:
            self._holding.cancel()
            self._holding = None

    def _held(self, _seconds: float) -> None:
        self._holding = None
        self.emit(e.OpenTechnician())


def ignore(_event: e.Event) -> None:
    """For pictures: nobody listens."""


def pictured(page: Callable[[Emit], Page], state: State) -> Callable[[], Widget]:
    """A builder for a Sample: this page showing this state on a Saturday evening."""

    def build() -> Widget:
        made = page(ignore)
        made.moment(Moment("10:05", "2026年11月21日 星期六"))
        made.show(replace(state, manner=Manner(theme.scale == "elder", theme.palette == "contrast")))
        return made

    return build


def samples() -> tuple[Sample, ...]:
    """This module draws nothing by itself."""
    return ()


load_kv(__file__)
