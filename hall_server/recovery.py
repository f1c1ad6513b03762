"""Bringing a hall back from its journal: newest snapshot, the events after it, the answers given."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

import msgspec

from hall_server.hall import commands as c
from hall_server.hall.events import SnapshotSealed
from hall_server.hall.evolve import evolve
from hall_server.hall.lookup import Answer
from hall_server.hall.model import Hall
from hall_server.hall.plan import Plan
from hall_server.hall.snapshot import freeze, thaw
from hall_server.journal.rows import JournalReader, Rows
from hall_server.journal_writer import Journal
from hall_server.records import JournalBroken

log = logging.getLogger(__name__)

SNAPSHOT_EVERY = 5_000


class Stranded(Exception):
    """Open numbers point at services or windows that the hall's description no longer has."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many events were replayed, and the answers that repeats must get: (day, sender/request)."""

    replayed: int
    answers: dict[tuple[str, str], Answer]


def recover(hall: Hall, journal: Journal) -> Recovered:
    """Fill a fresh hall from an opened journal that has not started; only what lies behind its newest sound
    snapshot is read.

    Raises JournalBroken when the chain there does not hold, Stranded when the description lost a service.
    """
    rows = journal.rows
    after = thaw_newest(hall, rows, journal.alarm)
    if not after:
        hall.plan = rows.first_plan() or hall.plan
        hall.reset()
    replayed = 0
    for entry in rows.read(after):
        evolve(hall, entry.event)
        replayed += 1
    stranded = hall.stranded(hall.plan)
    if stranded:
        lost = sorted({t.service for t in stranded})
        numbers = "、".join(t.number for t in stranded[:8])
        raise Stranded(
            f"{len(stranded)} open numbers ({numbers}) belong to services or windows that the hall's "
            f"description no longer has (services {', '.join(lost)}): keep these until the day closes"
        )
    day = hall.day.label if hall.day else ""
    answers = {
        (day, request): msgspec.json.decode(answer, type=Answer) for request, answer in rows.answers(day)
    }
    return Recovered(replayed, answers)


def thaw_newest(hall: Hall, rows: Rows, alarm: Callable[[str], None]) -> int:
    """Fill the hall from the newest snapshot that a record seals and this version can read; its seq, or 0."""
    for seq, body in rows.snapshots():
        if hashlib.sha256(body).hexdigest() != rows.sealed_digest(seq):
            log.error("snapshot %d is not what the journal sealed: passed over", seq)
            alarm(f"快照 {seq} 与账本不符，已弃用，请检查是否有人改动过数据文件")
            continue
        try:
            thaw(hall, body)
        except msgspec.DecodeError as error:
            log.warning("snapshot %d is of another version: %s", seq, error)
            hall.reset()
            continue
        return seq
    return 0


class Door(Protocol):
    """What snapshots need of the running hall."""

    def submit(self, command: c.Command) -> Future[Answer]:
        """Carry out a command."""

    def query(self, function: Callable[[Hall], bytes]) -> Future[bytes]:
        """Ask the state thread."""


class Snapshots:
    """Keeps a second hall up to date from the file and has its states sealed: their digests become events.

    The live hall is frozen only when there is no snapshot to begin with (a new version's first start).
    """

    def __init__(
        self,
        plan: Plan,
        journal: Journal,
        *,
        door: Door,
        on_alarm: Callable[[str], None],
    ) -> None:
        self._hall = Hall(plan)
        self._journal = journal
        self._door = door
        self._on_alarm = on_alarm
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)
        self._last = 0

    def start(self) -> None:
        """Follow the journal."""
        self._thread.start()

    def stop(self) -> None:
        """Have a last snapshot sealed, while door and journal still work."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def nudge(self) -> None:
        """More events are on disk; cheap, from any thread."""
        if self._journal.last_seq - self._last >= SNAPSHOT_EVERY:
            self._wake.set()

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._take()
                self._wake.wait()
                self._wake.clear()
            self._take()
        except Exception as error:
            log.exception("no more snapshots are taken: the next start will replay all events since the last")
            self._on_alarm(f"快照失败：{error.sentence if isinstance(error, JournalBroken) else error}")

    def _take(self) -> None:
        hall = self._hall
        news = False
        with JournalReader(self._journal.path, self._journal.key) as reader:
            if not hall.seq:
                self._last = thaw_newest(hall, reader, lambda _: None)
                if not self._last:
                    thaw(hall, self._door.query(freeze).result())
                    news = hall.seq > 0
            for entry in reader.read(hall.seq):
                evolve(hall, entry.event)
                news = news or not isinstance(entry.event, SnapshotSealed)
        if news:
            body = freeze(hall)
            self._journal.hold_snapshot(hall.seq, body)
            digest = hashlib.sha256(body).hexdigest()
            self._door.submit(
                c.SealSnapshot(request="", by="snapshots", seq=hall.seq, digest=digest)
            ).result()
            self._last = hall.seq
