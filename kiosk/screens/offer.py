"""Offer: tickets that are open already, each to be printed again with one touch."""

from __future__ import annotations

from collections.abc import Sequence

from kivy.properties import StringProperty
from kivy.uix.widget import Widget

from assets.ui.pictures import Sample
from assets.ui.widgets.panel import Panel
from contract.messages import TicketSlip
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.reprint import Offer
from kiosk.flows.state import State
from kiosk.flows.words import ahead, page_say, windows
from kiosk.screens.page import Emit, Page, load_kv, pictured
from kiosk.screens.parts import Paged


class SlipCard(Panel):
    """One open ticket and the button that prints it again."""

    __events__ = ("on_print",)

    number = StringProperty("")
    service = StringProperty("")
    ahead = StringProperty("")
    windows = StringProperty("")

    def __init__(self, slip: TicketSlip, **options: object) -> None:
        super().__init__(**options)
        self.number, self.service, self.ahead = slip.number, slip.service, ahead(slip)
        self.windows = windows(slip.windows)
        self.ids.button.speak = f"补打 {slip.number}"

    def on_print(self) -> None:
        """The button was pressed."""


class OfferPage(Page):
    """See the module."""

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self._paged = Paged()
        self.ids.content.add_widget(self._paged)

    def draw(self, state: State, screen: Offer) -> None:
        """Why they are shown, and the tickets."""
        self.title = "您已有号票" if screen.existing else "选择要补打的号票"
        usual = "同一业务一人一个号，原号有效" if screen.existing else "补打不改变排队位置"
        self.say(page_say(state, usual, "号票丢失可以补打" if screen.existing else ""))
        self.fill(screen.slips)

    def fill(self, slips: Sequence[TicketSlip], extra: Sequence[Widget] = ()) -> None:
        """One card per ticket, and what stands below them."""
        if self.changed("slips", *slips, len(extra)):
            self._paged.fill([*(self._card(slip) for slip in slips), *extra])

    def _card(self, slip: TicketSlip) -> SlipCard:
        card = SlipCard(slip)
        card.bind(on_print=lambda _: self.emit(e.ReprintTicket(slip.ticket)))
        return card


PAGE = OfferPage
load_kv(__file__)


def samples() -> tuple[Sample, ...]:
    """The one that exists already; several to choose from."""
    way = (e.ChooseZone("zh"), e.ChooseService("sb"), e.CardRead(made_up.PERSON))
    alone = e.Issued(1, made_up.lone_slip(), existing=True)
    two = (made_up.slip(), made_up.slip("A002", service="企业与许可综合受理", ahead=0))
    found = (e.OpenReprint(), e.CardRead(made_up.PERSON), e.Found(1, two))
    return (
        Sample("offer", pictured(OfferPage, made_up.after(*way, e.Issued(1, made_up.slip(), existing=True)))),
        Sample("offer-alone", pictured(OfferPage, made_up.after(*made_up.LONELY, *way, alone))),
        Sample("offer-two", pictured(OfferPage, made_up.after(*found))),
    )
