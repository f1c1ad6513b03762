"""A kiosk whose hall dies: real session, drivers and hall; nothing is lost, nothing doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
import pytest

from contract import messages as m
from contract import topics
from contract.clock import StationClock
from contract.memory import MemoryBroker
from hall_server.backup import making, restoring
from hall_server.config import load
from hall_server.hall import commands as c
from hall_server.hall.model import Hall, Ticket
from hall_server.program import HallServer
from kiosk.alone import LoneDesk
from kiosk.blocks import Asked
from kiosk.flows import events as e
from kiosk.flows.number import Number
from kiosk.flows.reprint import Offer
from tests.hall.one_process import KioskInHall
from tests.hall.server_process import write_hall

T = TypeVar("T")
WAY = (e.ChooseZone("zonghe"), e.ChooseService("shebao"))


class Place:
    """One hall that can die and come back, and kiosks at it."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.broker = MemoryBroker("demo")
        self.config = load(write_hall(folder / "hall", kiosks=2))
        self.state = folder / "state"
        self.start()
        stack.callback(lambda: self.server.stop())

    def start(self) -> None:
        self.server = HallServer(
            self.config, self.state, bus=self.broker.bus("hall-server"), on_journal_failure=print
        )
        self.server.start()

    def away(self) -> None:
        """The hall goes; kiosks notice at once."""
        self.server.stop()

    def kiosk(self, *, station: str = "kiosk-1") -> KioskInHall:
        made = KioskInHall(self.broker, self.folder, self._stack, station=station)
        made.wait(lambda s: s.facts.printer and s.facts.reader and s.facts.ready.get("shebao", 0) > 0)
        return made

    def read(self, function: Any) -> Any:
        return self.server.service.query(function).result(10)

    def ticket(self, number: str) -> Ticket:
        found: Ticket = self.read(lambda hall: hall.tickets[hall.by_number[number]])
        return found

    def next(self, window: str = "w03") -> str:
        asked = c.CallNext(request="", by=f"window:{window}", window=window)
        ticket = self.server.service.submit(asked).result(10).ticket
        self.server.service.submit(c.Arrive(request="", by=f"window:{window}", window=window)).result(10)
        return ticket.rpartition("-")[2]


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield Place(folder, stack)


def test_a_citizen_gets_paper_while_the_hall_is_dead_and_his_number_is_called_when_it_is_back(
    tmp_path: Path,
) -> None:
    with place(tmp_path) as hall:
        kiosk = hall.kiosk()
        kiosk.do(*WAY, e.Take())
        kiosk.number("C001")
        kiosk.paper("printed")
        kiosk.do(e.GoHome())
        hall.away()
        kiosk.wait(lambda s: s.facts.lonely and s.screen.name == "home")
        kiosk.do(*WAY)
        kiosk.reader.lay("zhang")
        alone = kiosk.number("C501")
        kiosk.paper("printed")
        assert alone.slip.alone
        assert "离线取号" in kiosk.printer.latest_text()
        kiosk.reader.remove()
        kiosk.wait(lambda s: not s.card)
        kiosk.do(e.GoHome(), *WAY)
        kiosk.reader.lay("zhang")
        offered = kiosk.wait(lambda s: isinstance(s.screen, Offer)).screen
        assert isinstance(offered, Offer)
        assert offered.slips[0].number == "C501", "one open number per person, also without the hall"
        kiosk.do(e.ReprintTicket(offered.slips[0].ticket))
        kiosk.wait(
            lambda s: isinstance(s.screen, Number) and s.screen.reprint and s.screen.stage == "printed"
        )
        hall.start()
        kiosk.wait(lambda s: s.facts.server and s.facts.away == 0)
        home = hall.ticket("C501")
        assert (home.paper, home.reprints, home.station) == (m.Paper.CONFIRMED, 1, "kiosk-1")
        assert home.issued_ms == alone.slip.issued_ms
        assert [hall.next(), hall.next()] == ["C001", "C501"]


class Newest(Generic[T]):
    """What was said last; ``wait`` until it fits, and then it is used up."""

    def __init__(self) -> None:
        self._said: list[T] = []
        self._more = threading.Condition()

    def put(self, value: T) -> None:
        with self._more:
            self._said = [value]
            self._more.notify_all()

    def wait(self, fits: Callable[[T], bool]) -> T:
        with self._more:
            assert self._more.wait_for(lambda: bool(self._said) and fits(self._said[0]), 20), self._said
            return self._said.pop()


class Alone:
    """The kiosk's own numbers without session and screen, on a bus of the hall."""

    def __init__(self, hall: Place, file: Path, station: str = "kiosk-1") -> None:
        self.bus = hall.broker.bus(station)
        self.clock = StationClock()
        self.ready: Newest[int] = Newest()
        self.home: Newest[tuple[int, int]] = Newest()
        self.desk = LoneDesk(
            self.bus,
            self.clock,
            file,
            changed=lambda ready, _away: self.ready.put(ready.get("shebao", 0)),
            came_home=lambda home, void: self.home.put((home, void)),
        )
        self.bus.on(topics.SERVER, self._hear)
        self.desk.open()
        self.bus.open()
        self.desk.offer(("shebao",))

    def _hear(self, state: m.ServerState, _ids: dict[str, str]) -> None:
        self.clock.heard(state.boot, state.at_ms)
        self.desk.hear_server(state)
        self.desk.server(state.s is m.Presence.READY)

    def take(self, request: str, person: str = "", instead_of: str = "") -> str:
        who = m.Person(key=person) if person else None
        asked = Asked(id=request, service="shebao", person=who, instead_of=instead_of)
        lone = self.desk.issue(asked).lone
        return lone.slip.number if lone else ""

    def close(self) -> None:
        self.desk.close()
        self.bus.close()


def test_the_power_goes_between_the_commit_and_the_paper(tmp_path: Path) -> None:
    with place(tmp_path) as hall:
        first = Alone(hall, tmp_path / "lone.db")
        first.ready.wait(lambda count: count > 0)
        hall.away()
        assert first.take("r1", "p") == "C501"
        first.close()  # nothing was printed, nothing said; the file is all that is left
        again = Alone(hall, tmp_path / "lone.db")
        assert again.take("r1", "p") == "C501", "asked again it is the same number"
        assert again.take("r2", "p") == "C501", "and the same person's"
        assert again.take("r3") == "C502"
        hall.start()
        assert again.home.wait(lambda _: True) == (2, 0)
        assert hall.ticket("C501").issued_ms <= hall.ticket("C502").issued_ms
        again.close()


def test_a_request_without_an_answer_goes_before_the_number_that_replaced_it_comes_home(
    tmp_path: Path,
) -> None:
    with place(tmp_path) as hall:
        kiosk = Alone(hall, tmp_path / "lone.db")
        kiosk.ready.wait(lambda count: count > 0)
        person = m.Person(key="p")
        asked = m.Issue(id="lost-answer", service="shebao", person=person)
        assert kiosk.bus.request(topics.ISSUE, asked, timeout_seconds=10).result().slip
        hall.away()
        assert kiosk.take("r1", "p", instead_of="lost-answer") == "C501"
        hall.start()
        assert kiosk.home.wait(lambda _: True) == (1, 0)
        assert hall.ticket("C001").status is m.TicketStatus.CANCELLED
        assert hall.ticket("C501").status is m.TicketStatus.WAITING
        kiosk.close()


def test_a_store_that_was_lost_gets_other_numbers(tmp_path: Path) -> None:
    with place(tmp_path) as hall:
        first = Alone(hall, tmp_path / "lone.db")
        first.ready.wait(lambda count: count > 0)
        first.take("r1")
        first.close()
        second = Alone(hall, tmp_path / "other.db")
        second.ready.wait(lambda count: count > 0)
        assert second.take("r1") == "C521"
        second.close()


def test_a_hall_from_a_backup_gets_the_numbers_that_it_lost(tmp_path: Path) -> None:
    with place(tmp_path) as hall:
        kiosk = Alone(hall, tmp_path / "lone.db")
        kiosk.ready.wait(lambda count: count > 0)
        making.make(hall.state, tmp_path / "backup.db")
        hall.away()
        given = [kiosk.take(f"a{i}", f"p{i}") for i in range(3)]
        hall.start()
        kiosk.home.wait(lambda got: got == (3, 0))
        for i in range(30):
            asked = m.Issue(id=f"on{i}", service="shebao")
            assert kiosk.bus.request(topics.ISSUE, asked, timeout_seconds=10).result().slip
        come_to = hall.server.service.settled().result(10).seq
        kiosk.desk.hear_server(m.ServerState(s=m.Presence.READY, boot=hall.server._boot, seq=come_to))
        hall.away()
        restoring.restore(tmp_path / "backup.db", hall.state)
        hall.start()
        kiosk.home.wait(lambda got: got == (3, 0))
        assert all(hall.ticket(number).status is m.TicketStatus.WAITING for number in given)
        fresh = Alone(hall, tmp_path / "two.db", "kiosk-2")
        fresh.ready.wait(lambda count: count > 0)
        later = [kiosk.take(f"b{i}") for i in range(25)] + [fresh.take(f"c{i}") for i in range(5)]
        numbers = [number for number in (*given, *later) if number]
        assert len(numbers) == len(set(numbers))
        kiosk.close()
        fresh.close()


def test_a_day_that_ended_while_the_kiosk_was_alone(tmp_path: Path) -> None:
    with place(tmp_path) as hall:
        kiosk = Alone(hall, tmp_path / "lone.db")
        kiosk.ready.wait(lambda count: count > 0)
        hall.away()
        assert kiosk.take("r1", "p") == "C501"
        kiosk.clock.heard("tomorrow", (kiosk.clock.now_ms() or 0) + 24 * 3_600_000)
        asked = Asked(id="r2", service="shebao")
        assert "业务日已结束" in kiosk.desk.issue(asked).refusal
        kiosk.close()


def _waiting(hall: Hall) -> int:
    return sum(hall.waiting.values())


def test_a_paper_that_settles_while_its_number_travels_is_told(tmp_path: Path) -> None:
    with place(tmp_path) as hall:
        kiosk = Alone(hall, tmp_path / "lone.db")
        kiosk.ready.wait(lambda count: count > 0)
        hall.away()
        kiosk.take("r1")
        day = kiosk.desk.day
        report = m.ReportPaper(id="x1", ticket=f"{day}-C501", paper=m.Paper.CONFIRMED)
        assert kiosk.desk.paper(report)
        assert not kiosk.desk.paper(msgspec.structs.replace(report, ticket="other"))
        assert kiosk.desk.find(number="c501")[0].number == "C501"
        hall.start()
        kiosk.home.wait(lambda _: True)
        assert hall.ticket("C501").paper is m.Paper.CONFIRMED
        assert not kiosk.desk.paper(report), "what is home is told to the hall"
        assert hall.read(_waiting) == 1
        kiosk.close()


@pytest.mark.parametrize("reason", ["本人已离开"])
def test_a_number_cancelled_here_comes_home_void(tmp_path: Path, reason: str) -> None:
    with place(tmp_path) as hall:
        kiosk = Alone(hall, tmp_path / "lone.db")
        kiosk.ready.wait(lambda count: count > 0)
        hall.away()
        kiosk.take("r1")
        assert kiosk.desk.cancel("r1", reason)
        assert kiosk.desk.cancel("r1", reason), "twice is once"
        assert not kiosk.desk.cancel("r2", reason)
        assert kiosk.desk.find(number="C501") == ()
        hall.start()
        kiosk.home.wait(lambda _: True)
        assert (hall.ticket("C501").status, hall.ticket("C501").note) == (m.TicketStatus.VOID, reason)
        kiosk.close()
