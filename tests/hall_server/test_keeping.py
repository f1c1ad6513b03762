"""Backups of a running hall, a restore that never gives a number twice, a full disk."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import apsw
import pytest

from hall_server import keeping
from hall_server.anchor import journal_key
from hall_server.backup import making
from hall_server.broker import secret
from hall_server.checking import verify
from hall_server.hall import commands as c
from hall_server.records import JournalBroken
from hall_server.service import HallService
from tests.hall_server.running import Recorder, running


def issue(i: int) -> c.Issue:
    return c.Issue(request=f"r{i}", by="kiosk-1", service="tax")


def hall(state: Path) -> AbstractContextManager[tuple[HallService, Recorder]]:
    """A hall with its key, as the program runs it."""
    key = journal_key(secret(keeping.key_file(state)).encode())
    return running(state / keeping.JOURNAL, key=key)


def keep(*words: str) -> subprocess.CompletedProcess[str]:
    """As a technician types it."""
    return subprocess.run(
        [sys.executable, "-m", "hall_server", *words], capture_output=True, text=True, timeout=30, check=False
    )


def test_a_running_hall_is_backed_up_and_restored_with_a_gap(tmp_path: Path) -> None:
    state, copy = tmp_path / "state", tmp_path / "copy.db"
    with hall(state) as (service, _):
        for i in range(20):
            service.submit(issue(i)).result(5)
        assert keep("backup", "--state", str(state), "--to", str(copy)).returncode == 0
        for i in range(20, 30):
            lost = service.submit(issue(i)).result(5).ticket
    told = keep("restore", "--state", str(state), "--from", str(copy))
    assert told.returncode == 0
    assert "21 records restored, 10 given up" in told.stdout
    assert len(list(state.glob("before-restore-*/journal.db"))) == 1
    assert keeping.numbers_to_skip(state) == keeping.SKIPPED_AFTER_RESTORE
    with hall(state) as (service, _):
        service.submit(c.SkipNumbers(request="", by="restore", count=200)).result(5)
        fresh = service.submit(issue(100)).result(5).ticket
    assert lost.endswith("B030")
    assert fresh.endswith("B221"), "no number that may be on paper is given again"


def test_a_damaged_backup_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    state, copy = tmp_path / "state", tmp_path / "copy.db"
    with hall(state) as (service, _):
        service.submit(issue(1)).result(5)
    shutil.copy(state / keeping.JOURNAL, copy)
    db = apsw.Connection(str(copy))
    db.execute("DROP TRIGGER event_is_history")
    db.execute("UPDATE event SET sender='x' WHERE seq=2")
    db.close()
    told = keep("restore", "--state", str(state), "--from", str(copy))
    assert told.returncode == 1
    assert "record 2 has been altered" in told.stderr
    assert verify(state / keeping.JOURNAL) == 2
    assert keep("verify", "--state", str(state)).stdout.startswith("2 records hold: chain, seals and anchor")
    with pytest.raises(JournalBroken, match="does not exist"):
        making.make(tmp_path / "nowhere", copy)


class NearlyFull(apsw.VFS):
    """A disk with room for so many bytes, more once the ballast is gone."""

    def __init__(self, name: str, ballast: Path, room: int) -> None:
        self.name, self.ballast, self.room, self.written = name, ballast, room, 0
        super().__init__(name, "")

    def xOpen(self, name: object, flags: list[int]) -> _Limited:  # noqa: N802 - SQLite's name
        return _Limited(self, name, flags)


class _Limited(apsw.VFSFile):
    def __init__(self, disk: NearlyFull, name: object, flags: list[int]) -> None:
        self._disk = disk
        super().__init__("", name, flags)  # type: ignore[arg-type]

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        if self._disk.written + len(data) > self._disk.room and self._disk.ballast.exists():
            raise apsw.FullError("no room")
        self._disk.written += len(data)
        super().xWrite(data, offset)


def test_a_full_disk_costs_the_ballast_and_no_number(tmp_path: Path) -> None:
    disk = NearlyFull("nearly-full", tmp_path / "ballast", 600_000)
    with running(tmp_path / "journal.db", vfs=disk.name) as (service, _):
        tickets = [service.submit(issue(i)).result(10).ticket for i in range(150)]
    assert len(set(tickets)) == 150
    assert disk.written > disk.room, "the disk was full on the way"
    assert not (tmp_path / "ballast").exists()
    assert verify(tmp_path / "journal.db") == 151
