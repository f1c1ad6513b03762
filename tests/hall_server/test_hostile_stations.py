"""A station that sends nonsense, or pretends: it gets its refusal, and the hall goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract import messages as m
from contract import topics as t
from contract.memory import MemoryBroker
from contract.schema import BrokenPayload, decode
from contract.topics import RequestRoute
from hall_server.hall import commands as c
from hall_server.service import HallService
from hall_server.stations import StationDesk
from tests.hall_server.running import running

Hall = tuple[HallService, MemoryBroker]
REQUESTS: tuple[RequestRoute[m.Request, m.Answer], ...] = (
    t.ISSUE,  # type: ignore[assignment]
    t.FIND_TICKETS,
    t.CHECK_IN,
    t.REPORT_PAPER,
    t.CALL_GUIDE,
    t.LEASE_NUMBERS,
    t.RENEW_LEASES,
    t.MERGE_LEASE,
    t.CANCEL_ISSUE,
)
NUMBERS = (-(2**70), -(2**63), -5, 0, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, 2**70)
TEXTS = ("", "\x00", "𠮷" * 3, "x" * 20_000, "'; DROP TABLE journal; --", "../../etc/passwd", "<script>")


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    broker = MemoryBroker()
    with running(tmp_path / "journal.db") as (service, _):
        bus = broker.bus("hall-server")
        StationDesk(service, bus, {})
        bus.open()
        yield service, broker
        bus.close()


def bodies(number: int, text: str) -> Iterator[tuple[RequestRoute[m.Request, m.Answer], dict[str, object]]]:
    """Every request with this number wherever it has one, and this text wherever it has one."""
    ticket = {"ordinal": number, "issued_ms": number, "reprints": number, "cancelled": text, "items": [text]}
    person = {"key": text, "masked_name": text, "flags": [text]}
    fields: dict[str, object] = {
        "service": "tax",
        "items": [text],
        "situation": [text],
        "person": person,
        "person_key": text,
        "number": text,
        "code": text,
        "ticket": text,
        "paper": "confirmed",
        "about": text,
        "count": number,
        "holder": text,
        "tokens": [number],
        "token": number,
        "day": "",
        "tickets": [ticket, {**ticket, "person": person}],
        "issue": text,
        "reason": text,
    }
    for kind in REQUESTS:
        yield kind, fields


def test_nonsense_is_answered_and_the_hall_goes_on(hall: Hall) -> None:
    service, broker = hall
    station = broker.bus("kiosk-9")
    station.open()
    asked = 0
    for number in NUMBERS:
        for text in TEXTS if number == 0 else TEXTS[:1]:
            for kind, fields in bodies(number, text):
                asked += 1
                raw = json.dumps({"id": f"q{asked}", **fields}).encode()
                try:
                    message = decode(kind.route.payload, raw)
                except BrokenPayload:
                    continue
                station.request(kind, message, timeout_seconds=10).result()
    first = service.submit(c.Issue(request="a", by="kiosk-1", service="tax")).result(10)
    assert int(first.ticket[-3:]) < 100, "nonsense has pushed the numbers up"


@pytest.mark.parametrize("number", [n for n in NUMBERS if abs(n) >= 2**53])
def test_a_number_that_no_database_takes_is_no_message(number: int) -> None:
    raw = json.dumps({"id": "x", "service": "tax", "token": number, "day": ""}).encode()
    with pytest.raises(BrokenPayload):
        decode(m.MergeLease, raw)
    assert decode(m.CallGuide, json.dumps({"id": "1" * 40}).encode()).id == "1" * 40


def test_a_block_that_the_hall_never_gave_pushes_no_number_up(hall: Hall) -> None:
    service, broker = hall
    station = broker.bus("kiosk-9")
    station.open()
    ticket = m.OfflineTicket(ordinal=10**9, issued_ms=service.now_ms())
    ask = m.MergeLease(id="m", token=7, service="tax", day="", tickets=(ticket,))
    answer = station.request(t.MERGE_LEASE, ask, timeout_seconds=10).result()
    assert [(found.code, found.waits) for found in answer.findings] == [("outside", False)]
    lease = service.submit(c.LeaseNumbers(request="l", by="kiosk-1", service="tax", count=5)).result(10)
    assert service.query(lambda hall: hall.leases[lease.lease].first).result(10) == 501


def test_people_without_a_key_are_not_one_person(hall: Hall) -> None:
    _, broker = hall
    station = broker.bus("kiosk-9")
    station.open()
    nobody = m.Person(key="")
    asks = [m.Issue(id=f"i{i}", service="tax", person=nobody) for i in range(2)]
    slips = [station.request(t.ISSUE, ask, timeout_seconds=10).result().slip for ask in asks]
    assert slips[0] is not None
    assert slips[1] is not None
    assert slips[0].number != slips[1].number


def test_items_that_fill_a_message_are_refused(hall: Hall) -> None:
    _, broker = hall
    station = broker.bus("kiosk-9")
    station.open()
    ask = m.Issue(id="i", service="tax", items=("x" * 50_000,))
    answer = station.request(t.ISSUE, ask, timeout_seconds=10).result()
    assert answer.refusal is not None
    assert answer.refusal.code == "too_long"


def test_a_request_id_of_another_command_is_not_taken_for_a_repeat(hall: Hall) -> None:
    _, broker = hall
    station = broker.bus("kiosk-9")
    station.open()
    issued = station.request(t.ISSUE, m.Issue(id="r", service="tax"), timeout_seconds=10).result()
    assert issued.slip is not None
    report = m.ReportPaper(id="r", ticket=issued.slip.ticket, paper=m.Paper.CONFIRMED)
    answer = station.request(t.REPORT_PAPER, report, timeout_seconds=10).result()
    assert answer.refusal is not None
    assert answer.refusal.code == "request_reused"


def test_a_station_brings_home_no_block_of_another(hall: Hall) -> None:
    service, broker = hall
    lease = service.submit(c.LeaseNumbers(request="l", by="kiosk-1", service="tax", count=5)).result(10)
    station = broker.bus("kiosk-9")
    station.open()
    ticket = m.OfflineTicket(ordinal=501, issued_ms=service.now_ms())
    ask = m.MergeLease(id="m", token=lease.lease, service="tax", day="", tickets=(ticket,), final=True)
    answer = station.request(t.MERGE_LEASE, ask, timeout_seconds=10).result()
    assert [(found.code, found.waits) for found in answer.findings] == [("taken", False)]
    assert service.query(lambda hall: lease.lease in hall.leases).result(10), "final took another's block"
