"""While the hall runs, its journal is checked beside it, and the bus remembers how far it had come."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from contract import topics
from contract.memory import MemoryBroker
from contract.messages import JournalAnchor
from hall_server import journal_watch, keeping, recovery
from hall_server.anchor import anchor_file, anchor_of, journal_key, read_anchor
from hall_server.hall import commands as c
from hall_server.journal import rows
from hall_server.journal_watch import JournalWatch
from hall_server.recovery import Snapshots
from tests.hall_server.running import running

HALL_KEY = "a made-up key"
KEY = journal_key(HALL_KEY.encode())
LATER = 3600.0


class Told:
    """Alarms and anchors as they come."""

    def __init__(self) -> None:
        self.alarms: list[str] = []
        self.anchors: list[JournalAnchor] = []
        self._more = threading.Condition()

    def alarm(self, sentence: str) -> None:
        with self._more:
            self.alarms.append(sentence)
            self._more.notify_all()

    def anchor(self, anchor: JournalAnchor, _ids: dict[str, str]) -> None:
        with self._more:
            self.anchors.append(anchor)
            self._more.notify_all()

    def wait(self, fits: Callable[[], bool]) -> None:
        with self._more:
            assert self._more.wait_for(fits, 20), (self.alarms, self.anchors)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A hall that has stopped after five numbers."""
    folder = tmp_path / "state"
    keeping.key_file(folder).parent.mkdir(parents=True)
    keeping.key_file(folder).write_text(HALL_KEY, encoding="ascii")
    with running(folder / keeping.JOURNAL, key=KEY) as (service, _):
        for i in range(5):
            service.submit(c.Issue(request=f"r{i}", by="k", service="tax")).result(5)
    return folder


def last_anchor(state: Path) -> JournalAnchor:
    anchor = read_anchor(anchor_file(state / keeping.JOURNAL), KEY)
    assert anchor is not None
    return anchor


@pytest.mark.parametrize(
    ("retained", "alarm"),
    [
        (lambda _: None, ""),
        (lambda own: own, ""),
        (lambda _: anchor_of(9, bytes(32), KEY), "账本第 7 条记录缺失"),
        (lambda _: anchor_of(4, bytes(32), KEY), "账本第 4 条记录与锚点不符"),
        (lambda _: anchor_of(9, bytes(32), b"another key"), "不是本大厅写入的"),
    ],
)
def test_what_the_bus_remembers_is_held_against_the_journal(
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    retained: Callable[[JournalAnchor], JournalAnchor | None],
    alarm: str,
) -> None:
    monkeypatch.setattr(journal_watch, "LISTEN_SECONDS", 0.3)
    broker, told, own = MemoryBroker("demo"), Told(), last_anchor(state)
    before = retained(own)
    other = broker.bus("hall-server")
    other.open()
    if before is not None:
        other.publish(topics.ANCHOR, before)
    listener = broker.bus("board-1")
    listener.on(topics.ANCHOR, told.anchor)
    listener.open()
    if before is not None:
        told.wait(lambda: told.anchors == [before])
    other.close()
    bus = broker.bus("hall-server")
    watch = JournalWatch(state, KEY, on_alarm=told.alarm, check_after_seconds=LATER)
    watch.join(bus)
    watch.anchored(own)
    watch.start()
    bus.open()
    if alarm:
        told.wait(lambda: any(alarm in sentence for sentence in told.alarms))
    if "账本第" not in alarm:
        told.wait(lambda: bool(told.anchors) and told.anchors[-1] == own)
    watch.stop()
    bus.close()
    listener.close()
    if "账本第" in alarm:
        assert told.anchors == [before], "what the bus remembers is left there to be looked at"
    assert len(told.alarms) == bool(alarm)


def test_a_sound_journal_is_checked_in_the_background_without_a_word(state: Path) -> None:
    told = Told()
    watch = JournalWatch(state, KEY, on_alarm=told.alarm, check_after_seconds=0)
    watch.start()
    assert watch.checked.wait(60)
    watch.stop()
    assert not told.alarms


def test_what_the_background_finds_is_an_alarm_that_names_the_record(state: Path) -> None:
    db = apsw.Connection(str(state / keeping.JOURNAL))
    db.execute("DROP TRIGGER event_is_history; UPDATE event SET sender='x' WHERE seq=3").fetchall()
    db.close()
    told = Told()
    watch = JournalWatch(state, KEY, on_alarm=told.alarm, check_after_seconds=0)
    watch.start()
    told.wait(lambda: bool(told.alarms))
    watch.stop()
    assert told.alarms == ["账本校验失败：账本第 3 条记录被改动"]


def test_a_hall_that_is_busy_gives_no_false_alarm(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check reads while numbers are issued, called and finished, and snapshots come and go."""
    monkeypatch.setattr(recovery, "SNAPSHOT_EVERY", 40)
    monkeypatch.setattr(rows, "PORTION", 50)
    told, enough, rounds, counts = Told(), threading.Event(), threading.Semaphore(0), list[int]()
    with running(state / keeping.JOURNAL, key=KEY) as (service, _):
        snapshots = Snapshots(service.plan, service._journal, door=service, on_alarm=told.alarm)
        service.on_view(lambda _: snapshots.nudge())
        snapshots.start()

        plan = c.PublishPlan(request="", by="file", plan=service.plan, file="f")
        service.submit(plan).result(5)

        def serve(window: str) -> None:
            i = 0
            while not enough.is_set():
                service.submit(c.Issue(request=f"{window}-{i}", by="k", service="tax")).result(10)
                for kind in (c.CallNext, c.Arrive, c.Finish):
                    asked = kind(request=f"{kind.__name__}-{i}", by=window, window=window)
                    service.submit(asked).exception(10)
                i += 1
                rounds.release()

        threads = [threading.Thread(target=serve, args=(f"w{n}",)) for n in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for _ in range(6):
            for _ in range(30):
                assert rounds.acquire(timeout=20)
            counts.append(keeping.check(state).count)
        enough.set()
        for thread in threads:
            thread.join()
        snapshots.stop()
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
    assert keeping.check(state).count > counts[-1]
    assert not told.alarms


def test_a_hall_that_stops_at_once_waits_for_no_check(state: Path) -> None:
    told = Told()
    watch = JournalWatch(state, KEY, on_alarm=told.alarm, check_after_seconds=LATER)
    watch.start()
    watch.stop()
    assert not watch.checked.is_set()
    assert not told.alarms
