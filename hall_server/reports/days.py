"""The business days of a journal, measured: closed ones once and kept on disk, the running one so far.

Reads through a connection of its own, never on the thread that owns the hall. What is kept is derived:
a file says which fold made it and the journal's chain hash at the day's end, which covers everything
before; when either differs (a new version, a restored backup) it is made anew, so files may be deleted
at any time.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from hall_server.hall.plan import Plan
from hall_server.journal.rows import JournalReader
from hall_server.reports.calendar import within
from hall_server.reports.lives import Carry, DayLives
from hall_server.reports.merges import Merges, merges_of
from hall_server.reports.summary import FOLD, DaySummary, summarise
from hall_server.reports.trace import Trace, trace

log = logging.getLogger(__name__)

REMEMBERED_DAYS = 70
CARRIES_KEPT = 3
SHARE_OF_TIME = 10
QUICK_SECONDS = 0.05
T = TypeVar("T", DaySummary, Carry)


class _Kept(msgspec.Struct, frozen=True):
    """A file: what made it, and its content as compressed MessagePack."""

    fold: int
    head: str
    body: bytes


class Days:
    """Summaries of business days. ``directory``: where closed ones are kept; ``plan``: the description for a
    journal that holds none. Any thread may ask; they take turns."""

    def __init__(
        self,
        journal: Path,
        directory: Path,
        plan: Plan,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._directory = directory
        self._plan = plan
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._remembered: OrderedDict[tuple[str, str], DaySummary] = OrderedDict()
        self._carry: tuple[str, str, Carry] | None = None
        self._running: DayLives | None = None
        self._shown: DaySummary | None = None
        self._fresh_until = 0.0

    def labels(self) -> tuple[str, ...]:
        """Every business day of the journal, oldest first."""
        with JournalReader(self._journal) as reader:
            return reader.days()

    def between(self, first: str = "", last: str = "") -> tuple[DaySummary, ...]:
        """Days whose date lies from ``first`` to ``last`` (``20261101``, '' = open end), oldest first.

        Raises JournalBroken.
        """
        with JournalReader(self._journal) as reader:
            labels = reader.days()
            wanted = [n for n, label in enumerate(labels) if within(label, first, last)]
            return tuple(self._summary(reader, labels, n) for n in wanted)

    def closed(self, count: int) -> tuple[DaySummary, ...]:
        """The last so many business days that are over. Raises JournalBroken."""
        with JournalReader(self._journal) as reader:
            labels = reader.days()
            return tuple(self._summary(reader, labels, n) for n in range(len(labels) - 1)[-count:])

    def unkept(self) -> int:
        """How many closed days are not kept yet; nothing is measured for the answer."""
        with JournalReader(self._journal) as reader:
            heads = [(label, reader.head_of_day(label)) for label in reader.days()[:-1]]
        return sum(self._kept_head(label) != head for label, head in heads)

    def fold_missing(self) -> int:
        """Measure and keep every closed day that is not kept yet; returns how many there were."""
        with JournalReader(self._journal) as reader:
            labels = reader.days()
            count = 0
            for n, label in enumerate(labels[:-1]):
                if self._load(label, reader.head_of_day(label), ".day", DaySummary) is None:
                    with self._lock:
                        self._fold(reader, labels, n)
                    count += 1
            return count

    def lives(self, first: str = "", last: str = "") -> Iterator[DayLives]:
        """The same days number by number, one after the other, read anew. Raises JournalBroken."""
        with JournalReader(self._journal) as reader:
            labels = reader.days()
            wanted = [label for label in labels if within(label, first, last)]
            carry = Carry(self._plan_before(reader, labels, wanted[0]) if wanted else self._plan)
            for label in wanted:
                day = _taken(reader, DayLives(carry), label)
                carry = day.carry(())
                yield day

    def trace(self, name: str) -> Trace | None:
        """The story of a visit by the id of it or of one of its numbers (``20261121-A012``); a bare number
        is looked for in the newest business day. Raises JournalBroken."""
        with JournalReader(self._journal) as reader:
            labels = reader.days()
            label, dash, _ = name.rpartition("-")
            if not dash and labels:
                label, name = labels[-1], f"{labels[-1]}-{name}"
            if label not in labels:
                return None
            return trace(reader.events_of_day(label), name, self._plan_before(reader, labels, label))

    def merges(self, day: str, plan: Plan) -> Merges:
        """What kiosks brought home on a business day that they had issued alone. Raises JournalBroken."""
        with JournalReader(self._journal) as reader:
            return merges_of(reader, day, plan)

    def _plan_before(self, reader: JournalReader, labels: tuple[str, ...], label: str) -> Plan:
        """The description in force when a day began."""
        for n in range(labels.index(label) - 1, -1, -1):
            if (plan := self._summary(reader, labels, n).plan) is not None:
                return plan
        return self._first(reader).plan

    # ------------------------------------------------------------ one day

    def _summary(self, reader: JournalReader, labels: tuple[str, ...], n: int) -> DaySummary:
        with self._lock:
            if n == len(labels) - 1:
                return self._present(reader, labels)
            key = (labels[n], reader.head_of_day(labels[n]))
            found = self._remembered.get(key) or self._load(*key, ".day", DaySummary)
            if found is None:
                self._fold(reader, labels, n)
                found = self._remembered[key]
            self._remember(key, found)
            return found

    def _fold(self, reader: JournalReader, labels: tuple[str, ...], n: int) -> Carry:
        """Measure a closed day and keep it, and on the way the days before it that leave no carry."""
        begin = n
        while begin > 0 and (known := self._carry_of(reader, labels[begin - 1])) is None:
            begin -= 1
        carry = known if begin > 0 and known is not None else self._first(reader)
        for label in labels[begin : n + 1]:
            key = (label, reader.head_of_day(label))
            summary, carry = summarise(_taken(reader, DayLives(carry), label))
            self._keep(*key, ".day", summary)
            self._remember(key, summary)
            self._carry = (*key, carry)
        self._keep(*key, ".carry", carry)
        for old in self._directory.glob("*.carry"):
            if old.stem < labels[max(0, n - CARRIES_KEPT)]:
                old.unlink(missing_ok=True)
        return carry

    def _carry_of(self, reader: JournalReader, label: str) -> Carry | None:
        """What a closed day left to the next, if it is kept."""
        head = reader.head_of_day(label)
        if self._carry is not None and self._carry[:2] == (label, head):
            return self._carry[2]
        return self._load(label, head, ".carry", Carry)

    def _first(self, reader: JournalReader) -> Carry:
        """Before the first day: the description that the journal begins with, else the given one."""
        return Carry(_taken(reader, DayLives(Carry(self._plan)), "").plan)

    def _present(self, reader: JournalReader, labels: tuple[str, ...]) -> DaySummary:
        """The newest day as far as it is on disk; measured again for at most a tenth of the time."""
        label, before = labels[-1], labels[:-1]
        if self._running is None or self._running.day != label:
            carry = self._carry_of(reader, before[-1]) if before else None
            if carry is None:
                carry = self._fold(reader, labels, len(before) - 1) if before else self._first(reader)
            self._running, self._shown = DayLives(carry), None
        if self._shown is not None and self._monotonic() < self._fresh_until:
            return self._shown
        started = self._monotonic()
        _taken(reader, self._running, label)
        if self._shown is None or self._shown.last_seq != self._running.last_seq:
            self._shown, _ = summarise(self._running)
        now = self._monotonic()
        if now - started > QUICK_SECONDS:
            self._fresh_until = now + (now - started) * SHARE_OF_TIME
        return self._shown

    def _remember(self, key: tuple[str, str], summary: DaySummary) -> None:
        self._remembered[key] = summary
        self._remembered.move_to_end(key)
        while len(self._remembered) > REMEMBERED_DAYS:
            self._remembered.popitem(last=False)

    # ------------------------------------------------------------ files

    def _kept_head(self, label: str) -> str:
        """The history that a kept day belongs to, '' when none is kept by this fold."""
        try:
            kept = msgspec.msgpack.decode(self._path(label, ".day").read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError):
            return ""
        return kept.head if kept.fold == FOLD else ""

    def _path(self, label: str, suffix: str) -> Path:
        return self._directory / f"{label}{suffix}"

    def _load(self, label: str, head: str, suffix: str, type_: type[T]) -> T | None:
        """What is kept, if it is whole, of this fold, and of this very history."""
        path = self._path(label, suffix)
        try:
            kept = msgspec.msgpack.decode(path.read_bytes(), type=_Kept)
            if (kept.fold, kept.head) != (FOLD, head):
                return None
            return msgspec.msgpack.decode(zlib.decompress(kept.body), type=type_)
        except FileNotFoundError:
            return None
        except (OSError, zlib.error, msgspec.DecodeError) as error:
            log.warning("%s cannot be read and is made anew: %s", path.name, error)
            return None

    def _keep(self, label: str, head: str, suffix: str, value: DaySummary | Carry) -> None:
        """Whole or not at all; on a disk without room the next report only takes longer."""
        path = self._path(label, suffix)
        part = path.with_name(f"{path.name}.{os.getpid()}.new")
        body = zlib.compress(msgspec.msgpack.encode(value), 1)
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            part.write_bytes(msgspec.msgpack.encode(_Kept(FOLD, head, body)))
            part.replace(path)
        except OSError as error:
            log.warning("%s cannot be kept: %s", path.name, error)


def _taken(reader: JournalReader, lives: DayLives, label: str) -> DayLives:
    """The lives with every event of the day that is on disk beyond those that they have."""
    for entry in reader.events_of_day(label, after=lives.last_seq):
        lives.take(entry.seq, entry.event)
    return lives
