"""Dialog: a question that hides everything else; Countdown: seconds left as a ring and a number.

    dialog = Dialog(icon="timer-sand", title="还在办理吗？", words="20 秒后将返回首页", tone="warn")
    dialog.action("继续办理", on_continue, kind="primary")
    dialog.action("结束", on_end)
    dialog.count(18, of=20)        # shows the ring with 18; None hides it
    stage.cover(dialog)

The buttons stand in the lower half, within reach of a wheelchair.
"""

from __future__ import annotations

from collections.abc import Callable

from kivy.graphics import Color, SmoothLine
from kivy.lang import Builder
from kivy.properties import NumericProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from assets.ui.theme import theme
from assets.ui.widgets.button import PushButton
from assets.ui.widgets.text import Text

Builder.load_string("""
#:import theme assets.ui.theme.theme
<Dialog>:
    orientation: "vertical"
    padding: theme.margin
    Widget:
        size_hint_y: 0.5
    Panel:
        orientation: "vertical"
        fill: "surface"
        edge: "line"
        rounding: theme.radius
        padding: theme.margin, theme.margin
        spacing: theme.pad
        size_hint_y: None
        height: self.minimum_height
        BoxLayout:
            id: sign
            size_hint_y: None
            height: 260 * theme.u
            Icon:
                id: icon
                name: root.icon
                size_px: 180 * theme.u
                tone: root.tone
        Text:
            text: root.title
            level: "display"
            weight: "bold"
            align: "center"
            wrap: True
            grow: True
            size_hint_y: None
        Text:
            text: root.words
            level: "lead"
            tone: "ink_soft"
            align: "center"
            wrap: True
            grow: True
            size_hint_y: None
        BoxLayout:
            id: actions
            orientation: "vertical"
            spacing: theme.gap
            size_hint_y: None
            height: self.minimum_height
    Widget:
        size_hint_y: 0.35
""")


class Countdown(Widget):
    """Seconds left: a ring that empties and the number inside; ``speak`` is empty, the dialog says it."""

    left = NumericProperty(0)
    total = NumericProperty(20)
    tone = StringProperty("warn")

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._number = Text(weight="bold", align="center", level="display")
        self.add_widget(self._number)
        for name in ("pos", "size", "left", "total", "tone"):
            self.fbind(name, self._draw)
        theme.bind(version=self._draw)
        self._draw()

    def _draw(self, *_: object) -> None:
        self._number.text, self._number.tone = str(int(self.left)), self.tone
        self._number.pos, self._number.size = self.pos, self.size
        radius = max(min(self.size) / 2 - 12 * theme.u, 1)
        angle = 360 * min(max(self.left / max(self.total, 1), 0), 1)
        self.canvas.before.remove_group("ring")
        with self.canvas.before:
            Color(*theme.colour("hairline"), group="ring")
            SmoothLine(circle=(*self.center, radius), width=7 * theme.u, group="ring")
            Color(*theme.colour(self.tone), group="ring")
            if angle:
                SmoothLine(circle=(*self.center, radius, 360 - angle, 360), width=7 * theme.u, group="ring")


class Dialog(BoxLayout):
    """A question; see the module."""

    icon = StringProperty("")
    title = StringProperty("")
    words = StringProperty("")
    tone = StringProperty("accent_text")
    speak = StringProperty("")
    ring = ObjectProperty(None, allownone=True)

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        theme.bind(version=self._resize)

    def spoken(self) -> str:
        """What read-aloud says when the dialog comes."""
        return str(self.speak) or "。".join(each for each in (self.title, self.words) if each)

    def action(
        self, text: str, act: Callable[[], None], *, kind: str = "plain", icon: str = ""
    ) -> PushButton:
        """Add a button below the others."""
        button = PushButton(text=text, kind=kind, icon=icon, size_hint_y=None, height=self._height())
        button.bind(on_release=lambda _: act())
        self.ids.actions.add_widget(button)
        return button

    def count(self, left: int | None, *, of: int = 20) -> None:
        """Show the seconds left instead of the symbol; None brings the symbol back."""
        sign = self.ids.sign
        if left is None:
            if self.ring is not None:
                sign.remove_widget(self.ring)
                sign.add_widget(self.ids.icon)
                self.ring = None
            return
        if self.ring is None:
            self.ring = Countdown()
            sign.clear_widgets()
            sign.add_widget(self.ring)
        self.ring.total, self.ring.left = of, left

    def _resize(self, *_: object) -> None:
        for button in self.ids.actions.children:
            button.height = self._height()

    def _height(self) -> float:
        return float(max(theme.size("lead") * 3.2, theme.target))
