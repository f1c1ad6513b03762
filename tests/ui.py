"""What window tests share: an offscreen window, fingers, frames. Import inside tests marked ``window``."""

from __future__ import annotations

from assets.ui import pictures

pictures.offscreen()

from kivy.core.window import Window  # noqa: E402
from kivy.tests.common import UnitTestTouch  # noqa: E402
from kivy.uix.widget import Widget  # noqa: E402

from assets.ui.theme import theme  # noqa: E402
from assets.ui.widgets.press import gate  # noqa: E402

SIZE = (1080, 1920)


def mount(widget: Widget, size: tuple[int, int] = SIZE) -> Widget:
    """Put a widget alone on the window, in the light palette and normal type, laid out."""
    for child in list(Window.children):
        Window.remove_widget(child)
    theme.use(palette="light", scale="normal")
    theme.fit(*size, design=size)
    pictures.place(widget, size)
    return widget


def frames(count: int = 2) -> None:
    """Let Kivy draw."""
    pictures.frames(count)


class Fingers:
    """Fingers on the window, and the clock that the gate reads: ``wait`` moves it on."""

    def __init__(self) -> None:
        self.now = 1000.0
        gate.clock = lambda: self.now
        gate.drop()

    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.now += seconds

    def down(self, widget: Widget) -> UnitTestTouch:
        """A finger comes down on the middle of a widget."""
        touch = UnitTestTouch(*widget.to_window(*widget.center))
        touch.touch_down()
        return touch

    def tap(self, widget: Widget) -> None:
        """A whole tap, half a second after whatever was before."""
        self.wait(0.5)
        self.down(widget).touch_up()
