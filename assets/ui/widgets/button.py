"""PushButton: a word (and a symbol) to be pressed; behaviour in press.py.

    PushButton:
        text: "上一步"
        icon: "arrow-left"      # optional; see fonts.icon
        kind: "primary"         # primary (the one thing to do) | plain | danger
        stacked: True           # symbol above the word; False: beside it
        level: "lead"
        on_release: …

Never smaller than ``theme.target`` (20 mm) unless the layout forces it: the target lint refuses that.
"""

from __future__ import annotations

from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.ui.theme import theme
from assets.ui.widgets.panel import Ground
from assets.ui.widgets.press import Press
from assets.ui.widgets.text import Icon, Text

# ground, ground while pressed, edge, ink
KINDS: dict[str, tuple[str, str, str, str]] = {
    "primary": ("accent", "accent_pressed", "", "accent_ink"),
    "plain": ("surface", "pressed", "line", "accent_text"),
    "danger": ("surface", "bad_soft", "bad", "bad"),
}
OFF = ("off", "off", "", "off_ink")


class PushButton(Press, Ground, BoxLayout):
    """A button; see the module."""

    icon = StringProperty("")
    kind = StringProperty("plain")
    stacked = BooleanProperty(False)
    level = StringProperty("lead")
    icon_px = NumericProperty(0)

    def __init__(self, **options: object) -> None:
        self._symbol = Icon(size_hint=(None, 1))
        self._words = Text(weight="bold", align="center")
        super().__init__(**options)
        for name in ("kind", "disabled", "down"):
            self.fbind(name, self.paint)
        for name in ("text", "icon", "stacked", "level", "icon_px", "size"):
            self.fbind(name, self._arrange)
        theme.bind(version=self._arrange)
        self._arrange()

    def ground(self) -> str:
        """The colour token under the word, by kind and state."""
        look = self._look()
        return look[1] if self.down else look[0]

    def paint(self, *_: object) -> None:
        """Draw the ground; the words follow in their ink."""
        edge, ink = self._look()[2:]
        self.edge = edge
        self._words.tone = self._symbol.tone = ink
        self.rounding = theme.radius
        super().paint()

    def _look(self) -> tuple[str, str, str, str]:
        return OFF if self.disabled else KINDS[self.kind]

    def _arrange(self, *_: object) -> None:
        self.orientation = "vertical" if self.stacked else "horizontal"
        self.padding = [theme.pad / 2, theme.tight] if not self.stacked else [theme.tight, theme.pad / 2]
        self.spacing = theme.tight
        self._words.text, self._words.level = self.text, self.level
        self._symbol.name = self.icon
        size = self.icon_px or theme.size(self.level) * (1.5 if self.stacked else 1.2)
        self._symbol.size_px = size
        shown = [
            each for each in (self._symbol if self.icon else None, self._words if self.text else None) if each
        ]
        if self.children[::-1] != shown:
            self.clear_widgets()
            for each in shown:
                self.add_widget(each)
        self._size_parts(size)

    def _size_parts(self, symbol: float) -> None:
        alone = not self.text
        self._words.wrap = False
        if self.stacked:
            self._symbol.size_hint = (1, 1)
            self._words.size_hint = (1, None)
            self._words.height = theme.size(self.level) * 1.4
            self._words.align = "center"
            return
        self._words.size_hint = (1, 1)
        self._symbol.size_hint = (1, 1) if alone else (None, 1)
        if not alone:
            self._symbol.width = symbol
        if self.icon and not alone:
            self._centre_pair(symbol)

    def _centre_pair(self, symbol: float) -> None:
        """Keep symbol and word together in the middle."""
        self._words.align = "left"
        words = len(self.text) * theme.size(self.level)
        spare = max(self.width - symbol - theme.tight - words - theme.pad, 0)
        self.padding = [theme.pad / 2 + spare / 2, theme.tight, theme.pad / 2, theme.tight]
