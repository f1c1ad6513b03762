"""Checks a journal whole: chain, seals, anchor, file, and everything beside the records against a replay.

A restart trusts the newest snapshot, and others read the rows of the tickets; both follow from the records.
So the records are replayed into a second hall, and what lies beside them must be what comes out. It
runs while the hall writes: records are read in portions, the open day is compared within one moment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from contract.messages import JournalAnchor
from hall_server.hall.events import DayClosed, JournalRestored, SnapshotSealed
from hall_server.hall.model import Hall, Ticket
from hall_server.hall.plan import Plan
from hall_server.hall.snapshot import same_state, thaw
from hall_server.journal.connection import FileDamaged
from hall_server.journal.file import SNAPSHOTS_KEPT, row_of
from hall_server.journal.rows import JournalReader, TicketRow
from hall_server.journal.sql import SCHEMA_VERSION
from hall_server.records import Chain, Entry, JournalBroken, NotDerived, understood
from hall_server.replaying import Replay


def verify(path: Path, key: bytes = b"", *, anchor: JournalAnchor | None = None) -> int:
    """Check the whole journal over a read-only connection; returns how many records hold.

    Without ``key`` seals stay unchecked. ``anchor``: how far the journal is known to have come. Raises
    JournalBroken naming the first bad record; when all records are good, NotDerived naming the ticket or
    snapshot that does not follow from them, or JournalBroken with what SQLite finds wrong in the file. A
    file of an older schema is checked for chain and damage only.
    """
    with JournalReader(path, key) as reader:
        try:
            count = _Check(reader, key, anchor).run()
            reader.check_file()
        except (FileDamaged, UnicodeDecodeError) as error:
            raise JournalBroken(f"the file is damaged: {error}", "账本文件损坏") from error
    return count


class _Check:
    """One replay of everything, compared on the way with what lies beside the records.

    What is found beside them is told only when the records themselves hold to the end. A journal in which no
    description of the hall was ever published cannot be replayed: of its snapshots the digests are compared.
    """

    def __init__(self, reader: JournalReader, key: bytes, anchor: JournalAnchor | None) -> None:
        self._reader = reader
        self._anchor = anchor
        self._chain = Chain(key if reader.anchored else b"")
        self._plan: Plan | None = None
        self._replay = Replay(None)
        self._issued: dict[str, int] = {}
        self._sealed: list[int] = []
        self._snapshots: dict[int, bytes] = {}
        self._kept_at = 0
        self._finding: JournalBroken | None = None
        self._comparing = reader.schema == SCHEMA_VERSION

    def run(self) -> int:
        """Returns how many records hold. Raises JournalBroken."""
        self._guarded(self._begin)
        more = True
        while more:
            with self._reader.one_moment():
                more = self._portion()
                if not more:
                    self._chain.end()
                    if self._anchor is not None:
                        self._reader.hold_to(self._anchor)
                    self._guarded(self._end)
        if self._finding is not None:
            raise self._finding
        return self._chain.seq

    def _begin(self) -> None:
        self._plan = self._reader.first_plan()
        self._replay = Replay(self._plan)
        with self._reader.one_moment():
            self._snapshots = dict(self._reader.snapshots())
            self._kept_at, _ = self._reader.last()

    def _portion(self) -> bool:
        try:
            records = self._reader.portion(self._chain.seq)
            for record in records:
                entry = self._chain.follow(record)
                self._guarded(partial(self._compare, entry))
        except JournalBroken:
            self._chain.broken_off()
            raise
        return bool(records)

    def _guarded(self, compare: Callable[[], None]) -> None:
        """Compare what lies beside the records until something is found; then only they are followed."""
        if not self._comparing:
            return
        try:
            compare()
        except JournalBroken as finding:
            self._finding, self._comparing = finding, False
        except (FileDamaged, UnicodeDecodeError) as error:
            what = f"the file is damaged behind record {self._chain.seq}: {error}"
            self._finding, self._comparing = JournalBroken(what, "账本文件损坏"), False

    def _end(self) -> None:
        self._compare_tickets()
        self._compare_kept()
        if self._plan is None:
            return
        for day, count in self._reader.tickets_per_day().items():
            if count != (issued := self._issued.get(day, 0)):
                raise NotDerived(
                    f"{count} rows of tickets of day {day!r}, but {issued} that records issued",
                    f"业务日 {day} 的号票表与账本不符",
                )

    def _compare(self, entry: Entry) -> None:
        self._replay.take(entry)
        if isinstance(entry.event, SnapshotSealed):
            if entry.seq <= self._kept_at:
                self._sealed = [*self._sealed[1 - SNAPSHOTS_KEPT :], entry.event.seq]
            body = self._snapshots.get(entry.event.seq)
            if body is not None and hashlib.sha256(body).hexdigest() != entry.event.digest:
                raise _snapshot_broken(entry.event.seq, f"is not what record {entry.seq} sealed")
        elif isinstance(entry.event, DayClosed):
            self._compare_tickets()
        elif isinstance(entry.event, JournalRestored):
            self._sealed = [seq for seq in self._sealed if seq in self._snapshots]
        body = self._snapshots.get(entry.seq)
        if body is not None:
            self._compare_snapshot(entry.seq, body)

    # ------------------------------------------------------------ tickets

    def _compare_tickets(self) -> None:
        """The rows of the days whose tickets were touched; afterwards these days are done with."""
        if self._plan is None:
            self._replay.forget()
            return
        touched = self._replay.touched
        days = {ticket.day for _, ticket in touched.values()}
        rows = {row[0]: row for day in days for row in self._reader.tickets_of(day)}
        for name, (seq, ticket) in touched.items():
            if not _agrees(rows.pop(name, None), ticket):
                raise _ticket_broken(name, f"is not what record {seq} made of it", seq)
            self._issued[ticket.day] = self._issued.get(ticket.day, 0) + 1
        for name in sorted(rows):
            raise _ticket_broken(name, "stands for a number that no record issued", 0)
        self._replay.forget()

    # ------------------------------------------------------------ snapshots

    def _compare_snapshot(self, seq: int, body: bytes) -> None:
        if self._plan is None:
            return
        kept = Hall(self._replay.hall.plan)
        try:
            thaw(kept, body)
        except msgspec.DecodeError:
            return  # another version's; its digest is checked all the same
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise _snapshot_broken(seq, f"cannot be read: {error!r}") from error
        if not same_state(kept, self._replay.hall):
            raise _snapshot_broken(seq, "does not agree with the records before it")

    def _compare_kept(self) -> None:
        """The newest sealed ones are there, and none besides, as of the moment when they were read."""
        for seq in sorted(self._snapshots.keys() ^ set(self._sealed)):
            raise _snapshot_broken(seq, "was never sealed" if seq in self._snapshots else "is missing")


def _agrees(row: TicketRow | None, ticket: Ticket) -> bool:
    """Whether the row says the same; fields that came with a later version may be absent in it."""
    wanted = row_of(ticket)
    if row is None or row[:-1] != wanted[:-1]:
        return False
    if row == wanted:
        return True
    try:
        return msgspec.json.decode(row[-1], type=Ticket) == ticket and understood(row[-1], wanted[-1])
    except msgspec.DecodeError:
        return False


def _ticket_broken(name: str, what: str, seq: int) -> NotDerived:
    behind = f"（第 {seq} 条记录）" if seq else ""
    return NotDerived(f"the row of ticket {name} {what}", f"号票 {name} 的数据与账本不符{behind}")


def _snapshot_broken(seq: int, what: str) -> NotDerived:
    return NotDerived(f"snapshot {seq} {what}", f"快照 {seq} 与账本不符")
