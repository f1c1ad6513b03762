"""Keypad: the number of a ticket, typed."""

from __future__ import annotations

from assets.ui.pictures import Sample
from assets.ui.theme import theme
from assets.ui.widgets import Field, PushButton
from assets.ui.widgets import Keypad as Keys
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.reprint import Keypad
from kiosk.flows.state import State
from kiosk.flows.words import page_say, papers_code
from kiosk.screens.page import Emit, Page, pictured

HINTS = {"号码": "例如 A012", "预约码": "8 位数字", "号码或预约码": "例如 A012，预约码 8 位数字"}


class KeypadPage(Page):
    """See the module."""

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self._field = Field(size_hint_y=None)
        self._keys = Keys(layout_name="ticket")
        self._keys.bind(on_key=lambda _, key: self.emit(e.KeyPressed(key)))
        self._find = PushButton(text="查找", icon="magnify", kind="primary", size_hint_y=None)
        self._find.bind(on_release=lambda _: self.emit(e.Confirm()))
        for part in (self._field, self._keys, self._find):
            self.ids.content.add_widget(part)

    def draw(self, state: State, screen: Keypad) -> None:
        """What was typed so far."""
        code = papers_code(state.facts)
        self.title, self._field.caption, self._field.hint = f"输入{code}", code, HINTS[code]
        self.say(page_say(state, "正在查找" if screen.looking else "也可以直接把身份证放在感应区"))
        self._field.text = screen.text
        self._field.height = max(theme.display * 1.7, theme.target) + theme.small * 1.5
        self._find.height = max(theme.lead * 2.8, theme.target)
        self._find.disabled = not screen.text or bool(screen.looking)


PAGE = KeypadPage


def samples() -> tuple[Sample, ...]:
    """Empty, typed, not found."""
    way = (e.OpenReprint(), e.OpenKeypad())
    typed = tuple(e.KeyPressed(key) for key in "C013")
    return (
        Sample("keypad", pictured(KeypadPage, made_up.after(*way))),
        Sample("keypad-typed", pictured(KeypadPage, made_up.after(*way, *typed))),
        Sample("keypad-none", pictured(KeypadPage, made_up.after(*way, *typed, e.Confirm(), e.Found(1, ())))),
    )
