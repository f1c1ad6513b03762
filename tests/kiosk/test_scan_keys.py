"""A keyboard scanner at the kiosk's window: its code types nothing and presses nothing; people's keys do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from devices.drivers.scanner_keys import KeyboardScanner
from devices.ports import Scan
from kiosk.scan_keys import ENTER, PAD_ENTER, ScanKeys

LEFT, F1 = 276, 282
CODE = "BANSHI:A012"


class Window:
    """Time that is told, keys that arrived, calls for later."""

    def __init__(self) -> None:
        self.now = 0.0
        self.keys: list[int] = []
        self.calls: list[tuple[float, Callable[[float], None]]] = []
        self.scanner = KeyboardScanner()
        self.scanner.open()
        self.sorted = ScanKeys(self.scanner, self.key_down, self.later, now=lambda: self.now)

    def key_down(self, window: object, key: int, code: int, text: str | None, modifiers: list[str]) -> bool:
        self.keys.append(key)
        return True

    def later(self, call: Callable[[float], None], seconds: float) -> None:
        self.calls.append((self.now + seconds, call))

    def press(self, *keys: int, gap: float) -> None:
        for key in keys:
            self.sorted.key_down(self, key, 0, chr(key) if 32 <= key < 256 else None, [])
            self.wait(gap)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        due = [call for at, call in self.calls if at <= self.now]
        self.calls = [(at, call) for at, call in self.calls if at > self.now]
        for call in due:
            call(0.0)


@pytest.mark.parametrize("enter", [ENTER, PAD_ENTER])
def test_a_scan_types_nothing_and_its_enter_presses_nothing(enter: int) -> None:
    window = Window()
    window.press(*map(ord, CODE), enter, gap=0.006)
    window.wait(1.0)
    assert window.keys == []
    assert window.scanner.poll(timeout_seconds=0.0) == Scan(CODE)


def test_typed_keys_arrive_in_order_a_little_later() -> None:
    window = Window()
    window.press(*map(ord, "A012"), ENTER, gap=0.2)
    assert window.keys == [*map(ord, "A012"), ENTER]
    assert window.scanner.poll(timeout_seconds=0.0) is None


def test_fast_fingers_are_not_a_scanner() -> None:
    window = Window()
    window.press(*map(ord, "12"), ENTER, gap=0.03)
    window.wait(1.0)
    assert window.keys == [*map(ord, "12"), ENTER]


def test_arrows_help_and_a_lone_enter_pass_at_once() -> None:
    window = Window()
    window.press(LEFT, F1, ENTER, gap=0.0)
    assert window.keys == [LEFT, F1, ENTER]


def test_a_scan_between_keys_leaves_them_alone() -> None:
    window = Window()
    window.press(ord("7"), gap=0.3)
    window.press(*map(ord, CODE), ENTER, gap=0.005)
    window.press(ord("8"), gap=0.3)
    assert window.keys == [ord("7"), ord("8")]
    assert window.scanner.poll(timeout_seconds=0.0) == Scan(CODE)
