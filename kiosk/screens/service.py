"""Service: its items, each with a guide sheet, and the band on which a number can be taken at once."""

from __future__ import annotations

from assets.ui.pictures import Sample
from assets.ui.theme import theme
from contract.catalogue import Item
from contract.errands import Errand
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.shelf import Shelf
from kiosk.flows.state import State
from kiosk.flows.take import ServicePage as ServiceScreen
from kiosk.flows.words import page_say, take_offer, waiting
from kiosk.screens.page import Emit, Page, pictured
from kiosk.screens.parts import Choice, Paged, TakeBand, line_of

COLUMNS = 2


class ServicePage(Page):
    """See the module."""

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self._paged = Paged()
        self._band = TakeBand()
        self._band.bind(on_take=lambda _: self.emit(e.Take()))
        self.ids.content.add_widget(self._paged)
        self.ids.content.add_widget(self._band)

    def draw(self, state: State, screen: ServiceScreen) -> None:
        """Items as choices; the band below."""
        shelf = state.facts.shelf or Shelf()
        service = shelf.service.get(screen.service)
        self.title = service.name if service else ""
        self.subtitle = waiting(state.facts, screen.service) if state.facts.server else ""
        items = shelf.items_of(screen.service) if Errand.GUIDES in state.facts.errands else ()
        told = ("可以直接取号，也可以先选事项", "选事项可看材料、费用和时限")
        if Errand.TAKE not in state.facts.errands:
            told = ("请选择事项", "可看材料、费用和时限")
        self.say(page_say(state, *(told if items else ("请取号",))))
        self._band.offer(take_offer(state, screen.service))
        if self.changed("items", items):
            self._fill(items)

    def _fill(self, items: tuple[Item, ...]) -> None:
        height = max(theme.body * 3.2, theme.target)
        choices = [self._choice(item) for item in items]
        pairs = [choices[at : at + COLUMNS] for at in range(0, len(choices), COLUMNS)]
        self._paged.fill([line_of(pair, COLUMNS, height) for pair in pairs])

    def _choice(self, item: Item) -> Choice:
        choice = Choice(text=item.name)
        choice.bind(on_release=lambda _: self.emit(e.ChooseItem(item.code)))
        return choice


PAGE = ServicePage


def samples() -> tuple[Sample, ...]:
    """As usual, without a reader, closed, and while a card is read."""
    way = (e.ChooseZone("zh"), e.ChooseService("sb"))
    none = (e.ChooseZone("ga"), e.ChooseService("crj"), e.Take())
    closed = (e.ChooseZone("sf"), e.ChooseService("fl"))
    return (
        Sample("service", pictured(ServicePage, made_up.after(*way))),
        Sample("service-no-reader", pictured(ServicePage, made_up.after(*way, reader=False))),
        Sample("service-plain", pictured(ServicePage, made_up.after(made_up.only("take"), *way))),
        Sample("service-guides", pictured(ServicePage, made_up.after(made_up.only("guides"), *way))),
        Sample("service-closed", pictured(ServicePage, made_up.after(*closed))),
        Sample("service-reading", pictured(ServicePage, made_up.after(*way, e.CardFound()))),
        Sample("service-alone-none", pictured(ServicePage, made_up.after(*made_up.LONELY, *none))),
        Sample(
            "service-refused",
            pictured(ServicePage, made_up.after(*way, e.CardRefused("没有读清，请拿起身份证重新放一次"))),
        ),
    )
