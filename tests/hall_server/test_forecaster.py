"""The outlook's process follows the journal, learns from closed days, comes back; nobody waits for it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from contract import messages as m
from contract.clock import HallClock
from hall_server.forecaster import Forecaster
from hall_server.hall import commands as c
from hall_server.hall.day import DAY_MS, MINUTE_MS
from hall_server.hall.forecast import survey
from hall_server.hall.habits import FIRST_DAY
from hall_server.hall.model import Class, RuleBroken
from hall_server.hall.pictures import HallView, Look, slip
from hall_server.hall.plan import Plan
from hall_server.hall.snapshot import freeze
from hall_server.hall.waits import Waits, tabled
from hall_server.journal_writer import Journal
from hall_server.outlook import Outlook, Setup
from hall_server.pipes import Broken, read_frame, write_frame
from hall_server.service import HallService
from tests.hall_server.floor import START
from tests.hall_server.halls import small_plan
from tests.hall_server.running import Recorder
from tests.hall_server.test_closing import plan_closing


class Day:
    """A running hall whose hall time the test moves."""

    def __init__(self, path: Path, plan: Plan | None = None) -> None:
        self.now = START
        self.path = path
        self.failures: list[BaseException] = []
        self.journal = Journal(path, on_failure=self.failures.append)
        self.journal.open()
        clock = HallClock(None, monotonic=lambda: self.now, wall=lambda: self.now)
        self.recorder = Recorder()
        self.service = HallService(
            plan or small_plan(), self.journal, clock=clock, publisher=self.recorder, look=Look(boot="b")
        )
        self.forecaster = Forecaster(self.service, path)
        self._news = threading.Condition()
        self.service.on_view(self._seen)
        self.service.start()

    def do(self, command: c.Command) -> str:
        """Carry out; the ticket of the answer."""
        return self.service.submit(command).result(10).ticket

    def issue(self, service: str, times: int = 1) -> str:
        """So many numbers; the last one's ticket."""
        for _ in range(times):
            ticket = self.do(c.Issue(request="", by="k", service=service))
        return ticket

    def serve(self, service: str, minutes: int) -> None:
        """One person from the number to the end."""
        self.issue(service)
        self.do(c.CallNext(request="", by="t", window="w1"))
        self.do(c.Arrive(request="", by="t", window="w1"))
        self.now += minutes * MINUTE_MS
        self.do(c.Finish(request="", by="t", window="w1"))

    def _seen(self, _view: HallView) -> None:
        with self._news:
            self._news.notify_all()

    def surveyed(self, *, beyond: int) -> Waits:
        """The first survey that the hall shows of more events than these."""
        with self._news:
            assert self._news.wait_for(lambda: self.service.view.waits.seq > beyond, 30)
        return self.service.view.waits

    def end(self) -> None:
        """In mirrored order."""
        self.forecaster.stop()
        self.service.stop()
        self.journal.close()
        assert not self.failures


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    day = Day(tmp_path / "journal.db")
    yield day
    day.end()


def told(day: Day, ticket: str) -> m.TicketSlip:
    """What the station is told of a number, as the desk of stations asks for it."""
    service = day.service
    return service.query(
        lambda hall: slip(hall, hall.tickets[ticket], service.look, service.now_ms(), service.waits)
    ).result(10)


@pytest.mark.processes
def test_the_process_surveys_the_same_hall_that_the_service_has(day: Day) -> None:
    day.issue("tax", 9)
    day.issue("police", 3)
    day.do(c.CallNext(request="", by="t", window="w1"))
    found = day.forecaster.ask(day.now)
    expected = day.service.query(
        lambda hall: tabled(hall, survey(hall, day.now, samples=32, seed=hall.seq), day.now)
    ).result(10)
    assert found == replace(expected, samples=found.samples)


@pytest.mark.processes
def test_slip_and_queue_tell_the_survey_and_are_drawn_anew_when_it_changes(day: Day) -> None:
    ticket = day.issue("tax", 12)
    cheap = told(day, ticket)
    day.forecaster.show(day.forecaster.ask(day.now))
    view = day.service.settled().result(10)
    low, high = view.waits.tickets[ticket]
    slip_now = told(day, ticket)
    assert slip_now.wait_low is not None
    assert slip_now.wait_high is not None
    assert slip_now.wait_low <= low <= high <= slip_now.wait_high
    assert (slip_now.wait_low, slip_now.wait_high) != (cheap.wait_low, cheap.wait_high)
    day.recorder.wait("queue", lambda picture: picture == view.queues["tax"])


def test_numbers_issued_between_the_question_and_its_reading_stand_before_the_newcomer(day: Day) -> None:
    asked_ms = day.now
    day.now += 2000
    day.issue("tax", 9)
    found = Outlook(day.service.plan, day.path).survey(asked_ms)
    assert found.at_ms == day.now
    newcomer = found.queues["tax"].newcomers[Class.NORMAL]
    assert newcomer is not None
    assert (newcomer.ahead, newcomer.low > 5) == (9, True)


@pytest.mark.processes
def test_closed_days_are_learnt_and_a_new_process_learns_the_same_again(tmp_path: Path) -> None:
    day = Day(tmp_path / "journal.db", small_plan(windows=1))
    try:
        first = day.forecaster.ask(day.now, settled=True)
        for _ in range(3):
            for _ in range(25):
                day.serve("tax", 20)
                day.now += MINUTE_MS
            day.now = START + (day.now - START) // DAY_MS * DAY_MS + DAY_MS
            day.do(c.Tick(request="", by="clock"))
        day.issue("tax", 6)
        learnt = day.forecaster.ask(day.now, settled=True)
        day.forecaster.end()
        again = day.forecaster.ask(day.now, settled=True)
        plain = day.service.query(lambda hall: survey(hall, day.now).last_call["tax"]).result(10)
    finally:
        day.end()
    assert (first.days, learnt.days) == (0, 3)
    assert again == learnt
    now = learnt.queues["tax"].last_call
    assert plain is not None
    assert now is not None
    assert now > 1.4 * plain, "20 minutes were learnt where the plan says 10"


def test_learning_changes_neither_the_hall_nor_its_journal(tmp_path: Path) -> None:
    day = Day(tmp_path / "journal.db")
    for _ in range(10):
        day.serve("tax", 12)
    day.now = START + DAY_MS
    day.do(c.Tick(request="", by="clock"))
    day.issue("social", 4)
    before = day.service.query(freeze).result(10)
    outlook = Outlook(day.service.plan, day.path)
    outlook.survey(day.now)
    for _ in outlook.learning():
        outlook.survey(day.now)
    after = day.service.query(freeze).result(10)
    day.end()
    assert before == after
    assert outlook.survey(day.now).days == 1
    assert outlook.habits != FIRST_DAY


def test_today_is_folded_again_after_a_restart_in_the_middle_of_the_day(tmp_path: Path) -> None:
    day = Day(tmp_path / "journal.db", small_plan(windows=1))
    through = Outlook(day.service.plan, day.path)
    for _ in range(12):
        through.survey(day.now)
        day.serve("tax", 20)
    through.survey(day.now)
    late = Outlook(day.service.plan, day.path)
    late.survey(day.now)
    day.end()
    assert late.habits == through.habits
    assert late.habits.speeds["w1"] > 1.3


def test_days_of_another_description_are_learnt_as_far_as_they_fit(day: Day) -> None:
    for window in ("w1", "w2", "w3"):
        day.issue("tax")
        day.do(c.CallNext(request="", by="t", window=window))
        day.do(c.Arrive(request="", by="t", window=window))
    day.now += 15 * MINUTE_MS
    for window in ("w1", "w2", "w3"):
        day.do(c.Finish(request="", by="t", window=window))
    day.now = START + DAY_MS
    day.do(c.Tick(request="", by="clock"))
    smaller = small_plan(windows=1)
    outlook = Outlook(replace(smaller, services={"police": smaller.services["police"]}), day.path)
    outlook.survey(day.now)
    for _ in outlook.learning():
        continue
    found = outlook.survey(day.now)
    assert (found.days, list(found.queues)) == (1, ["police"])


@pytest.mark.processes
def test_a_killed_process_comes_back_and_issuing_never_waits(day: Day) -> None:
    day.issue("tax")
    day.forecaster.start()
    first = day.surveyed(beyond=0)
    pid = day.forecaster.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    day.issue("tax", 3)
    assert told(day, day.issue("police")).wait_low == 0
    assert day.surveyed(beyond=first.seq).seq >= first.seq + 4
    assert day.forecaster.restarts == 1
    assert day.forecaster.pid != pid


@pytest.mark.processes
def test_the_running_rule_stops_the_numbers_of_a_full_day(tmp_path: Path) -> None:
    day = Day(tmp_path / "journal.db", plan_closing(windows=1))
    try:
        day.issue("tax", 25)
        day.forecaster.start()
        state = day.recorder.wait("queue", lambda q: q.service == "tax" and not q.open)
        with pytest.raises(RuleBroken, match="排队已满"):
            day.issue("tax")
        stop = day.service.settled().result(10).stopped["tax"]
        day.do(c.ResumeIssuing(request="", by="manager", service="tax"))
        day.surveyed(beyond=stop_seq(day))
        assert day.issue("tax")
    finally:
        day.end()
    assert state.closed_reason == stop.sentence


def stop_seq(day: Day) -> int:
    """How far the journal is now."""
    return day.service.settled().result(10).seq - 1


def test_a_message_is_read_whole_or_not_at_all() -> None:
    out, into = os.pipe()
    write_frame(into, b"")
    write_frame(into, b"x" * 10_000)
    assert read_frame(out, seconds=5) == b""
    assert read_frame(out, seconds=5) == b"x" * 10_000
    with pytest.raises(Broken, match="in time"):
        read_frame(out, seconds=0)
    os.write(into, b"\xff\xff\xff\xff")
    with pytest.raises(Broken, match="bytes"):
        read_frame(out, seconds=5)
    os.write(into, (5).to_bytes(4, "big") + b"ab")
    os.close(into)
    with pytest.raises(Broken, match="within"):
        read_frame(out, seconds=5)
    assert read_frame(out, seconds=5) is None
    os.close(out)


def test_plan_and_table_cross_the_pipe_unchanged() -> None:
    setup = Setup(plan_closing(), "/tmp/journal.db")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(setup), type=Setup) == setup
    waits = Waits(at_ms=1, seq=2, samples=3, tickets={"t": (1.5, 2.5)})
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(waits), type=Waits) == waits
