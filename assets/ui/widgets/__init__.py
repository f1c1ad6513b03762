"""The kit: ``from assets.ui.widgets import Text, PushButton, Tile, Header, Panel, …``; kv knows the names.

text.py Text, Icon, strong · panel.py Panel, Ground · press.py Press, gate, presses · button.py PushButton ·
tile.py Tile · header.py Header · stage.py Stage · rows.py Rows · dialog.py Dialog, Countdown · keypad.py
Keypad, Field · logo.py Logo · notice.py Notice · qr.py Qr · focus.py FocusPath. Every file's docstring is its
manual.
"""

from assets.ui.widgets.button import PushButton
from assets.ui.widgets.dialog import Countdown, Dialog
from assets.ui.widgets.focus import FocusPath
from assets.ui.widgets.header import Header
from assets.ui.widgets.keypad import Field, Keypad
from assets.ui.widgets.logo import Logo
from assets.ui.widgets.notice import Notice
from assets.ui.widgets.panel import Ground, Panel, ground_of
from assets.ui.widgets.press import Press, gate, presses
from assets.ui.widgets.qr import Qr
from assets.ui.widgets.rows import Rows
from assets.ui.widgets.stage import Stage
from assets.ui.widgets.text import Icon, Text, strong
from assets.ui.widgets.tile import Tile

__all__ = [
    "Countdown",
    "Dialog",
    "Field",
    "FocusPath",
    "Ground",
    "Header",
    "Icon",
    "Keypad",
    "Logo",
    "Notice",
    "Panel",
    "Press",
    "PushButton",
    "Qr",
    "Rows",
    "Stage",
    "Text",
    "Tile",
    "gate",
    "ground_of",
    "presses",
    "strong",
]
