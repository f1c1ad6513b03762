"""What the running hall counts for its monitoring: commits, what was committed, waits, answers of the pages.

Each is written by one thread and read by another without a lock: a reading may be a moment old, no more.
Nothing here names a person, a number or an address; labels come from tables of bounded size.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from hall_server.hall.events import TicketCalled, TicketFinished
from hall_server.hall.model import Ticket
from hall_server.records import Entry

COMMIT_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)
GROUP_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
MINUTES = tuple(60.0 * minutes for minutes in (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120))
ANSWER_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0)


class Distribution:
    """How many values fell under each bound; the last count is of those above all."""

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: Iterable[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one in."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def buckets(self) -> Iterator[tuple[str, int]]:
        """(upper bound, how many up to it), as Prometheus wants them."""
        so_far = 0
        for bound, count in zip((*self._bounds, None), tuple(self._counts), strict=True):
            so_far += count
            yield ("+Inf" if bound is None else repr(float(bound)), so_far)


@dataclass(slots=True)
class CommitFigures:
    """Of the journal since the start; the writer thread counts. ``failed``: commits that the disk refused, of
    which those for want of room were tried again. ``waits``: seconds from a number's time in its queue to its
    first call, ``services``: seconds from arrival to the end, both by service."""

    waiting: Callable[[], int] = lambda: 0
    seconds: Distribution = field(default_factory=lambda: Distribution(COMMIT_SECONDS))
    groups: Distribution = field(default_factory=lambda: Distribution(GROUP_SIZES))
    records: int = 0
    failed: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    waits: dict[str, Distribution] = field(default_factory=dict)
    services: dict[str, Distribution] = field(default_factory=dict)

    def committed(self, seconds: float, group: int, records: int) -> None:
        """A group is on disk."""
        self.seconds.add(seconds)
        self.groups.add(group)
        self.records += records

    def happened(self, entry: Entry, tickets: tuple[Ticket, ...]) -> None:
        """An event is on disk; ``tickets`` as they stand after its command."""
        event = entry.event
        kind = type(event).__name__
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if isinstance(event, TicketCalled | TicketFinished):
            ticket = next((t for t in tickets if t.id == event.ticket), None)
            if ticket is None:
                return
            if isinstance(event, TicketFinished):
                if ticket.arrived_ms:
                    self._add(self.services, ticket.service, event.at_ms - ticket.arrived_ms)
            elif ticket.calls == 1:
                self._add(self.waits, ticket.service, event.at_ms - ticket.first_ms)

    def _add(self, where: dict[str, Distribution], service: str, ms: int) -> None:
        found = where.get(service)
        if found is None:
            found = where[service] = Distribution(MINUTES)
        found.add(max(0, ms) / 1000)


@dataclass(slots=True)
class AnswerFigures:
    """Of the pages and the interface: seconds to the first byte by route, answers by route and status; the
    loop of the pages counts. Routes are patterns (``GET /t/{token}``), so that no address is told."""

    seconds: dict[str, Distribution] = field(default_factory=dict)
    statuses: dict[tuple[str, int], int] = field(default_factory=dict)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """An answer began to leave."""
        found = self.seconds.get(route)
        if found is None:
            found = self.seconds[route] = Distribution(ANSWER_SECONDS)
        found.add(seconds)
        key = (route, status)
        self.statuses[key] = self.statuses.get(key, 0) + 1
