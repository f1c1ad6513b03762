"""A whole hall in one process: the server on a bus in memory, the kiosk's session, board and announcer,
real drivers, and simulators behind PTYs."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from contract import messages as m
from contract import topics
from contract.memory import MemoryBroker
from contract.station import Station
from devices.drivers.speaker import Options, build
from devices.registry import build as build_driver
from devices.simulators.call_box import CallBoxSimulator
from devices.simulators.sdt_reader import SdtReaderSimulator
from devices.simulators.ticket_printer import TicketPrinterSimulator
from hall_server.config import load
from hall_server.program import HallServer
from kiosk.flows.number import Number
from kiosk.flows.state import State
from kiosk.session import Session
from queue_display.board import BoardState, BoardView, fold, view
from queue_display.news import Now
from queue_display.voice import Announcer, AnnounceSection
from tests.hall.server_process import write_hall

LIMIT_SECONDS = 20.0


class Screen:
    """A hall board without its window: folds what it hears."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.bus = broker.bus("board-1")
        self._state = BoardState(board="hall")
        self._more = threading.Condition()
        self.bus.on(topics.BOARD_NOW, self._hear)
        self.bus.on(topics.BOARD_CALL, self._hear)
        self.bus.on(topics.SERVER, self._hear)

    def _hear(self, message: m.Message, _ids: dict[str, str]) -> None:
        with self._more:
            self._state = fold(self._state, message, Now(monotonic()))
            self._more.notify_all()

    def eventually(self, fits: Callable[[], bool]) -> None:
        """Until something true of the hall outside this screen."""
        with self._more:
            deadline = monotonic() + LIMIT_SECONDS
            while not fits():
                assert monotonic() < deadline
                self._more.wait(0.05)

    def wait(self, fits: Callable[[BoardView], bool]) -> BoardView:
        """The picture, once it fits."""
        with self._more:
            assert self._more.wait_for(lambda: fits(view(self._state, Now(monotonic()))), LIMIT_SECONDS)
            return view(self._state, Now(monotonic()))


class KioskInHall:
    """Session, reader and printer of one kiosk."""

    def __init__(
        self, broker: MemoryBroker, folder: Path, stack: ExitStack, *, station: str = "kiosk-1"
    ) -> None:
        self.reader = SdtReaderSimulator("reader", folder / f"{station}-reader")
        self.printer = TicketPrinterSimulator("printer", link=folder / f"{station}-printer", baud=921600)
        self.seen: deque[State] = deque(maxlen=500)
        self._more = threading.Condition()
        drivers = {
            "reader": build_driver("sdt", {"port": self.reader.address}),
            "printer": build_driver("escpos", {"port": self.printer.address, "baud": 921600, "mode": "text"}),
        }
        self.station = Station(broker.bus(station), m.StationInfo(kind=m.StationKind.KIOSK, software="test"))
        self.session = Session(self.station, drivers, folder / f"{station}-cache", self._show)
        for simulator in (self.reader, self.printer):
            simulator.start()
            stack.callback(simulator.stop)
        self.session.open()
        stack.callback(self.session.close)
        self.station.ready()

    def _show(self, state: State) -> None:
        with self._more:
            self.seen.append(state)
            self._more.notify_all()

    def wait(self, fits: Callable[[State], bool]) -> State:
        """The newest state, once it fits."""
        with self._more:
            found = self._more.wait_for(lambda: bool(self.seen) and fits(self.seen[-1]), LIMIT_SECONDS)
            assert found, [state.screen.name for state in self.seen][-10:]
            return self.seen[-1]

    def at_rest(self) -> State:
        """Home, with the catalogue, reader and printer."""
        return self.wait(lambda s: s.screen.name == "home" and s.facts.reader and s.facts.printer)

    def do(self, *events: Any) -> None:
        """What a citizen does."""
        for event in events:
            self.session.post(event)

    def number(self, wanted: str) -> Number:
        """Wait for the page that shows this number."""
        found = self.wait(lambda s: isinstance(s.screen, Number) and s.screen.slip.number == wanted).screen
        assert isinstance(found, Number)
        return found

    def paper(self, stage: str) -> Number:
        """Wait until the number's paper is so."""
        found = self.wait(lambda s: isinstance(s.screen, Number) and s.screen.stage == stage).screen
        assert isinstance(found, Number)
        return found


class WholeHall:
    """Everything, wired."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.broker = MemoryBroker("demo")
        self.callbox = CallBoxSimulator("callbox", folder / "callbox", tuple(range(1, 13)), spontaneous=True)
        self.callbox.start()
        stack.callback(self.callbox.stop)
        path = write_hall(folder, kiosks=2, callbox=str(folder / "callbox"))
        text = path.read_text(encoding="utf-8")
        path.write_text(text + '[callboxes.options]\nmode = "spontaneous"\n', encoding="utf-8")
        self.failures: list[BaseException] = []
        self._config = load(path)
        self.start_server()
        stack.callback(lambda: self.server.stop())
        self.screen = Screen(self.broker)
        self.screen.bus.open()
        stack.callback(self.screen.bus.close)
        self.voice_health: deque[m.StationHealth] = deque(maxlen=50)
        self._announcer(stack)
        self.kiosk = KioskInHall(self.broker, folder, stack)

    def start_server(self) -> None:
        """The server, on the same journal each time."""
        self.server = HallServer(
            self._config,
            self.folder / "state",
            bus=self.broker.bus("hall-server"),
            on_journal_failure=self.failures.append,
        )
        self.server.start()

    def _announcer(self, stack: ExitStack) -> None:
        speaker = build(Options(backend="null", keep_dir=str(self.folder / "calls")))
        info = m.StationInfo(kind=m.StationKind.ANNOUNCER, software="test")
        station = Station(self.broker.bus("announcer-1"), info)
        announcer = Announcer(station, speaker, AnnounceSection(readings=1), self.folder / "voice")
        thread = threading.Thread(target=announcer.run)
        thread.start()
        stack.callback(thread.join)
        stack.callback(announcer.stop)

    def spoken(self) -> list[str]:
        """Names of the sounds kept so far."""
        return sorted(path.name for path in (self.folder / "calls").glob("*.wav"))


@contextmanager
def whole_hall(folder: Path) -> Iterator[WholeHall]:
    """A hall in service; everything ends with the block."""
    with ExitStack() as stack:
        hall = WholeHall(folder, stack)
        yield hall
        assert not hall.failures
