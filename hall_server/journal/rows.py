"""What can be asked of a journal: records, days, answers, tickets, snapshots, in portions.

Everybody but the writer reads over a connection of its own, so that nothing is held up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar

import apsw

from contract.clock import Reading
from contract.messages import JournalAnchor
from hall_server.hall.events import Event, JournalMigrated, JournalRestored, PlanPublished, SnapshotSealed
from hall_server.hall.plan import Plan
from hall_server.journal import sql
from hall_server.journal.connection import connect, schema_of
from hall_server.records import GENESIS, Chain, Entry, JournalBroken, Record, missing, record_of, seal

E = TypeVar("E", bound=Event)

PORTION = 5_000

TicketRow = tuple[str, str, str, int, str, str, str]
"""(id, day, series, ordinal, status, service, body as JSON) of a ticket as its last event left it."""


def _record(row: tuple[Any, ...]) -> Record:
    return Record(*row)


class Rows:
    """What can be asked of a journal of any schema, over one connection; no ``key``: no check of seals."""

    def __init__(self, db: apsw.Connection, key: bytes = b"") -> None:
        self._db = db
        self._key = key
        self.schema = schema_of(db)

    @property
    def anchored(self) -> bool:
        """Whether journals of this schema have an anchor."""
        return self.schema > sql.ANSWERS_APART

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
        row = self._db.execute(sql.LAST).fetchone()
        return (0, GENESIS) if row is None else (row[0], row[1])

    def last_reading(self) -> Reading | None:
        """Hall time and real-time clock of the newest event, or None in an empty journal."""
        row = self._db.execute(sql.LAST_READING).fetchone()
        return None if row is None else Reading(*row)

    def behind_last(self, event: Event, sender: str) -> Record:
        """The record of something that was done to the journal itself, at the instant of its newest record.

        Raises JournalBroken in a journal without records.
        """
        row = self._db.execute(self._records(sql.NEWEST)).fetchone()
        if row is None:
            raise JournalBroken("the journal has no records", "账本没有记录")
        last = _record(row)
        event = replace(event, at_ms=last.at_ms)
        return record_of(last.hash, Entry(last.seq + 1, last.wall_ms, last.day, sender, event), self._key)

    def hash_at(self, seq: int) -> bytes | None:
        """The hash of a record; GENESIS before the first, None when there is no such record."""
        if seq == 0:
            return GENESIS
        row = self._db.execute(sql.HASH_AT, (seq,)).fetchone()
        return None if row is None else row[0]

    def records(self, after: int = 0) -> Iterator[Record]:
        """Records beyond ``after`` in order, unchecked. Raises JournalBroken on one that cannot be read."""
        while rows := self.portion(after):
            yield from rows
            after = rows[-1].seq

    def portion(self, after: int) -> list[Record]:
        """The next records beyond ``after``; PORTION of them, fewer at the end."""
        question = self._records(sql.PORTION_AFTER)
        found: list[Record] = []
        try:
            found.extend(
                _record(row) for row in self._db.execute(question, (after or sql.LEAST_SEQ, PORTION))
            )
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
        return tuple(day for (day,) in self._db.execute(sql.DAYS))

    def events_of_day(self, day: str, *, after: int = 0) -> Iterator[Entry]:
        """Events of a business day in their order beyond seq ``after``; an open day as far as it is on disk.

        The close of a day is its last event. The chain is not checked here: the background check does that.
        """
        question = self._records(sql.PORTION_OF_DAY)
        while rows := self._db.execute(question, (day, after, PORTION)).fetchall():
            for record in map(_record, rows):
                yield record.entry()
            after = record.seq

    def head_of_day(self, day: str) -> str:
        """Chain hash (hex) of a day's last event on disk: stands for all history up to it; '' = none."""
        row = self._db.execute(sql.HEAD_OF_DAY, (day,)).fetchone()
        return "" if row is None else row[0].hex()

    def answers(self, day: str) -> Iterator[tuple[str, str]]:
        """(request, answer) of everything that was asked on a business day."""
        for record in self._of_kind(JournalMigrated.__name__, day):
            event = record.entry().event
            assert isinstance(event, JournalMigrated)
            yield from ((request, answer) for of, request, answer in event.answers if of == day)
        for request, answer in self._db.execute(sql.ANSWERS, (day,)):
            yield str(request), str(answer)

    def first_plan(self) -> Plan | None:
        """The description that was first published, None when none was."""
        for record in self._of_kind(PlanPublished.__name__):
            event = record.entry().event
            assert isinstance(event, PlanPublished)
            return event.plan
        return None

    def plans(self, after: int = 0) -> Iterator[tuple[int, PlanPublished]]:
        """Every description that came in force beyond ``after``, with its seq, oldest first."""
        for record in self._of_kind(PlanPublished.__name__, after=after):
            event = record.entry().event
            assert isinstance(event, PlanPublished)
            yield record.seq, event

    def snapshots(self) -> list[tuple[int, bytes]]:
        """(seq, body) of the kept snapshots, newest first."""
        if self.schema <= sql.ANSWERS_APART:
            return []
        return list(self._db.execute(sql.SNAPSHOTS))

    def sealed_digest(self, snapshot: int) -> str | None:
        """The digest that a record behind a snapshot gives it; None when none does."""
        for record in self._of_kind(SnapshotSealed.__name__, after=snapshot):
            event = record.entry().event
            if isinstance(event, SnapshotSealed) and event.seq == snapshot:
                return event.digest
        return None

    def tickets_of(self, day: str) -> list[TicketRow]:
        """The rows of the tickets of a business day."""
        return list(self._db.execute(sql.TICKETS_OF_DAY, (day,)))

    def tickets_per_day(self) -> dict[str, int]:
        """How many rows each business day has."""
        return dict(self._db.execute(sql.TICKETS_PER_DAY))

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
        question = self._records(sql.OF_KIND if day is None else sql.OF_KIND_AND_DAY)
        given = {"kind": kind, "after": after, "day": day}
        yield from map(_record, self._db.execute(question, given))

    def _records(self, which: str) -> str:
        return sql.records(self.schema, which)


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
