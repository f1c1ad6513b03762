"""Stands between the window and its keys: a scanner that plays keyboard types nothing and presses nothing.

Characters wait 50 ms for what follows; arrows, help and back pass at once. Knows no toolkit: it is given
the window's handler and a way to be called later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Protocol, runtime_checkable

from devices.protocols.scans import KEY_SECONDS, KeyBurst

ENTER, PAD_ENTER = 13, 271
KeyDown = Callable[[object, int, int, str | None, list[str]], bool]
_Key = tuple[object, int, int, str | None, list[str]]


@runtime_checkable
class KeySorter(Protocol):
    """Part of a keyboard scanner's driver (devices/drivers/scanner_keys.py)."""

    def press(self, key: str, at: float) -> tuple[str, ...]:
        """A character or KeyBurst.ENTER at ``at`` (monotonic): the keys that the window shall act on."""

    def due(self, at: float) -> tuple[str, ...]:
        """Keys that no scanner has followed up."""


class ScanKeys:
    """``key_down`` is bound to the window instead of ``pass_on``; ``later(call, seconds)`` calls once."""

    def __init__(
        self,
        sorter: KeySorter,
        pass_on: KeyDown,
        later: Callable[[Callable[[float], None], float], object],
        *,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._sorter, self._pass_on, self._later, self._now = sorter, pass_on, later, now
        self._held: deque[_Key] = deque()

    def key_down(self, window: object, key: int, code: int, text: str | None, modifiers: list[str]) -> bool:
        """What the window calls; True when the key was taken, at once or for later."""
        enter = key in (ENTER, PAD_ENTER)
        if not enter and not (text and len(text) == 1 and text.isprintable() and key >= 32):
            return self._pass_on(window, key, code, text, modifiers)
        self._held.append((window, key, code, text, modifiers))
        self._release(self._sorter.press(KeyBurst.ENTER if enter else str(text), self._now()))
        if enter:
            self._held.clear()
        else:
            self._later(self._due, KEY_SECONDS + 0.005)
        return True

    def _due(self, _seconds: float) -> None:
        self._release(self._sorter.due(self._now()))

    def _release(self, keys: tuple[str, ...]) -> None:
        """Pass on as many of the keys held as came back, in their order."""
        for _ in keys:
            if self._held:
                self._pass_on(*self._held.popleft())
