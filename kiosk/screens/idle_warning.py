"""Idle warning: nobody has touched anything for long; one touch goes on."""

from __future__ import annotations

from assets.ui.pictures import Sample
from assets.ui.theme import theme
from assets.ui.widgets import Countdown
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.aside import IdleWarning
from kiosk.flows.state import COUNTDOWN, COUNTDOWN_SECONDS, IDLE, State
from kiosk.screens.issuing import Working
from kiosk.screens.page import Emit, Page, pictured


class IdleWarningPage(Page):
    """See the module."""

    bar_keys = ()

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self.title = "您还在办理吗？"
        self._ring = Countdown(size_hint_y=None, total=COUNTDOWN_SECONDS)
        self._working = Working(text="将返回首页", more="本次填写和读取的信息会全部清除")
        self.ids.content.add_widget(self._working)
        self._working.add_widget(self._ring, len(self._working.children) - 1)

    def draw(self, state: State, screen: IdleWarning) -> None:
        """Seconds left, and the two ways on."""
        self._ring.height = 320 * theme.u
        self._ring.total = int(state.seconds(COUNTDOWN_SECONDS))
        self._ring.left = screen.left
        if self.changed("actions"):
            self._working.ids.actions.clear_widgets()
            stay = self._working.action("继续办理", "gesture-tap", kind="primary")
            stay.bind(on_release=lambda _: self.emit(e.Stay()))
            leave = self._working.action("结束办理", "logout")
            leave.bind(on_release=lambda _: self.emit(e.GoHome()))


PAGE = IdleWarningPage


def samples() -> tuple[Sample, ...]:
    """After two seconds."""
    second = e.TimerFired(COUNTDOWN)
    state = made_up.after(e.ChooseZone("zh"), e.TimerFired(IDLE), second, second)
    return (Sample("idle-warning", pictured(IdleWarningPage, state)),)
