"""Replays the records of a journal into a hall of its own, and knows what they made of the tickets."""

from __future__ import annotations

from hall_server.hall.evolve import evolve
from hall_server.hall.lookup import tickets_of
from hall_server.hall.model import Hall, Ticket
from hall_server.hall.plan import Plan, Rules
from hall_server.records import Entry, JournalBroken

_NO_PLAN = Plan("", "", Rules(), {}, {}, {}, {})


class Replay:
    """A second hall that follows the records; ``touched`` is each ticket as its last record left it, with
    that record, since ``forget``."""

    def __init__(self, plan: Plan | None) -> None:
        """``plan``: the description first published, in force before it too; None when there is none."""
        self.hall = Hall(plan or _NO_PLAN)
        self.touched: dict[str, tuple[int, Ticket]] = {}

    def take(self, entry: Entry) -> None:
        """Follow one record. Raises JournalBroken when it does not fit those before it."""
        try:
            evolve(self.hall, entry.event)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise JournalBroken(
                f"record {entry.seq} does not fit those before it: {error!r}",
                f"账本第 {entry.seq} 条记录与之前的记录不符",
            ) from error
        for name in tickets_of(entry.event):
            ticket = self.hall.tickets.get(name)
            if ticket is not None:
                self.touched[name] = (entry.seq, ticket)

    def forget(self) -> None:
        """The tickets so far are settled (their day has ended)."""
        self.touched.clear()
