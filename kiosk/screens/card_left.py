"""Card left: the citizen went away, his card lies there."""

from __future__ import annotations

from assets.ui.pictures import Sample
from devices.tickets import Proof
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.home import CardLeft
from kiosk.flows.state import LEAVE, State
from kiosk.screens.issuing import Working
from kiosk.screens.page import Emit, Page, pictured


class CardLeftPage(Page):
    """See the module."""

    bar_keys = ("home", "elder", "contrast", "guide")

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self.title = "请取走身份证"
        self._working = Working(
            icon="card-account-details",
            tone="warn",
            text="身份证还在感应区",
            more="取走后自动返回首页\n拾到他人身份证，请交导办台",
        )
        self.ids.content.add_widget(self._working)

    def draw(self, _state: State, _screen: CardLeft) -> None:
        """Nothing of the person is shown."""


PAGE = CardLeftPage


def samples() -> tuple[Sample, ...]:
    """After the number was taken."""
    way = (e.ChooseZone("zh"), e.ChooseService("sb"), e.CardRead(made_up.PERSON))
    end = (e.Issued(1, made_up.slip()), e.Printed(2, Proof.CONFIRMED), e.TimerFired(LEAVE))
    return (Sample("card-left", pictured(CardLeftPage, made_up.after(*way, *end))),)
