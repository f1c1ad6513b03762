"""Parts of several kiosk screens: choices, the take-number band, materials, pages that are turned."""

from __future__ import annotations

from collections.abc import Sequence

from kivy.clock import Clock
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from assets.ui.pictures import Sample
from assets.ui.theme import theme
from assets.ui.widgets.panel import Ground, Panel
from assets.ui.widgets.press import Press
from contract.guide_sheet import Bring, Paper
from kiosk.flows.words import BRING, TakeOffer, copies
from kiosk.screens.page import load_kv

# ground, tone and symbol of what a citizen has to do about a paper
TAGS = {
    Bring.NEEDED: ("accent_soft", "accent_text", "file-document"),
    Bring.MAY_BE_MISSING: ("warn_soft", "warn", "clock-outline"),
    Bring.NOT_SUBMITTED: ("good_soft", "good", "check-bold"),
    Bring.IF_ASKED: ("stripe", "ink_soft", "help-circle-outline"),
}


class Choice(Press, Ground, BoxLayout):
    """A choice in a list: words that wrap, a note, a badge at the right, chosen or not."""

    note = StringProperty("")
    note_lines = NumericProperty(1)
    badge = StringProperty("")
    badge_width = NumericProperty(9)
    badge_tone = StringProperty("")
    icon = StringProperty("")
    icon_px = NumericProperty(0)
    level = StringProperty("body")
    strong = BooleanProperty(False)
    chosen = BooleanProperty(False)
    ink = StringProperty("ink")
    soft_ink = StringProperty("ink_soft")
    symbol_ink = StringProperty("accent_text")

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        for name in ("down", "chosen", "disabled"):
            self.fbind(name, self.paint)
        self.paint()

    def spoken(self) -> str:
        """Words, note and badge."""
        chosen = "已选" if self.chosen else ""
        return str(self.speak) or "，".join(
            each for each in (self.text, self.badge, self.note, chosen) if each
        )

    def ground(self) -> str:
        """The colour under the words."""
        if self.chosen:
            return "accent_pressed" if self.down else "accent"
        return "pressed" if self.down else "surface"

    def paint(self, *_: object) -> None:
        """Draw the ground; words follow in its ink."""
        self.edge = "" if self.chosen else "line"
        self.rounding = theme.radius
        inks = ("accent_ink",) * 3 if self.chosen else ("ink", "ink_soft", "accent_text")
        self.ink, self.soft_ink, self.symbol_ink = inks
        super().paint()


class Tag(Panel):
    """A short word with a symbol on a tinted ground."""

    text = StringProperty("")
    icon = StringProperty("file-document")
    tone = StringProperty("ink")
    tag_ground = StringProperty("stripe")


class MaterialRow(Panel):
    """One paper of the materials list."""

    name = StringProperty("")
    copies = StringProperty("")
    stacked = BooleanProperty(False)

    def __init__(self, paper: Paper, **options: object) -> None:
        super().__init__(stacked=theme.scale == "elder", **options)
        self.name, self.copies = paper.name, copies(paper)
        ground, tone, icon = TAGS[paper.bring]
        self.add_widget(
            Tag(text=BRING[paper.bring], icon=icon, tone=tone, tag_ground=ground), len(self.children)
        )


class TakeBand(Panel):
    """Where the card is laid, and the one button that takes a number without it."""

    __events__ = ("on_take",)

    text = StringProperty("")
    more = StringProperty("")
    button = StringProperty("")
    icon = StringProperty("card-account-details-outline")
    primary = BooleanProperty(False)
    usable = BooleanProperty(True)
    speak = StringProperty("")

    def on_take(self) -> None:
        """The button was pressed."""

    def offer(self, offer: TakeOffer) -> None:
        """Show how a number can be taken."""
        self.text, self.more, self.icon = offer.say, offer.more, offer.icon
        self.button, self.primary, self.usable = offer.button, offer.primary, offer.usable


class Turner(BoxLayout):
    """上一页 · 1/2 · 下一页."""

    __events__ = ("on_turn",)

    text = StringProperty("")

    def on_turn(self, by: int) -> None:
        """One page back or on."""


class Paged(BoxLayout):
    """Blocks of known height below one another; what does not fit stands on the next page."""

    block_gap = NumericProperty(0)

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._blocks: list[Widget] = []
        self._page = 0
        self._turner = Turner()
        self._turner.bind(on_turn=self._turn)
        self._lay = Clock.create_trigger(self._place, -1)
        self.bind(size=self._lay)

    def fill(self, blocks: Sequence[Widget], *, keep_page: bool = False) -> None:
        """Show these blocks, from the first page or from the same one."""
        self._blocks = list(blocks)
        self._page = self._page if keep_page else 0
        self._place()

    def _turn(self, _turner: Turner, by: int) -> None:
        self._page += by
        self._place()

    def _place(self, *_: object) -> None:
        pages = self._pages(self.height)
        turning = len(pages) > 1
        if turning:
            pages = self._pages(self.height - self._turner.height - self.spacing)
            if self._turner.parent is None:
                self.add_widget(self._turner)
        elif self._turner.parent is not None:
            self.remove_widget(self._turner)
        self._page = min(max(self._page, 0), len(pages) - 1)
        self._turner.text = f"{self._page + 1} / {len(pages)}"
        self._turner.ids.before.disabled = self._page == 0
        self._turner.ids.after.disabled = self._page == len(pages) - 1
        self._show(pages[self._page])

    def _pages(self, height: float) -> list[list[Widget]]:
        gap = self.block_gap or theme.gap
        pages: list[list[Widget]] = [[]]
        used = 0.0
        for block in self._blocks:
            if pages[-1] and used + block.height > height:
                pages.append([])
                used = 0.0
            pages[-1].append(block)
            used += block.height + gap
        return pages

    def _show(self, blocks: list[Widget]) -> None:
        place = self.ids.blocks
        if place.children[::-1] == blocks:
            return
        place.clear_widgets()
        for block in blocks:
            place.add_widget(block)


def line_of(widgets: Sequence[Widget], columns: int, height: float) -> BoxLayout:
    """One row of equal columns; missing ones stay empty."""
    line = BoxLayout(spacing=theme.gap, size_hint_y=None, height=height)
    for widget in widgets:
        line.add_widget(widget)
    for _ in range(columns - len(widgets)):
        line.add_widget(Widget())
    return line


def samples() -> tuple[Sample, ...]:
    """This module draws nothing by itself."""
    return ()


load_kv(__file__)
