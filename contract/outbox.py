"""Durable outbox of any station: what the hall must learn, kept on disk until the hall has answered.

Beside it the drawer: small named records that a station needs when it starts without a hall.

One file in SQLite (APSW, WAL, synchronous=FULL). Entries leave in order, each repeated with the same
request id until an answer comes; an answer, refusal included, ends the entry. Survives kill -9 and a
power cut: ``put`` returns after the commit.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import apsw

from contract.bus import Bus, BusError
from contract.messages import Answer, Request
from contract.schema import BrokenPayload, decode, encode
from contract.topics import REQUESTS, RequestRoute

Q = TypeVar("Q", bound=Request)
A = TypeVar("A", bound=Answer)

log = logging.getLogger(__name__)

NEEDED_SQLITE = (3, 51, 3)  # before it, a checkpoint could lose commits (the WAL-reset bug)
ANSWER_SECONDS = 10.0
PAUSE_SECONDS = 1.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    payload BLOB NOT NULL,
    put_ms INTEGER NOT NULL,
    unreadable INTEGER NOT NULL DEFAULT 0
) STRICT
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that the hall has not answered yet."""

    row: int
    kind: str
    payload: bytes


class Outbox:
    """Entries on disk and the worker that carries them to the hall. ``put`` from any thread that may wait."""

    def __init__(
        self, file: Path, bus: Bus, *, answered: Callable[[Request, Answer], None] | None = None
    ) -> None:
        self._file, self._bus, self._answered = file, bus, answered
        self._kinds: dict[str, RequestRoute[Any, Any]] = {route.kind: route for route in REQUESTS}
        self._lock = threading.Lock()
        self._news = threading.Condition()
        self._stopping = False
        self._connection: apsw.Connection | None = None
        self._thread = threading.Thread(target=self._drain, name="outbox", daemon=True)

    def open(self) -> None:
        """Open the file and start the worker. Raises apsw.Error when the file is not usable."""
        self._connection = open_database(self._file)
        with self._lock:
            self._connection.execute(_SCHEMA)
        self._thread.start()

    def close(self) -> None:
        """Stop the worker; what was not answered stays for the next start."""
        with self._news:
            self._stopping = True
            self._news.notify()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def put(self, kind: RequestRoute[Q, A], message: Q) -> int:
        """Keep a request until it is answered; its row. The same id twice is one entry."""
        with self._lock:
            rows = self._database().execute(
                "INSERT INTO entry (kind, id, payload, put_ms) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET id = id RETURNING row",
                (kind.kind, message.id, encode(message), time.time_ns() // 1_000_000),
            )
            row = int(str(rows.fetchall()[0][0]))
        with self._news:
            self._news.notify()
        return row

    def waiting(self) -> int:
        """How many entries the hall has not answered."""
        with self._lock:
            found = self._database().execute("SELECT count(*) FROM entry WHERE NOT unreadable").fetchall()
            return int(str(found[0][0]))

    # ------------------------------------------------------------ the worker

    def _drain(self) -> None:
        while not self._stopping:
            try:
                entry = self._oldest()
                if entry is None:
                    self._sleep(None)
                else:
                    self._carry(entry)
            except Exception:
                log.exception("the outbox stumbled; it goes on")
                self._sleep(PAUSE_SECONDS)

    def _carry(self, entry: Entry) -> None:
        route = self._kinds.get(entry.kind)
        if route is None:
            self._set_aside(entry, "no such kind")
            return
        try:
            message = decode(route.request, entry.payload)
        except BrokenPayload as error:
            self._set_aside(entry, str(error))
            return
        answer = self._ask(route, message)
        if answer is None:
            return
        with self._lock:
            self._database().execute("DELETE FROM entry WHERE row = ?", (entry.row,))
        if answer.refusal is not None:
            log.warning("the hall refused a kept %s: %s", entry.kind, answer.refusal.code)
        if self._answered is not None:
            self._answered(message, answer)

    def _ask(self, route: RequestRoute[Any, Any], message: Request) -> Answer | None:
        """One attempt; None when nobody answered or the outbox closes."""
        future: Future[Answer] = self._bus.request(route, message, timeout_seconds=ANSWER_SECONDS)
        future.add_done_callback(lambda _: self._wake())
        with self._news:
            while not (future.done() or self._stopping):
                self._news.wait()
        if not future.done():
            future.cancel()
            return None
        try:
            return future.result()
        except BusError:
            self._sleep(PAUSE_SECONDS)
            return None

    def _wake(self) -> None:
        with self._news:
            self._news.notify_all()

    def _sleep(self, seconds: float | None) -> None:
        """Until something is put, the outbox closes, or the time is over."""
        with self._news:
            if not self._stopping and (seconds is not None or self._oldest() is None):
                self._news.wait(seconds)

    def _oldest(self) -> Entry | None:
        with self._lock:
            rows = self._database().execute(
                "SELECT row, kind, payload FROM entry WHERE NOT unreadable ORDER BY row LIMIT 1"
            )
            found = rows.fetchall()
        if not found:
            return None
        row, kind, payload = found[0]
        return Entry(int(str(row)), str(kind), payload if isinstance(payload, bytes) else b"")

    def _set_aside(self, entry: Entry, why: str) -> None:
        """An older version's entry that nobody understands stays in the file for the technician."""
        log.error("a kept %s cannot be read and stays aside: %s", entry.kind, why)
        with self._lock:
            self._database().execute("UPDATE entry SET unreadable = 1 WHERE row = ?", (entry.row,))

    def _database(self) -> apsw.Connection:
        if self._connection is None:
            raise RuntimeError("the outbox is not open")
        return self._connection


# ---------------------------------------------------------------- the drawer


class Drawer:
    """Small named records on disk, changed together or not at all. Any thread that may wait.

    ``change`` returns after the commit: what it wrote survives kill -9 and a power cut. The file is for its
    owner alone: it may hold a secret.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._connection: apsw.Connection | None = None

    def open(self) -> None:
        """Open or create the file. Raises apsw.Error when it is not usable."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch(mode=0o600)
        with self._lock:
            self._connection = open_database(self._file)
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, body BLOB NOT NULL) "
                "STRICT, WITHOUT ROWID"
            )

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def change(self, records: Mapping[str, bytes | None]) -> None:
        """Write these records, None takes one away; all of it in one commit."""
        with self._lock:
            connection = self._open()
            with connection:
                for name, body in records.items():
                    if body is None:
                        connection.execute("DELETE FROM kept WHERE name = ?", (name,))
                    else:
                        connection.execute(
                            "INSERT INTO kept (name, body) VALUES (?, ?) "
                            "ON CONFLICT (name) DO UPDATE SET body = excluded.body",
                            (name, body),
                        )

    def read(self, prefix: str = "") -> dict[str, bytes]:
        """Records whose name begins so, by name."""
        with self._lock:
            rows = self._open().execute("SELECT name, body FROM kept ORDER BY name").fetchall()
        found = ((str(name), body) for name, body in rows)
        return {name: body for name, body in found if name.startswith(prefix) and isinstance(body, bytes)}

    def _open(self) -> apsw.Connection:
        if self._connection is None:
            raise RuntimeError("the drawer is not open")
        return self._connection


def open_database(file: Path) -> apsw.Connection:
    """A connection whose commits survive a power cut. Raises RuntimeError on an SQLite that can lose them."""
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < NEEDED_SQLITE:
        raise RuntimeError(f"SQLite {apsw.sqlite_lib_version()} can lose commits; wanted ≥ 3.51.3")
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = apsw.Connection(str(file))
    connection.set_busy_timeout(5000)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection
