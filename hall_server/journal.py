"""The journal: everything that happened, append-only, hash-chained, on disk before anyone is told.

One SQLite file through APSW (WAL, synchronous=FULL). One writer thread owns the write connection and
commits in groups: all batches that wait when it is free go in one transaction, events and the state
of the tickets that they touched together; only then are the batches released. A commit that fails
ends the journal: ``on_failure`` is called and nothing is released any more.
"""

from __future__ import annotations

import hashlib
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import apsw
import msgspec

from contract.clock import Reading
from hall_server.hall.events import KINDS, Event
from hall_server.hall.model import Ticket

log = logging.getLogger(__name__)

SAFE_SQLITE = (3, 51, 3)
SCHEMA_VERSION = 1
BALLAST_BYTES = 8 * 1024 * 1024
GENESIS = hashlib.sha256(b"banshi journal 1").digest()
_SCHEMA = """
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


class JournalBroken(Exception):
    """The file is not a journal of ours, or its chain does not hold; the sentence names the record."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event with its place: ``sender`` is the box or window that asked, ``wall_ms`` the real-time
    clock at that moment (hall time stands in the event)."""

    seq: int
    wall_ms: int
    day: str
    sender: str
    event: Event


@dataclass(frozen=True, slots=True)
class Batch:
    """What one command brings: events in order, tickets as they stand after them, and whom to tell.

    ``request`` is '' for commands that are never repeated (ticks). ``answer`` is kept with the request
    for a repeat. ``release`` runs on the writer thread once the batch is durable, in order.
    """

    entries: tuple[Entry, ...]
    tickets: tuple[Ticket, ...] = ()
    request: str = ""
    answer: str = ""
    release: Callable[[], None] | None = None


def encode_event(event: Event) -> str:
    """The body of an event as JSON text; the kind stands in its own column."""
    return msgspec.json.encode(event).decode()


def decode_event(kind: str, body: str) -> Event:
    """Back from the journal. Raises JournalBroken when this version does not know the kind."""
    known = KINDS.get(kind)
    if known is None:
        raise JournalBroken(f"event kind {kind!r} is not known to this version: install a newer one")
    return msgspec.json.decode(body, type=known)


def chain(previous: bytes, seq: int, *columns: str) -> bytes:
    """Hash of a record: SHA-256 over the previous hash and every column, length-prefixed."""
    digest = hashlib.sha256(previous)
    for part in (str(seq), *columns):
        data = part.encode()
        digest.update(len(data).to_bytes(4, "big"))
        digest.update(data)
    return digest.digest()


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


class JournalReader:
    """Reads a journal while the hall writes it, on a read-only connection of its own; one thread at a time.

    Nothing is held open between two calls or two portions, so that the file's log can be folded in meanwhile.
    Use it in a ``with``. Raises JournalBroken when the file cannot be opened or a record cannot be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._db = connect(path, readonly=True)
        except apsw.Error as error:
            raise JournalBroken(f"{path} cannot be opened: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def days(self) -> tuple[str, ...]:
        """Labels of all business days that have events, oldest first."""
        return tuple(day for (day,) in self._db.execute(_DAYS))

    def events_of_day(self, day: str, *, after: int = 0) -> Iterator[Entry]:
        """Events of a business day in their order beyond seq ``after``; an open day as far as it is on disk.

        The close of a day is its last event. The chain is not checked here: the background check does that.
        """
        while rows := self._db.execute(_OF_DAY, (day, after, PORTION)).fetchall():
            for after, wall_ms, kind, sender, body in rows:
                yield Entry(after, wall_ms, day, sender, _understood(after, kind, body))

    def head_of_day(self, day: str) -> str:
        """Chain hash (hex) of a day's last event on disk: stands for all history up to it; '' = none."""
        row = self._db.execute(_HEAD_OF_DAY, (day,)).fetchone()
        return "" if row is None else row[0].hex()


PORTION = 5_000
_DAYS = """
WITH RECURSIVE found(day) AS (
  SELECT min(day) FROM event WHERE day>''
  UNION ALL SELECT (SELECT min(day) FROM event WHERE day>found.day) FROM found WHERE found.day IS NOT NULL)
SELECT day FROM found WHERE day IS NOT NULL
"""
_OF_DAY = "SELECT seq, wall_ms, kind, sender, body FROM event WHERE day=? AND seq>? ORDER BY seq LIMIT ?"
_HEAD_OF_DAY = "SELECT hash FROM event WHERE day=? ORDER BY seq DESC LIMIT 1"


def _understood(seq: int, kind: str, body: str) -> Event:
    try:
        return decode_event(kind, body)
    except msgspec.DecodeError as error:
        raise JournalBroken(f"record {seq} cannot be read: {error}") from error


class Journal:
    """The file and its writer thread. ``open`` creates or checks the schema; then read, then ``start``."""

    def __init__(
        self,
        path: Path,
        *,
        on_failure: Callable[[BaseException], None],
        on_alarm: Callable[[str], None] = lambda _: None,
        vfs: str | None = None,
    ) -> None:
        self._path = path
        self._on_failure = on_failure
        self._on_alarm = on_alarm
        self.ballast = path.with_name("ballast")
        self._vfs = vfs
        self._queue: queue.SimpleQueue[Batch | _Snapshot | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._db: apsw.Connection | None = None
        self._hash = GENESIS
        self.last_seq = 0
        self.commits = 0

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    def open(self) -> None:
        """Open or create the file. Raises JournalBroken, apsw.Error."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._take_ballast()
        self._db = connect(self._path, vfs=self._vfs)
        version = self._db.pragma("user_version")
        if version == 0:
            with self._db:
                self._db.execute(_SCHEMA)
                self._db.pragma("user_version", SCHEMA_VERSION)
        elif version != SCHEMA_VERSION:
            raise JournalBroken(f"{self._path} has schema {version}; this version knows {SCHEMA_VERSION}")
        last = self._db.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        if last is not None:
            self.last_seq, self._hash = last

    def _take_ballast(self) -> None:
        """Room that is given up when the disk is full, so that the hall can go on for a while."""
        if self.ballast.exists():
            return
        part = self.ballast.with_suffix(".new")
        try:
            with part.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
            part.replace(self.ballast)
        except OSError as error:
            part.unlink(missing_ok=True)
            log.error("no ballast on this disk: %s", error.strerror)
            self._on_alarm("磁盘空间不足：无法预留备用空间，请清理磁盘")

    def latest_snapshot(self) -> tuple[int, bytes] | None:
        """(seq, body) of the newest snapshot, or None."""
        row = self._reading().execute("SELECT seq, body FROM snapshot ORDER BY seq DESC LIMIT 1").fetchone()
        return None if row is None else (row[0], row[1])

    def read(self, after: int = 0) -> Iterator[Entry]:
        """Events after a seq, in order, their chain verified on the way. Raises JournalBroken."""
        yield from verified(self._reading(), after)

    def answers(self, days: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
        """(day, request id, answer) of the given business days."""
        marks = ",".join("?" * len(days))
        yield from self._reading().execute(
            f"SELECT day, id, answer FROM request WHERE day IN ({marks})", days
        )

    def last_reading(self) -> Reading | None:
        """Hall time and real-time clock of the newest event, or None in an empty journal."""
        row = self._reading().execute("SELECT at_ms, wall_ms FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return None if row is None else Reading(*row)

    def start(self) -> None:
        """From here on only the writer thread uses the connection."""
        self._thread.start()

    def write(self, batch: Batch) -> None:
        """Queue a batch; returns at once."""
        self._queue.put(batch)

    def write_snapshot(self, seq: int, at_ms: int, body: bytes) -> Future[None]:
        """Queue a snapshot of the state at ``seq``; older ones go, the newest two stay."""
        snapshot = _Snapshot(seq, at_ms, body, Future())
        self._queue.put(snapshot)
        return snapshot.written

    def close(self) -> None:
        """Write what is queued, checkpoint, close."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        if self._db is not None:
            self._db.close()
            self._db = None

    def _reading(self) -> apsw.Connection:
        assert self._db is not None
        assert not self._thread.is_alive(), "the writer owns this connection now"
        return self._db

    def _run(self) -> None:
        running = True
        while running:
            work: list[Batch | _Snapshot] = []
            item = self._queue.get()
            while True:
                if item is None:
                    running = False
                    break
                work.append(item)
                if len(work) >= 512:
                    break
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
            try:
                self._commit_or_make_room(work)
            except BaseException as error:
                log.exception("the journal cannot be written; nothing more is confirmed")
                self._on_failure(error)
                return
            for done in work:
                self._release(done)

    def _commit_or_make_room(self, work: list[Batch | _Snapshot]) -> None:
        """A full disk gets the ballast's room, once, and an alarm; then the commit must succeed."""
        try:
            self._commit(work)
        except apsw.FullError:
            if not self.ballast.exists():
                raise
            log.error("the disk is full: the ballast is thrown off; make room on it now")
            self.ballast.unlink()
            self._on_alarm("磁盘已满：已动用备用空间，请立即清理磁盘")
            self._commit(work)

    def _commit(self, work: list[Batch | _Snapshot]) -> None:
        if not any(isinstance(item, _Snapshot) or item.entries for item in work):
            return
        assert self._db is not None
        head, last = self._hash, self.last_seq
        events, requests, tickets = [], [], {}
        for item in work:
            if isinstance(item, _Snapshot):
                continue
            for entry in item.entries:
                kind, body = type(entry.event).__name__, encode_event(entry.event)
                when = (str(entry.event.at_ms), str(entry.wall_ms))
                head = chain(head, entry.seq, *when, entry.day, kind, entry.sender, body)
                last = entry.seq
                place = (entry.seq, entry.event.at_ms, entry.wall_ms, entry.day)
                events.append((*place, kind, entry.sender, body, head))
            if item.request and item.entries:
                requests.append((item.entries[-1].day, item.request, item.entries[-1].seq, item.answer))
            tickets.update({ticket.id: ticket for ticket in item.tickets})
        with self._db:
            self._db.executemany("INSERT INTO event VALUES(?,?,?,?,?,?,?,?)", events)
            self._db.executemany("INSERT INTO request VALUES(?,?,?,?)", requests)
            self._db.executemany(_UPSERT, (_row(ticket) for ticket in tickets.values()))
            for item in work:
                if isinstance(item, _Snapshot):
                    self._db.execute(
                        "INSERT OR REPLACE INTO snapshot VALUES(?,?,?)", (item.seq, item.at_ms, item.body)
                    )
                    self._db.execute(
                        "DELETE FROM snapshot WHERE seq NOT IN "
                        "(SELECT seq FROM snapshot ORDER BY seq DESC LIMIT 2)"
                    )
        self._hash, self.last_seq = head, last
        self.commits += 1

    def _release(self, item: Batch | _Snapshot) -> None:
        if isinstance(item, _Snapshot):
            item.written.set_result(None)
        elif item.release is not None:
            try:
                item.release()
            except Exception:
                log.exception("a listener failed after a commit; the commit stands")


@dataclass(frozen=True, slots=True)
class _Snapshot:
    seq: int
    at_ms: int
    body: bytes
    written: Future[None]


_UPSERT = (
    "INSERT INTO ticket VALUES(?,?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET "
    "status=excluded.status, service=excluded.service, body=excluded.body"
)


def _row(ticket: Ticket) -> tuple[str, str, str, int, str, str, str]:
    body = msgspec.json.encode(ticket).decode()
    return (ticket.id, ticket.day, ticket.series, ticket.ordinal, ticket.status.value, ticket.service, body)


def verified(db: apsw.Connection, after: int = 0) -> Iterator[Entry]:
    """Events after a seq in order; raises JournalBroken naming the first record that does not hold."""
    last = after
    try:
        for entry in _chained(db, after):
            yield entry
            last = entry.seq
    except (UnicodeDecodeError, apsw.Error, msgspec.DecodeError) as error:
        raise JournalBroken(f"record {last + 1} cannot be read: {error}") from error


def _chained(db: apsw.Connection, after: int) -> Iterator[Entry]:
    head = GENESIS
    if after:
        row = db.execute("SELECT hash FROM event WHERE seq=?", (after,)).fetchone()
        if row is None:
            raise JournalBroken(f"record {after} is missing")
        head = row[0]
    expected = after
    rows = db.execute(
        "SELECT seq, at_ms, wall_ms, day, kind, sender, body, hash FROM event WHERE seq>? ORDER BY seq",
        (after,),
    )
    for seq, at_ms, wall_ms, day, kind, sender, body, stored in rows:
        expected += 1
        head = chain(head, seq, str(at_ms), str(wall_ms), day, kind, sender, body)
        if seq != expected:
            raise JournalBroken(f"record {expected} is missing")
        if head != stored:
            raise JournalBroken(f"record {seq} has been altered")
        yield Entry(seq, wall_ms, day, sender, decode_event(kind, body))


def verify(path: Path) -> int:
    """Check the whole chain and the file through a read-only connection; returns how many events hold.

    Raises JournalBroken naming the first bad record, or what SQLite finds wrong in the file.
    """
    try:
        db = connect(path, readonly=True)
    except apsw.Error as error:
        raise JournalBroken(f"{path} cannot be opened: {error}") from error
    try:
        count = sum(1 for _ in verified(db))
        found = db.pragma("integrity_check")
        if found != "ok":
            raise JournalBroken(f"the file is damaged: {found}")
        return count
    except apsw.Error as error:
        raise JournalBroken(f"the file is damaged: {error}") from error
    finally:
        db.close()


def backup(path: Path, to: Path) -> int:
    """Copy a journal that may be in use to a new file, verified; returns how many events it holds.

    Raises JournalBroken when what was copied does not hold, OSError, apsw.Error.
    """
    part = to.with_name(to.name + ".part")
    part.unlink(missing_ok=True)
    source, target = connect(path, readonly=True), apsw.Connection(str(part))
    try:
        with target.backup("main", source, "main") as copying:
            while not copying.done:
                copying.step(1000)
        target.pragma("journal_mode", "delete")
    finally:
        target.close()
        source.close()
    count = verify(part)
    part.replace(to)
    return count
