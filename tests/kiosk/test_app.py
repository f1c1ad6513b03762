"""The kiosk's window: taps become events, states become pages, nothing of a citizen stays behind."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from devices.tickets import Proof
from kiosk import flow, samples
from kiosk.flows import events as e
from kiosk.flows.state import COUNTDOWN, IDLE, LEAVE, State

pytestmark = pytest.mark.window


class Glass:
    """The app on an offscreen window, fed by the flow itself instead of a session."""

    def __init__(self) -> None:
        from kiosk.app import KioskApp
        from tests.ui import Fingers, mount

        self.state = samples.after()
        self.emitted: list[e.Event] = []
        self.app = KioskApp(self.emit, lambda: 1_795_230_300_000)
        self.fingers = Fingers()
        mount(self.app.build())
        self.show()

    def emit(self, event: e.Event) -> None:
        """What the session does with an event."""
        self.emitted.append(event)
        self.state, _ = flow.step(self.state, event)
        self.show()

    def show(self) -> None:
        """Draw the state and let it come to rest."""
        from tests.ui import frames

        self.app.take([self.state])
        frames()

    def tap(self, words: str) -> None:
        """Tap the first control that says these words."""
        from assets.ui.widgets import presses

        controls = presses(self.app.page)
        found = [each for each in controls if words in each.spoken()]
        assert found, [each.spoken() for each in controls]
        self.fingers.tap(found[0])

    def reads(self) -> str:
        """All words on the glass."""
        from assets.ui.widgets.text import Text

        return "\n".join(each.text for each in self.app.page.walk() if isinstance(each, Text))


@pytest.fixture
def glass() -> Iterator[Glass]:
    made = Glass()
    yield made
    from kivy.core.window import Window

    Window.remove_widget(made.app.stage)


def test_three_taps_take_a_number(glass: Glass) -> None:
    glass.tap("综合专区")
    glass.tap("社保医保")
    glass.tap("无证取号")
    assert glass.emitted == [e.ChooseZone("zh"), e.ChooseService("sb"), e.Take()]
    glass.emit(e.Issued(1, samples.slip()))
    assert "C013" in glass.reads()
    assert "您前面还有 12 人" in glass.reads()
    glass.emit(e.Printed(2, Proof.CONFIRMED))
    glass.tap("完成")
    assert glass.state.screen.name == "home"


def test_a_second_tap_at_once_is_not_taken(glass: Glass) -> None:
    from assets.ui.widgets import presses

    tile = next(each for each in presses(glass.app.page) if "综合专区" in each.spoken())
    glass.fingers.tap(tile)
    glass.fingers.wait(0.1)
    glass.fingers.down(glass.app.page).touch_up()
    assert glass.emitted == [e.ChooseZone("zh")]


def test_choosing_a_situation_changes_the_materials_in_place(glass: Glass) -> None:
    glass.tap("公安专区")
    glass.tap("居民身份证换领")
    assert "变更户口登记项目的凭证" not in glass.reads()
    glass.tap("登记项目变更")
    assert "变更户口登记项目的凭证" in glass.reads()
    glass.tap("登记项目变更")
    assert "变更户口登记项目的凭证" not in glass.reads()


def test_type_and_contrast_switch_and_go_back_with_the_session(glass: Glass) -> None:
    from assets.ui.theme import theme

    glass.tap("大字版")
    glass.tap("高对比")
    assert (theme.scale, theme.palette) == ("elder", "contrast")
    glass.tap("标准字")
    assert theme.scale == "normal"
    glass.emit(e.TimerFired(IDLE))
    for _ in range(20):
        glass.emit(e.TimerFired(COUNTDOWN))
    assert (theme.scale, theme.palette) == ("normal", "light")


def test_pages_of_long_lists_are_turned(glass: Glass) -> None:
    glass.tap("大字版")
    glass.tap("综合专区")
    assert "不动产与公积金" not in glass.reads()
    glass.tap("下一页")
    from tests.ui import frames

    frames()
    assert "不动产与公积金" in glass.reads()
    glass.tap("上一页")
    frames()
    assert "社保医保" in glass.reads()


def test_the_arrow_keys_work_the_whole_way(glass: Glass) -> None:
    from assets.ui.widgets import presses

    for words in ("综合专区", "社保医保", "无证取号"):
        glass.fingers.wait(0.5)
        glass.app.keys.set(next(each for each in presses(glass.app.page) if words in each.spoken()))
        glass.app.keys.press()
    assert glass.state.screen.name == "issuing"


def test_every_page_is_found_by_the_name_of_its_screen(glass: Glass) -> None:
    import importlib

    def kinds(kind: type[Any]) -> Iterator[type[Any]]:
        for each in kind.__subclasses__():
            yield each
            yield from kinds(each)

    from kiosk.flows.state import Screen

    names = {kind.name for kind in kinds(Screen) if kind.name}
    assert len(names) >= 15
    for name in names:
        assert importlib.import_module(f"kiosk.screens.{name}").PAGE


def test_a_broken_page_ends_the_session_and_the_window_lives(glass: Glass) -> None:
    glass.tap("综合专区")
    glass.app.recover()
    assert glass.emitted[-1] == e.Failed()
    assert glass.state.screen.name == "home"


def remains(canary: str) -> list[str]:
    """Kinds of the live objects that still hold a text with the canary."""
    gc.collect()
    held = ((holder, value) for holder in gc.get_objects() for value in gc.get_referents(holder))
    texts = ((type(holder).__name__, value) for holder, value in held if type(value) is str)
    return [f"{kind}: {text[:40]}" for kind, text in texts if text.find(canary) >= 0 and kind != "cell"]


def test_nothing_of_a_citizen_stays_in_the_window(glass: Glass) -> None:
    name, number = "".join(("禤", "*")), "".join(("Z", "4", "7", "1"))
    person = msgspec.structs.replace(samples.PERSON, masked_name=name, key="".join(("f7", "e3")) * 16)
    slip = samples.slip(number, masked_name=name)
    glass.emit(e.CardRead(person))
    glass.emit(e.Found(1, (slip,)))
    assert number in glass.reads()
    assert name in glass.reads()
    assert remains(number)
    glass.emit(e.ReprintTicket(slip.ticket))
    glass.emit(e.Printed(2, Proof.CONFIRMED))
    glass.emit(e.CardGone())
    glass.emit(e.TimerFired(LEAVE))
    assert glass.state.screen.name == "home"
    glass.emitted.clear()
    secrets = (number, name, person.key)
    del person, slip
    from tests.ui import frames

    frames(3)
    for secret in secrets:
        assert remains(secret) == []


def test_the_clock_shows_hall_time(glass: Glass) -> None:
    assert "2026年11月21日" in glass.reads()
    assert isinstance(glass.state, State)
