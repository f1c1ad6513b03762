"""A hall with its voice in one process: server, pages, and an announcer that keeps what it plays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assets.speech.pack import ClipStore
from contract import messages as m
from contract import topics
from contract.memory import MemoryBroker
from contract.station import Station
from devices.drivers.speaker import Options, build
from hall_server.config import load
from hall_server.hall import commands as c
from hall_server.hall.model import Broadcast
from hall_server.presented import spoken
from hall_server.program import HallServer
from queue_display.voice import Announcer, AnnounceSection
from tests.hall.server_process import write_hall
from tests.queue_display.voices import fill
from tests.sinks import eventually

ZONE = "announcer-1"
AWAY = '\n[[stations]]\nid = "announcer-2"\nkind = "announcer"\nname = "二楼广播"\nplace = "二楼"\n'


class Spoken:
    """A server that renders, and an announcer that keeps what it plays. Short noises stand for the clips of
    the stored texts that are ``rendered`` already."""

    def __init__(self, folder: Path, rendered: tuple[str, ...] = (), *, render: bool = True) -> None:
        self.folder = folder
        self.broker = MemoryBroker("demo")
        path = write_hall(folder)
        text = path.read_text(encoding="utf-8")
        text = text.replace("render = false\n", f"render = {str(render).lower()}\n")
        path.write_text(text.replace("\n[broker]", f"{AWAY}\n[broker]"), encoding="utf-8")
        self.config = load(path)
        self.failures: list[BaseException] = []
        self.arrived: list[m.Broadcast] = []
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

    def passages(self, title: str) -> tuple[str, ...]:
        """What a stored one is spoken by."""
        return spoken(self.config).passages(self.text(title))

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.config.file.web.port}"

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
        station.bus.on(topics.STATION_BROADCAST, lambda said, _: self.arrived.append(said), station=ZONE)
        linked = threading.Event()
        station.bus.on_link(lambda up: linked.set() if up else None)
        thread = threading.Thread(target=announcer.run)
        thread.start()
        try:
            assert linked.wait(20)
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
