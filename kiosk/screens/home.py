"""Home: the hall's zones, how many wait in each, and 补打."""

from __future__ import annotations

from collections.abc import Sequence

from kivy.uix.gridlayout import GridLayout

from assets.ui.pictures import Sample
from assets.ui.theme import theme
from assets.ui.widgets import Tile
from contract.catalogue import Zone
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.home import Home
from kiosk.flows.state import State
from kiosk.flows.words import home_say, zone_name, zone_note, zone_waiting
from kiosk.screens.page import Emit, Page, pictured
from kiosk.screens.parts import Choice

FEW = 8
"""Up to so many zones stand in two columns."""


class HomePage(Page):
    """See the module."""

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self._grid = GridLayout(cols=2)
        self._tiles: dict[str, Tile] = {}
        self._reprint = Choice(
            text="补打号票",
            note="号票丢失或没有打印出来，刷身份证或输入号码",
            icon="printer",
            level="lead",
            strong=True,
            size_hint_y=None,
        )
        self._reprint.bind(on_release=lambda _: self.emit(e.OpenReprint()))
        self.ids.content.add_widget(self._grid)
        self.ids.content.add_widget(self._reprint)
        self.title = "请选择要办理的业务"

    def draw(self, state: State, screen: Home) -> None:
        """Zones as tiles; the first is the most usual one."""
        facts = state.facts
        people = sum(queue.waiting for queue in facts.queues.values())
        self.subtitle = f"当前全大厅等候 {people} 人" if facts.server else ""
        self.say(home_say(state, browsing=screen.browsing, looking=bool(screen.looking)))
        zones = facts.shelf.zones if facts.shelf else ()
        self._grid.spacing = theme.gap
        self._reprint.height = max(theme.lead * 4, theme.target)
        if self.changed("zones", zones):
            self._make_tiles(zones)
        for zone, tile in self._tiles.items():
            tile.note, tile.badge = zone_note(facts, zone), zone_waiting(facts, zone) if facts.server else ""

    def bar_for(self, state: State) -> Sequence[str]:
        """Leaving is offered to a person whose card was read."""
        leave = ("exit",) if state.person is not None or state.screen != Home() else ()
        return (*leave, "elder", "contrast", "guide")

    def _make_tiles(self, zones: tuple[Zone, ...]) -> None:
        self._grid.clear_widgets()
        self._grid.cols = 2 if len(zones) <= FEW else 3
        self._tiles = {}
        for position, zone in enumerate(zones):
            kind = "primary" if position == 0 else "plain"
            tile = Tile(icon=zone.icon or "domain", text=zone_name(zone.name), kind=kind)
            tile.bind(on_release=lambda _, chosen=zone.id: self.emit(e.ChooseZone(chosen)))
            self._tiles[zone.id] = tile
            self._grid.add_widget(tile)


PAGE = HomePage


def samples() -> tuple[Sample, ...]:
    """At rest, greeted by card, without printer, reading guides while the server is away."""
    greeted = (e.CardRead(made_up.PERSON), e.Found(1, ()))
    return (
        Sample("home", pictured(HomePage, made_up.after())),
        Sample("home-card", pictured(HomePage, made_up.after(*greeted))),
        Sample("home-no-printer", pictured(HomePage, made_up.after(printer=False))),
        Sample("home-browsing", pictured(HomePage, made_up.after(e.BrowseGuides(), server=False))),
    )
