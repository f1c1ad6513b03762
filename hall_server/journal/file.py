"""The one connection that writes a journal, and the migration of an older file.

One writer thread (``hall_server/journal_writer.py``) owns it. A migration is one transaction, after a copy of
the file was laid beside; it checks the chain and derives the rows of the tickets anew.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

import apsw
import msgspec

from hall_server.hall.events import DayClosed, JournalMigrated
from hall_server.hall.model import Ticket
from hall_server.journal import sql
from hall_server.journal.connection import connect, copy_into, schema_of
from hall_server.journal.rows import Rows, TicketRow
from hall_server.records import Record
from hall_server.replaying import Replay

log = logging.getLogger(__name__)

SNAPSHOTS_KEPT = 2


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
        if 0 < former < sql.SCHEMA_VERSION:
            copy = self.path.with_name(f"{self.path.stem}.before-schema-{sql.SCHEMA_VERSION}.db")
            copy_into(self._db, copy)
            log.info("the journal had schema %d: a copy lies in %s", former, copy)
        with self._db:
            if former < sql.SCHEMA_VERSION:
                _migrate(self._db, former, self._key)
            settle(former)

    def append(
        self, records: list[Record], tickets: Iterable[Ticket], snapshots: Iterable[tuple[int, bytes]]
    ) -> None:
        """One durable transaction: records, tickets as they stand now, states (seq, body) that records seal.

        Raises DiskFull, apsw.Error; then nothing was written.
        """
        with self._db:
            self._db.executemany(sql.APPEND, records)
            self._db.executemany(sql.PUT_TICKET, map(row_of, tickets))
            for snapshot in snapshots:
                self._db.execute(sql.PUT_SNAPSHOT, snapshot)
                self._db.execute(sql.FORGET_OLD_SNAPSHOTS, (SNAPSHOTS_KEPT,))

    def derive_again(self) -> None:
        """Write the rows of the tickets anew from the records; snapshots that no record seals so go.

        Raises JournalBroken when the records do not hold.
        """
        with self._db:
            rows = self.rows
            _derive_tickets(self._db, rows)
            for seq, body in rows.snapshots():
                if hashlib.sha256(body).hexdigest() != rows.sealed_digest(seq):
                    self._db.execute(sql.FORGET_SNAPSHOT, (seq,))

    def close(self) -> None:
        """Fold the file's log in and let go."""
        self._db.close()


def row_of(ticket: Ticket) -> TicketRow:
    """The row of a ticket."""
    body = msgspec.json.encode(ticket).decode()
    return (ticket.id, ticket.day, ticket.series, ticket.ordinal, ticket.status.value, ticket.service, body)


def _migrate(db: apsw.Connection, former: int, key: bytes) -> None:
    answers = _answers_apart(db) if former == sql.ANSWERS_APART else ()
    for step in sql.STEPS[former:]:
        db.execute(step)
    db.pragma("user_version", sql.SCHEMA_VERSION)
    rows = Rows(db, key)
    if former and (last := rows.last()[0]):
        event = JournalMigrated(at_ms=0, schema=sql.SCHEMA_VERSION, unsealed=last, answers=answers)
        db.execute(sql.APPEND, rows.behind_last(event, "migration"))
        _derive_tickets(db, rows)


def _derive_tickets(db: apsw.Connection, rows: Rows) -> None:
    """Write the rows of the tickets anew from the records, whose chain is checked on the way."""
    replay = Replay(rows.first_plan())
    db.execute(sql.FORGET_TICKETS)
    for entry in rows.read():
        replay.take(entry)
        if isinstance(entry.event, DayClosed):
            db.executemany(sql.PUT_TICKET, (row_of(ticket) for _, ticket in replay.touched.values()))
            replay.forget()
    db.executemany(sql.PUT_TICKET, (row_of(ticket) for _, ticket in replay.touched.values()))


def _answers_apart(db: apsw.Connection) -> tuple[tuple[str, str, str], ...]:
    """What repeats of the last business day must get, from schema 1."""
    found = db.execute(sql.ANSWERS_OF_SCHEMA_1)
    return tuple((day, request, answer) for day, request, answer in found)
