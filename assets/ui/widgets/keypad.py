"""Keypad: large keys for numbers and letters; Field: what was typed, in large type.

Keypad:
    layout_name: "id"        # digits | id (with X) | ticket (letters and digits)
    on_key: screen.typed(args[1])     # "0"…"9", "X", "A"…"Z", "delete", "clear"

Field:
    text: "A012"
    hint: "请输入号码"
    caption: "号码"
"""

from __future__ import annotations

from typing import Final

from kivy.lang import Builder
from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.ui.theme import theme
from assets.ui.widgets.button import PushButton
from assets.ui.widgets.panel import Panel

DELETE, CLEAR = "delete", "clear"
LAYOUTS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "digits": (("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9"), (CLEAR, "0", DELETE)),
    "id": (("1", "2", "3", DELETE), ("4", "5", "6", CLEAR), ("7", "8", "9", "X"), ("0",)),
    "ticket": (
        tuple("ABCDEFG"),
        tuple("HIJKLMN"),
        tuple("OPQRSTU"),
        tuple("VWXYZ12"),
        tuple("3456789"),
        ("0", DELETE, CLEAR),
    ),
}
LOOKS: Final = {DELETE: ("backspace-outline", "删除"), CLEAR: ("", "清空")}
TYPING_SECONDS: Final = 0.12
"""Doubled digits are typed faster than a bouncing tap is told apart elsewhere."""

Builder.load_string("""
#:import theme assets.ui.theme.theme
<Field>:
    orientation: "vertical"
    fill: "surface"
    edge: "line"
    rounding: theme.radius
    padding: theme.pad, theme.tight
    Text:
        text: root.caption
        level: "small"
        tone: "ink_soft"
        size_hint_y: None
        height: theme.small * 1.5 if root.caption else 0
    Text:
        text: root.text or root.hint
        level: "display" if root.text else "lead"
        tone: "ink" if root.text else "ink_soft"
        weight: "bold" if root.text else "regular"
""")


class Field(Panel):
    """What was typed; see the module."""

    text = StringProperty("")
    hint = StringProperty("")
    caption = StringProperty("")
    speak = StringProperty("")


class Keypad(BoxLayout):
    """Keys; see the module."""

    __events__ = ("on_key",)

    layout_name = StringProperty("digits")

    def __init__(self, **options: object) -> None:
        super().__init__(orientation="vertical", **options)
        self.fbind("layout_name", self._build)
        theme.bind(version=self._space)
        self._build()

    def on_key(self, key: str) -> None:
        """A key was pressed."""

    def _build(self, *_: object) -> None:
        self.clear_widgets()
        for keys in LAYOUTS[self.layout_name]:
            line = BoxLayout()
            for key in keys:
                line.add_widget(self._made(key))
            self.add_widget(line)
        self._space()

    def _made(self, key: str) -> PushButton:
        icon, text = LOOKS.get(key, ("", key))
        button = PushButton(
            text="" if icon else text, icon=icon, speak=text, level="title", repeat_seconds=TYPING_SECONDS
        )
        button.bind(on_release=lambda _: self.dispatch("on_key", key))
        return button

    def _space(self, *_: object) -> None:
        self.spacing = theme.gap
        for line in self.children:
            line.spacing = theme.gap
