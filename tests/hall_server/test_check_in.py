"""A kiosk's 预约签到 over the bus: found by the card, checked in by the code, again the same number."""

from __future__ import annotations

from pathlib import Path

from contract import messages as m
from contract import topics as t
from contract.memory import MemoryBroker
from hall_server.hall import commands as c
from hall_server.hall.day import slot_of
from hall_server.stations import StationDesk
from tests.hall_server.running import running

PERSON = m.Person(key="k1", masked_name="张*")


def test_who_has_an_appointment_gets_the_number_of_it_once(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as (service, _):
        broker = MemoryBroker()
        server, kiosk = broker.bus("hall-server"), broker.bus("kiosk-1")
        StationDesk(service, server, {})
        server.open()
        kiosk.open()
        start_ms = slot_of(service.now_ms(), 60, service.plan.rules)
        rules = service.plan.rules
        if service.now_ms() > start_ms + rules.grace_minutes * 60_000:
            start_ms += 60 * 60_000
        for code, person in (("12345678", PERSON), ("87654321", None)):
            book = c.Book(
                request=code, by="book", appointment=code, service="tax", start_ms=start_ms, person=person
            )
            service.submit(book).result(5)

        def ask(code: str, request: str) -> m.CheckInAnswer:
            return kiosk.request(t.CHECK_IN, m.CheckIn(id=request, code=code), timeout_seconds=5).result(5)

        find = m.FindTickets(id="f1", person_key="k1")
        found = kiosk.request(t.FIND_TICKETS, find, timeout_seconds=5).result(5)
        day = service.query(lambda hall: hall.day).result(5)
        assert day is not None
        assert found.promised == (("12345678",) if start_ms < day.closes_ms else ())
        first, repeat, later = ask("12345678", "r1"), ask("12345678", "r1"), ask("12345678", "r2")
        if start_ms >= day.closes_ms:  # the last hour before the business day ends
            assert first.refusal is not None
            return
        assert first.slip is not None
        assert later.slip is not None
        assert (first.existing, repeat.existing, later.existing) == (False, False, True)
        assert later.slip.ticket == first.slip.ticket
        assert ask("87654321", "r3").slip is not None
        unknown = ask("11111111", "r4")
        assert unknown.refusal is not None
        assert "没有这个预约" in unknown.refusal.sentence
