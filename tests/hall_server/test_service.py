"""The running hall: answers after the disk, first answers for repeats, pictures behind commits, kill -9."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import wait
from pathlib import Path

import apsw
import pytest

from contract.messages import CallKind, Person, TicketStatus, WindowStatus
from hall_server.checking import verify
from hall_server.hall import commands as c
from hall_server.hall.model import RuleBroken
from hall_server.journal_writer import Journal
from hall_server.records import JournalBroken
from hall_server.recovery import Snapshots, Stranded
from hall_server.service import Ended
from tests.hall_server.halls import small_plan
from tests.hall_server.running import running


def issue(i: int, service: str = "tax", **options: object) -> c.Issue:
    return c.Issue(request=f"r{i}", by="kiosk-1", service=service, **options)  # type: ignore[arg-type]


def test_a_repeat_gets_the_first_answer_also_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with running(path) as (service, _):
        first = service.submit(issue(1)).result(5)
        assert service.submit(issue(1)).result(5) == first
    with running(path) as (service, _):
        assert service.submit(issue(1)).result(5) == first
        assert service.submit(issue(2)).result(5) != first
        other = c.Issue(request="r1", by="kiosk-2", service="tax")
        assert service.submit(other).result(5) not in (first,)


def test_a_call_is_published_once_with_its_sentence_and_retracted_on_arrival(tmp_path: Path) -> None:
    with running(tmp_path / "j.db") as (service, recorder):
        service.submit(issue(1)).result(5)
        service.submit(c.CallNext(request="n", by="w", window="w1")).result(5)
        call = recorder.wait("board_call")
        assert (call.kind, call.number, call.window_label, call.board) == (
            CallKind.CALL,
            "B001",
            "1号窗口",
            "hall",
        )
        assert "".join(call.say[0].parts).endswith("请到一号窗口办理")
        recorder.wait("window", lambda x: x.number == "B001" and x.ticket_status is TicketStatus.CALLED)
        recorder.wait("board_now", lambda x: x.rows and x.rows[0].number == "B001")
        service.submit(c.Arrive(request="a", by="w", window="w1")).result(5)
        retract = recorder.wait("board_call", lambda x: x.kind is CallKind.RETRACT)
        assert retract.call == call.call


def test_pictures_never_run_ahead_of_the_commit(tmp_path: Path) -> None:
    """Whatever was published had its events on disk before."""
    path = tmp_path / "j.db"
    with running(path) as (service, recorder):
        for future in [service.submit(issue(i)) for i in range(50)]:
            future.result(5)
        recorder.wait("queue", lambda x: x.waiting == 50)
        seen = max(x.seq for x in recorder.named("queue"))
        reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        assert next(reader.execute("SELECT max(seq) FROM event"))[0] >= seen
        reader.close()


def test_many_callers_share_commits_and_get_numbers_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with running(path) as (service, _):
        futures = [service.submit(issue(i)) for i in range(2000)]
        wait(futures, timeout=30)
        tickets = {f.result().ticket for f in futures}
    assert len(tickets) == 2000
    assert verify(path) == 2001


def test_two_windows_pressing_together_never_share_a_ticket(tmp_path: Path) -> None:
    plan = small_plan(windows=8)
    with running(tmp_path / "j.db", plan) as (service, _):
        for round_ in range(50):
            for i in range(5):
                service.submit(issue(round_ * 10 + i)).result(5)
            gate = threading.Barrier(8)
            got: list[str] = []

            def press(
                window: str, round_: int = round_, gate: threading.Barrier = gate, got: list[str] = got
            ) -> None:
                gate.wait()
                try:
                    got.append(
                        service.submit(c.CallNext(request=f"n{round_}", by=window, window=window))
                        .result(5)
                        .ticket
                    )
                except RuleBroken as nobody:
                    got.append(nobody.sentence)

            threads = [threading.Thread(target=press, args=(w,)) for w in plan.windows]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            called = [x for x in got if x != "暂无等待"]
            assert len(called) == len(set(called)) == 5, got
            for window in plan.windows:
                if service.query(lambda hall, w=window: hall.windows[w].ticket).result(5):  # type: ignore[misc]
                    service.submit(c.Arrive(request=f"a{round_}", by=window, window=window)).result(5)
                    service.submit(c.Finish(request=f"f{round_}", by=window, window=window)).result(5)


def test_after_stop_the_door_says_so(tmp_path: Path) -> None:
    with running(tmp_path / "j.db") as (service, _):
        pass
    with pytest.raises(Ended):
        service.submit(issue(1)).result(1)


def test_a_query_that_fails_does_not_stop_the_hall(tmp_path: Path) -> None:
    with running(tmp_path / "j.db") as (service, _):
        with pytest.raises(KeyError):
            service.query(lambda hall: hall.tickets["no"]).result(5)
        assert service.submit(issue(1)).result(5).ticket


def test_a_restart_shows_the_truth_at_once(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with running(path) as (service, _):
        service.submit(issue(1, person=Person(key="k", masked_name="张*"))).result(5)
        service.submit(c.CallNext(request="n", by="w1", window="w1")).result(5)
        service.submit(c.PauseWindow(request="p", by="w2", window="w2", reason="午休")).result(5)
    with running(path) as (service, recorder):
        window = recorder.wait("window", lambda x: x.window == "w1")
        assert (window.number, window.ticket_status, window.masked_name) == (
            "B001",
            TicketStatus.CALLED,
            "张*",
        )
        assert recorder.wait("window", lambda x: x.window == "w2").status is WindowStatus.PAUSED
        assert not recorder.named("board_call"), "no old call is repeated"


def test_a_lost_service_with_open_numbers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with running(path) as (service, _):
        service.submit(issue(1, "police")).result(5)
    plan = small_plan()
    del plan.services["police"]
    with pytest.raises(Stranded, match="L01"), running(path, plan):
        pass


def test_snapshots_shorten_the_replay_and_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    alarms: list[str] = []
    with running(path) as (service, _):
        for future in [service.submit(issue(i)) for i in range(300)]:
            future.result(5)
        journal = service._journal
        snapshots = Snapshots(service.plan, journal, door=service, on_alarm=alarms.append)
        snapshots.start()
        snapshots.stop()
    journal = Journal(path, on_failure=lambda _: None)
    journal.open()
    ((seq, _),) = journal.rows.snapshots()
    assert seq == 301
    journal.close()
    with running(path) as (service, _):
        assert service.query(lambda hall: hall.waiting["tax"]).result(5) == 300
    assert not alarms


@pytest.mark.parametrize("column", ["body", "sender", "day", "wall_ms", "kind"])
def test_an_altered_record_is_named(tmp_path: Path, column: str) -> None:
    path = tmp_path / "j.db"
    with running(path) as (service, _):
        for i in range(10):
            service.submit(issue(i)).result(5)
    db = apsw.Connection(str(path))
    with pytest.raises(apsw.ConstraintError):
        db.execute("UPDATE event SET sender='x' WHERE seq=7")
    db.execute("DROP TRIGGER event_is_history")
    value = "7" if column == "wall_ms" else "TicketCalled" if column == "kind" else "x"
    db.execute(f"UPDATE event SET {column}=? WHERE seq=7", (value,))
    db.close()
    with pytest.raises(JournalBroken, match="record 7 has been altered"):
        verify(path)


def _issue_until_killed(path: Path, lines: multiprocessing.SimpleQueue) -> None:  # type: ignore[type-arg]
    with running(path) as (service, _):
        i = 0
        while True:
            answer = service.submit(issue(i)).result(10)
            lines.put((i, answer.ticket))
            i += 1


def test_kill_9_during_issue_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    spawn = multiprocessing.get_context("spawn")
    told: dict[int, str] = {}
    for _ in range(3):
        lines = spawn.SimpleQueue()
        child = spawn.Process(target=_issue_until_killed, args=(path, lines))
        child.start()
        count = 0
        while count < 60:
            i, ticket = lines.get()
            assert told.setdefault(i, ticket) == ticket, "a repeat got another number"
            count += 1
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        while not lines.empty():
            i, ticket = lines.get()
            told[i] = ticket
        child.close()
    assert len(set(told.values())) == len(told)
    verify(path)
    with running(path) as (service, _):
        for i, ticket in told.items():
            assert service.submit(issue(i)).result(5).ticket == ticket
