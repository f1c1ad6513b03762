"""Issuing: the hall is being asked for a number; and Working, a large symbol with a sentence."""

from __future__ import annotations

from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.ui.pictures import Sample
from assets.ui.theme import theme
from assets.ui.widgets import PushButton
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.state import State
from kiosk.flows.take import Issuing
from kiosk.screens.page import Emit, Page, load_kv, pictured


class Working(BoxLayout):
    """A large symbol, a sentence, a second line, and buttons at the foot."""

    icon = StringProperty("")
    text = StringProperty("")
    more = StringProperty("")
    tone = StringProperty("accent_text")

    def action(self, text: str, icon: str, *, kind: str = "plain") -> PushButton:
        """Add a button below the others."""
        height = max(theme.lead * 3.2, theme.target)
        button = PushButton(text=text, icon=icon, kind=kind, size_hint_y=None, height=height)
        self.ids.actions.add_widget(button)
        return button


class IssuingPage(Page):
    """See the module."""

    bar_keys = ("elder", "contrast", "guide")

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self.title = "正在取号"
        self._working = Working(icon="ticket-confirmation-outline")
        self.ids.content.add_widget(self._working)

    def draw(self, state: State, screen: Issuing) -> None:
        """For what, and whether the hall is slow."""
        service = state.facts.shelf.service.get(screen.wish.service) if state.facts.shelf else None
        self._working.text = service.name if service else ""
        if screen.alone:
            self._working.more = "网络中断，正在本机离线取号"
            return
        slow = screen.tries > 1 or not state.facts.server
        self._working.more = "大厅响应较慢，正在重试，不会重复取号" if slow else "请稍候"


PAGE = IssuingPage
load_kv(__file__)


def samples() -> tuple[Sample, ...]:
    """Asking, and asking again."""
    way = (e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    return (
        Sample("issuing", pictured(IssuingPage, made_up.after(*way))),
        Sample("issuing-alone", pictured(IssuingPage, made_up.after(*made_up.LONELY, *way))),
        Sample("issuing-slow", pictured(IssuingPage, made_up.after(*way, e.Unanswered(1)))),
    )
