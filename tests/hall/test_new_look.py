"""A running kiosk and a running board take the hall's new look and errands: real broker, real HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import msgspec
import pytest

from contract import messages as m
from contract.blobs import BlobStore
from contract.branding import BLOB, Branding, read_branding
from contract.errands import Errand
from contract.mqtt import BrokerAddress, MqttBus
from contract.station import Station
from hall_server.broker import secret
from hall_server.config import described, document_of, load
from hall_server.hall import commands as c
from hall_server.hall_file import HallFile, KioskPart
from hall_server.logos import taken
from hall_server.program import HallServer
from kiosk.flows import events as e
from kiosk.flows.state import State
from kiosk.session import Session
from tests.emblems import emblem
from tests.hall.server_process import write_hall

pytestmark = pytest.mark.processes

LIMIT_SECONDS = 30.0


class Hall:
    """The server with a broker of its own; what is published goes through the one door."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.config = load(write_hall(folder))
        self.server = HallServer(self.config, self.state)

    def address(self, station: str) -> BrokerAddress:
        password = secret(self.state / "broker" / "secrets" / station)
        return BrokerAddress("127.0.0.1", self.config.file.broker.port, station, password)

    def publish(self, file: HallFile) -> None:
        plan = described(file, self.config.items, source="test").plan
        command = c.PublishPlan(request="", by="account:m1", plan=plan, document=document_of(file))
        self.server.service.submit(command).result(LIMIT_SECONDS)


class Kiosk:
    """A kiosk's session without hardware and window, on MQTT."""

    def __init__(self, hall: Hall, folder: Path) -> None:
        bus = MqttBus("demo", "kiosk-1", hall.address("kiosk-1"))
        station = Station(bus, m.StationInfo(kind=m.StationKind.KIOSK, software="test"))
        self._more = threading.Condition()
        self.state: State | None = None
        self.session = Session(station, {}, folder / "kiosk", self._show)
        self.session.open()

    def _show(self, state: State) -> None:
        with self._more:
            self.state = state
            self._more.notify_all()

    def wait(self, page: str, colour: str, errands: set[Errand]) -> State:
        def fits() -> bool:
            state = self.state
            return (
                state is not None
                and state.screen.name == page
                and state.facts.branding.colour == colour
                and state.facts.errands == errands
            )

        with self._more:
            assert self._more.wait_for(fits, LIMIT_SECONDS), self.state and (
                self.state.screen.name,
                self.state.facts.branding.colour,
                self.state.facts.errands,
            )
            assert self.state is not None
            return self.state


@contextmanager
def board_process(hall: Hall, folder: Path) -> Iterator[BlobStore]:
    """The board's real program, drawing into memory; its cache."""
    (folder / "secret").write_text(secret(hall.state / "broker" / "secrets" / "board-1"), encoding="ascii")
    file = folder / "board.toml"
    file.write_text(
        f'[station]\nid = "board-1"\nname = "综合屏"\nhall = "demo"\nsecret_file = "secret"\n'
        f'server = "127.0.0.1:{hall.config.file.broker.port}"\ncache = "board"\n',
        encoding="utf-8",
    )
    program = subprocess.Popen(
        [sys.executable, "-m", "queue_display", "board", "--config", str(file)],
        env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield BlobStore(folder / "board" / "blobs")
    finally:
        program.terminate()
        assert program.wait(LIMIT_SECONDS) == 0, "it ended in order"


def kept(cache: BlobStore, wanted: Branding) -> Branding:
    """What the board's program has on its disk, once it is this."""
    deadline, pause = monotonic() + LIMIT_SECONDS, threading.Event()
    while True:
        found = cache.current(BLOB)
        have = read_branding(found[1].read_bytes()) if found else None
        if have == wanted or monotonic() > deadline:
            assert have == wanted
            return wanted
        pause.wait(0.05)


def test_colour_logo_and_errands_reach_what_is_running_and_what_starts_alone(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.server.start()
    png = taken(emblem())
    file = hall.config.file
    look = msgspec.structs.replace(file.branding, colour="#0e5457", logo=png)
    every, some = set(Errand), {Errand.TAKE, Errand.CHECK_IN}
    dressed = msgspec.structs.replace(
        file, branding=look, kiosks=(KioskPart(id="kiosk-1", errands=tuple(some)),)
    )
    try:
        kiosk = Kiosk(hall, tmp_path)
        with board_process(hall, tmp_path) as cache:
            kiosk.wait("home", "", every)
            kept(cache, Branding())
            hall.publish(dressed)
            state = kiosk.wait("home", "#0e5457", some)
            assert state.facts.branding.logo == png
            kept(cache, Branding(colour="#0e5457", logo=png))
            kiosk.session.post(e.CallForGuide())
            kiosk.session.post(e.OpenReprint())
            assert kiosk.wait("reprint", "#0e5457", some)
            kiosk.session.post(e.GoHome())
            hall.publish(file)
            kiosk.wait("home", "", every)
            kept(cache, Branding())
            hall.publish(dressed)
            kiosk.wait("home", "#0e5457", some)
        kiosk.session.close()
    finally:
        hall.server.stop()
    alone = Kiosk(hall, tmp_path)
    try:
        state = alone.wait("home", "#0e5457", some)  # with numbers of its own
        assert state.facts.branding.logo == png, "without any hall it looks as it did"
    finally:
        alone.session.close()
