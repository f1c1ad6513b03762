"""An announcer on a bus in memory, with a real stream, a real clip pack and calls of a hall."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

import numpy as np

from assets.speech.pack import CLIP_RATE, ClipStore
from assets.speech.sound import to_int16, wav_bytes
from assets.speech.wording import call_parts
from contract import topics
from contract.bus import Bus
from contract.clock import monotonic_ms
from contract.memory import MemoryBroker, MemoryBus
from contract.messages import (
    BlobRef,
    Call,
    CallDrop,
    CallFate,
    CallKind,
    CallReports,
    Presence,
    ServerState,
    Speech,
    StationHealth,
    StationInfo,
    StationKind,
)
from contract.station import Station
from devices.ports import Speaker
from queue_display.voice import Announcer, AnnounceSection

T = TypeVar("T")
NOW_MS = 1_800_000_000_000


def tone(text: str, seconds: float = 0.1) -> bytes:
    """A short sound that differs from text to text, as a clip's WAV file."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
    level = np.random.default_rng(seed).normal(0, 0.1, int(seconds * CLIP_RATE)).astype(np.float32)
    return wav_bytes(to_int16(level), CLIP_RATE)


def fill(store: ClipStore, *texts: str, voice: str = "tone") -> None:
    """Put a tone for each text into a store."""
    for text in texts:
        store.add(text, voice, tone(text), seconds=0.1, lufs=-16)


class Hall:
    """The server's side of the bus: hall time, calls, and what the station says of itself."""

    def __init__(self, bus: Bus | None = None) -> None:
        self.broker = MemoryBroker("demo")
        self.bus: Bus = bus or MemoryBus(self.broker, "hall-server")
        self.healths: list[StationHealth] = []
        self.states: list[Presence] = []
        self.confirmed: list[tuple[str, CallFate, CallDrop]] = []
        self._news = threading.Condition()
        self._started = monotonic_ms()
        self.bus.on(topics.STATION_HEALTH, lambda health, _: self._take(self.healths, health))
        self.bus.on(topics.STATION_STATE, lambda state, _: self._take(self.states, state.s))
        self.bus.on(topics.STATION_CALLS, lambda message, _: self._confirmed(message))
        self.bus.open()

    def _take(self, to: list[T], what: T) -> None:
        with self._news:
            to.append(what)
            self._news.notify_all()

    def _confirmed(self, message: CallReports) -> None:
        for report in message.reports:
            self._take(self.confirmed, (report.call, report.fate, report.why))

    def wait_confirmed(self, call: str) -> tuple[CallFate, CallDrop]:
        """What the station says of a call."""

        def found() -> list[tuple[CallFate, CallDrop]]:
            return [(fate, why) for name, fate, why in self.confirmed if name == call]

        with self._news:
            assert self._news.wait_for(lambda: bool(found()), timeout=60), f"{call} is not confirmed"
            return found()[-1]

    def now_ms(self) -> int:
        """Hall time."""
        return NOW_MS + monotonic_ms() - self._started

    def beat(self, http: str = "", **blobs: BlobRef) -> None:
        """The server is there."""
        state = ServerState(s=Presence.READY, boot="b1", at_ms=self.now_ms(), http=http, blobs=blobs)
        self.bus.publish(topics.SERVER, state)

    def call(
        self,
        name: str,
        number: str = "A012",
        *,
        age_ms: int = 0,
        expires_ms: int = 60_000,
        zone: str = "zonghe",
    ) -> Call:
        """Call a number to window 3."""
        at = self.now_ms() - age_ms
        speech = Speech(lang="zh", parts=call_parts(number, "3号窗口"))
        call = Call(
            call=name,
            kind=CallKind.CALL,
            board="hall",
            ticket=f"t-{name}",
            number=number,
            window="w03",
            window_label="3号窗口",
            zone=zone,
            service="综合",
            at_ms=at,
            expires_ms=at + expires_ms,
            say=(speech,),
        )
        self.bus.publish(topics.BOARD_CALL, call, board="hall")
        return call

    def wait_counter(self, name: str, at_least: int = 1) -> dict[str, int]:
        """Counters of the first health that counts this often."""

        def reached() -> bool:
            return bool(self.healths) and self.healths[-1].counters.get(name, 0) >= at_least

        with self._news:
            assert self._news.wait_for(reached, timeout=60), f"{name} stays below {at_least}"
            return self.healths[-1].counters

    def wait_showing(self, text: str) -> StationHealth:
        """The first health whose ``showing`` holds this."""

        def shown() -> bool:
            return bool(self.healths) and text in self.healths[-1].showing

        with self._news:
            assert self._news.wait_for(shown, timeout=60), f"{text} is not shown"
            return self.healths[-1]

    def wait_presence(self, presence: Presence) -> None:
        """Until the station says so."""
        with self._news:
            assert self._news.wait_for(lambda: self.states[-1:] == [presence], timeout=60), presence


@contextmanager
def announcing(
    hall: Hall,
    speaker: Speaker,
    cache: Path,
    section: AnnounceSection | None = None,
    timing: Path | None = None,
) -> Iterator[Announcer]:
    """An announcer that runs."""
    info = StationInfo(kind=StationKind.ANNOUNCER, software="test")
    station = Station(MemoryBus(hall.broker, "announcer-1"), info)
    program = Announcer(station, speaker, section or AnnounceSection(), cache, timing=timing)
    thread = threading.Thread(target=program.run)
    thread.start()
    try:
        yield program
    finally:
        program.stop()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder over HTTP; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
