"""PURE: what a hall is made of, and the whole state of one hall at one moment.

``Plan`` is the described hall (from TOML), frozen. ``Hall`` is the only mutable value: it changes
inside ``evolve`` alone, on the one thread that owns it. Everything that it holds is immutable, so a
ticket that left the thread never changes under its reader. Instants are hall time in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from sortedcontainers import SortedList

from contract.messages import Paper, Person, TicketStatus, WindowStatus

OPEN_STATUSES = frozenset(
    {TicketStatus.WAITING, TicketStatus.CALLED, TicketStatus.SERVING, TicketStatus.PARKED}
)
AT_WINDOW = frozenset({TicketStatus.CALLED, TicketStatus.SERVING})


class RuleBroken(Exception):
    """A rule of the hall forbids the command; ``sentence`` is Chinese, for the person who pressed."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


class NoShowPolicy(StrEnum):
    """What becomes of a number whose holder did not come (过号)."""

    VOID = "void"
    BACK = "back"
    END = "end"
    MANUAL = "manual"


class Outcome(StrEnum):
    """How a service ended."""

    DONE = "done"
    MISSING_MATERIAL = "missing_material"
    NO_AUTHORITY = "no_authority"
    ELSEWHERE = "elsewhere"
    SYSTEM_FAULT = "system_fault"
    PERSON_LEFT = "person_left"


OUTCOME_TEXT = {
    Outcome.DONE: "办结",
    Outcome.MISSING_MATERIAL: "材料不全",
    Outcome.NO_AUTHORITY: "授权不足",
    Outcome.ELSEWHERE: "须回原单位",
    Outcome.SYSTEM_FAULT: "系统故障",
    Outcome.PERSON_LEFT: "群众离开",
}


# ---------------------------------------------------------------- the described hall


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules of the hall that a manager may set; minutes and counts."""

    recalls_before_no_show: int = 3
    no_show_policy: NoShowPolicy = NoShowPolicy.END
    back_places: int = 3
    day_closes_minute: int = 24 * 60 - 1
    utc_offset_minutes: int = 8 * 60
    call_expires_seconds: int = 45


@dataclass(frozen=True, slots=True)
class Zone:
    """专区."""

    id: str
    name: str
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """业务队列: a queue that items map to, with its own number series."""

    id: str
    name: str
    zone: str
    prefix: str
    first: int = 1
    width: int = 3
    mean_minutes: float = 8.0
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceWindow:
    """窗口: any service point. ``label`` is what is shown and spoken (3号窗口)."""

    id: str
    label: str
    name: str
    zone: str
    services: tuple[str, ...]
    open_at_start: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """A call board and its sound zone: the zones whose calls it shows and speaks."""

    id: str
    title: str
    zones: frozenset[str]
    rows: int = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """The described hall; every reference inside it has been checked."""

    id: str
    name: str
    rules: Rules
    zones: dict[str, Zone]
    services: dict[str, Service]
    windows: dict[str, ServiceWindow]
    boards: dict[str, Board]
    item_names: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    def windows_for(self, service: str) -> tuple[ServiceWindow, ...]:
        """Windows that can do the service, in the order of the plan."""
        return tuple(w for w in self.windows.values() if service in w.services)


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Ticket:
    """号票. ``rank`` orders its queue (first time, moved by policy); ``calls`` counts calls and recalls."""

    id: str
    number: str
    series: str
    ordinal: int
    day: str
    service: str
    visit: str
    issued_ms: int
    rank: int
    status: TicketStatus = TicketStatus.WAITING
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None
    station: str = ""
    window: str = ""
    calls: int = 0
    recalls: int = 0
    called_ms: int = 0
    arrived_ms: int = 0
    ended_ms: int = 0
    outcome: Outcome | None = None
    note: str = ""
    transfers: int = 0
    parked_until_ms: int = 0
    paper: Paper = Paper.NONE
    reprints: int = 0

    @property
    def call(self) -> str:
        """Identifier of the last call: unique for ever, the same in every replay."""
        return f"{self.id}:{self.calls}" if self.calls else ""


@dataclass(frozen=True, slots=True)
class WindowNow:
    """A window at this moment; ``ticket`` is the one being called or served."""

    status: WindowStatus
    ticket: str = ""
    reason: str = ""
    since_ms: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """业务日: stored with its closing instant; no calendar date is ever compared."""

    label: str
    opened_ms: int
    closes_ms: int


@dataclass(frozen=True, slots=True)
class RecentCall:
    """One line of the last calls, as boards show them."""

    call: str
    ticket: str
    number: str
    window: str
    service: str
    zone: str
    called_ms: int
    recalls: int


class Hall:
    """The whole state. Only ``evolve`` changes it; anyone on the owning thread may read it."""

    __slots__ = (
        "by_number",
        "by_person",
        "day",
        "issued",
        "parked",
        "plan",
        "recent",
        "seq",
        "tickets",
        "waiting",
        "windows",
    )

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.reset()

    def reset(self) -> None:
        """An empty hall before its first event."""
        plan = self.plan
        self.seq = 0
        self.day: Day | None = None
        self.tickets: dict[str, Ticket] = {}
        self.windows: dict[str, WindowNow] = {
            w.id: WindowNow(WindowStatus.OPEN if w.open_at_start else WindowStatus.CLOSED)
            for w in plan.windows.values()
        }
        self.waiting: dict[str, SortedList] = {s: SortedList() for s in plan.services}
        self.issued: dict[str, int] = {}
        self.by_person: dict[tuple[str, str], tuple[str, ...]] = {}
        self.by_number: dict[str, str] = {}
        self.parked: SortedList = SortedList()
        self.recent: tuple[RecentCall, ...] = ()

    def open_tickets(self) -> Iterator[Ticket]:
        """Tickets that are still in the hall."""
        return (t for t in self.tickets.values() if t.status in OPEN_STATUSES)

    def ticket_at(self, window: str) -> Ticket | None:
        """The ticket called to or served at a window."""
        return self.tickets.get(self.windows[window].ticket)

    def ahead(self, ticket: Ticket) -> int:
        """People before this ticket in its own queue; 0 when it does not wait."""
        if ticket.status is not TicketStatus.WAITING:
            return 0
        return int(self.queue(ticket.service).bisect_left((ticket.rank, ticket.id)))

    def head(self, service: str) -> tuple[int, str] | None:
        """(rank, ticket id) of the first one waiting for a service."""
        queue = self.waiting.get(service)
        return queue[0] if queue else None

    def queue(self, service: str) -> SortedList:
        """The waiting list of a service: sorted (rank, ticket id); kept even for a service that the
        plan has lost, so that a replay always succeeds."""
        return self.waiting.setdefault(service, SortedList())

    def stranded(self) -> tuple[Ticket, ...]:
        """Open tickets whose service or window the present plan does not have."""
        return tuple(
            t
            for t in self.open_tickets()
            if t.service not in self.plan.services or (t.window and t.window not in self.plan.windows)
        )
