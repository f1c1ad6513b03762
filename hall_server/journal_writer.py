"""The journal as the running hall has it: group commit, sealed and anchored, on disk before anyone is told.

All batches that wait when the writer thread is free go in one transaction; only then are they released, in
order. A commit that fails ends the journal: ``on_failure`` is called and nothing is released any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from contract.clock import Reading
from contract.messages import JournalAnchor
from hall_server.anchor import AnchorKeeper, anchor_file, anchor_of, read_anchor, write_anchor
from hall_server.ballast import take_ballast, throw_off
from hall_server.figures import CommitFigures
from hall_server.group_commit import GroupCommit
from hall_server.hall.events import SnapshotSealed
from hall_server.hall.model import Ticket
from hall_server.journal.connection import DiskFull
from hall_server.journal.file import JournalFile
from hall_server.journal.rows import Rows
from hall_server.journal.sql import SCHEMA_VERSION
from hall_server.records import GENESIS, Entry, JournalBroken, Record, record_of


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


class Journal:
    """The file and its writer thread. ``open`` creates, migrates and checks it; then read, then ``start``.

    ``key`` seals every record and signs the anchor beside the file (``journal.anchor``), which ``on_anchor``
    gets too; without a key there is neither.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_failure: Callable[[BaseException], None],
        on_alarm: Callable[[str], None] = lambda _: None,
        key: bytes = b"",
        on_anchor: Callable[[JournalAnchor], None] = lambda _: None,
        vfs: str | None = None,
    ) -> None:
        self.path = path
        self.key = key
        self.alarm = on_alarm
        self.ballast = path.with_name("ballast")
        self._vfs = vfs
        self._writer = GroupCommit[Batch](
            name="journal", commit=self._commit_or_make_room, release=_release, on_failure=on_failure
        )
        self.figures = CommitFigures(waiting=lambda: self._writer.waiting)
        self._keeper = AnchorKeeper(anchor_file(path), key, on_anchor=on_anchor, on_alarm=on_alarm)
        self._held: dict[int, bytes] = {}
        self._file: JournalFile | None = None
        self._hash = GENESIS
        self.last_seq = 0

    def open(self) -> None:
        """Open or create the file, and hold it to its anchor. Raises JournalBroken, OSError, apsw.Error."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        anchor = read_anchor(anchor_file(self.path), self.key) if self.key else None
        if anchor is not None and anchor.seq and not self.path.exists():
            raise JournalBroken(
                f"record 1 is missing: {self.path} is gone, its anchor names record {anchor.seq}",
                "账本文件丢失",
            )
        if not take_ballast(self.ballast):
            self.alarm("磁盘空间不足：无法预留备用空间，请清理磁盘")
        self._file = JournalFile(self.path, self.key, vfs=self._vfs)
        self._file.bring_up_to_date(lambda former: self._settle(former, anchor))

    def _settle(self, former: int, anchor: JournalAnchor | None) -> None:
        """Within the transaction of a migration: the anchor stands before it, so no crash parts the two."""
        rows = self.rows
        self.last_seq, self._hash = rows.last()
        if not self.key:
            return
        if anchor is not None:
            rows.hold_to(anchor)
        elif self.last_seq and former == SCHEMA_VERSION:
            raise JournalBroken(
                f"the anchor {anchor_file(self.path)} is missing: nothing says how far the journal had come",
                "账本锚点文件丢失",
            )
        else:
            write_anchor(anchor_file(self.path), anchor_of(self.last_seq, self._hash, self.key))

    @property
    def rows(self) -> Rows:
        """What can be asked between ``open`` and ``start``; later on by a JournalReader."""
        assert self._file is not None
        assert not self._writer.running, "the writer owns this connection now"
        return self._file.rows

    def last_reading(self) -> Reading | None:
        """Hall time and real-time clock of the newest event, or None; between ``open`` and ``start``."""
        return self.rows.last_reading()

    def start(self) -> None:
        """From here on only the writer thread uses the connection."""
        self._writer.start()
        if self.key:
            self._keeper.start()

    def write(self, batch: Batch) -> None:
        """Queue a batch; returns at once."""
        self._writer.put(batch)

    def hold_snapshot(self, seq: int, body: bytes) -> None:
        """Have the state after ``seq`` ready: it is kept in the transaction of the event that seals it, and
        all but the newest two go."""
        self._held[seq] = body

    def close(self) -> None:
        """Write what is queued and the last anchor, checkpoint, close."""
        self._writer.stop()
        self._keeper.stop()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _commit_or_make_room(self, work: list[Batch]) -> None:
        """A full disk gets the ballast's room, once, and an alarm; then the commit must succeed."""
        try:
            self._measured(work)
        except DiskFull:
            if not throw_off(self.ballast):
                raise
            self.alarm("磁盘已满：已动用备用空间，请立即清理磁盘")
            self._measured(work)

    def _measured(self, work: list[Batch]) -> None:
        before, begun = self.last_seq, time.perf_counter()
        try:
            self._commit(work)
        except BaseException:
            self.figures.failed += 1
            raise
        if self.last_seq > before:
            self.figures.committed(time.perf_counter() - begun, len(work), self.last_seq - before)
            for batch in work:
                for entry in batch.entries:
                    self.figures.happened(entry, batch.tickets)

    def _commit(self, work: list[Batch]) -> None:
        head, records, tickets = self._hash, list[Record](), dict[str, Ticket]()
        for batch in work:
            for entry in batch.entries:
                told = (batch.request, batch.answer) if entry is batch.entries[-1] else ("", "")
                record = record_of(head, entry, self.key, request=told[0], answer=told[1])
                head = record.hash
                records.append(record)
            tickets.update({ticket.id: ticket for ticket in batch.tickets})
        if not records:
            return
        sealed = [e.event.seq for b in work for e in b.entries if isinstance(e.event, SnapshotSealed)]
        assert self._file is not None
        self._file.append(records, tickets.values(), [(seq, self._held[seq]) for seq in sealed])
        for seq in sealed:
            del self._held[seq]
        self._hash, self.last_seq = head, records[-1].seq
        if self.key:
            self._keeper.note(self.last_seq, head)


def _release(batch: Batch) -> None:
    if batch.release is not None:
        batch.release()
