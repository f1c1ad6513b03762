"""Leases, merges and requests taken back, as kiosks ask them over a bus of a running hall."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from contract import messages as m
from contract import topics as t
from contract.memory import MemoryBroker
from contract.topics import RequestRoute
from hall_server.hall import commands as c
from hall_server.hall.pictures import qr_seal
from hall_server.service import HallService
from hall_server.stations import StationDesk
from tests.hall_server.running import running

Q = TypeVar("Q", bound=m.Request)
A = TypeVar("A", bound=m.Answer)


class Kiosk:
    """Asks as a station."""

    def __init__(self, broker: MemoryBroker, station: str) -> None:
        self.bus = broker.bus(station)
        self.bus.open()

    def ask(self, kind: RequestRoute[Q, A], message: Q) -> A:
        return self.bus.request(kind, message, timeout_seconds=10).result()

    def lease(self, request: str = "l1", count: int = 5, holder: str = "h") -> m.NumberLease:
        ask = m.LeaseNumbers(id=request, service="tax", count=count, holder=holder)
        answer = self.ask(t.LEASE_NUMBERS, ask)
        assert answer.lease is not None, answer.refusal
        return answer.lease

    def issue(self, request: str, person: str = "") -> m.IssueAnswer:
        who = m.Person(key=person) if person else None
        return self.ask(t.ISSUE, m.Issue(id=request, service="tax", person=who))

    def give_up(self, request: str, issue: str) -> str:
        answer = self.ask(t.CANCEL_ISSUE, m.CancelIssue(id=request, issue=issue, reason="本人已离开"))
        return answer.ticket


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[tuple[HallService, MemoryBroker]]:
    broker = MemoryBroker()
    with running(tmp_path / "journal.db") as (service, _):
        bus = broker.bus("hall-server")
        StationDesk(service, bus, {})
        bus.open()
        yield service, broker
        bus.close()


def test_a_block_says_all_that_its_paper_needs(hall: tuple[HallService, MemoryBroker]) -> None:
    service, broker = hall
    kiosk = Kiosk(broker, "kiosk-1")
    lease = kiosk.lease()
    assert (lease.series, lease.first, lease.last, lease.name) == ("B", 501, 505, "办税服务")
    assert lease.day == service.query(lambda h: h.day.label if h.day else "").result(5)
    assert lease.closes_ms > service.now_ms()
    assert lease.seals[0] == qr_seal(f"{lease.day}-B501", b"k")
    assert len(lease.seals) == 5
    assert kiosk.lease() == lease, "the same question gets the same block"
    assert kiosk.lease("l2").first == 506
    kiosk.bus.close()


def test_a_merge_over_the_wire_and_again_after_a_lost_answer(hall: tuple[HallService, MemoryBroker]) -> None:
    service, broker = hall
    kiosk, other = Kiosk(broker, "kiosk-1"), Kiosk(broker, "kiosk-2")
    lease = kiosk.lease()
    at = service.now_ms()
    tickets = tuple(
        m.OfflineTicket(ordinal=501 + i, issued_ms=at + i, paper=m.Paper.CONFIRMED, person=m.Person(key="p"))
        for i in range(2)
    )
    merge = m.MergeLease(id="m1", token=lease.token, service="tax", day=lease.day, tickets=tickets)
    first = kiosk.ask(t.MERGE_LEASE, merge)
    assert [(f.ordinal, f.code, f.waits) for f in first.findings] == [(502, "duplicate", False)]
    assert kiosk.ask(t.MERGE_LEASE, merge) == first
    renew = m.RenewLeases(id="r1", holder="h", tokens=(lease.token, 5))
    assert kiosk.ask(t.RENEW_LEASES, renew).fenced == (5,)
    assert other.ask(t.RENEW_LEASES, renew).fenced == (lease.token, 5)
    slip = kiosk.ask(t.FIND_TICKETS, m.FindTickets(id="f", number="B501")).slips[0]
    assert slip.issued_ms in (at, service.query(lambda h: h.tickets[slip.ticket].issued_ms).result(5))
    kiosk.bus.close()
    other.bus.close()


def test_a_basket_a_reason_and_an_agent_reach_the_hall(hall: tuple[HallService, MemoryBroker]) -> None:
    service, broker = hall
    kiosk = Kiosk(broker, "kiosk-1")
    ask = m.Issue(id="b", service="tax", also=("police",), green_reason="disabled")
    slip = kiosk.ask(t.ISSUE, ask).slip
    assert slip is not None
    ticket = service.query(lambda hall: hall.tickets[slip.ticket]).result(10)
    assert (ticket.also, ticket.green_reason) == (("police",), "disabled")
    who = m.Person(key="principal")
    refused = kiosk.ask(t.ISSUE, m.Issue(id="a", service="tax", person=who, agent="a")).refusal
    assert refused is not None
    assert refused.code == "agent_reason"
    alone = m.Issue(id="c", service="tax", person=who, agent="a", agent_reason="家属")
    assert kiosk.ask(t.ISSUE, alone).slip is not None


def test_a_number_that_nobody_waited_for_is_cancelled_once(hall: tuple[HallService, MemoryBroker]) -> None:
    service, broker = hall
    kiosk = Kiosk(broker, "kiosk-1")
    slip = kiosk.issue("i1").slip
    assert slip is not None
    assert kiosk.give_up("c1", "i1") == slip.ticket
    assert kiosk.give_up("c1", "i1") == slip.ticket
    assert kiosk.give_up("c2", "i1") == ""
    assert service.query(lambda h: h.tickets[slip.ticket].status).result(5) is m.TicketStatus.CANCELLED
    assert service.query(lambda h: h.tickets[slip.ticket].note).result(5) == "本人已离开"
    kiosk.bus.close()


def test_a_number_that_he_had_before_or_that_is_called_stays(hall: tuple[HallService, MemoryBroker]) -> None:
    service, broker = hall
    kiosk, other = Kiosk(broker, "kiosk-1"), Kiosk(broker, "kiosk-2")
    first = kiosk.issue("i1", "p").slip
    assert kiosk.issue("i2", "p").existing
    assert kiosk.give_up("c1", "i2") == ""
    assert other.give_up("c1", "i1") == "", "another station's request is not this one's"
    service.submit(c.CallNext(request="x", by="window:w1", window="w1")).result(5)
    assert kiosk.give_up("c3", "i1") == ""
    assert first is not None
    assert service.query(lambda h: h.tickets[first.ticket].status).result(5) is m.TicketStatus.CALLED
    kiosk.bus.close()
    other.bus.close()


def test_a_request_given_up_before_it_came_is_never_carried_out(tmp_path: Path) -> None:
    def at_a_hall(request: str, give_up: bool) -> m.IssueAnswer:
        broker = MemoryBroker()
        with running(tmp_path / "journal.db") as (service, _):
            bus = broker.bus("hall-server")
            StationDesk(service, bus, {})
            bus.open()
            kiosk = Kiosk(broker, "kiosk-1")
            if give_up:
                kiosk.give_up("c1", request)
            answer = kiosk.issue(request)
            kiosk.bus.close()
            bus.close()
        return answer

    for give_up in (True, False):
        answer = at_a_hall("late", give_up)
        assert answer.slip is None
        assert answer.refusal is not None
        assert answer.refusal.code == "given_up"
    assert at_a_hall("other", False).slip is not None
