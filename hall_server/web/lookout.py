"""What the manager's page finds outside the hall's state: merges of lonely kiosks, and what he has put away.

Merges are read from the journal by a worker, at most each LOOK_SECONDS and only while somebody looks. What
was put away is a line of the audit log, so it stays away after a restart, for its business day.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

import msgspec

from hall_server.accounts.book import Act as Audited
from hall_server.accounts.book import Actor, Book
from hall_server.hall.supervision import Act, Finding, Urgency
from hall_server.records import JournalBroken
from hall_server.reports.days import Days
from hall_server.reports.merges import Decided
from hall_server.service import HallService

log = logging.getLogger(__name__)

LOOK_SECONDS = 15.0
SEEN_LINES = 500
SEEN = "manager.seen"
_LAST = 2**62


class Lookout:
    """One for all managers. Any thread may ask."""

    def __init__(
        self,
        service: HallService,
        days: Days,
        book: Book,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service, self._days, self._book, self._monotonic = service, days, book, monotonic
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._looking = False
        self._merges: tuple[Decided, ...] = ()
        self._known: dict[str, frozenset[str]] = {}

    def findings(self) -> Iterator[Finding]:
        """Numbers that came home and have no place in a queue; the newest answer of the worker."""
        self._look()
        for merge in self._merges:
            if not merge.waits:
                key = f"merge-{merge.seq}"
                title = f"离线号 {merge.number}（{merge.service}）未能并入队列"
                act = Act("seen", "知道了", key)
                yield Finding(key, Urgency.SOON, title, merge.sentence, merge.at_ms, act)

    def seen_of(self, day: str) -> frozenset[str]:
        """Keys of what was put away on this business day."""
        found = self._known.get(day)
        if found is None:
            lines = self._book.audit_lines(
                words="", kind=SEEN, from_ms=0, to_ms=_LAST, before=_LAST, limit=SEEN_LINES
            )
            told = (msgspec.json.decode(line.after or "{}") for line in lines)
            found = frozenset(str(each["finding"]) for each in told if each.get("day") == day)
            self._known = {day: found}
        return found

    def put_away(self, key: str, day: str, actor: Actor) -> None:
        """Known from now on; audited."""
        self._book.note(actor, Audited(SEEN, key[:64], None, {"finding": key, "day": day}))
        self._known = {day: self.seen_of(day) | {key}}

    def _look(self) -> None:
        with self._lock:
            if self._looking or self._monotonic() - self._looked_at < LOOK_SECONDS:
                return
            self._looking = True
        threading.Thread(target=self._read, name="lookout", daemon=True).start()

    def _read(self) -> None:
        try:
            self._merges = self._days.merges(self._service.view.day, self._service.plan).decisions
        except (JournalBroken, OSError):
            log.exception("the merges of the day could not be read")
        finally:
            with self._lock:
                self._looked_at, self._looking = self._monotonic(), False
