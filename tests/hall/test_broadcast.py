"""A broadcast from the hall's door to the loudspeaker and back: rendered, spoken, told, stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assets.speech.pack import ClipStore
from contract import messages as m
from contract.memory import MemoryBroker
from contract.station import Station
from devices.drivers.speaker import Options, build
from hall_server.config import load
from hall_server.hall import commands as c
from hall_server.hall.model import Broadcast, Heard
from hall_server.presented import spoken
from hall_server.program import HallServer
from queue_display.voice import Announcer, AnnounceSection
from tests.hall.server_process import write_hall
from tests.queue_display.voices import fill
from tests.sinks import eventually

ZONE = "announcer-1"


class Spoken:
    """A server that renders, and an announcer that keeps what it plays. Short noises stand for the clips of
    the stored texts that are ``rendered`` already."""

    def __init__(self, folder: Path, rendered: tuple[str, ...] = (), *, render: bool = True) -> None:
        self.folder = folder
        self.broker = MemoryBroker("demo")
        path = write_hall(folder)
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("render = false\n", f"render = {str(render).lower()}\n"), encoding="utf-8"
        )
        self.config = load(path)
        self.failures: list[BaseException] = []
        voice = spoken(self.config)
        clips = ClipStore(folder / "state" / "clips" / voice.voice)
        fill(
            clips,
            *(part for title in rendered for part in voice.passages(self.text(title))),
            voice=voice.voice,
        )
        self.start()

    def text(self, title: str) -> str:
        """A stored one."""
        return next(row.text for row in self.config.file.broadcasts if row.title == title)

    def start(self) -> None:
        """The server, on the same journal each time."""
        self.server = HallServer(
            self.config,
            self.folder / "state",
            bus=self.broker.bus("hall-server"),
            on_journal_failure=self.failures.append,
        )
        self.server.start()

    @contextmanager
    def announcer(self) -> Iterator[None]:
        """While it runs."""
        speaker = build(Options(backend="null", keep_dir=str(self.folder / "calls")))
        info = m.StationInfo(kind=m.StationKind.ANNOUNCER, software="test", confirms=True)
        station = Station(self.broker.bus(ZONE), info)
        announcer = Announcer(station, speaker, AnnounceSection(readings=1), self.folder / "voice")
        thread = threading.Thread(target=announcer.run)
        thread.start()
        try:
            yield
        finally:
            announcer.stop()
            thread.join()

    def do(self, command: c.Command) -> None:
        """Through the one door."""
        self.server.service.submit(command).result(20)

    def make(self, text: str, **changes: object) -> int:
        """Broadcast it; its name."""
        fields: dict[str, object] = {
            "request": f"b-{text[:8]}",
            "by": "clerk:9001",
            "text": text,
            "stations": (ZONE,),
        }
        self.do(c.MakeBroadcast(**(fields | changes)))  # type: ignore[arg-type]
        return max(self.server.service.query(lambda hall: list(hall.broadcasts)).result(10))

    def known(self, name: int) -> Broadcast:
        """As the hall knows it now."""
        return self.server.service.query(lambda hall: hall.broadcasts[name]).result(10)

    def wait(self, name: int, fits: Callable[[Broadcast], bool]) -> Broadcast:
        """As the hall knows it once it fits."""
        eventually(lambda: fits(self.known(name)))
        return self.known(name)

    def played(self) -> list[str]:
        """What it was, oldest first."""
        names = [path.stem.split("-") for path in (self.folder / "calls").glob("*.wav")]
        return [name[3] for name in sorted(names, key=lambda name: name[2])]


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Spoken]:
    hall = Spoken(tmp_path)
    yield hall
    hall.server.stop()
    assert not hall.failures


def test_words_that_nobody_rendered_are_synthesised_beside_the_calls_and_heard_between_them(
    hall: Spoken,
) -> None:
    with hall.announcer():
        hall.do(c.Issue(request="ticket-1", by="kiosk-1", service="shebao"))
        name = hall.make("拾到雨伞一把。", board=True)
        hall.do(c.CallNext(request="next-1", by="clerk:0001", window="w03"))
        told = hall.wait(name, lambda b: b.of(ZONE).over)
    assert told.of(ZONE).spoken == 1
    assert told.ended_ms
    assert not told.of(ZONE).why
    assert hall.played() == ["C001", "broadcast1"], "the call does not wait for the synthesiser"
    assert "拾到雨伞一把。" in hall.server.service.view.boards["hall"].notices


def test_an_urgent_one_goes_on_through_a_restart_of_the_hall_until_somebody_stops_it(tmp_path: Path) -> None:
    hall = Spoken(tmp_path, ("即将下班", "消防疏散"))
    late, gone = hall.make(hall.text("即将下班")), hall.make("乙。")
    hall.do(c.EndBroadcast(request="end-0", by="clerk:9001", broadcast=gone))
    with hall.announcer():
        assert hall.wait(late, lambda b: b.of(ZONE).over).of(ZONE).spoken == 1, (
            "a zone that comes late says it"
        )
        assert hall.wait(gone, lambda b: b.of(ZONE).over).of(ZONE) == Heard(ZONE, 0, True, "stopped")
        assert len(hall.played()) == len(spoken(hall.config).passages(hall.text("即将下班")))
        name = hall.make(hall.text("消防疏散"), urgent=True)
        hall.wait(name, lambda b: b.of(ZONE).spoken >= 1)
        hall.server.stop()
        heard = len(hall.played())
        hall.start()
        assert not hall.known(name).ended_ms
        eventually(lambda: len(hall.played()) > heard)
        hall.do(c.EndBroadcast(request="end-1", by="clerk:9001", broadcast=name))
        told = hall.wait(name, lambda b: b.of(ZONE).over)
        assert told.ended_by == "clerk:9001"
        assert told.of(ZONE).spoken >= 1
        heard = len(hall.played())
    assert len(hall.played()) == heard
    hall.server.stop()
    assert not hall.failures


def test_a_hall_without_a_synthesiser_tells_the_cause_for_each_zone(tmp_path: Path) -> None:
    hall = Spoken(tmp_path, render=False)
    with hall.announcer():
        name = hall.make("即将下班。", minutes=1)
        hall.do(c.CorrectTime(request="t", by="technician", to_ms=hall.server.service.now_ms() + 61_000))
        hall.do(c.Tick(request="", by="clock"))
        told = hall.wait(name, lambda b: b.of(ZONE).over)
    assert told.of(ZONE).why == "no_clips"
    hall.server.stop()
