"""The journal's file: every line of SQL about it, its schemas and their migrations.

One SQLite file through APSW (WAL, synchronous=FULL). One writer thread (``journal_writer.py``) owns the
connection that writes. Everybody else reads over connections of their own, in portions, so that nothing
is held up.

The schema is the sum of ``_STEPS``: a fresh file takes all of them, an older one those that it lacks, in
one transaction, after a copy of it was laid beside. A migration checks the chain and derives the rows of
the tickets anew. To change the schema, or what ``evolve`` makes of old events, append a step.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar

import apsw
import msgspec

from contract.clock import Reading
from contract.messages import JournalAnchor
from hall_server.hall.events import (
    DayClosed,
    Event,
    JournalMigrated,
    JournalRestored,
    PlanPublished,
    SnapshotSealed,
)
from hall_server.hall.model import Ticket
from hall_server.hall.plan import Plan
from hall_server.records import GENESIS, Chain, Entry, JournalBroken, Record, missing, record_of, seal
from hall_server.replaying import Replay

E = TypeVar("E", bound=Event)

log = logging.getLogger(__name__)

SAFE_SQLITE = (3, 51, 3)
PORTION = 5_000
SNAPSHOTS_KEPT = 2

_TO_1 = """
CREATE TABLE event(
  seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL, day TEXT NOT NULL,
  kind TEXT NOT NULL, sender TEXT NOT NULL, body TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE request(
  day TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, answer TEXT NOT NULL,
  PRIMARY KEY(day, id)) STRICT, WITHOUT ROWID;
CREATE TABLE ticket(
  id TEXT PRIMARY KEY, day TEXT NOT NULL, series TEXT NOT NULL, ordinal INTEGER NOT NULL,
  status TEXT NOT NULL, service TEXT NOT NULL, body TEXT NOT NULL,
  UNIQUE(day, series, ordinal)) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot(seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TRIGGER event_is_history BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER event_is_kept BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'append only'); END;
"""
_TO_2 = """
ALTER TABLE event ADD COLUMN request TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN answer TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN seal BLOB NOT NULL DEFAULT x'';
CREATE INDEX event_of_day ON event(day);
CREATE UNIQUE INDEX event_of_request ON event(day, request) WHERE request<>'';
DROP TABLE request;
DROP TABLE snapshot;
CREATE TABLE snapshot(seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
"""
_STEPS = (_TO_1, _TO_2)
SCHEMA_VERSION = len(_STEPS)
_ANSWERS_APART = 1
"""The schema that kept answers in a table of their own, outside the chain."""

_COLUMNS = "seq, at_ms, wall_ms, day, kind, sender, body, hash"
_RECORDS = {
    1: f"SELECT {_COLUMNS}, '', '', x'' FROM event",
    2: f"SELECT {_COLUMNS}, request, answer, seal FROM event",
}
_LEAST = -(2**63)
_DAYS = """
WITH RECURSIVE found(day) AS (
  SELECT min(day) FROM event WHERE day>''
  UNION ALL SELECT (SELECT min(day) FROM event WHERE day>found.day) FROM found WHERE found.day IS NOT NULL)
SELECT day FROM found WHERE day IS NOT NULL
"""
_HEAD_OF_DAY = "SELECT hash FROM event WHERE day=? ORDER BY seq DESC LIMIT 1"
_INSERT = "INSERT INTO event VALUES(?,?,?,?,?,?,?,?,?,?,?)"
_UPSERT = (
    "INSERT INTO ticket VALUES(?,?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET "
    "status=excluded.status, service=excluded.service, body=excluded.body"
)
_FORGET_SNAPSHOTS = (
    "DELETE FROM snapshot WHERE seq NOT IN (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?)"
)
TicketRow = tuple[str, str, str, int, str, str, str]
"""(id, day, series, ordinal, status, service, body as JSON) of a ticket as its last event left it."""


DiskFull = apsw.FullError
"""No room for a commit."""
FileDamaged = apsw.Error
"""SQLite cannot make sense of the file."""


def connect(path: Path, *, readonly: bool = False, vfs: str | None = None) -> apsw.Connection:
    """A connection with our settings. Raises JournalBroken on a SQLite with the WAL-reset bug."""
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < SAFE_SQLITE:
        raise JournalBroken(f"SQLite {apsw.sqlite_lib_version()} can lose commits; 3.51.3 or newer is needed")
    flags = apsw.SQLITE_OPEN_READONLY if readonly else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    db = apsw.Connection(str(path), flags=flags, vfs=vfs)
    db.set_busy_timeout(5_000)
    if not readonly:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA wal_autocheckpoint=4000")
    return db


def _record(row: tuple[Any, ...]) -> Record:
    return Record(*row)


class Rows:
    """What can be asked of a journal of any schema, over one connection; no ``key``: no check of seals."""

    def __init__(self, db: apsw.Connection, key: bytes = b"") -> None:
        self._db = db
        self._key = key
        self.schema = schema_of(db)
        self._records = _RECORDS[max(self.schema, 1)]

    @property
    def anchored(self) -> bool:
        """Whether journals of this schema have an anchor."""
        return self.schema > _ANSWERS_APART

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Within it every question is answered as of the same commit. Not for long: the file's log waits."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            with suppress(apsw.Error):  # a damaged file has ended it already; what was found there is told
                self._db.execute("ROLLBACK")

    def last(self) -> tuple[int, bytes]:
        """(seq, hash) of the newest record; (0, GENESIS) of an empty journal."""
        row = self._db.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return (0, GENESIS) if row is None else (row[0], row[1])

    def last_reading(self) -> Reading | None:
        """Hall time and real-time clock of the newest event, or None in an empty journal."""
        row = self._db.execute("SELECT at_ms, wall_ms FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return None if row is None else Reading(*row)

    def behind_last(self, event: Event, sender: str) -> Record:
        """The record of something that was done to the journal itself, at the instant of its newest record.

        Raises JournalBroken in a journal without records.
        """
        row = self._db.execute(f"{self._records} ORDER BY seq DESC LIMIT 1").fetchone()
        if row is None:
            raise JournalBroken("the journal has no records", "账本没有记录")
        last = _record(row)
        event = replace(event, at_ms=last.at_ms)
        return record_of(last.hash, Entry(last.seq + 1, last.wall_ms, last.day, sender, event), self._key)

    def hash_at(self, seq: int) -> bytes | None:
        """The hash of a record; GENESIS before the first, None when there is no such record."""
        if seq == 0:
            return GENESIS
        row = self._db.execute("SELECT hash FROM event WHERE seq=?", (seq,)).fetchone()
        return None if row is None else row[0]

    def records(self, after: int = 0) -> Iterator[Record]:
        """Records beyond ``after`` in order, unchecked. Raises JournalBroken on one that cannot be read."""
        while rows := self.portion(after):
            yield from rows
            after = rows[-1].seq

    def portion(self, after: int) -> list[Record]:
        """The next records beyond ``after``; PORTION of them, fewer at the end."""
        question = f"{self._records} WHERE seq>? ORDER BY seq LIMIT ?"
        found: list[Record] = []
        try:
            found.extend(_record(row) for row in self._db.execute(question, (after or _LEAST, PORTION)))
        except (apsw.Error, UnicodeDecodeError) as error:
            if found:
                return found
            what = f"record {after + 1} cannot be read: {error}"
            raise JournalBroken(what, f"账本第 {after + 1} 条记录无法读取") from error
        return found

    def read(self, after: int = 0) -> Iterator[Entry]:
        """Events beyond ``after`` in order, links and seals checked on the way. Raises JournalBroken."""
        head = self.hash_at(after)
        if head is None:
            raise missing(after)
        chain = Chain(self._key, seq=after, head=head)
        for record in self.records(after):
            yield chain.follow(record)
        chain.end()

    def days(self) -> tuple[str, ...]:
        """Labels of all business days that have events, oldest first."""
        return tuple(day for (day,) in self._db.execute(_DAYS))

    def events_of_day(self, day: str, *, after: int = 0) -> Iterator[Entry]:
        """Events of a business day in their order beyond seq ``after``; an open day as far as it is on disk.

        The close of a day is its last event. The chain is not checked here: the background check does that.
        """
        question = f"{self._records} WHERE day=? AND seq>? ORDER BY seq LIMIT ?"
        while rows := self._db.execute(question, (day, after, PORTION)).fetchall():
            for record in map(_record, rows):
                yield record.entry()
            after = record.seq

    def head_of_day(self, day: str) -> str:
        """Chain hash (hex) of a day's last event on disk: stands for all history up to it; '' = none."""
        row = self._db.execute(_HEAD_OF_DAY, (day,)).fetchone()
        return "" if row is None else row[0].hex()

    def answers(self, day: str) -> Iterator[tuple[str, str]]:
        """(request, answer) of everything that was asked on a business day."""
        for record in self._of_kind(JournalMigrated.__name__, day):
            event = record.entry().event
            assert isinstance(event, JournalMigrated)
            yield from ((request, answer) for of, request, answer in event.answers if of == day)
        asked = "SELECT request, answer FROM event WHERE day=? AND request<>''"
        for request, answer in self._db.execute(asked, (day,)):
            yield str(request), str(answer)

    def first_plan(self) -> Plan | None:
        """The description that was first published, None when none was."""
        for record in self._of_kind(PlanPublished.__name__):
            event = record.entry().event
            assert isinstance(event, PlanPublished)
            return event.plan
        return None

    def snapshots(self) -> list[tuple[int, bytes]]:
        """(seq, body) of the kept snapshots, newest first."""
        if self.schema <= _ANSWERS_APART:
            return []
        return list(self._db.execute("SELECT seq, body FROM snapshot ORDER BY seq DESC"))

    def sealed_digest(self, snapshot: int) -> str | None:
        """The digest that a record behind a snapshot gives it; None when none does."""
        for record in self._of_kind(SnapshotSealed.__name__, after=snapshot):
            event = record.entry().event
            if isinstance(event, SnapshotSealed) and event.seq == snapshot:
                return event.digest
        return None

    def tickets_of(self, day: str) -> list[TicketRow]:
        """The rows of the tickets of a business day."""
        return list(
            self._db.execute(
                "SELECT id, day, series, ordinal, status, service, body FROM ticket WHERE day=?", (day,)
            )
        )

    def tickets_per_day(self) -> dict[str, int]:
        """How many rows each business day has."""
        return dict(self._db.execute("SELECT day, count(*) FROM ticket GROUP BY day"))

    def hold_to(self, anchor: JournalAnchor) -> None:
        """Raises JournalBroken when the journal ends before the anchor or has another record there, unless a
        restore says that this part was replaced."""
        found = self.hash_at(anchor.seq)
        if found is not None and found.hex() == anchor.head:
            return
        for record in self._of_kind(JournalRestored.__name__):
            event = record.entry().event
            sealed = record.seal == seal(record.hash, self._key)
            if isinstance(event, JournalRestored) and sealed and event.kept < anchor.seq <= event.lost_to:
                return
        last, _ = self.last()
        if anchor.seq > last:
            raise JournalBroken(
                f"record {last + 1} is missing: the journal ends with record {last}, "
                f"its anchor names record {anchor.seq}",
                f"账本第 {last + 1} 条记录缺失：账本止于第 {last} 条，锚点为第 {anchor.seq} 条",
            )
        raise JournalBroken(
            f"record {anchor.seq} is not the one that was anchored: the chain was written anew",
            f"账本第 {anchor.seq} 条记录与锚点不符：账本被重写",
        )

    def events_of_kind(self, kind: type[E], day: str) -> Iterator[tuple[int, E]]:
        """The events of one kind of a business day with their seq, in their order."""
        for record in self._of_kind(kind.__name__, day):
            event = record.entry().event
            assert isinstance(event, kind)
            yield record.seq, event

    def check_file(self) -> None:
        """SQLite's own check of pages and indexes. Raises JournalBroken."""
        found = self._db.pragma("integrity_check")
        if found != "ok":
            raise JournalBroken(f"the file is damaged: {found}", "账本文件损坏")

    def _of_kind(self, kind: str, day: str | None = None, after: int = 0) -> Iterator[Record]:
        found = "" if day is None else " AND day=:day"
        question = f"{self._records} WHERE kind=:kind AND seq>:after{found} ORDER BY seq"
        given = {"kind": kind, "after": after, "day": day}
        yield from map(_record, self._db.execute(question, given))


class JournalReader(Rows):
    """Reads a journal while the hall writes it, on a read-only connection of its own; one thread at a time.

    Nothing is held open between two calls or two portions, so that the file's log can be folded in meanwhile.
    Use it in a ``with``. Raises JournalBroken when the file cannot be opened or a record cannot be read.
    """

    def __init__(self, path: Path, key: bytes = b"", *, vfs: str | None = None) -> None:
        try:
            db = connect(path, readonly=True, vfs=vfs)
            super().__init__(db, key)
        except apsw.Error as error:
            raise JournalBroken(f"{path} cannot be opened: {error}", "账本文件无法打开") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()


class JournalFile:
    """The one connection that writes; used by one thread at a time."""

    def __init__(self, path: Path, key: bytes = b"", *, vfs: str | None = None) -> None:
        self.path = path
        self._key = key
        self._db = connect(path, vfs=vfs)

    @property
    def rows(self) -> Rows:
        """What can be asked over this connection."""
        return Rows(self._db, self._key)

    def bring_up_to_date(self, settle: Callable[[int], None]) -> None:
        """Create or migrate in one transaction, an older file copied first; ``settle`` is told the schema
        that was found, and may refuse. Raises JournalBroken, OSError, apsw.Error."""
        former = schema_of(self._db)
        if 0 < former < SCHEMA_VERSION:
            copy = self.path.with_name(f"{self.path.stem}.before-schema-{SCHEMA_VERSION}.db")
            _copy(self._db, copy)
            log.info("the journal had schema %d: a copy lies in %s", former, copy)
        with self._db:
            if former < SCHEMA_VERSION:
                _migrate(self._db, former, self._key)
            settle(former)

    def append(
        self, records: list[Record], tickets: Iterable[Ticket], snapshots: Iterable[tuple[int, bytes]]
    ) -> None:
        """One durable transaction: records, tickets as they stand now, states (seq, body) that records seal.

        Raises DiskFull, apsw.Error; then nothing was written.
        """
        with self._db:
            self._db.executemany(_INSERT, records)
            self._db.executemany(_UPSERT, map(row_of, tickets))
            for snapshot in snapshots:
                self._db.execute("INSERT INTO snapshot VALUES(?,?)", snapshot)
                self._db.execute(_FORGET_SNAPSHOTS, (SNAPSHOTS_KEPT,))

    def derive_again(self) -> None:
        """Write the rows of the tickets anew from the records; snapshots that no record seals so go.

        Raises JournalBroken when the records do not hold.
        """
        with self._db:
            rows = self.rows
            _derive_tickets(self._db, rows)
            for seq, body in rows.snapshots():
                if hashlib.sha256(body).hexdigest() != rows.sealed_digest(seq):
                    self._db.execute("DELETE FROM snapshot WHERE seq=?", (seq,))

    def close(self) -> None:
        """Fold the file's log in and let go."""
        self._db.close()


def row_of(ticket: Ticket) -> TicketRow:
    """The row of a ticket."""
    body = msgspec.json.encode(ticket).decode()
    return (ticket.id, ticket.day, ticket.series, ticket.ordinal, ticket.status.value, ticket.service, body)


# ---------------------------------------------------------------- the file


def schema_of(db: apsw.Connection) -> int:
    """The schema of a file, 0 when it is empty. Raises JournalBroken on one newer than this version."""
    version = db.pragma("user_version")
    if not 0 <= version <= SCHEMA_VERSION:
        raise JournalBroken(
            f"the journal has schema {version}, this version knows up to {SCHEMA_VERSION}: "
            "install the newer version again, or restore a backup of before",
            f"账本由更新的版本写入（结构 {version}），请重新安装新版本，或恢复升级前的备份",
        )
    return int(version)


def _migrate(db: apsw.Connection, former: int, key: bytes) -> None:
    answers = _answers_apart(db) if former == _ANSWERS_APART else ()
    for step in _STEPS[former:]:
        db.execute(step)
    db.pragma("user_version", SCHEMA_VERSION)
    rows = Rows(db, key)
    if former and (last := rows.last()[0]):
        event = JournalMigrated(at_ms=0, schema=SCHEMA_VERSION, unsealed=last, answers=answers)
        db.execute(_INSERT, rows.behind_last(event, "migration"))
        _derive_tickets(db, rows)


def _derive_tickets(db: apsw.Connection, rows: Rows) -> None:
    """Write the rows of the tickets anew from the records, whose chain is checked on the way."""
    replay = Replay(rows.first_plan())
    db.execute("DELETE FROM ticket")
    for entry in rows.read():
        replay.take(entry)
        if isinstance(entry.event, DayClosed):
            db.executemany(_UPSERT, (row_of(ticket) for _, ticket in replay.touched.values()))
            replay.forget()
    db.executemany(_UPSERT, (row_of(ticket) for _, ticket in replay.touched.values()))


def _answers_apart(db: apsw.Connection) -> tuple[tuple[str, str, str], ...]:
    """What repeats of the last business day must get, from schema 1."""
    found = db.execute(
        "SELECT day, id, answer FROM request WHERE day=(SELECT day FROM event ORDER BY seq DESC LIMIT 1)"
    )
    return tuple((day, request, answer) for day, request, answer in found)


def in_use(path: Path) -> bool:
    """Whether a hall or another program has the file open."""
    if not path.exists():
        return False
    try:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    except apsw.Error:
        return False
    try:
        db.pragma("journal_mode", "delete")
    except apsw.BusyError:
        return True
    except apsw.Error:
        return False
    finally:
        db.close()
    return False


def copy_journal(path: Path, to: Path) -> None:
    """Copy a journal that may be in use to a file, whole or not at all. Raises OSError, apsw.Error."""
    source = connect(path, readonly=True)
    try:
        _copy(source, to)
    finally:
        source.close()


def _copy(source: apsw.Connection, to: Path) -> None:
    part = to.with_name(to.name + ".part")
    part.unlink(missing_ok=True)
    target = apsw.Connection(str(part))
    try:
        with target.backup("main", source, "main") as copying:
            while not copying.done:
                copying.step(1_000)
        target.pragma("journal_mode", "delete")
    finally:
        target.close()
    part.replace(to)
