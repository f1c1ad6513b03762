"""A backup of a hall that runs: consistent, sealed, alone, and whole or not there at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import apsw
import pytest

from hall_server import keeping
from hall_server.accounts.book import Act
from hall_server.backup import making
from hall_server.backup.archive import Archive, BackupBroken
from hall_server.backup.contents import PARTS, undecided
from hall_server.backup.restoring import restore
from hall_server.backup.standing import forget_old, name_at, old, standing
from hall_server.journal.connection import copy_database
from hall_server.records import JournalBroken
from tests.hall.one_process import whole_hall
from tests.hall_server.backup.whole import (
    CONSOLE,
    SECRET,
    add_item,
    book_of,
    content,
    fill,
    issue,
    items_of,
    key_of,
    open_hall,
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    fill(state)
    return state


def test_everything_comes_along_while_all_stores_are_written(state: Path, tmp_path: Path) -> None:
    stop, made = threading.Event(), 0

    def write() -> None:
        nonlocal made
        with open_hall(state) as service, book_of(state) as book, items_of(state) as store:
            while not stop.is_set():
                service.submit(issue(1000 + made)).result(10)
                book.note(CONSOLE, Act("sign-in", "anna"))
                add_item(store, f"B{made}")
                made += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while made < 5:
            assert writer.is_alive()
        done = making.make(state, tmp_path / "a.zip", keep_free=0)
        came = made
        assert writer.is_alive()
    finally:
        stop.set()
        writer.join()
    assert done.parts == tuple(part.name for part in PARTS if part.name in done.parts)
    assert set(done.parts) >= {"journal", "accounts", "catalogue", "drafts"}
    assert not done.told
    back = tmp_path / "other"
    (back / "secrets").mkdir(parents=True)
    (back / "secrets" / "hall-key").write_bytes((state / "secrets" / "hall-key").read_bytes())
    assert restore(tmp_path / "a.zip", back).count == done.count
    found = content(back)
    assert 20 < found.records <= 22 + came
    assert len(found.items) > 5
    assert (found.accounts, found.tokens, len(found.drafts)) == (("anna", "ben"), ("t1",), 1)


def test_a_copy_ends_although_somebody_writes_all_the_time(tmp_path: Path) -> None:
    """SQLite begins a copy anew when another connection writes between two portions."""
    path = tmp_path / "busy.db"
    db = apsw.Connection(str(path))
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("CREATE TABLE t(b BLOB)")
    with db:
        db.executemany("INSERT INTO t VALUES(zeroblob(?))", [(100_000,)] * 300)
    portions = 0

    def written() -> None:
        nonlocal portions
        portions += 1
        assert portions < 50, "the copy began anew and anew"
        db.execute("INSERT INTO t VALUES(zeroblob(200))")

    copy_database(path, tmp_path / "copy.db", on_portion=written)
    copy = apsw.Connection(str(tmp_path / "copy.db"))
    assert copy.execute("SELECT count(*) FROM t").fetchall() == [(300,)]
    assert portions > 5
    copy.close()
    db.close()


def test_accounts_are_read_with_the_halls_key_only(state: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    making.make(state, path, keep_free=0)
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as plain:
        held = b"".join(plain.read(name) for name in plain.namelist())
    assert SECRET.encode() not in held
    assert b"account.created" not in held
    assert b"TicketIssued" in held, "the journal can be read without the key"
    assert key_of(state) not in held
    with Archive(path) as archive:
        archive.check(key_of(state))
        with pytest.raises(BackupBroken, match="another hall's key"):
            archive.check(b"another key")


def test_what_a_running_hall_keeps_is_contained_or_left_out_on_purpose(tmp_path: Path) -> None:
    with whole_hall(tmp_path) as hall:
        state = hall.folder / "state"
        making.make(state, state / "backups" / name_at(0, daily=True), keep_free=0)
        assert undecided(state) == []
        (state / "something-new").mkdir()
        assert undecided(state) == ["something-new"]
        told = making.make(state, tmp_path / "b.zip", keep_free=0).told
    assert told == ("“something-new”没有备份",)


def test_only_one_is_made_at_a_time(state: Path, tmp_path: Path) -> None:
    with making.alone(state), pytest.raises(making.Busy):
        making.make(state, tmp_path / "a.zip", keep_free=0)
    assert making.make(state, tmp_path / "a.zip", keep_free=0).count > 20


# ---------------------------------------------------------------- a disk that is full


def test_a_disk_that_would_get_too_full_is_left_alone(state: Path, tmp_path: Path) -> None:
    with pytest.raises(making.NoRoom) as full:
        making.make(state, tmp_path / "a.zip", keep_free=1 << 60)
    assert "磁盘空间不足" in full.value.sentence
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state"]
    last = standing(state).last
    assert last is not None
    assert "磁盘空间不足" in last.wrong
    assert standing(state).good is None


@pytest.mark.parametrize("kilobytes", [0, 20, 40, 60])
def test_a_disk_that_fills_up_on_the_way_leaves_the_backup_of_before(
    state: Path, tmp_path: Path, kilobytes: int
) -> None:
    path = tmp_path / "a.zip"
    making.make(state, path, keep_free=0)
    before, good = path.read_bytes(), standing(state).good
    limited = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(kilobytes * 1024), str(state), str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert limited.returncode == 7, limited.stderr
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "state"]
    assert standing(state).good == good
    assert content(state).records == 21


_LIMITED = """
import resource, sys
from pathlib import Path
from hall_server.backup import making
from hall_server.backup.archive import BackupBroken
room, state, to = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    making.make(state, to, keep_free=0)
except (OSError, BackupBroken):
    sys.exit(7)
"""


# ---------------------------------------------------------------- kill -9


@pytest.mark.processes
def test_killed_anywhere_it_leaves_the_hall_and_the_backup_of_before(state: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    making.make(state, path, keep_free=0)
    before, there = path.read_bytes(), content(state)
    for line in (0, 2, 4):
        command = [sys.executable, "-m", "hall_server", "backup", "--state", str(state), "--to", str(path)]
        child = subprocess.Popen([*command, "--phases"], stdout=subprocess.PIPE)
        assert child.stdout is not None
        for _ in range(line + 1):
            assert child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        if path.read_bytes() != before:
            with Archive(path) as archive:
                archive.check(key_of(state))
            before = path.read_bytes()
        assert content(state) == there
    assert making.make(state, path, keep_free=0).count == 21
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "state"], "its rubbish is cleared away"


# ---------------------------------------------------------------- what is wrong in the hall


def test_a_forged_audit_log_is_backed_up_and_told(state: Path, tmp_path: Path) -> None:
    db = apsw.Connection(str(state / "accounts.db"))
    db.execute("DROP TRIGGER audit_is_history")
    db.execute("UPDATE audit SET by='nobody' WHERE seq=1")
    db.close()
    done = making.make(state, tmp_path / "a.zip", keep_free=0)
    assert done.told == ("审计记录有问题：第 1 条记录被改动",)
    assert "accounts" in done.parts


def test_a_broken_journal_is_no_backup(state: Path, tmp_path: Path) -> None:
    db = apsw.Connection(str(state / keeping.JOURNAL))
    db.execute("DROP TRIGGER event_is_history")
    db.execute("UPDATE event SET sender='x' WHERE seq=5")
    db.close()
    with pytest.raises(JournalBroken, match="record 5"):
        making.make(state, tmp_path / "a.zip", keep_free=0)
    last = standing(state).last
    assert last is not None
    assert "第 5 条" in last.wrong


def test_a_damaged_catalogue_is_told_before_it_is_needed(state: Path, tmp_path: Path) -> None:
    path = state / "catalogue.db"
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(os.urandom(4096 * 4))
    with pytest.raises(BackupBroken, match="damaged"):
        making.make(state, tmp_path / "a.zip", keep_free=0)


def test_a_copy_goes_elsewhere_and_a_lost_disk_is_told(state: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "usb"
    assert making.make(state, tmp_path / "a.zip", also=elsewhere, keep_free=0).told == (
        f"没有存到 {elsewhere}：No such file or directory",
    )
    elsewhere.mkdir()
    assert making.make(state, tmp_path / "a.zip", also=elsewhere, keep_free=0).told == ()
    assert (elsewhere / "a.zip").read_bytes() == (tmp_path / "a.zip").read_bytes()


# ---------------------------------------------------------------- age and retention


def test_daily_ones_go_and_those_that_were_asked_for_stay(tmp_path: Path) -> None:
    for day in range(10):
        (tmp_path / name_at(day * 86_400_000, daily=True)).touch()
        (tmp_path / name_at(day * 86_400_000 + 1000, daily=False)).touch()
    gone = forget_old(tmp_path, 7)
    assert len(gone) == 3
    assert all("1970010" in name for name in gone)
    assert len(list(tmp_path.iterdir())) == 17


def test_a_backup_is_old_after_two_days_and_none_at_all_too(state: Path, tmp_path: Path) -> None:
    day = 86_400_000
    assert not old(None, 0, 2 * day)
    assert old(None, 0, 2 * day + 1)
    making.make(state, tmp_path / "a.zip", keep_free=0)
    good = standing(state).good
    assert good is not None
    assert abs(good.ended_ms - time.time_ns() // 1_000_000) < 60_000
    assert not old(good, 0, good.ended_ms + 2 * day)
    assert old(good, 0, good.ended_ms + 2 * day + 1)
