"""A kiosk without its window: real session, real drivers, simulated hardware on PTYs, a hall that obeys."""

from __future__ import annotations

import functools
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import msgspec

from contract import messages as m
from contract import topics
from contract.blobs import describe
from contract.memory import MemoryBroker
from contract.schema import encode
from contract.station import Station
from devices.ports import Device
from devices.registry import build
from devices.simulators.sdt_reader import SdtReaderSimulator
from devices.simulators.ticket_printer import TicketPrinterSimulator
from kiosk import samples
from kiosk.flows import events as e
from kiosk.flows.number import Number
from kiosk.flows.state import State
from kiosk.session import Session

LIMIT_SECONDS = 20.0
KIOSK, HALL = "kiosk-1", "hall-server"
PERSON_KEY = "7c" * 32
A = TypeVar("A", bound=m.Answer)


def done(answer: A) -> Future[A]:
    """An answer at once."""
    future: Future[A] = Future()
    future.set_result(answer)
    return future


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class ObedientHall:
    """Answers by the contract, remembers what it was asked; ``silent`` answers nobody, ``no`` refuses."""

    def __init__(self, broker: MemoryBroker, folder: Path) -> None:
        self.bus = broker.bus(HALL)
        self.asked: list[m.Request] = []
        self.given: dict[str, m.IssueAnswer] = {}
        self.open_tickets: dict[str, m.TicketSlip] = {}
        self.owners: dict[tuple[str, str], str] = {}
        self.silent = False
        self.no = ""
        self._changed = threading.Condition()
        (folder / "catalogue.json").write_bytes(encode(samples.catalogue()))
        handler = functools.partial(_Quiet, directory=str(folder))
        self._web = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._serving = threading.Thread(target=self._web.serve_forever, args=(0.02,), daemon=True)
        self._ref = describe(folder / "catalogue.json", "/catalogue.json")
        self.boot, self.beats = "hall-boot-1", 0
        self.bus.serve(topics.ISSUE, self._issue)
        self.bus.serve(topics.FIND_TICKETS, self._find)
        self.bus.serve(topics.REPORT_PAPER, lambda _, ask: self._note(ask, m.ReportPaperAnswer(id=ask.id)))
        self.bus.serve(topics.CANCEL_ISSUE, lambda _, ask: self._note(ask, m.CancelIssueAnswer(id=ask.id)))
        self.bus.serve(topics.CALL_GUIDE, lambda _, ask: self._note(ask, m.CallGuideAnswer(id=ask.id)))

    def open(self, *, idle_seconds: int = 60) -> None:
        """Serve."""
        self._serving.start()
        self.bus.open()
        self.configure(idle_seconds=idle_seconds)
        for queue in samples.queues():
            self.bus.publish(topics.QUEUE, queue, queue=queue.service)
        self.beat()

    def configure(self, *, idle_seconds: int = 60, errands: tuple[str, ...] = (), closed: str = "") -> None:
        """What the hall wants of the kiosk."""
        config = m.StationConfig(
            version="1",
            hall_name=samples.HALL,
            station_name="1号自助机",
            person_key=PERSON_KEY,
            idle_seconds=idle_seconds,
            errands=errands,
            closed=closed,
        )
        self.bus.publish(topics.STATION_CONFIG, config, station=KIOSK)

    def beat(self, presence: m.Presence = m.Presence.READY) -> None:
        """One beat of the server's state."""
        self.beats += 1
        host, port = self._web.server_address[:2]
        state = m.ServerState(
            s=presence,
            boot=self.boot,
            at_ms=1_795_230_000_000 + self.beats * 1000,
            business_day=samples.DAY,
            http=f"http://{host!s}:{port}/",
            blobs={"catalogue": self._ref},
        )
        self.bus.publish(topics.SERVER, state)

    def close(self) -> None:
        """Stop."""
        self.bus.close()
        if self._serving.is_alive():
            self._web.shutdown()
            self._serving.join()
        self._web.server_close()

    def wait(self, wanted: Callable[[list[m.Request]], bool]) -> list[m.Request]:
        """Until what was asked fits."""
        with self._changed:
            assert self._changed.wait_for(lambda: wanted(self.asked), LIMIT_SECONDS), self.asked
            return list(self.asked)

    def papers(self) -> list[tuple[m.Paper, bool]]:
        """Reports of paper, in order."""
        return [(ask.paper, ask.reprint) for ask in self.asked if isinstance(ask, m.ReportPaper)]

    def _note(self, ask: m.Request, answer: A) -> Future[A]:
        with self._changed:
            self.asked.append(ask)
            self._changed.notify_all()
        if self.silent:
            return Future()
        if self.no:
            answer = msgspec.structs.replace(answer, refusal=m.Refusal(code="no", sentence=self.no))
        return done(answer)

    def _issue(self, _station: str, ask: m.Issue) -> Future[m.IssueAnswer]:
        if self.silent or self.no:
            return self._note(ask, m.IssueAnswer(id=ask.id))
        if ask.id not in self.given:
            self.given[ask.id] = self._number(ask)
        return self._note(ask, self.given[ask.id])

    def _number(self, ask: m.Issue) -> m.IssueAnswer:
        owner = (ask.person.key if ask.person else "", ask.service)
        if owner[0] and owner in self.owners:
            return m.IssueAnswer(id=ask.id, slip=self.open_tickets[self.owners[owner]], existing=True)
        number = f"C{len(self.open_tickets) + 1:03d}"
        masked = ask.person.masked_name if ask.person else ""
        slip = samples.slip(number, masked_name=masked, ahead=len(self.open_tickets))
        self.open_tickets[slip.ticket] = slip
        self.owners[owner] = slip.ticket
        return m.IssueAnswer(id=ask.id, slip=slip)

    def _find(self, _station: str, ask: m.FindTickets) -> Future[m.FindTicketsAnswer]:
        mine = {ticket for (key, _), ticket in self.owners.items() if key and key == ask.person_key}
        slips = [
            slip
            for slip in self.open_tickets.values()
            if slip.ticket in mine or (ask.number and slip.number == ask.number)
        ]
        return self._note(ask, m.FindTicketsAnswer(id=ask.id, slips=tuple(slips)))


class Desk:
    """The kiosk and what stands around it."""

    def __init__(self, folder: Path, *, drivers: dict[str, Device] | None = None) -> None:
        self.broker = MemoryBroker()
        self.hall = ObedientHall(self.broker, folder)
        self.reader = SdtReaderSimulator("reader", folder / "reader")
        self.printer = TicketPrinterSimulator("printer", link=folder / "printer", baud=921600)
        self.station = Station(
            self.broker.bus(KIOSK), m.StationInfo(kind=m.StationKind.KIOSK, software="test")
        )
        made = drivers if drivers is not None else self._drivers()
        self.seen: deque[State] = deque(maxlen=500)
        self._changed = threading.Condition()
        self.session = Session(self.station, made, folder / "cache", self._show)

    def _drivers(self) -> dict[str, Device]:
        return {
            "reader": build("sdt", {"port": self.reader.address}),
            "printer": build("escpos", {"port": self.printer.address, "baud": 921600, "mode": "text"}),
        }

    def open(self, *, idle_seconds: int = 60, hall: bool = True) -> None:
        """Switch everything on."""
        self.reader.start()
        self.printer.start()
        if hall:
            self.hall.open(idle_seconds=idle_seconds)
        self.session.open()
        self.station.ready()

    def close(self) -> None:
        """Switch everything off."""
        self.session.close()
        self.hall.close()
        self.printer.stop()
        self.reader.stop()

    def _show(self, state: State) -> None:
        with self._changed:
            self.seen.append(state)
            self._changed.notify_all()

    def wait(self, wanted: Callable[[State], bool]) -> State:
        """The newest state, once it fits."""
        deadline = monotonic() + LIMIT_SECONDS
        with self._changed:
            while not (self.seen and wanted(self.seen[-1])):
                left = deadline - monotonic()
                assert left > 0, [state.screen.name for state in self.seen][-10:]
                self._changed.wait(left)
            return self.seen[-1]

    def on(self, name: str) -> State:
        """Wait for a page."""
        return self.wait(lambda state: state.screen.name == name)

    def at_rest(self) -> State:
        """Wait for the home page with reader and printer ready."""
        return self.wait(
            lambda state: state.screen.name == "home" and state.facts.reader and state.facts.printer
        )

    def do(self, *events: e.Event) -> None:
        """What a citizen does."""
        for event in events:
            self.session.post(event)

    def paper(self, stage: str) -> Number:
        """Wait until the number's paper is so."""

        def fits(state: State) -> bool:
            return isinstance(state.screen, Number) and state.screen.stage == stage

        found = self.wait(fits).screen
        assert isinstance(found, Number)
        return found


@contextmanager
def desk(folder: Path, **options: Any) -> Iterator[Desk]:
    """A desk in service; closed at the end whatever happens."""
    made = Desk(folder)
    made.open(**options)
    try:
        yield made
    finally:
        made.close()
