"""Reprint: lay the card, or type the number."""

from __future__ import annotations

from assets.ui.pictures import Sample
from contract.errands import Errand
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.reprint import Reprint
from kiosk.flows.state import Facts, State
from kiosk.flows.words import page_say, papers_code, papers_title
from kiosk.screens.issuing import Working
from kiosk.screens.page import Emit, Page, pictured


class ReprintPage(Page):
    """See the module."""

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self._working = Working(icon="card-account-details-outline")
        self.ids.content.add_widget(self._working)

    def draw(self, state: State, screen: Reprint) -> None:
        """Asks for the card; the keypad is always a way."""
        facts, code = state.facts, papers_code(state.facts)
        self.title = papers_title(facts)
        told = ["补打的号票会标明“补打”"] if Errand.REPRINT in facts.errands else []
        told += ["有预约的，在这里签到取号"] if Errand.CHECK_IN in facts.errands else []
        self.say(page_say(state, *told))
        if state.reading or screen.looking:
            self._working.text = "正在读取身份证" if state.reading else "正在查找您的号票"
            self._working.more = "请稍候"
        elif facts.reader:
            self._working.text = "请把身份证放在感应区"
            scan = f"没有带身份证，可扫{_codes(facts)}，或输入{code}"
            self._working.more = scan if facts.scanner else f"没有带身份证，可输入{code}"
        else:
            self._working.text, self._working.more = f"请输入{code}", "本机现在不能刷身份证"
        typed = "输入预约码" if code == "预约码" else "输入号码"
        if self.changed("actions", typed):
            self._working.ids.actions.clear_widgets()
            button = self._working.action(typed, "dialpad", kind="primary")
            button.bind(on_release=lambda _: self.emit(e.OpenKeypad()))


def _codes(facts: Facts) -> str:
    """Whose code can be scanned."""
    both = papers_code(facts) == "号码或预约码"
    return "号票或预约的码" if both else "预约的码" if Errand.CHECK_IN in facts.errands else "号票的码"


PAGE = ReprintPage


def samples() -> tuple[Sample, ...]:
    """Asking, looking, nothing found, without a reader."""
    looking = (e.OpenReprint(), e.CardRead(made_up.PERSON))
    return (
        Sample("reprint", pictured(ReprintPage, made_up.after(e.OpenReprint()))),
        Sample("reprint-looking", pictured(ReprintPage, made_up.after(*looking))),
        Sample("reprint-none", pictured(ReprintPage, made_up.after(*looking, e.Found(1, ())))),
        Sample(
            "reprint-check-in",
            pictured(ReprintPage, made_up.after(made_up.only("check_in"), e.OpenReprint())),
        ),
        Sample("reprint-no-reader", pictured(ReprintPage, made_up.after(e.OpenReprint(), reader=False))),
    )
