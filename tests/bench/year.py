"""A hall's history made by the real rules and written by the real writer, as fast as it goes.

Every command with its request, answer and the rows of its tickets; sealed, anchored, with snapshots.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import msgspec

from hall_server.anchor import journal_key
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.decide import decide, turn_of_day
from hall_server.hall.evolve import evolve
from hall_server.hall.lookup import Answer, tickets_of
from hall_server.hall.model import Hall
from hall_server.hall.snapshot import freeze
from hall_server.journal_writer import Batch, Journal
from hall_server.keeping import JOURNAL, key_file
from hall_server.records import Entry
from hall_server.recovery import SNAPSHOT_EVERY
from tests.hall_server.halls import small_plan

MORNING = 1_795_222_800_000
DAY_MS = 86_400_000
WINDOWS = 8


@dataclass
class Year:
    """A hall driven by the clock alone; in each service ``backlog`` people wait before anyone is called."""

    journal: Journal
    tickets_a_day: int
    backlog: int
    snapshot_every: int
    hall: Hall = field(default_factory=lambda: Hall(small_plan(windows=WINDOWS)))
    request: int = 0
    snapshot: int = 0

    def run(self, events: int) -> None:
        """Day after day until there are so many events; the newest snapshot lies as far back as it may."""
        self._write((self._published(),), "file", "", Answer(), MORNING)
        i = 0
        while self.hall.seq < events:
            day, i_of_day = divmod(i, self.tickets_a_day)
            now = MORNING + day * DAY_MS + i_of_day * 10_000
            self._ticket(now, f"w{1 + i % WINDOWS}")
            since = self.hall.seq - self.snapshot
            if since >= self.snapshot_every and self.hall.seq < events - self.snapshot_every:
                self._keep_snapshot(now)
            i += 1

    def _published(self) -> e.Event:
        return e.PlanPublished(at_ms=MORNING, version=1, plan=self.hall.plan, by="file", file="f")

    def _ticket(self, now_ms: int, window: str) -> None:
        turned = turn_of_day(self.hall, now_ms)
        if turned:
            self._write(turned, "clock", "", Answer(), now_ms)
        self.request += 1
        service = ("tax", "social", "police")[self.request % 3]
        self._do(c.Issue(request=f"k1-{self.request:08d}", by="kiosk-1", service=service), now_ms)
        if self.hall.waiting[service] > self.backlog:
            for kind in (c.CallNext, c.Arrive, c.Finish):
                self.request += 1
                self._do(
                    kind(request=f"{window}-{self.request}", by=f"window:{window}", window=window), now_ms
                )

    def _do(self, command: c.Command, now_ms: int) -> None:
        decision = decide(self.hall, command, now_ms)
        self._write(decision.events, command.by, f"{command.by}/{command.request}", decision.answer, now_ms)

    def _write(self, events: tuple[e.Event, ...], by: str, request: str, answer: Answer, now_ms: int) -> None:
        entries, touched = [], {}
        for event in events:
            evolve(self.hall, event)
            label = self.hall.day.label if self.hall.day else ""
            entries.append(Entry(self.hall.seq, now_ms, label, by, event))
            touched.update({t: self.hall.tickets[t] for t in tickets_of(event) if t in self.hall.tickets})
        told = msgspec.json.encode(answer).decode() if request else ""
        self.journal.write(Batch(tuple(entries), tuple(touched.values()), request, told))

    def _keep_snapshot(self, now_ms: int) -> None:
        """As the running hall does."""
        body = freeze(self.hall)
        self.snapshot = self.hall.seq
        self.journal.hold_snapshot(self.snapshot, body)
        sealed = e.SnapshotSealed(at_ms=now_ms, seq=self.snapshot, digest=sha256(body).hexdigest())
        self._write((sealed,), "snapshots", "", Answer(), now_ms)


def opened(state: Path) -> Journal:
    """The journal of a state folder, with the hall's key."""
    key_file(state).parent.mkdir(parents=True, exist_ok=True)
    if not key_file(state).exists():
        key_file(state).write_text("a made-up key\n", encoding="ascii")
    journal = Journal(
        state / JOURNAL,
        on_failure=lambda error: print("journal failed:", error),
        key=journal_key(key_file(state).read_text(encoding="ascii").strip().encode()),
    )
    journal.open()
    return journal


def make(
    state: Path,
    events: int,
    *,
    tickets_a_day: int = 2_500,
    backlog: int = 250,
    snapshot_every: int = SNAPSHOT_EVERY,
) -> int:
    """A journal of about so many events; returns how many there are."""
    journal = opened(state)
    journal.start()
    year = Year(journal, tickets_a_day, backlog, snapshot_every)
    year.run(events)
    journal.close()
    return year.hall.seq
