"""Home: the hall's zones, how many wait in each, and 补打."""

from __future__ import annotations

from collections.abc import Sequence

from kivy.uix.gridlayout import GridLayout
from kivy.uix.widget import Widget

from assets.ui.pictures import Sample
from assets.ui.theme import theme
from assets.ui.widgets import Tile
from contract.catalogue import Zone
from contract.errands import Errand
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.home import Home
from kiosk.flows.state import Facts, State
from kiosk.flows.words import home_say, papers_note, papers_title, zone_name, zone_note, zone_waiting
from kiosk.screens.page import Emit, Page, pictured
from kiosk.screens.parts import Choice, Paged, line_of

COLUMNS = 2
TILE_HEIGHT = {"normal": 240, "elder": 300}
NOTE_CHARACTERS = {"normal": 13, "elder": 10}
"""What a tile's second line has room for."""
FEW = {"normal": 8, "elder": 6}
"""Up to so many zones fill the page; more stand on pages that are turned."""


class HomePage(Page):
    """See the module."""

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self._grid = GridLayout(cols=COLUMNS)
        self._paged = Paged()
        self._zones: Widget = self._grid
        self._tiles: dict[str, Tile] = {}
        self._reprint = Choice(
            icon="printer",
            level="lead",
            strong=True,
            size_hint_y=None,
        )
        self._reprint.bind(on_release=lambda _: self.emit(e.OpenReprint()))
        self.ids.content.add_widget(self._grid)

    def draw(self, state: State, screen: Home) -> None:
        """Zones as tiles; the first is the most usual one."""
        facts = state.facts
        takes = Errand.TAKE in facts.errands
        people = sum(queue.waiting for queue in facts.queues.values())
        self.title = "请选择要办理的业务" if takes or not facts.opens_zones else "办事指南"
        self.subtitle = f"当前全大厅等候 {people} 人" if facts.server else ""
        self.say(home_say(state, browsing=screen.browsing, looking=bool(screen.looking)))
        zones = facts.shelf.zones if facts.shelf and facts.opens_zones else ()
        self._grid.spacing = theme.gap
        self._show_papers(facts)
        if self.changed("zones", zones, facts.errands):
            self._make_tiles(zones)
            if not zones:
                self._place([self._papers_tile(facts)])
        for zone, tile in self._tiles.items():
            tile.note = zone_note(facts, zone, NOTE_CHARACTERS[theme.scale])
            tile.badge = zone_waiting(facts, zone) if facts.server and takes else ""

    def _show_papers(self, facts: Facts) -> None:
        """The way to reprints and check-in below the zones, where there is one."""
        self._reprint.height = max(theme.lead * 4, theme.target)
        self._reprint.text = papers_title(facts)
        self._reprint.note = papers_note(facts)
        wanted = facts.papers and facts.opens_zones
        if wanted != (self._reprint.parent is not None):
            place = self.ids.content
            place.add_widget(self._reprint) if wanted else place.remove_widget(self._reprint)

    def _papers_tile(self, facts: Facts) -> Tile:
        """The one thing to do at a kiosk without zones."""
        tile = Tile(icon="printer", text=papers_title(facts), note=papers_note(facts), kind="primary")
        tile.bind(on_release=lambda _: self.emit(e.OpenReprint()))
        return tile

    def bar_for(self, state: State) -> Sequence[str]:
        """Leaving is offered to a person whose card was read."""
        leave = ("exit",) if state.person is not None or state.screen != Home() else ()
        return (*leave, "elder", "contrast", "guide")

    def _make_tiles(self, zones: tuple[Zone, ...]) -> None:
        self._tiles = {}
        for position, zone in enumerate(zones):
            kind = "primary" if position == 0 else "plain"
            tile = Tile(icon=zone.icon or "domain", text=zone_name(zone.name), kind=kind)
            tile.bind(on_release=lambda _, chosen=zone.id: self.emit(e.ChooseZone(chosen)))
            self._tiles[zone.id] = tile
        self._place(list(self._tiles.values()))

    def _place(self, tiles: list[Tile]) -> None:
        zones = self._grid if len(tiles) <= FEW[theme.scale] else self._paged
        if zones is not self._zones:
            self.ids.content.remove_widget(self._zones)
            self.ids.content.add_widget(zones, len(self.ids.content.children))
            self._zones = zones
        self._grid.clear_widgets()
        if zones is self._grid:
            for tile in tiles:
                self._grid.add_widget(tile)
        else:
            pairs = [tiles[at : at + COLUMNS] for at in range(0, len(tiles), COLUMNS)]
            self._paged.fill([line_of(pair, COLUMNS, TILE_HEIGHT[theme.scale] * theme.u) for pair in pairs])


PAGE = HomePage


def samples() -> tuple[Sample, ...]:
    """At rest, greeted by card, without printer, reading guides while the server is away."""
    greeted = (e.CardRead(made_up.PERSON), e.Found(1, ()))
    return (
        Sample("home", pictured(HomePage, made_up.after())),
        Sample("home-guides", pictured(HomePage, made_up.after(made_up.only("guides")))),
        Sample("home-take", pictured(HomePage, made_up.after(made_up.only("take")))),
        Sample("home-papers", pictured(HomePage, made_up.after(made_up.only("reprint", "check_in", "help")))),
        Sample("home-card", pictured(HomePage, made_up.after(*greeted))),
        Sample("home-no-printer", pictured(HomePage, made_up.after(printer=False))),
        Sample("home-alone", pictured(HomePage, made_up.after(*made_up.LONELY))),
        Sample(
            "home-alone-over",
            pictured(HomePage, made_up.after(*made_up.LONELY, e.ServerBack(), e.CameHome(12, 1))),
        ),
        Sample("home-browsing", pictured(HomePage, made_up.after(e.BrowseGuides(), server=False))),
    )
