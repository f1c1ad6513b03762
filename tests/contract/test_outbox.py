"""What was put is told to the hall once, in order, whatever dies in between."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path

import apsw
import pytest

from contract import messages as m
from contract import topics as t
from contract.memory import MemoryBroker
from contract.outbox import Outbox
from tests.contract.wire import Box


class Hall:
    """A server that answers ReportPaper, or keeps silent."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.asked: Box[m.ReportPaper] = Box()
        self.silent = False
        self.refusal: m.Refusal | None = None
        self.bus = broker.bus("hall-server")
        self.bus.serve(t.REPORT_PAPER, self._serve)
        self.bus.open()

    def _serve(self, _station: str, request: m.ReportPaper) -> Future[m.ReportPaperAnswer]:
        future: Future[m.ReportPaperAnswer] = Future()
        if not self.silent:
            future.set_result(m.ReportPaperAnswer(refusal=self.refusal))
        self.asked.put(request)
        return future


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def outbox_of(
    broker: MemoryBroker,
    closing: ExitStack,
    file: Path,
    answered: Box[tuple[m.Request, m.Answer]] | None = None,
) -> Outbox:
    bus = broker.bus("kiosk-1")
    bus.open()
    closing.callback(bus.close)
    told = answered or Box()
    outbox = Outbox(file, bus, answered=lambda request, answer: told.put((request, answer)))
    outbox.open()
    closing.callback(outbox.close)
    return outbox


def report(number: int) -> m.ReportPaper:
    return m.ReportPaper(id=f"id-{number}", ticket=f"t{number}", paper=m.Paper.CONFIRMED)


def test_entries_reach_the_hall_in_order_and_leave_the_file(
    broker: MemoryBroker, closing: ExitStack, tmp_path: Path
) -> None:
    hall = Hall(broker)
    closing.callback(hall.bus.close)
    answered: Box[tuple[m.Request, m.Answer]] = Box()
    outbox = outbox_of(broker, closing, tmp_path / "outbox.db", answered)
    for number in range(20):
        outbox.put(t.REPORT_PAPER, report(number))
    told = answered.wait(lambda values: len(values) == 20)
    assert [request.id for request, _ in told] == [f"id-{number}" for number in range(20)]
    assert [request.ticket for request in hall.asked.values] == [f"t{number}" for number in range(20)]
    assert outbox.waiting() == 0


def test_the_same_id_is_one_entry(broker: MemoryBroker, closing: ExitStack, tmp_path: Path) -> None:
    outbox = outbox_of(broker, closing, tmp_path / "outbox.db")
    first = outbox.put(t.REPORT_PAPER, report(1))
    assert outbox.put(t.REPORT_PAPER, report(1)) == first
    assert outbox.put(t.REPORT_PAPER, report(2)) > first
    assert outbox.waiting() == 2


def test_without_a_hall_it_waits_and_goes_on_when_the_hall_comes(
    broker: MemoryBroker, closing: ExitStack, tmp_path: Path
) -> None:
    answered: Box[tuple[m.Request, m.Answer]] = Box()
    outbox = outbox_of(broker, closing, tmp_path / "outbox.db", answered)
    outbox.put(t.REPORT_PAPER, report(1))
    assert outbox.waiting() == 1
    hall = Hall(broker)
    closing.callback(hall.bus.close)
    assert answered.first()[0].id == "id-1"
    assert outbox.waiting() == 0


def test_a_restart_asks_again_with_the_same_id(
    broker: MemoryBroker, closing: ExitStack, tmp_path: Path
) -> None:
    hall = Hall(broker)
    closing.callback(hall.bus.close)
    hall.silent = True
    first = outbox_of(broker, closing, tmp_path / "outbox.db")
    first.put(t.REPORT_PAPER, report(1))
    hall.asked.first()
    first.close()
    hall.silent = False
    answered: Box[tuple[m.Request, m.Answer]] = Box()
    outbox_of(broker, closing, tmp_path / "outbox.db", answered)
    assert answered.first()[0].id == "id-1"
    assert {request.id for request in hall.asked.values} == {"id-1"}


def test_a_refusal_is_an_answer_too(
    broker: MemoryBroker, closing: ExitStack, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(broker)
    closing.callback(hall.bus.close)
    hall.refusal = m.Refusal(code="unknown_ticket", sentence="没有这张号票")
    answered: Box[tuple[m.Request, m.Answer]] = Box()
    with caplog.at_level(logging.WARNING):
        outbox = outbox_of(broker, closing, tmp_path / "outbox.db", answered)
        outbox.put(t.REPORT_PAPER, report(1))
        assert answered.first()[1].refusal == hall.refusal
    assert outbox.waiting() == 0
    assert "unknown_ticket" in caplog.text


def test_an_entry_that_nobody_understands_stays_aside_and_stops_nobody(
    broker: MemoryBroker, closing: ExitStack, tmp_path: Path
) -> None:
    file = tmp_path / "outbox.db"
    with ExitStack() as early:
        outbox = outbox_of(broker, early, file)
        outbox.put(t.RequestRoute("forgotten", m.ReportPaper, m.ReportPaperAnswer), report(1))
        outbox.put(t.RequestRoute("paper", m.CallGuide, m.CallGuideAnswer), m.CallGuide(id="id-2"))
    hall = Hall(broker)
    closing.callback(hall.bus.close)
    answered: Box[tuple[m.Request, m.Answer]] = Box()
    outbox = outbox_of(broker, closing, file, answered)
    outbox.put(t.REPORT_PAPER, report(3))
    assert [request.id for request, _ in answered.wait(bool)] == ["id-3"]
    rows = apsw.Connection(str(file)).execute("SELECT id FROM entry WHERE unreadable").fetchall()
    assert rows == [("id-1",), ("id-2",)]


WRITER = """
import sys
from pathlib import Path
from contract import messages as m, topics as t
from contract.memory import MemoryBroker
from contract.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]), MemoryBroker().bus("kiosk-1"))
outbox.open()
for number in range(10_000):
    outbox.put(t.REPORT_PAPER, m.ReportPaper(id=f"id-{number}", ticket="t", paper=m.Paper.UNKNOWN))
    print(number, flush=True)
"""


def test_nothing_that_was_put_is_lost_by_kill_9(
    broker: MemoryBroker, closing: ExitStack, tmp_path: Path
) -> None:
    file = tmp_path / "outbox.db"
    command = [sys.executable, "-c", WRITER, str(file)]
    last = -1
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_root()) as child:
        for line in child.stdout or ():
            last = int(line)
            if last == 57:
                child.send_signal(signal.SIGKILL)
    assert last >= 57
    hall = Hall(broker)
    closing.callback(hall.bus.close)
    answered: Box[tuple[m.Request, m.Answer]] = Box()
    outbox_of(broker, closing, file, answered)
    told = answered.wait(lambda values: len(values) > last)
    assert [request.id for request, _ in told][: last + 1] == [f"id-{number}" for number in range(last + 1)]


def test_an_sqlite_that_can_lose_commits_is_refused(
    broker: MemoryBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.40.1")
    with pytest.raises(RuntimeError, match=r"3\.40\.1 can lose commits"):
        Outbox(tmp_path / "outbox.db", broker.bus("kiosk-1")).open()


def test_commits_are_synchronous_and_in_wal(broker: MemoryBroker, closing: ExitStack, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "outbox.db"
    outbox = outbox_of(broker, closing, file)
    outbox.put(t.REPORT_PAPER, report(1))
    assert file.with_name("outbox.db-wal").exists()
    database = outbox._database()
    assert database.execute("PRAGMA synchronous").fetchall() == [(2,)]
    assert database.execute("PRAGMA journal_mode").fetchall() == [("wal",)]


def _root() -> str:
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
