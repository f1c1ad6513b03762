"""Press: what a finger and a key do to a control; every control of the kit is one.

- ``on_release`` fires when the finger leaves the control on it; sliding off cancels;
- a second tap on the same control within ``repeat_seconds`` (0.3) is ignored;
- one finger at a time over the whole window: a second finger is ignored while the first is down;
- after ``gate.settle()`` (Stage.show calls it) a finger that was down, and any tap within 0.3 s, is ignored;
- ``focused`` draws a ring; ``press()`` does what a tap does (keypad OK, tests);
- ``speak`` is what read-aloud says; ``spoken()`` falls back to the control's text.

``gate.doubled`` counts taps that arrived twice from two input providers: a wrong installation, see health.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from weakref import ref

from kivy.graphics import Color, SmoothLine
from kivy.input.motionevent import MotionEvent
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.widget import Widget

from assets.ui.palette import REPEAT_SECONDS
from assets.ui.theme import theme

DOUBLE_SECONDS = 0.08
"""Two touches at one place from two providers within this time are one finger."""


class Gate:
    """Lets one touch through at a time; ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.doubled = 0
        self._holder: ref[MotionEvent] | None = None
        self._settled = float("-inf")
        self._last: tuple[float, float, float, str] = (float("-inf"), 0, 0, "")

    def take(self, touch: MotionEvent) -> bool:
        """True when this touch may press something."""
        now = self.clock()
        then, x, y, device = self._last
        self._last = (now, touch.x, touch.y, str(touch.device))
        near = abs(touch.x - x) + abs(touch.y - y) < 10 * theme.mm
        if now - then < DOUBLE_SECONDS and near and device != str(touch.device):
            self.doubled += 1
            return False
        held = self._held()
        busy = held is not None and held.time_end == -1
        if busy or now - self._settled < REPEAT_SECONDS:
            return False
        self._holder = ref(touch)
        return True

    def owns(self, touch: MotionEvent) -> bool:
        """True while this touch is the one that was let through."""
        return self._held() is touch

    def drop(self) -> None:
        """The finger is gone."""
        self._holder = None

    def settle(self) -> None:
        """Another screen is shown: what the finger was about to do is void."""
        self._holder = None
        self._settled = self.clock()

    def _held(self) -> MotionEvent | None:
        return self._holder() if self._holder is not None else None


gate = Gate()


class Press(Widget):
    """Mixin for a control; see the module."""

    __events__ = ("on_release",)

    down = BooleanProperty(False)
    focused = BooleanProperty(False)
    speak = StringProperty("")
    text = StringProperty("")
    repeat_seconds = NumericProperty(REPEAT_SECONDS)

    def __init__(self, **options: object) -> None:
        self._released = float("-inf")
        super().__init__(**options)
        for name in ("focused", "pos", "size"):
            self.fbind(name, self._ring)
        theme.bind(version=self._ring)

    def spoken(self) -> str:
        """What read-aloud says of this control."""
        return str(self.speak or self.text)

    def press(self) -> None:
        """Do what a tap does, unless disabled or tapped a moment ago."""
        now = gate.clock()
        if self.disabled or now - self._released < self.repeat_seconds:
            return
        self._released = now
        self.dispatch("on_release")

    def on_release(self) -> None:
        """The citizen meant it."""

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Take the touch when it is on this control and no other finger is down."""
        if touch.is_mouse_scrolling or not self.collide_point(*touch.pos):
            return False
        if self.disabled or not gate.take(touch):
            return True
        touch.grab(self)
        self.down = True
        return True

    def on_touch_move(self, touch: MotionEvent) -> bool:
        """Sliding off shows that nothing will happen; sliding back shows that it will."""
        if touch.grab_current is not self:
            return False
        self.down = gate.owns(touch) and self.collide_point(*touch.pos)
        return True

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """Act when the finger leaves on the control."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        meant = gate.owns(touch) and self.collide_point(*touch.pos)
        self.down = False
        gate.drop()
        if meant:
            self.press()
        return True

    def _ring(self, *_: object) -> None:
        self.canvas.after.remove_group("ring")
        if not self.focused:
            return
        with self.canvas.after:
            Color(*theme.colour("focus"), group="ring")
            out = theme.ring
            box = (self.x - out, self.y - out, self.width + 2 * out, self.height + 2 * out)
            SmoothLine(rounded_rectangle=(*box, theme.radius + out), width=theme.ring / 2, group="ring")


def presses(root: Widget) -> list[Press]:
    """Every control under ``root`` that can be used, in reading order: top to bottom, left to right."""
    found = [each for each in root.walk(restrict=True) if isinstance(each, Press) and usable(each)]

    def place(control: Press) -> tuple[float, float]:
        x, y = control.to_window(control.x, control.top)
        return (-round(y / theme.target * 2), x)

    return sorted(found, key=place)


def usable(control: Press) -> bool:
    """True when the control is shown and enabled."""
    return not control.disabled and control.opacity > 0 and control.width > 0 and control.height > 0
