"""Notice: one sentence with a symbol on a tinted ground: what still works, what to do.

Notice:
    kind: "warn"                # info | good | warn | bad
    text: "打印机缺纸，可凭屏幕号码等候"
    action: "请联系导办人员"      # optional second line
"""

from __future__ import annotations

from kivy.lang import Builder
from kivy.properties import StringProperty

from assets.ui.widgets.panel import Panel

# ground, symbol's tone, symbol
KINDS = {
    "info": ("accent_soft", "accent_text", "information"),
    "good": ("good_soft", "good", "check-circle"),
    "warn": ("warn_soft", "warn", "alert"),
    "bad": ("bad_soft", "bad", "alert-octagon"),
}

Builder.load_string("""
#:import theme assets.ui.theme.theme
<Notice>:
    rounding: theme.radius
    padding: theme.pad, theme.pad * 0.7
    spacing: theme.pad * 0.7
    size_hint_y: None
    height: max(words.height, 60 * theme.u) + theme.pad * 1.4
    Icon:
        name: root.symbol
        tone: root.symbol_tone
        size_px: theme.lead * 1.4
        size_hint_x: None
        width: theme.lead * 1.4
    BoxLayout:
        id: words
        orientation: "vertical"
        size_hint_y: None
        height: self.minimum_height
        pos_hint: {"center_y": 0.5}
        Text:
            text: root.text
            weight: "bold"
            wrap: True
            grow: True
            size_hint_y: None
        Text:
            text: root.action
            wrap: True
            grow: True
            size_hint_y: None
""")


class Notice(Panel):
    """A sentence; see the module."""

    kind = StringProperty("info")
    text = StringProperty("")
    action = StringProperty("")
    speak = StringProperty("")
    symbol = StringProperty("information")
    symbol_tone = StringProperty("accent_text")

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.fbind("kind", self._look)
        self._look()

    def _look(self, *_: object) -> None:
        self.fill, self.symbol_tone, self.symbol = KINDS[self.kind]
