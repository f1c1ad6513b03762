"""Welcome: what the person whose card was laid on at home can do with one touch."""

from __future__ import annotations

import msgspec

from assets.ui.pictures import Sample
from assets.ui.theme import theme
from assets.ui.widgets import PushButton
from contract.errands import Errand
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.state import State
from kiosk.flows.welcome import Welcome
from kiosk.flows.words import page_say
from kiosk.screens.offer import OfferPage
from kiosk.screens.page import pictured


class WelcomePage(OfferPage):
    """See the module."""

    def draw(self, state: State, screen: Welcome) -> None:  # type: ignore[override]
        """Greeting, open tickets, the only service, and the way to all others."""
        name = state.person.masked_name if state.person else ""
        self.title = f"{name}，您好"
        self.subtitle = "您今天已有号票，还没有办理" if screen.slips else "请确认取号"
        self.say(
            page_say(state, "号票丢失可以补打，排队位置不变")
            if screen.slips
            else page_say(state, "身份证已读取")
        )
        takes = Errand.TAKE in state.facts.errands
        several = takes and state.facts.shelf is not None and len(state.facts.shelf.offered) > 1
        extra = [self._button("取其他业务的号", "ticket-outline", e.Back(), "plain")] if several else []
        if screen.service and state.facts.shelf:
            service = state.facts.shelf.service[screen.service].name
            extra.insert(
                0, self._button(f"取号：{service}", "ticket", e.TakeService(screen.service), "primary")
            )
        self.fill(screen.slips, extra)

    def _button(self, text: str, icon: str, event: e.Event, kind: str) -> PushButton:
        height = max(theme.lead * 3.2, theme.target)
        button = PushButton(text=text, icon=icon, kind=kind, size_hint_y=None, height=height)
        button.bind(on_release=lambda _: self.emit(event))
        return button


PAGE = WelcomePage


def samples() -> tuple[Sample, ...]:
    """With an open ticket; a hall with a single service."""
    card = e.CardRead(made_up.PERSON)
    full = made_up.catalogue()
    single = e.CatalogueArrived(msgspec.structs.replace(full, services=full.services[:1]))
    found = made_up.after(card, e.Found(1, (made_up.slip(),)))
    return (
        Sample("welcome", pictured(WelcomePage, found)),
        Sample("welcome-single", pictured(WelcomePage, made_up.after(single, card, e.Found(1, ())))),
    )
