"""What fingers and keys do to controls."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.window


@pytest.fixture
def pressed() -> list[str]:
    return []


@pytest.fixture
def board(pressed: list[str]):  # type: ignore[no-untyped-def]
    """Two buttons on a stage, and fingers."""
    from kivy.uix.boxlayout import BoxLayout

    from assets.ui.widgets import PushButton, Stage
    from tests import ui

    stage, box = Stage(), BoxLayout(spacing=40)
    for name in ("一", "二"):
        button = PushButton(text=name)
        button.bind(on_release=lambda each: pressed.append(each.text))
        box.add_widget(button)
    fingers = ui.Fingers()
    stage.show(box)
    ui.mount(stage)
    fingers.wait(1)
    second, first = box.children
    return stage, first, second, fingers


def test_a_tap_acts_when_the_finger_leaves(board, pressed) -> None:  # type: ignore[no-untyped-def]
    _, first, _, fingers = board
    touch = fingers.down(first)
    assert first.down
    assert pressed == []
    touch.touch_up()
    assert pressed == ["一"]
    assert not first.down


def test_sliding_off_cancels(board, pressed) -> None:  # type: ignore[no-untyped-def]
    _, first, second, fingers = board
    touch = fingers.down(first)
    touch.touch_move(*second.to_window(*second.center))
    assert not first.down
    touch.touch_up()
    assert pressed == []


def test_a_bouncing_tap_counts_once(board, pressed) -> None:  # type: ignore[no-untyped-def]
    _, first, second, fingers = board
    fingers.tap(first)
    fingers.down(first).touch_up()
    assert pressed == ["一"]
    fingers.down(second).touch_up()
    assert pressed == ["一", "二"]
    fingers.wait(0.31)
    fingers.down(first).touch_up()
    assert pressed == ["一", "二", "一"]


def test_a_second_finger_is_ignored(board, pressed) -> None:  # type: ignore[no-untyped-def]
    _, first, second, fingers = board
    touch = fingers.down(first)
    other = fingers.down(second)
    assert not second.down
    other.touch_up()
    touch.touch_up()
    assert pressed == ["一"]


def test_a_finger_that_was_down_when_the_screen_changed_does_nothing(board, pressed) -> None:  # type: ignore[no-untyped-def]
    from assets.ui.widgets import PushButton
    from tests import ui

    stage, first, _, fingers = board
    touch = fingers.down(first)
    new = PushButton(text="新")
    new.bind(on_release=lambda each: pressed.append(each.text))
    stage.show(new)
    ui.frames()
    touch.touch_up()
    fingers.wait(0.1)
    fingers.down(new).touch_up()
    assert pressed == []
    fingers.tap(new)
    assert pressed == ["新"]


def test_a_disabled_control_takes_nothing(board, pressed) -> None:  # type: ignore[no-untyped-def]
    _, first, _, fingers = board
    first.disabled = True
    fingers.tap(first)
    assert pressed == []
    first.press()
    assert pressed == []


def test_one_finger_from_two_providers_is_told(board, pressed) -> None:  # type: ignore[no-untyped-def]
    from assets.ui.widgets.press import gate

    _, first, _, fingers = board
    before = gate.doubled
    touch = fingers.down(first)
    fingers.wait(0.01)
    again = fingers.down(first)
    again.device = "other"
    assert gate.doubled == before  # same provider: a second finger, not a doubled one
    touch.touch_up()
    again.touch_up()
    from kivy.tests.common import UnitTestTouch

    fingers.wait(1)
    fingers.down(first).touch_up()
    twin = UnitTestTouch(*first.to_window(*first.center))
    twin.device = "probesysfs"
    fingers.wait(0.02)
    twin.touch_down()
    assert gate.doubled == before + 1
    twin.touch_up()
    assert pressed == ["一", "一"]


def test_arrow_keys_walk_and_enter_presses(board, pressed) -> None:  # type: ignore[no-untyped-def]
    from assets.ui.widgets.focus import ENTER, FocusPath

    stage, first, second, fingers = board
    keys = FocusPath(stage)
    right = 275
    keys.key_down(None, right, 0, None, [])
    assert first.focused  # the first key only shows where the focus is
    keys.key_down(None, right, 0, None, [])
    assert second.focused
    assert not first.focused
    fingers.wait(1)
    keys.key_down(None, ENTER, 0, None, [])
    assert pressed == ["二"]
    fingers.tap(first)
    assert keys.focus is None


def test_focus_is_never_lost_when_the_screen_changes(board) -> None:  # type: ignore[no-untyped-def]
    from assets.ui.widgets import PushButton
    from assets.ui.widgets.focus import TAB, FocusPath

    stage, *_ = board
    keys = FocusPath(stage)
    keys.key_down(None, TAB, 0, None, [])
    new = PushButton(text="新", size=(300, 300))
    stage.show(new)
    assert keys.focus is new
