"""Wires a board or a sign: file, window, station, rules; and watches that the window's thread turns."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract import branding, topics
from contract.blobs import BlobFollower, BlobStore
from contract.bus import Bus
from contract.call_reports import CallReporter
from contract.messages import DeviceHealth, Message, Owner, Presence, StationKind
from contract.station import Station
from contract.station_file import StationSection, station_info
from contract.topics import Route
from queue_display import board, sign
from queue_display.config import BoardStation, SignStation

log = logging.getLogger(__name__)

HUNG_SECONDS = 5.0
WATCH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Subscription:
    """A route that a screen listens to; ``ids`` fix levels of its topic. States are coalesced, events not."""

    route: Route[Any]
    ids: dict[str, str]

    def join(self, bus: Bus, hear: Callable[..., None]) -> None:
        """Hand each arrival to ``hear(message, key=…)``."""
        retained = self.route.retained

        def arrived(message: Message, ids: dict[str, str]) -> None:
            hear(message, key=(self.route.name, *sorted(ids.items())) if retained else None)

        bus.on(self.route, arrived, **self.ids)


def board_feed(config: BoardStation) -> list[Subscription]:
    """What a hall board listens to; the windows only for the masked names."""
    ids = {"board": config.board.board}
    return [
        *([Subscription(topics.WINDOW, {})] if config.board.names else []),
        Subscription(topics.SERVER, {}),
        Subscription(topics.BOARD_NOW, ids),
        Subscription(topics.BOARD_CALL, ids),
    ]


def sign_feed(config: SignStation) -> list[Subscription]:
    """What a window sign listens to: its window, and the calls of every board (they name their window)."""
    return [
        Subscription(topics.SERVER, {}),
        Subscription(topics.WINDOW, {"window": config.sign.window}),
        Subscription(topics.BOARD_CALL, {}),
    ]


class Watch(threading.Thread):
    """Tells the hall when the window's thread no longer turns, and when it turns again."""

    def __init__(self, station: Station, beat_age: Callable[[], float]) -> None:
        super().__init__(name="screen-watch", daemon=True)
        self._station, self._beat_age = station, beat_age
        self._stopping = threading.Event()
        self._hung = False

    def run(self) -> None:
        """Look every two seconds until stopped."""
        while not self._stopping.wait(WATCH_SECONDS):
            self.look()

    def look(self) -> None:
        """Report a change; the first look reports in any case."""
        hung = self._beat_age() > HUNG_SECONDS
        if hung != self._hung:
            log.warning("the window's thread %s", "hangs" if hung else "turns again")
            self._station.present(Presence.ALERT if hung else Presence.READY)
        self._hung = hung
        self._station.report(devices=(screen_health(hung=hung),))

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self.join()


def screen_health(*, hung: bool) -> DeviceHealth:
    """The screen as a device of this station."""
    if not hung:
        return DeviceHealth(name="screen", kind="screen", state="ready")
    return DeviceHealth(
        name="screen",
        kind="screen",
        state="faulty",
        sentence="画面停止刷新",
        action="重启本机；若再次出现请检查显卡驱动",
        owner=Owner.TECHNICIAN,
    )


def run_board(config: BoardStation, bus: Bus, folder: Path, *, timing: Path | None = None) -> int:
    """Run a hall board until SIGTERM; returns the exit status. ``folder``: of its file."""
    from queue_display.app import Rules
    from queue_display.screens.hall_board import HallBoard

    start = board.BoardState(config.board.board)
    rules = Rules(start, board.fold, board.view, board.next_change, board.calls)
    names = config.board.names
    parts = Parts(
        StationKind.BOARD, config.board.board, rules, lambda: HallBoard(names=names), board_feed(config)
    )
    return run(config.station, bus, folder, parts, timing=timing)


def run_sign(config: SignStation, bus: Bus, folder: Path, *, timing: Path | None = None) -> int:
    """Run a window sign until SIGTERM; returns the exit status. ``folder``: of its file."""
    from queue_display.app import Rules
    from queue_display.screens.window_sign import WindowSign

    window = config.sign.window
    rules = Rules(
        sign.SignState(window),
        sign.fold,
        sign.view,
        sign.next_change,
        sign.calls,
        lambda call: call.window == window,
    )
    parts = Parts(
        StationKind.SIGN,
        window,
        rules,
        lambda: WindowSign(names=config.sign.names),
        sign_feed(config),
    )
    return run(config.station, bus, folder, parts, timing=timing)


@dataclass(frozen=True, slots=True)
class Parts:
    """What makes a screen a board or a sign."""

    kind: StationKind
    serves: str
    rules: Any
    screen: Callable[[], Any]
    feed: list[Subscription]


def run(section: StationSection, bus: Bus, folder: Path, parts: Parts, *, timing: Path | None) -> int:
    """Open the station and the window; close both in mirrored order."""
    from queue_display.app import DisplayApp

    station = Station(bus, station_info(parts.kind, section, serves=parts.serves, confirms=True))
    reporter = CallReporter(bus, station.clock)
    app = DisplayApp(
        rules=parts.rules,
        screen=parts.screen,
        hall_ms=station.clock.now_ms,
        ready=station.ready,
        confirm=lambda told: reporter.note(told.call, told.fate, told.why),
    )
    if timing is not None:
        app.timings(timing)
    for each in parts.feed:
        each.join(bus, app.hear)
    watch = Watch(station, app.beat_age)
    looks = BlobFollower(
        bus,
        BlobStore(folder / section.cache / "blobs"),
        branding.BLOB,
        lambda _ref, path: app.hear(branding.read_branding(path.read_bytes()), key=branding.BLOB),
    )
    looks.open()
    reporter.open()
    station.open()
    watch.start()
    try:
        app.run()
    finally:
        looks.close()
        watch.stop()
        reporter.close()
        station.close()
    return 0
