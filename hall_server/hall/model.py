"""PURE: the whole state of one hall at one moment.

``Hall`` is the only mutable value: it changes inside ``evolve`` alone, on the one thread that owns it.
Everything that it holds is immutable, so a ticket that left the thread never changes under its
reader. Instants are hall time in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from sortedcontainers import SortedList

from contract.messages import Paper, Person, TicketStatus, WindowStatus
from hall_server.hall.plan import Plan, ServiceWindow

OPEN_STATUSES = frozenset(
    {TicketStatus.WAITING, TicketStatus.CALLED, TicketStatus.SERVING, TicketStatus.PARKED}
)
AT_WINDOW = frozenset({TicketStatus.CALLED, TicketStatus.SERVING})
LEVEL_OWN, LEVEL_HELP = 1, 2
FULL_GREEN_BUDGET = 2_000


class RuleBroken(Exception):
    """A rule of the hall forbids the command; ``sentence`` is Chinese, for the person who pressed."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


class Outcome(StrEnum):
    """How a service ended; all but DONE and MISSING_ACCEPTED are ends without result."""

    DONE = "done"
    MISSING_ACCEPTED = "missing_accepted"
    MISSING_MATERIAL = "missing_material"
    NO_AUTHORITY = "no_authority"
    ELSEWHERE = "elsewhere"
    SYSTEM_FAULT = "system_fault"
    PERSON_LEFT = "person_left"


OUTCOME_TEXT = {
    Outcome.DONE: "办结",
    Outcome.MISSING_ACCEPTED: "容缺受理",
    Outcome.MISSING_MATERIAL: "材料不全",
    Outcome.NO_AUTHORITY: "授权不足",
    Outcome.ELSEWHERE: "须回原单位",
    Outcome.SYSTEM_FAULT: "系统故障",
    Outcome.PERSON_LEFT: "群众离开",
}


class Class(IntEnum):
    """Who is preferred, in the order of a strict rule."""

    GREEN = 0
    APPOINTMENT = 1
    NORMAL = 2


class Arrival(StrEnum):
    """How someone with an appointment came."""

    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"


class Asked(StrEnum):
    """For whom somebody calls."""

    GUIDE = "guide"
    MANAGER = "manager"


class Booking(StrEnum):
    """Life of an appointment."""

    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    CANCELLED = "cancelled"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Lane:
    """A waiting list: everyone in it needs the same services, is of one class, and is bound alike."""

    services: tuple[str, ...]
    rank_class: Class
    window: str = ""
    clerk: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """号票. ``service`` and ``also`` are what it needs (a basket when ``also`` is not empty); ``rank`` orders
    its lane (first time, moved by policy); ``calls`` counts calls and recalls; ``postpones`` how often its
    holder asked for more time, ``away`` while it is set aside for that. ``window`` is where it is or was last
    called; ``bound_window`` or ``bound_clerk`` alone may call it; ``return_to`` gets it back,
    for ``return_service``."""

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
    also: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None
    agent: str = ""
    rank_class: Class = Class.NORMAL
    green_reason: str = ""
    appointment: str = ""
    arrival: Arrival | None = None
    station: str = ""
    window: str = ""
    bound_window: str = ""
    bound_clerk: str = ""
    return_to: str = ""
    return_service: str = ""
    responsible: str = ""
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
    postpones: int = 0
    away: bool = False

    @property
    def call(self) -> str:
        """Identifier of the last call: unique for ever, the same in every replay."""
        return f"{self.id}:{self.calls}" if self.calls else ""

    @property
    def lane(self) -> Lane:
        """Where it waits."""
        return Lane((self.service, *self.also), self.rank_class, self.bound_window, self.bound_clerk)

    @property
    def first_ms(self) -> int:
        """Since when its wait counts: the time in its rank."""
        return self.rank >> 16


@dataclass(frozen=True, slots=True)
class Appointment:
    """预约: a person's right to a slot of a service; ``by`` took it: a page, or a partner (``api:…``)."""

    id: str
    service: str
    start_ms: int
    status: Booking = Booking.BOOKED
    person: Person | None = None
    ticket: str = ""
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """A service rendered: the number's ``call`` that it followed, where, by whom; what is evaluated, once.

    ``grade`` 0 until then, else 1 to 5 (evaluation.Grade)."""

    call: str
    window: str
    service: str
    clerk: str
    ended_ms: int
    grade: int = 0


@dataclass(frozen=True, slots=True)
class WindowNow:
    """A window at this moment; ``ticket`` is the one being called or served, ``clerk`` who sits there."""

    status: WindowStatus
    ticket: str = ""
    reason: str = ""
    since_ms: int = 0
    clerk: str = ""
    shift: str = ""


@dataclass(frozen=True, slots=True)
class TurnTaken:
    """What a call changed in its group's turns and in the green lane's budget."""

    group: str
    turns: tuple[int, int]
    turned: tuple[int, int]
    budget: int


@dataclass(frozen=True, slots=True)
class Undoable:
    """The last action at a window: the tickets as they stood before it, and as it left them; of a call also
    whose turn it took."""

    at_ms: int
    what: str
    before: tuple[Ticket, ...]
    after: tuple[Ticket, ...]
    took: TurnTaken | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """Numbers first–last of a series that a station may issue alone, under a fencing token; ``holder`` is
    the store at the station that knows which of them are on paper."""

    token: int
    station: str
    service: str
    first: int
    last: int
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """业务日: stored with its closing instant; no calendar date is ever compared."""

    label: str
    opened_ms: int
    closes_ms: int


@dataclass(frozen=True, slots=True)
class Published:
    """The description in force: its ``version`` (0 before the first), the digest of the one that the
    file on disk last brought, what people edited; ``gone`` are (kind, id) of what earlier ones showed."""

    version: int = 0
    file: str = ""
    document: str = ""
    gone: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """A service of which no numbers are given for the rest of the day; ``by_rule``: because of closing time.
    ``lifted``: a manager opened it again, and the rule leaves it alone."""

    at_ms: int
    sentence: str
    by_rule: bool = False
    lifted: bool = False


@dataclass(frozen=True, slots=True)
class Papers:
    """收件 of one number, by names: what a clerk has ``taken`` in, and what was ``missing`` at its end."""

    taken: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HelpCall:
    """A call for a guide or for the manager, of this business day; ``id`` is the number of its record. At a
    ``station`` or a ``window``; ``taken_by`` goes there; 0 is the instant of what has not happened."""

    id: int
    asked: Asked
    at_ms: int
    station: str = ""
    window: str = ""
    about: str = ""
    clerk: str = ""
    taken_by: str = ""
    taken_ms: int = 0
    ended_ms: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A text that boards show until an instant; ``id`` is the number of its record."""

    id: int
    text: str
    until_ms: int


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
    """The whole state. Only ``evolve`` changes it; anyone on the owning thread may read it.

    ``issued`` and ``leased`` are the last ordinals given of each series, by the hall and in blocks.
    ``lanes`` hold (rank, ticket id); ``waiting`` counts people by first service; ``turns`` counts for each
    group how many preferred and normal ones were called since the ratio last turned; ``green_budget`` is
    what the green lane may still take, in hundredths of a call; ``busy`` counts for
    each visit how many of its tickets are at a window now.
    """

    __slots__ = (
        "appointments",
        "booked",
        "busy",
        "by_agent",
        "by_number",
        "by_person",
        "by_slot",
        "day",
        "green_budget",
        "helps",
        "issued",
        "issued_to",
        "lanes",
        "leased",
        "leases",
        "notices",
        "papers",
        "parked",
        "plan",
        "published",
        "recent",
        "seq",
        "served",
        "skills",
        "stopped",
        "tickets",
        "tokens",
        "turns",
        "undoable",
        "waiting",
        "walk_ins",
        "windows",
    )

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.reset()

    def reset(self) -> None:
        """An empty hall before its first event."""
        self.published = Published()
        self.seq = 0
        self.day: Day | None = None
        self.tickets: dict[str, Ticket] = {}
        self.lanes: dict[Lane, SortedList] = {}
        self.reset_windows()
        self.issued: dict[str, int] = {}
        self.leased: dict[str, int] = {}
        self.issued_to: dict[str, int] = {}
        self.walk_ins: dict[tuple[str, int], int] = {}
        self.stopped: dict[str, Stop] = {}
        self.by_person: dict[str, tuple[str, ...]] = {}
        self.by_agent: dict[str, tuple[str, ...]] = {}
        self.by_number: dict[str, str] = {}
        self.busy: dict[str, int] = {}
        self.parked: SortedList = SortedList()
        self.appointments: dict[str, Appointment] = {}
        self.booked: SortedList = SortedList()
        self.by_slot: dict[tuple[str, int], tuple[str, ...]] = {}
        self.green_budget = FULL_GREEN_BUDGET
        self.turns: dict[str, tuple[int, int]] = {}
        self.undoable: dict[str, Undoable] = {}
        self.leases: dict[int, Lease] = {}
        self.tokens = 0
        self.helps: dict[int, HelpCall] = {}
        self.notices: dict[int, Notice] = {}
        self.papers: dict[str, Papers] = {}
        self.served: dict[str, tuple[Served, ...]] = {}
        self.recent: tuple[RecentCall, ...] = ()

    def reset_windows(self) -> None:
        """Windows, skills and queues as the plan describes them, before anything happened there."""
        plan = self.plan
        self.windows: dict[str, WindowNow] = {w.id: at_start(w) for w in plan.windows.values()}
        self.skills: dict[str, dict[str, int]] = {w.id: own_skills(w) for w in plan.windows.values()}
        self.waiting: dict[str, int] = dict.fromkeys(plan.services, 0)

    def open_tickets(self) -> Iterator[Ticket]:
        """Tickets that are still in the hall."""
        return (t for t in self.tickets.values() if t.status in OPEN_STATUSES)

    def held(self, person: str, services: tuple[str, ...]) -> Ticket | None:
        """The open ticket that a person has for one of these services."""
        for ticket in (self.tickets[t] for t in self.by_person.get(person, ())):
            if not {ticket.service, *ticket.also}.isdisjoint(services):
                return ticket
        return None

    def ticket_at(self, window: str) -> Ticket | None:
        """The ticket called to or served at a window."""
        return self.tickets.get(self.windows[window].ticket)

    def windows_for(self, service: str) -> tuple[ServiceWindow, ...]:
        """Windows that can do the service now, in the order of the plan."""
        return tuple(w for w in self.plan.windows.values() if service in self.skills[w.id])

    def seat_of(self, clerk: str) -> str:
        """The window at which a clerk sits, or ''."""
        return next((w for w, now in self.windows.items() if clerk and now.clerk == clerk), "")

    def heads(self, service: str, count: int) -> list[str]:
        """The first ``count`` tickets by place among everyone whose first service this is."""
        first = [
            place
            for lane, waiting in self.lanes.items()
            if lane.services[0] == service
            for place in waiting[:count]
        ]
        return [ticket for _, ticket in sorted(first)[:count]]

    def stranded(self, plan: Plan) -> tuple[Ticket, ...]:
        """Open tickets whose services or window a plan does not have."""
        return tuple(
            t
            for t in self.open_tickets()
            if not plan.services.keys() >= {t.service, *t.also}
            or (t.status in AT_WINDOW and t.window not in plan.windows)
        )


def own_skills(window: ServiceWindow) -> dict[str, int]:
    """Service -> level, as the plan says."""
    return dict.fromkeys(window.helps_with, LEVEL_HELP) | dict.fromkeys(window.services, LEVEL_OWN)


def at_start(window: ServiceWindow) -> WindowNow:
    """A window before anybody opened or closed it."""
    return WindowNow(WindowStatus.OPEN if window.open_at_start else WindowStatus.CLOSED)
