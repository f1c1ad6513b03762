"""Bringing a hall back from its journal: newest snapshot, the events after it, the answers given."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from hall_server.hall.evolve import evolve
from hall_server.hall.lookup import Answer
from hall_server.hall.model import Hall
from hall_server.hall.plan import Plan
from hall_server.hall.snapshot import freeze, thaw
from hall_server.journal import Journal, JournalBroken, connect, verified, verify

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
    """Fill a fresh hall from an opened journal that has not started.

    Raises JournalBroken when the chain does not hold, Stranded when the description lost a service.
    """
    after = 0
    snapshot = journal.latest_snapshot()
    if snapshot is not None:
        try:
            thaw(hall, snapshot[1])
            after = snapshot[0]
        except msgspec.DecodeError as error:
            log.warning("snapshot %d is of another version (%s): replaying everything", snapshot[0], error)
            hall.reset()
    replayed = 0
    for entry in journal.read(after):
        evolve(hall, entry.event)
        replayed += 1
    if hall.seq != journal.last_seq:
        raise JournalBroken(f"replay ended at {hall.seq}, the journal at {journal.last_seq}")
    stranded = hall.stranded(hall.plan)
    if stranded:
        lost = sorted({t.service for t in stranded})
        numbers = "、".join(t.number for t in stranded[:8])
        raise Stranded(
            f"{len(stranded)} open numbers ({numbers}) belong to services or windows that the hall's "
            f"description no longer has (services {', '.join(lost)}): keep these until the day closes"
        )
    days = (hall.day.label,) if hall.day else ()
    answers = {
        (day, request): msgspec.json.decode(answer, type=Answer)
        for day, request, answer in journal.answers(days)
    }
    return Recovered(replayed, answers)


class Snapshots:
    """Keeps a second hall up to date from the file and writes its snapshots; never touches the live one."""

    def __init__(self, plan: Plan, journal: Journal, *, on_alarm: Callable[[str], None]) -> None:
        self._plan = plan
        self._journal = journal
        self._on_alarm = on_alarm
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)
        self._last = 0

    def start(self) -> None:
        """Check the whole chain once in the background, then follow."""
        self._thread.start()

    def stop(self) -> None:
        """Write a last snapshot while the journal still runs."""
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
            count = verify(self._journal.path)
            log.info("the chain of %d events holds", count)
        except Exception as broken:
            log.exception("journal: the check of the whole chain failed")
            self._on_alarm(f"日志校验失败：{broken}")
            return
        hall = Hall(self._plan)
        while True:
            self._take(hall)
            if self._stopping:
                return
            self._wake.wait()
            self._wake.clear()

    def _take(self, hall: Hall) -> None:
        db = connect(self._journal.path, readonly=True)
        try:
            if not hall.seq:
                row = db.execute("SELECT seq, body FROM snapshot ORDER BY seq DESC LIMIT 1").fetchone()
                if row is not None:
                    thaw(hall, row[1])
                    self._last = row[0]
            for entry in verified(db, hall.seq):
                evolve(hall, entry.event)
        finally:
            db.close()
        if hall.seq > self._last:
            at_ms = hall.day.opened_ms if hall.day else 0
            self._journal.write_snapshot(hall.seq, at_ms, freeze(hall)).result()
            self._last = hall.seq
