"""FocusPath: a whole screen worked by keys: arrows, OK, back, help (tactile keypads send these).

    keys = FocusPath(stage); keys.on_back = …; keys.on_help = …; keys.on_text = lambda character: …
    Window.bind(on_key_down=keys.key_down)          # Shell does this

Arrows go to the nearest control in that direction, Tab in reading order, Enter presses. The first key only
shows where the focus is; a touch takes the ring away. Focus is never lost: when its control has gone, the
first control of the screen has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from kivy.input.motionevent import MotionEvent
from kivy.uix.widget import Widget

from assets.ui.widgets.press import Press, presses

ARROWS: Final = {273: (0, 1), 274: (0, -1), 275: (1, 0), 276: (-1, 0)}
TAB, ENTER, PAD_ENTER, SPACE, ESCAPE, BACKSPACE, F1 = 9, 13, 271, 32, 27, 8, 282


def _nothing(*_: object) -> None:
    return None


class FocusPath:
    """Moves the focus over the controls of what ``stage.front`` shows."""

    def __init__(self, stage: Widget) -> None:
        self.on_back: Callable[[], None] = _nothing
        self.on_help: Callable[[], None] = _nothing
        self.on_text: Callable[[str], None] = _nothing
        self.on_focus: Callable[[Press], None] = _nothing
        self._stage = stage
        self._focus: Press | None = None
        stage.bind(on_touch_down=self._touched, front=self._changed)

    @property
    def focus(self) -> Press | None:
        """The control that has the focus, or None before the first key."""
        return self._focus

    def key_down(self, _window: object, key: int, _code: int, text: str | None, modifiers: list[str]) -> bool:
        """What Kivy's ``on_key_down`` calls; True when the key was ours."""
        if key in ARROWS:
            self.go(*ARROWS[key])
        elif key == TAB:
            self.step(-1 if "shift" in modifiers else 1)
        elif key in (ENTER, PAD_ENTER):
            self.press()
        elif key in (ESCAPE, BACKSPACE):
            self.on_back()
        elif key == F1:
            self.on_help()
        elif text and text.isalnum():
            self.on_text(text)
        else:
            return False
        return True

    def go(self, right: int, up: int) -> None:
        """To the nearest control in a direction; stays when there is none."""
        here = self._shown()
        other = next_in(self.path(), here, right, up) if here is not None else None
        if other is not None:
            self.set(other)

    def step(self, by: int) -> None:
        """To the next or previous control in reading order, round and round."""
        here = self._shown()
        path = self.path()
        if here is not None:
            self.set(path[(path.index(here) + by) % len(path)])

    def press(self) -> None:
        """OK: do what a tap on the focused control does."""
        here = self._shown()
        if here is not None:
            here.press()

    def path(self) -> list[Press]:
        """Controls of what is shown, in reading order."""
        front = getattr(self._stage, "front", None) or self._stage
        return presses(front)

    def set(self, control: Press | None) -> None:
        """Give the focus to a control, or take it away."""
        if self._focus is not None:
            self._focus.focused = False
        self._focus = control
        if control is not None:
            control.focused = True
            self.on_focus(control)

    def _shown(self) -> Press | None:
        """The focused control; when none is, shows the first one and answers None."""
        path = self.path()
        if self._focus is not None and self._focus in path:
            return self._focus
        self.set(path[0] if path else None)
        return None

    def _touched(self, _stage: Widget, _touch: MotionEvent) -> bool:
        self.set(None)
        return False

    def _changed(self, *_: object) -> None:
        if self._focus is not None:
            path = self.path()
            self.set(path[0] if path else None)


def next_in(path: Sequence[Press], here: Press, right: int, up: int) -> Press | None:
    """The nearest control of ``path`` in a direction, those straight ahead first; None when there is none."""
    x, y = here.to_window(*here.center)

    def cost(control: Press) -> float:
        cx, cy = control.to_window(*control.center)
        along = (cx - x) * right + (cy - y) * up
        across = abs((cx - x) * up) + abs((cy - y) * right)
        return along + 2 * across if along > 1 else float("inf")

    best = min((each for each in path if each is not here), key=cost, default=None)
    return best if best is not None and cost(best) < float("inf") else None
