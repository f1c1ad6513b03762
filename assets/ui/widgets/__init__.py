"""The kit: ``from assets.ui.widgets import Text, PushButton, Tile, Header, Panel, …``; kv knows the names too.

text.py Text, Icon, strong · panel.py Panel, Ground · press.py Press, gate, presses · button.py PushButton ·
tile.py Tile · header.py Header · stage.py Stage · rows.py Rows · dialog.py Dialog, Countdown ·
keypad.py Keypad · focus.py FocusPath. Every file's docstring is its manual.
"""

from assets.ui.widgets.button import PushButton
from assets.ui.widgets.header import Header
from assets.ui.widgets.panel import Ground, Panel, ground_of
from assets.ui.widgets.press import Press, gate, presses
from assets.ui.widgets.text import Icon, Text, strong
from assets.ui.widgets.tile import Tile

__all__ = [
    "Ground",
    "Header",
    "Icon",
    "Panel",
    "Press",
    "PushButton",
    "Text",
    "Tile",
    "gate",
    "ground_of",
    "presses",
    "strong",
]
