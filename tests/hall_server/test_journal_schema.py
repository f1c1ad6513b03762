"""Journals of former schemas are taken over whole or not at all, and what was written stays understood."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from hall_server.checking import verify
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall import former
from hall_server.journal.rows import JournalReader
from hall_server.journal.sql import SCHEMA_VERSION
from hall_server.journal_writer import Journal
from hall_server.records import JournalBroken, decode_event
from tests.faults.power import PowerCutVfs
from tests.hall_server.former import write_former
from tests.hall_server.running import running

KEY = b"k" * 32
RECORDS = 95
TICKETS = "SELECT id, day, series, ordinal, status, service FROM ticket"
FORMER = tuple(range(1, SCHEMA_VERSION))


def opened(path: Path, **options: str) -> Journal:
    journal = Journal(path, on_failure=lambda _: None, key=KEY, **options)  # type: ignore[arg-type]
    try:
        journal.open()
    finally:
        journal.close()
    return journal


def shape(path: Path) -> list[object]:
    """Tables, columns, indexes and triggers."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    names = db.execute("SELECT type, name FROM sqlite_master ORDER BY type, name").fetchall()
    columns = [
        db.execute(f"PRAGMA table_xinfo({name})").fetchall() for kind, name in names if kind == "table"
    ]
    db.close()
    return [names, columns]


@pytest.mark.parametrize("schema", FORMER)
def test_a_former_journal_is_migrated_and_the_hall_goes_on(tmp_path: Path, schema: int) -> None:
    path = write_former(tmp_path / "journal.db", schema)
    db = apsw.Connection(str(path))
    day, name, answer = next(
        db.execute("SELECT day, id, answer FROM request WHERE id LIKE 'kiosk-1/%' ORDER BY seq DESC LIMIT 1")
    )
    rows = db.execute(TICKETS).fetchall()
    db.close()
    with running(path, key=KEY) as (service, _):
        again = c.Issue(request=str(name).partition("/")[2], by="kiosk-1", service="social")
        assert f'"{service.submit(again).result(5).ticket}"' in str(answer), "a repeat gets the first answer"
        assert service.submit(c.Issue(request="new", by="kiosk-1", service="tax")).result(5).ticket
    assert verify(path, KEY) >= RECORDS + 2
    copy = tmp_path / f"journal.before-schema-{SCHEMA_VERSION}.db"
    assert verify(copy) == RECORDS
    with JournalReader(path, KEY) as reader:
        assert day in reader.days()
        migrated = [x.event for x in reader.read() if isinstance(x.event, e.JournalMigrated)]
    assert [x.unsealed for x in migrated] == [RECORDS]
    db = apsw.Connection(str(path))
    assert set(rows) <= set(db.execute(TICKETS)), "the rows were derived to the same"
    db.close()


@pytest.mark.parametrize("schema", FORMER)
def test_a_migrated_journal_is_like_a_fresh_one(tmp_path: Path, schema: int) -> None:
    opened(tmp_path / "fresh" / "journal.db")
    opened(write_former(tmp_path / "former" / "journal.db", schema))
    assert shape(tmp_path / "former" / "journal.db") == shape(tmp_path / "fresh" / "journal.db")


@pytest.mark.parametrize("schema", FORMER)
def test_a_forged_former_journal_is_not_sealed(tmp_path: Path, schema: int) -> None:
    path = write_former(tmp_path / "journal.db", schema)
    db = apsw.Connection(str(path))
    db.execute("DROP TRIGGER event_is_history; UPDATE event SET sender='w9' WHERE seq=7").fetchall()
    db.close()
    with pytest.raises(JournalBroken, match="record 7 has been altered"):
        opened(path)
    with JournalReader(path) as reader:
        assert reader.schema == schema


def test_a_newer_journal_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    opened(path)
    db = apsw.Connection(str(path))
    db.pragma("user_version", SCHEMA_VERSION + 1)
    db.close()
    with pytest.raises(JournalBroken, match="install the newer version again") as refused:
        opened(path)
    assert "请重新安装新版本" in refused.value.sentence


class CutAtWrites(PowerCutVfs):
    """The power fails at many of the writes of a migration, each time into a folder of its own."""

    def __init__(self, name: str, folder: Path, anchor: Path) -> None:
        self.folder, self.anchor, self.writes, self.cuts = folder, anchor, 0, 0
        super().__init__(name)

    def wrote(self) -> None:
        self.writes += 1
        if self.writes % 4 == 0:
            self.cuts += 1
            to = self.folder / f"{self.cuts:03d}"
            self.cut(to, self.chance)
            if self.anchor.exists():
                (to / self.anchor.name).write_bytes(self.anchor.read_bytes())


@pytest.mark.parametrize("schema", FORMER)
def test_a_power_cut_leaves_the_old_or_the_new(tmp_path: Path, schema: int) -> None:
    path = write_former(tmp_path / "journal.db", schema)
    vfs = CutAtWrites(f"migrating-{schema}", tmp_path / "cut", path.with_suffix(".anchor"))
    opened(path, vfs=vfs.name)
    found = set()
    for after in sorted((tmp_path / "cut").iterdir()):
        with JournalReader(after / "journal.db", KEY) as reader:
            found.add(reader.schema)
            assert reader.last()[0] == (RECORDS if reader.schema == schema else RECORDS + 1)
        opened(after / "journal.db")
        assert verify(after / "journal.db", KEY) == RECORDS + 1
    assert found == {schema, SCHEMA_VERSION}, f"{vfs.cuts} cuts"


KILLED = """
import os, signal, sys
from pathlib import Path
import apsw
from hall_server.journal_writer import Journal

class File(apsw.VFSFile):
    def __init__(self, name, flags):
        super().__init__("", name, flags)
    def xWrite(self, data, offset):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        super().xWrite(data, offset)

class Vfs(apsw.VFS):
    def xOpen(self, name, flags):
        return File(name, flags)

left = int(sys.argv[2])
vfs = Vfs("killing", "")
Journal(Path(sys.argv[1]), on_failure=print, key=b"k" * 32, vfs="killing").open()
"""


@pytest.mark.parametrize("writes", [5, 20, 40])
def test_kill_9_in_a_migration_leaves_the_old_or_the_new(tmp_path: Path, writes: int) -> None:
    path = write_former(tmp_path / "journal.db", 1)
    child = subprocess.run([sys.executable, "-c", KILLED, str(path), str(writes)], check=False, timeout=30)
    assert child.returncode == -signal.SIGKILL
    opened(path)
    assert verify(path, KEY) == RECORDS + 1


# ---------------------------------------------------------------- kinds of events


@pytest.mark.parametrize("schema", FORMER)
def test_whatever_was_written_is_still_understood(tmp_path: Path, schema: int) -> None:
    with JournalReader(write_former(tmp_path / "journal.db", schema)) as reader:
        entries = list(reader.read())
    assert len(entries) == RECORDS
    assert len({type(entry.event) for entry in entries}) == 27
    issued = next(x.event for x in entries if isinstance(x.event, e.TicketIssued))
    assert (issued.number, issued.series, issued.ordinal) == ("B001", "B", 1)


def test_a_kind_that_was_changed_is_read_through_its_former_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def to_called(old: former.Body) -> tuple[str, former.Body]:
        return "TicketCalled", {"at_ms": old["at_ms"], "ticket": old["number"], "window": f"w{old['desk']}"}

    monkeypatch.setitem(former.FORMER, "TicketSummoned", to_called)
    event = decode_event("TicketSummoned", '{"at_ms":5,"number":"t1","desk":3}')
    assert event == e.TicketCalled(at_ms=5, ticket="t1", window="w3")


def test_a_field_that_came_later_has_its_default_in_old_records() -> None:
    event = decode_event("TicketFinished", '{"at_ms":5,"ticket":"t1","window":"w3","outcome":"done"}')
    assert isinstance(event, e.TicketFinished)
    assert (event.note, event.by_next) == ("", False)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("TicketEaten", '{"at_ms":5}'),
        ("TicketRecalled", '{"at_ms":5,"ticket":"t","window":"w","colour":"red"}'),
        ("HoardingSuspected", '{"at_ms":5,"person":"p","count":1,"since":{"day":1}}'),
    ],
)
def test_what_this_version_does_not_know_is_never_passed_over(kind: str, body: str) -> None:
    with pytest.raises(JournalBroken, match="install a newer one"):
        decode_event(kind, body)
