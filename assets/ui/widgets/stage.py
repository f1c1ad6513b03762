"""Stage: the window's content: one screen at a time, and at most one dialog over it.

    stage.show(HomeScreen(…))      # replaces the screen; touches that were under way are void
    stage.cover(Dialog(…))         # shown alone, opaque; the screen below is kept but not drawn
    stage.cover(None)              # back to the screen

``stage.front`` is what the citizen sees.
"""

from __future__ import annotations

from kivy.properties import ObjectProperty
from kivy.uix.floatlayout import FloatLayout
from kivy.uix.widget import Widget

from assets.ui.widgets.press import gate


class Stage(FloatLayout):
    """See the module."""

    front = ObjectProperty(None, allownone=True)

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._screen: Widget | None = None
        self._cover: Widget | None = None

    def show(self, screen: Widget) -> None:
        """Show this screen; a dialog that lies over it stays."""
        self._screen = screen
        self._present()

    def cover(self, dialog: Widget | None) -> None:
        """Show this dialog alone, or take it away."""
        self._cover = dialog
        self._present()

    def _present(self) -> None:
        front = self._cover or self._screen
        if front is self.front or front is None:
            return
        gate.settle()
        self.clear_widgets()
        front.size_hint, front.pos_hint = (1, 1), {"x": 0, "y": 0}
        self.add_widget(front)
        self.front = front
