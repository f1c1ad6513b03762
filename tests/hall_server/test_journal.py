"""What reports read of the journal while the hall runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.clock import HallClock
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.journal.rows import JournalReader
from hall_server.records import JournalBroken
from tests.hall_server.running import running


def issue(i: int) -> c.Issue:
    return c.Issue(request=f"r{i}", by="kiosk-1", service="tax")


def test_the_events_of_a_day_are_read_while_the_hall_runs(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with running(path) as (service, _):
        service.submit(issue(1)).result(5)
        with JournalReader(path) as reader:
            (day,) = reader.days()
            before = list(reader.events_of_day(day))
            service.submit(issue(2)).result(5)
            after = list(reader.events_of_day(day, after=before[-1].seq))
            assert list(reader.events_of_day("1999-01-01")) == []
    assert [type(x.event) for x in before[-2:]] == [e.DayOpened, e.TicketIssued]
    (fresh,) = after
    assert isinstance(fresh.event, e.TicketIssued)
    assert (fresh.event.number, fresh.sender, fresh.day) == ("B002", "kiosk-1", day)
    assert fresh.seq == before[-1].seq + 1


def test_each_event_belongs_to_one_business_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.db"
    now = HallClock(None).now_ms()
    monkeypatch.setattr("hall_server.journal.rows.PORTION", 3)
    for day in range(3):
        monkeypatch.setattr(HallClock, "now_ms", lambda _, day=day: now + day * 86_400_000)
        with running(path) as (service, _):
            for i in range(4):
                service.submit(issue(day * 10 + i)).result(5)
    with JournalReader(path) as reader:
        days = reader.days()
        of_days = [list(reader.events_of_day(day)) for day in days]
    assert len(days) == 3
    assert list(days) == sorted(days)
    assert [sum(isinstance(x.event, e.TicketIssued) for x in entries) for entries in of_days] == [4, 4, 4]
    assert [type(entries[-1].event) for entries in of_days[:2]] == [e.DayClosed, e.DayClosed]
    seqs = [x.seq for entries in of_days for x in entries]
    assert seqs == list(range(seqs[0], len(seqs) + seqs[0]))


def test_a_journal_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalBroken, match="cannot be opened"):
        JournalReader(tmp_path / "none.db")
