"""The journal's end cannot vanish unnoticed; an older one comes back only by an act that is journalled."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from assets import PROJECT
from contract.messages import JournalAnchor
from hall_server import keeping
from hall_server.anchor import AnchorKeeper, anchor_file, anchor_of, genuine, journal_key, read_anchor
from hall_server.backup import making, restoring
from hall_server.checking import verify
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.journal.rows import JournalReader
from hall_server.journal_writer import Journal
from hall_server.records import JournalBroken
from hall_server.recovery import Snapshots
from tests.hall_server.running import running

HALL_KEY = "a made-up key"
KEY = journal_key(HALL_KEY.encode())


def issue(i: int) -> c.Issue:
    return c.Issue(request=f"r{i}", by="kiosk-1", service="tax")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A hall that has stopped in order after thirty numbers."""
    folder = tmp_path / "state"
    keeping.key_file(folder).parent.mkdir(parents=True)
    keeping.key_file(folder).write_text(HALL_KEY, encoding="ascii")
    with running(folder / keeping.JOURNAL, key=KEY) as (service, _):
        for future in [service.submit(issue(i)) for i in range(30)]:
            future.result(5)
    return folder


def forge(path: Path, statements: str) -> None:
    db = apsw.Connection(str(path))
    db.execute(f"DROP TRIGGER event_is_history; DROP TRIGGER event_is_kept; {statements}").fetchall()
    db.close()


def keep(*words: str) -> subprocess.CompletedProcess[str]:
    """As a technician types it."""
    return subprocess.run(
        [sys.executable, "-m", "hall_server", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=PROJECT,
    )


def refused(state: Path) -> JournalBroken:
    """Why the hall does not start."""
    with pytest.raises(JournalBroken) as broken, running(state / keeping.JOURNAL, key=KEY):
        pass
    return broken.value


def test_the_anchor_names_the_last_record_when_the_hall_has_stopped(state: Path) -> None:
    anchor = read_anchor(anchor_file(state / keeping.JOURNAL), KEY)
    assert anchor is not None
    assert anchor.seq == 31
    with JournalReader(state / keeping.JOURNAL) as reader:
        assert reader.last() == (31, bytes.fromhex(anchor.head))
    with running(state / keeping.JOURNAL, key=KEY):
        pass


def test_a_running_hall_moves_its_anchor_behind_its_commits(tmp_path: Path) -> None:
    seen: list[JournalAnchor] = []
    more = threading.Condition()

    def note(anchor: JournalAnchor) -> None:
        with more:
            seen.append(anchor)
            more.notify()

    path = tmp_path / "journal.db"
    with running(path, key=KEY, on_anchor=note) as (service, _):
        service.submit(issue(1)).result(5)
        with more:
            assert more.wait_for(lambda: seen, 5)
        with JournalReader(path) as reader:
            reader.hold_to(seen[-1])
        assert read_anchor(anchor_file(path), KEY) == seen[-1]
    assert seen[-1].seq == 2
    assert genuine(seen[-1], KEY)
    assert not genuine(seen[-1], b"another key")


def test_a_tail_that_was_cut_stops_the_hall_and_is_named(state: Path) -> None:
    forge(state / keeping.JOURNAL, "DELETE FROM event WHERE seq>20")
    assert "record 21 is missing" in str(refused(state))
    assert "账本第 21 条记录缺失" in refused(state).sentence
    told = keep("verify", "--state", str(state))
    assert told.returncode == 1
    assert "record 21 is missing" in told.stderr
    assert "账本第 21 条记录缺失" in told.stderr


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lambda path: anchor_file(path).unlink(), "anchor .* is missing"),
        (lambda path: anchor_file(path).write_bytes(b"{"), "anchor .* cannot be read"),
        (lambda path: path.unlink(), "record 1 is missing"),
        (lambda path: path.write_bytes(b""), "record 1 is missing"),
    ],
)
def test_what_is_missing_stops_the_hall(state: Path, harm: object, named: str) -> None:
    harm(state / keeping.JOURNAL)  # type: ignore[operator]
    with pytest.raises(JournalBroken, match=named):
        raise refused(state)


def test_an_anchor_without_the_key_is_a_forgery(state: Path) -> None:
    path = state / keeping.JOURNAL
    forge(path, "DELETE FROM event WHERE seq>20")
    with JournalReader(path) as reader:
        seq, head = reader.last()
    anchor_file(path).write_bytes(msgspec.json.encode(anchor_of(seq, head, b"a guess")))
    assert "forged" in str(refused(state))


def test_the_program_says_what_to_do(state: Path) -> None:
    forge(state / keeping.JOURNAL, "DELETE FROM event WHERE seq>20")
    told = keep("--config", str(PROJECT / "assets/halls/demo/hall.toml"), "--state", str(state))
    assert told.returncode == 1
    assert "record 21 is missing" in told.stderr
    assert "restore --from" in told.stderr
    assert "请用备份恢复" in told.stderr


def test_what_is_left_may_go_on_by_an_act_that_is_journalled(state: Path) -> None:
    path = state / keeping.JOURNAL
    before = read_anchor(anchor_file(path), KEY)
    assert before is not None
    forge(path, "DELETE FROM event WHERE seq>20")
    back = restoring.restore(path, state)
    assert (back.count, back.lost) == (20, 11)
    with running(path, key=KEY) as (service, _):
        service.submit(issue(100)).result(5)
    assert keeping.check(state).sealed
    with JournalReader(path, KEY) as reader:
        (restored,) = (x.event for x in reader.read() if isinstance(x.event, e.JournalRestored))
        reader.hold_to(before)
        with pytest.raises(JournalBroken, match="record 23 is missing"):
            reader.hold_to(anchor_of(50, bytes(32), KEY))
    assert (restored.kept, restored.lost_to) == (20, 31)
    (aside,) = state.glob("before-restore-*/journal.anchor")
    assert read_anchor(aside, KEY) == before


def test_a_running_hall_is_not_restored_over(state: Path) -> None:
    with (
        running(state / keeping.JOURNAL, key=KEY),
        pytest.raises(keeping.CannotRestore, match="stop it first"),
    ):
        restoring.restore(state / keeping.JOURNAL, state)
    assert not list(state.glob("before-restore-*"))


def test_a_backup_of_another_key_needs_a_word_more(state: Path, tmp_path: Path) -> None:
    making.make(state, tmp_path / "copy.db")
    keeping.key_file(state).write_text("another box", encoding="ascii")
    with pytest.raises(keeping.CannotRestore, match="made with another hall's key"):
        restoring.restore(tmp_path / "copy.db", state)
    assert restoring.restore(tmp_path / "copy.db", state, other_key=True).count == 31
    with running(state / keeping.JOURNAL, key=journal_key(b"another box")) as (service, _):
        service.submit(issue(100)).result(5)
    assert keeping.check(state).count == 33


def test_an_anchor_kept_elsewhere_shows_a_box_taken_back_whole(state: Path, tmp_path: Path) -> None:
    path = state / keeping.JOURNAL
    old = (path.read_bytes(), anchor_file(path).read_bytes())
    with running(path, key=KEY) as (service, _):
        service.submit(issue(100)).result(5)
    (tmp_path / "kept.json").write_bytes(anchor_file(path).read_bytes())
    path.write_bytes(old[0])
    anchor_file(path).write_bytes(old[1])
    assert keeping.check(state).count == 31, "the box alone cannot know"
    with pytest.raises(JournalBroken, match="record 32 is missing"):
        keeping.check(state, tmp_path / "kept.json")


def test_a_forged_snapshot_is_passed_over_at_the_start(tmp_path: Path) -> None:
    path, alarms = tmp_path / "journal.db", list[str]()
    with running(path, key=KEY) as (service, _):
        service.submit(c.PublishPlan(request="", by="file", plan=service.plan, file="f")).result(5)
        for i in range(30):
            service.submit(issue(i)).result(5)
        snapshots = Snapshots(service.plan, service._journal, door=service, on_alarm=alarms.append)
        snapshots.start()
        snapshots.stop()
    db = apsw.Connection(str(path))
    body: Any = next(db.execute("SELECT body FROM snapshot"))[0]
    db.execute("UPDATE snapshot SET body=?", (body.replace(b"B030", b"B990"),))
    db.close()
    with pytest.raises(JournalBroken, match="snapshot 32 does not agree with the records before it"):
        verify(path, KEY)
    with running(path, key=KEY, on_alarm=alarms.append) as (service, _):
        assert service.query(lambda hall: "B030" in hall.by_number).result(5)
        assert service.query(lambda hall: hall.waiting["tax"]).result(5) == 30
    assert alarms == ["快照 32 与账本不符，已弃用，请检查是否有人改动过数据文件"]


def test_a_disk_that_refuses_the_anchor_is_told_once(tmp_path: Path) -> None:
    alarms: list[str] = []
    keeper = AnchorKeeper(
        tmp_path / "nowhere" / "journal.anchor", KEY, on_anchor=lambda _: None, on_alarm=alarms.append
    )
    keeper.start()
    keeper.note(1, bytes(32))
    keeper.stop()
    assert alarms == ["账本锚点无法写入，请检查磁盘"]


def test_a_journal_opened_twice_without_a_word_keeps_its_anchor(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for _ in range(2):
        journal = Journal(path, on_failure=lambda _: None, key=KEY)
        journal.open()
        journal.close()
    anchor = read_anchor(anchor_file(path), KEY)
    assert anchor is not None
    assert anchor.seq == 0
