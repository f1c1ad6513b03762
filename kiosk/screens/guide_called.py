"""Guide called: the hall knows that somebody needs a guide here."""

from __future__ import annotations

from assets.ui.pictures import Sample
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.aside import Asking, GuideCalled
from kiosk.flows.state import State
from kiosk.screens.issuing import Working
from kiosk.screens.page import Emit, Page, pictured

WORDS = {
    Asking.ASKING: ("face-agent", "accent_text", "正在呼叫导办人员", "请稍候"),
    Asking.COMING: ("face-agent", "good", "已通知导办人员", "请在本机旁稍候，也可以继续办理"),
    Asking.FAILED: ("phone-alert", "warn", "暂时没有通知到导办人员", "请到导办台，或稍后再试"),
}


class GuideCalledPage(Page):
    """See the module."""

    bar_keys = ("elder", "contrast")

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self.title = "呼叫人工"
        self._working = Working()
        self.ids.content.add_widget(self._working)

    def draw(self, _state: State, screen: GuideCalled) -> None:
        """How far the call is."""
        words = self._working
        words.icon, words.tone, words.text, words.more = WORDS[screen.stage]
        if screen.sentence:
            words.more = screen.sentence
        if self.changed("actions"):
            words.ids.actions.clear_widgets()
            back = words.action("继续办理", "arrow-left", kind="primary")
            back.bind(on_release=lambda _: self.emit(e.Back()))


PAGE = GuideCalledPage


def samples() -> tuple[Sample, ...]:
    """Coming; not reached."""
    called = (e.ChooseZone("zh"), e.CallForGuide())
    return (
        Sample("guide-called", pictured(GuideCalledPage, made_up.after(*called, e.GuideComing(1)))),
        Sample("guide-called-failed", pictured(GuideCalledPage, made_up.after(*called, e.Unanswered(1)))),
    )
