"""Tile: one large choice of a grid: symbol, name, and a line that says more.

Tile:
    icon: "ticket-confirmation"
    text: "取号办理"
    note: "刷身份证 · 选窗口事项"
    badge: "等候 12 人"       # optional, top right
    kind: "primary"          # primary for the most frequent one, plain for the others
    on_release: …
"""

from __future__ import annotations

from kivy.properties import StringProperty
from kivy.uix.floatlayout import FloatLayout

from assets.ui.theme import theme
from assets.ui.widgets.panel import Ground
from assets.ui.widgets.press import Press
from assets.ui.widgets.text import Icon, Text

# ground, pressed, edge, symbol, name, note
KINDS = {
    "primary": ("accent", "accent_pressed", "", "accent_ink", "accent_ink", "accent_ink"),
    "plain": ("surface", "pressed", "line", "accent_text", "ink", "ink_soft"),
}
OFF = ("off", "off", "", "off_ink", "off_ink", "off_ink")


class Tile(Press, Ground, FloatLayout):
    """A choice; see the module."""

    icon = StringProperty("")
    note = StringProperty("")
    badge = StringProperty("")
    kind = StringProperty("plain")
    level = StringProperty("title")

    def __init__(self, **options: object) -> None:
        plain = {"size_hint": (None, None)}
        self._symbol = Icon(**plain)
        self._name = Text(weight="bold", **plain)
        self._note = Text(level="small", wrap=True, valign="top", **plain)
        self._badge = Text(level="small", align="right", **plain)
        super().__init__(**options)
        for part in (self._symbol, self._name, self._note, self._badge):
            self.add_widget(part)
        for name in ("kind", "disabled", "down"):
            self.fbind(name, self.paint)
        for name in ("text", "icon", "note", "badge", "level", "size", "pos"):
            self.fbind(name, self._arrange)
        theme.bind(version=self._arrange)
        self._arrange()

    def spoken(self) -> str:
        """Name, note and badge, unless ``speak`` says otherwise."""
        return str(self.speak) or "，".join(each for each in (self.text, self.note, self.badge) if each)

    def ground(self) -> str:
        """The colour token under the words."""
        look = self._look()
        return look[1] if self.down else look[0]

    def paint(self, *_: object) -> None:
        """Draw the ground; symbol and words follow in their inks."""
        edge, symbol, name, note = self._look()[2:]
        self.edge, self._symbol.tone, self._name.tone = edge, symbol, name
        self._note.tone = self._badge.tone = note
        self.rounding = theme.radius
        super().paint()

    def _look(self) -> tuple[str, str, str, str, str, str]:
        return OFF if self.disabled else KINDS[self.kind]

    def _arrange(self, *_: object) -> None:
        """From the bottom up: note, name; the symbol takes what is left above."""
        self._symbol.name, self._name.text = self.icon, self.text
        self._note.text, self._badge.text, self._name.level = self.note, self.badge, self.level
        pad, inner = theme.pad, self.width - 2 * theme.pad
        name_height = theme.size(self.level) * 1.3
        note_height = theme.small * 1.45 if self.note else 0
        room = self.height - 2 * pad - name_height - note_height
        symbol = max(min(room, theme.size(self.level) * 1.9), 0)
        gap = (room - symbol) / 2
        self._note.size = (inner, note_height)
        self._note.pos = (self.x + pad, self.y + pad * 0.8 + max(gap, 0) * 0.5)
        self._name.size = (inner, name_height)
        self._name.pos = (self.x + pad, self._note.top)
        self._symbol.size_px = symbol
        self._symbol.size = (symbol, symbol)
        self._symbol.pos = (self.x + pad * 0.8, self.top - pad - symbol - max(gap, 0) * 0.3)
        self._badge.size = (inner - symbol, theme.small * 1.45)
        self._badge.pos = (self._symbol.right, self.top - pad - self._badge.height)
