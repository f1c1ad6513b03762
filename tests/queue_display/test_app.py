"""From the broker to the drawn row: bus, station, bridge, fold, screen, on a real (offscreen) window."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract import topics
from contract.branding import Branding
from contract.memory import MemoryBroker
from contract.messages import (
    BoardNow,
    BoardRow,
    Call,
    CallDrop,
    CallFate,
    CallKind,
    Presence,
    ServerState,
    StationKind,
    TicketStatus,
    WindowState,
    WindowStatus,
)
from contract.station import Station
from contract.station_file import StationSection, station_info
from queue_display import board, sign
from queue_display.config import BoardStation, SignSection, SignStation
from queue_display.confirming import Confirmed
from queue_display.news import STALE_SECONDS
from queue_display.run import Watch, board_feed, sign_feed
from tests.emblems import emblem

pytestmark = pytest.mark.window

HALL_MS = 1_795_000_000_000
SECTION = StationSection(
    id="board-1", name="大厅综合屏", hall="demo", server="127.0.0.1:1", secret_file="x", cache="x"
)


class Hall:
    """The server's side of an in-process broker."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self.bus = self.broker.bus("hall-server")
        self.bus.open()

    def beat(self, at_ms: int = HALL_MS) -> None:
        state = ServerState(s=Presence.READY, boot="b1", at_ms=at_ms, hall_name="示例县政务服务中心")
        self.bus.publish(topics.SERVER, state)

    def board(self, seq: int, *numbers: str) -> None:
        rows = tuple(
            BoardRow(call=f"c-{n}", number=n, window="3号窗口", service="社保医保", called_ms=HALL_MS)
            for n in numbers
        )
        picture = BoardNow(board="hall", title="大厅", seq=seq, boot="b1", rows=rows, notices=("请带证件",))
        self.bus.publish(topics.BOARD_NOW, picture, board="hall")

    def call(self, number: str, window: str = "w03") -> None:
        message = Call(
            call=f"c-{number}",
            kind=CallKind.CALL,
            board="hall",
            ticket=f"t-{number}",
            number=number,
            window=window,
            window_label="3号窗口",
            zone="zonghe",
            service="社保医保",
            at_ms=HALL_MS,
            expires_ms=HALL_MS + 3_600_000,
        )
        self.bus.publish(topics.BOARD_CALL, message, board="hall")


@pytest.fixture
def hall() -> Iterator[Hall]:
    hall = Hall()
    yield hall
    hall.bus.close()


class Screen:
    """A board or a sign on the window, its station on the hall's broker; ``mono`` is its clock.

    ``told`` is what it said of calls; frames count as flipped by ``flip``.
    """

    def __init__(self, hall: Hall, kind: StationKind, feed: list, rules: object, widget: Callable) -> None:  # type: ignore[type-arg]
        from queue_display.app import DisplayApp
        from tests import ui

        self.mono = 1000.0
        self.told: list[Confirmed] = []
        self.station = Station(hall.broker.bus("board-1"), station_info(kind, SECTION))
        self.app = DisplayApp(
            rules=rules,  # type: ignore[arg-type]
            screen=widget,
            hall_ms=self.station.clock.now_ms,
            mono=lambda: self.mono,
            confirm=self.told.append,
        )
        for each in feed:
            each.join(self.station.bus, self.app.hear)
        ui.mount(self.app.build(), (1920, 1080))
        linked = threading.Event()
        self.station.bus.on_link(lambda up: linked.set() if up else None)
        self.station.open()
        assert linked.wait(10), "a call before the subscription is lost, as it should be"

    def drawn(self, seen: Callable[[], bool]) -> bool:
        """Step frames until it is seen; False when it never is. The bus delivers on a thread of its own."""
        from kivy.clock import Clock

        from tests import ui

        for _ in range(300):
            Clock.usleep(2000)
            ui.frames(1)
            if seen():
                return True
        return False

    def flip(self) -> list[Confirmed]:
        """The frame is on the glass; what is said of it."""
        self.told.clear()
        self.app.on_flip()
        return list(self.told)

    def row(self, at: int) -> tuple[str, str, str]:
        line = self.app.screen._lines[at]
        return line.number, line.window, line.fill


@pytest.fixture
def screen(hall: Hall) -> Iterator[Screen]:
    from queue_display.app import Rules
    from queue_display.screens.hall_board import HallBoard

    rules = Rules(board.BoardState("hall"), board.fold, board.view, board.next_change, board.calls)
    made = Screen(hall, StationKind.BOARD, board_feed(BoardStation(station=SECTION)), rules, HallBoard)
    yield made
    made.station.close()


def test_a_call_becomes_a_drawn_row(hall: Hall, screen: Screen) -> None:
    hall.beat()
    hall.board(1, "A001")
    assert screen.drawn(lambda: screen.row(0) == ("A001", "3号窗口", "surface"))
    before = screen.app.screen._lines[0].children[-1].texture
    hall.call("A002")
    assert screen.drawn(lambda: screen.row(0) == ("A002", "3号窗口", "call"))
    assert screen.app.screen.ids.current.number == "A002"
    number = screen.app.screen._lines[0].children[-1]
    assert number.text == "A002"
    assert number.texture is not before
    hall.board(2, "A002", "A001")
    assert screen.drawn(lambda: screen.row(1)[0] == "A001")
    assert screen.row(0)[0] == "A002"


def test_a_call_is_confirmed_when_its_frame_is_flipped_and_only_once(hall: Hall, screen: Screen) -> None:
    screen.app.watch_flips()
    try:
        hall.beat()
        hall.board(1, "A001")
        assert screen.drawn(lambda: bool(screen.told))
        assert [(each.call, each.fate) for each in screen.told] == [("c-A001", CallFate.SHOWN)]
        screen.told.clear()
        hall.call("A002")
        assert screen.drawn(lambda: bool(screen.told))
        hall.board(2, "A002", "A001")
        assert screen.drawn(lambda: screen.row(1)[0] == "A001")
        assert [(each.call, each.fate) for each in screen.told] == [("c-A002", CallFate.SHOWN)]
    finally:
        screen.app.on_stop()


def test_a_call_that_came_too_late_is_said_so(hall: Hall, screen: Screen) -> None:
    hall.beat(HALL_MS + 4_000_000)
    assert screen.drawn(lambda: screen.app.screen.hall == "示例县政务服务中心")
    hall.call("A002")
    assert screen.drawn(lambda: bool(screen.told))
    assert screen.told == [Confirmed("c-A002", CallFate.DROPPED, CallDrop.STALE)]


def test_calls_of_one_frame_are_all_shown(hall: Hall, screen: Screen) -> None:
    hall.beat()
    for number in ("A001", "A002", "A003"):
        hall.call(number)
    assert screen.drawn(lambda: [screen.row(at)[0] for at in range(3)] == ["A003", "A002", "A001"])


def test_a_board_that_starts_late_shows_what_is_retained_and_does_not_blink(hall: Hall) -> None:
    from queue_display.app import Rules
    from queue_display.screens.hall_board import HallBoard

    hall.beat()
    hall.call("A002")
    hall.board(2, "A002", "A001")
    rules = Rules(board.BoardState("hall"), board.fold, board.view, board.next_change)
    made = Screen(hall, StationKind.BOARD, board_feed(BoardStation(station=SECTION)), rules, HallBoard)
    try:
        assert made.drawn(lambda: made.row(0) == ("A002", "3号窗口", "surface"))
        assert made.row(1)[0] == "A001"
        assert made.drawn(lambda: made.app.screen.hall == "示例县政务服务中心")
        assert made.app.screen.time_text
    finally:
        made.station.close()


def test_the_screen_says_that_the_news_is_old(hall: Hall, screen: Screen) -> None:
    hall.beat()
    hall.board(1, "A001")
    assert screen.drawn(lambda: screen.app.screen.strip == "请带证件")
    screen.mono += STALE_SECONDS + 1
    screen.app.draw()
    assert "网络中断" in screen.app.screen.strip
    hall.beat(HALL_MS + 1)
    assert screen.drawn(lambda: screen.app.screen.strip == "请带证件")


def test_a_call_is_timed_when_its_frame_was_flipped(hall: Hall, screen: Screen, tmp_path: Path) -> None:
    screen.app.timings(tmp_path / "t")
    screen.app.watch_flips()
    before = time.monotonic_ns()
    hall.beat()
    hall.call("A002")
    try:
        assert screen.drawn(lambda: "c-A002" in (tmp_path / "t").read_text())
    finally:
        screen.app.on_stop()
    lines = [line.split("\t") for line in (tmp_path / "t").read_text().splitlines()]
    assert sorted(mark for _, mark in lines) == ["c-A002", "first-frame"]
    assert all(before < int(moment) < time.monotonic_ns() for moment, _ in lines)


def test_a_sign_follows_its_window(hall: Hall) -> None:
    from queue_display.app import Rules
    from queue_display.screens.window_sign import WindowSign

    config = SignStation(station=SECTION, sign=SignSection(window="w03"))
    rules = Rules(
        sign.SignState("w03"),
        sign.fold,
        sign.view,
        sign.next_change,
        sign.calls,
        lambda call: call.window == "w03",
    )
    made = Screen(hall, StationKind.SIGN, sign_feed(config), rules, WindowSign)
    try:
        state = WindowState(
            window="w03", label="3号窗口", name="", zone="综合", status=WindowStatus.PAUSED, seq=1, boot="b1"
        )
        hall.beat()
        hall.bus.publish(topics.WINDOW, state, window="w03")
        assert made.drawn(lambda: made.app.screen.words == "暂停服务")
        hall.call("A002")
        assert made.drawn(lambda: made.app.screen.number == "A002")
        assert made.app.screen.body_fill == "call"
        assert made.flip() == [Confirmed("c-A002", CallFate.SHOWN)]
        hall.call("A009", window="w05")
        called = {"seq": 2, "status": WindowStatus.OPEN, "number": "A002"}
        import msgspec

        hall.bus.publish(
            topics.WINDOW,
            msgspec.structs.replace(state, **called, ticket_status=TicketStatus.SERVING),
            window="w03",
        )
        assert made.drawn(lambda: made.app.screen.words == "正在办理")
        assert made.app.screen.body_fill == "surface"
        made.told.clear()
        hall.beat(HALL_MS + 4_000_000)
        assert made.drawn(lambda: (made.station.clock.now_ms() or 0) > HALL_MS + 3_600_000)
        made.app.draw()
        assert made.told == [], "the call of another window is for another sign"
        assert made.flip() == []
    finally:
        made.station.close()


def test_a_hung_window_is_told_to_the_hall(hall: Hall) -> None:
    told: list[str] = []
    changed, listening = threading.Event(), threading.Event()

    def health(message, _ids) -> None:  # type: ignore[no-untyped-def]
        if message.devices:
            told.append(message.devices[0].state)
            changed.set()

    hall.bus.on(topics.STATION_HEALTH, health)
    hall.bus.on(topics.SERVER, lambda _message, _ids: listening.set())
    hall.beat()
    assert listening.wait(5), "the subscriptions before this one are in force"
    station = Station(hall.broker.bus("board-1"), station_info(StationKind.BOARD, SECTION))
    station.open()
    ages = [0.0]
    watch = Watch(station, lambda: ages[0])
    for age, wanted in ((0.1, "ready"), (9.0, "faulty"), (0.1, "ready")):
        ages[0] = age
        changed.clear()
        watch.look()
        while told[-1:] != [wanted]:
            assert changed.wait(5), wanted
            changed.clear()
    station.close()
    assert "faulty" in told


def test_a_halls_own_look_is_drawn_while_it_runs(hall: Hall, screen: Screen) -> None:
    from assets.ui.theme import theme

    hall.beat()
    hall.board(1, "A001")
    assert screen.drawn(lambda: screen.row(0)[0] == "A001")
    mark = screen.app.screen.ids.mark
    assert mark.width == 0
    try:
        screen.app.hear(Branding(colour="#0e5457", logo=emblem()), key="branding")
        assert screen.drawn(lambda: mark.width > 60 * theme.u)
        assert theme.hex("header") == "#0e5457"
        screen.app.hear(Branding(), key="branding")
        assert screen.drawn(lambda: mark.width == 0)
        assert theme.hex("header") == "#0b4aa2"
    finally:
        theme.brand("", b"")


def test_so_many_lines_as_the_hall_wants(hall: Hall, screen: Screen) -> None:
    hall.beat()
    for seq, lines in ((1, 5), (2, 20), (3, 10)):
        numbers = tuple(f"A{at:03d}" for at in range(lines))
        rows = tuple(BoardRow(call=f"c-{n}", number=n, window="3号窗口", called_ms=HALL_MS) for n in numbers)
        picture = BoardNow(board="hall", title="大厅", seq=seq, boot="b1", rows=rows, lines=lines)
        hall.bus.publish(topics.BOARD_NOW, picture, board="hall")
        assert screen.drawn(lambda wanted=numbers: screen.row(-1)[0] == wanted[-1])  # type: ignore[misc]
        assert len(screen.app.screen._lines) == lines
        assert screen.app.screen._lines[-1].corners == "bottom"
