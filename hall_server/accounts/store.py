"""The accounts' file: one SQLite database beside the journal, one writer, an append-only chained audit log.

Every change and its audit line are one transaction. What is read often (accounts, sessions, tokens) the
desk keeps in memory; ``changed_elsewhere`` says when the technician's command wrote to the file.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import apsw
import msgspec

from hall_server.accounts.records import GENESIS, Account, AuditLine, Device, Session, Token

SAFE_SQLITE = (3, 51, 3)
T = TypeVar("T", Account, Session, Device, Token)

MIGRATIONS = (
    """
    CREATE TABLE account(id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE session(id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE device(id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE token(id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE audit(
      seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, by TEXT NOT NULL, address TEXT NOT NULL,
      kind TEXT NOT NULL, subject TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
      hash TEXT NOT NULL) STRICT;
    CREATE TRIGGER audit_is_history BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append only'); END;
    CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append only'); END;
    """,
)
"""Numbered scripts; ``user_version`` says how many of them a file has seen."""

_TABLES: dict[type, str] = {Account: "account", Session: "session", Device: "device", Token: "token"}


class AccountsBroken(Exception):
    """The file is not one of ours, or its chain does not hold; the sentence says where."""


class Store:
    """The file. Any thread may use it; writes queue at one lock."""

    def __init__(self, path: Path) -> None:
        version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
        if version < SAFE_SQLITE:
            raise AccountsBroken(
                f"SQLite {apsw.sqlite_lib_version()} can lose commits; 3.51.3 or newer is needed"
            )
        self._path = path
        self._lock = threading.RLock()
        self._db: apsw.Connection | None = None
        self._seen = 0

    def open(self) -> None:
        """Open or create (0600) and migrate. Raises AccountsBroken, apsw.Error, OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        db = apsw.Connection(str(self._path))
        db.set_busy_timeout(5_000)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA secure_delete=ON")
        known = int(str(db.pragma("user_version")))
        if known > len(MIGRATIONS):
            raise AccountsBroken(f"{self._path} has schema {known}; this version knows {len(MIGRATIONS)}")
        for number, script in enumerate(MIGRATIONS[known:], known + 1):
            with db:
                db.execute(script)
                db.pragma("user_version", number)
        self._db = db
        self._seen = self._version()

    def close(self) -> None:
        """Checkpoint and close; a second call does nothing."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def all(self, kind: type[T]) -> list[T]:
        """Every record of a kind, by its key."""
        with self._lock:
            rows = self._open().execute(f"SELECT body FROM {_TABLES[kind]} ORDER BY id").fetchall()
        return [msgspec.json.decode(str(body), type=kind) for (body,) in rows]

    def changed_elsewhere(self) -> bool:
        """Whether another process wrote to the file since the last time this was asked."""
        with self._lock:
            version = self._version()
            changed, self._seen = version != self._seen, version
        return changed

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """One transaction; nothing of it stays when the block raises."""
        with self._lock:
            db = self._open()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield Writing(db)
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def audit(self, after: int = 0, limit: int = 1_000_000) -> list[AuditLine]:
        """Lines behind ``after``, oldest first."""
        with self._lock:
            rows = self._open().execute(
                "SELECT seq, at_ms, by, address, kind, subject, before, after, hash FROM audit "
                "WHERE seq > ? ORDER BY seq LIMIT ?",
                (after, limit),
            )
            return [_line(row) for row in rows]

    def last_audit(self) -> list[AuditLine]:
        """The last line, or none."""
        with self._lock:
            last = self._open().execute("SELECT max(seq) FROM audit").get
            return self.audit(int(str(last)) - 1) if last else []

    def search(
        self, *, words: str, kind: str, from_ms: int, to_ms: int, before: int, limit: int
    ) -> list[AuditLine]:
        """Lines of a kind ('' = all) in a span of hall time that hold the words, newest first, older than
        ``before``."""
        escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        with self._lock:
            rows = self._open().execute(
                "SELECT seq, at_ms, by, address, kind, subject, before, after, hash FROM audit "
                "WHERE seq < :before AND at_ms >= :from_ms AND at_ms < :to_ms "
                "AND (:kind = '' OR kind = :kind) "
                "AND (:words = '' OR by LIKE :like ESCAPE '\\' OR subject LIKE :like ESCAPE '\\' "
                "OR address LIKE :like ESCAPE '\\' OR before LIKE :like ESCAPE '\\' "
                "OR after LIKE :like ESCAPE '\\') ORDER BY seq DESC LIMIT :limit",
                {
                    "words": words,
                    "like": f"%{escaped}%",
                    "kind": kind,
                    "from_ms": from_ms,
                    "to_ms": to_ms,
                    "before": before,
                    "limit": limit,
                },
            )
            return [_line(row) for row in rows]

    def _version(self) -> int:
        return int(str(self._open().pragma("data_version")))

    def _open(self) -> apsw.Connection:
        if self._db is None:
            raise AccountsBroken(f"{self._path} is closed")
        return self._db


class Writing:
    """What one transaction may do."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    def put(self, record: Account | Session | Device | Token) -> None:
        """Insert or replace."""
        key = record.id if isinstance(record, Account | Token) else record.key
        body = msgspec.json.encode(record).decode()
        self._db.execute(
            f"INSERT INTO {_TABLES[type(record)]} VALUES(?,?) "
            "ON CONFLICT(id) DO UPDATE SET body=excluded.body",
            (key, body),
        )

    def drop(self, kind: type, key: str) -> None:
        """Remove; nothing to remove is fine."""
        self._db.execute(f"DELETE FROM {_TABLES[kind]} WHERE id=?", (key,))

    def note(
        self, *, at_ms: int, by: str, address: str, kind: str, subject: str, before: str, after: str
    ) -> AuditLine:
        """Append to the audit log behind its last line."""
        last = self._db.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        seq, head = last or (0, GENESIS)
        line = AuditLine(
            seq=seq + 1,
            at_ms=at_ms,
            by=by,
            address=address,
            kind=kind,
            subject=subject,
            before=before,
            after=after,
        )
        line = msgspec.structs.replace(line, hash=line.chained(head))
        self._db.execute("INSERT INTO audit VALUES(?,?,?,?,?,?,?,?,?)", msgspec.structs.astuple(line))
        return line


def _line(row: tuple[object, ...]) -> AuditLine:
    return msgspec.convert(dict(zip(AuditLine.__struct_fields__, row, strict=True)), AuditLine)
