"""Zone: its services, and their items too where all of them fit on one page."""

from __future__ import annotations

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from assets.ui.pictures import Sample
from assets.ui.theme import theme
from contract.catalogue import Item, Service
from contract.errands import Errand
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.shelf import Shelf
from kiosk.flows.state import State
from kiosk.flows.take import ZonePage as ZoneScreen
from kiosk.flows.words import page_say, waiting, zone_name
from kiosk.flows.words import preview as preview_of
from kiosk.screens.page import Emit, Page, pictured
from kiosk.screens.parts import Choice, Paged, line_of

COLUMNS = 2


class ZonePage(Page):
    """See the module."""

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self._paged = Paged()
        self._heads: dict[str, Choice] = {}
        self.ids.content.add_widget(self._paged)

    def draw(self, state: State, screen: ZoneScreen) -> None:
        """One block per service."""
        shelf = state.facts.shelf or Shelf()
        zone = shelf.zone.get(screen.zone)
        services = shelf.services.get(screen.zone, ())
        self.title = zone_name(zone.name) if zone else ""
        guides = Errand.GUIDES in state.facts.errands
        self.subtitle = "请选择要办理的业务或事项" if guides else "请选择要办理的业务"
        before = "选好后可以看到所需材料" if guides else "选好后即可取号"
        usual = f"{state.person.masked_name}，身份证已读取" if state.person else before
        self.say(page_say(state, usual))
        if self.changed("services", screen.zone, services, guides):
            self._fill(services, shelf if guides else Shelf())
        for service, head in self._heads.items():
            known = (state.facts.server or state.facts.lonely) and Errand.TAKE in state.facts.errands
            head.badge = waiting(state.facts, service, brief=theme.scale == "elder") if known else ""

    def _fill(self, services: tuple[Service, ...], shelf: Shelf) -> None:
        items = {service.id: shelf.items_of(service.id) for service in services}
        rows = sum(-(-len(each) // COLUMNS) for each in items.values())
        needed = rows * (_item_height() + theme.gap) + len(services) * (_head_height(0) + theme.gap)
        unfold = needed <= 1120 * theme.u
        self._heads = {}
        blocks: list[Widget] = []
        for service in services:
            head = self._head(service, items[service.id], preview=not unfold)
            self._heads[service.id] = head
            blocks.append(head)
            if unfold:
                blocks += self._items(items[service.id])
        self._paged.fill(blocks)

    def _head(self, service: Service, items: tuple[Item, ...], *, preview: bool) -> Choice:
        lines = 3 if preview else 0
        head = Choice(
            text=service.name,
            note=preview_of(items, 52 if theme.scale == "elder" else 70) if preview else "",
            note_lines=max(lines, 1),
            icon="chevron-right",
            level="lead",
            strong=True,
            badge_width=6 if theme.scale == "elder" else 12,
            size_hint_y=None,
            height=_head_height(lines),
        )
        head.speak = service.name
        head.bind(on_release=lambda _: self.emit(e.ChooseService(service.id)))
        return head

    def _items(self, items: tuple[Item, ...]) -> list[BoxLayout]:
        choices = [self._item(item) for item in items]
        pairs = [choices[at : at + COLUMNS] for at in range(0, len(choices), COLUMNS)]
        return [line_of(pair, COLUMNS, _item_height()) for pair in pairs]

    def _item(self, item: Item) -> Choice:
        choice = Choice(text=item.name)
        choice.bind(on_release=lambda _: self.emit(e.ChooseItem(item.code)))
        return choice


def _item_height() -> float:
    return float(max(theme.body * 3.3, theme.target))


def _head_height(lines: int) -> float:
    return float(max(theme.lead * 2.1 + theme.small * 1.5 * lines, theme.target))


PAGE = ZonePage


def samples() -> tuple[Sample, ...]:
    """A zone that is shown by its services, and one that is shown with all its items."""
    return (
        Sample("zone", pictured(ZonePage, made_up.after(e.ChooseZone("zh")))),
        Sample("zone-items", pictured(ZonePage, made_up.after(e.ChooseZone("ga")))),
        Sample("zone-plain", pictured(ZonePage, made_up.after(made_up.only("take"), e.ChooseZone("zh")))),
        Sample("zone-alone-items", pictured(ZonePage, made_up.after(*made_up.LONELY, e.ChooseZone("ga")))),
        Sample(
            "zone-closed",
            pictured(ZonePage, made_up.after(e.CardRead(made_up.PERSON), e.Found(1, ()), e.ChooseZone("sf"))),
        ),
    )
