"""Reprint: lay the card, or type the number."""

from __future__ import annotations

from assets.ui.pictures import Sample
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.reprint import Reprint
from kiosk.flows.state import State
from kiosk.flows.words import page_say
from kiosk.screens.issuing import Working
from kiosk.screens.page import Emit, Page, pictured


class ReprintPage(Page):
    """See the module."""

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self.title = "补打号票、预约签到"
        self._working = Working(icon="card-account-details-outline")
        self.ids.content.add_widget(self._working)

    def draw(self, state: State, screen: Reprint) -> None:
        """Asks for the card; the keypad is always a way."""
        self.say(page_say(state, "补打的号票会标明“补打”", "有预约的，在这里签到取号"))
        if state.reading or screen.looking:
            self._working.text = "正在读取身份证" if state.reading else "正在查找您的号票"
            self._working.more = "请稍候"
        elif state.facts.reader:
            self._working.text, self._working.more = (
                "请把身份证放在感应区",
                "没有带身份证，可扫号票或预约的码，或输入号码"
                if state.facts.scanner
                else "没有带身份证，可输入号票号码或预约码",
            )
        else:
            self._working.text, self._working.more = "请输入号码或预约码", "本机现在不能刷身份证"
        if self.changed("actions"):
            self._working.ids.actions.clear_widgets()
            button = self._working.action("输入号码", "dialpad", kind="primary")
            button.bind(on_release=lambda _: self.emit(e.OpenKeypad()))


PAGE = ReprintPage


def samples() -> tuple[Sample, ...]:
    """Asking, looking, nothing found, without a reader."""
    looking = (e.OpenReprint(), e.CardRead(made_up.PERSON))
    return (
        Sample("reprint", pictured(ReprintPage, made_up.after(e.OpenReprint()))),
        Sample("reprint-looking", pictured(ReprintPage, made_up.after(*looking))),
        Sample("reprint-none", pictured(ReprintPage, made_up.after(*looking, e.Found(1, ())))),
        Sample("reprint-no-reader", pictured(ReprintPage, made_up.after(e.OpenReprint(), reader=False))),
    )
