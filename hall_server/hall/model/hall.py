"""PURE: Hall, the only mutable value."""

from __future__ import annotations

from collections.abc import Iterator

from sortedcontainers import SortedList

from hall_server.hall.model.appointments import Appointment
from hall_server.hall.model.broadcasts import Broadcast
from hall_server.hall.model.house import ClosedStation, Day, HelpCall, Lease, Notice, Published, Stop
from hall_server.hall.model.judgements import Poor
from hall_server.hall.model.tickets import AT_WINDOW, OPEN_STATUSES, Lane, Papers, RecentCall, Served, Ticket
from hall_server.hall.model.windows import FULL_GREEN_BUDGET, Undoable, WindowNow, at_start, own_skills
from hall_server.hall.plan import Plan, ServiceWindow


class Hall:
    """The whole state. Only ``evolve`` changes it; anyone on the owning thread may read it.

    ``issued`` and ``leased`` are the last ordinals given of each series, by the hall and in blocks.
    ``lanes`` hold (rank, ticket id); ``waiting`` counts people by first service; ``turns`` counts for each
    group how many preferred and normal ones were called since the ratio last turned; ``green_budget`` is
    what the green lane may still take, in hundredths of a call; ``busy`` counts for
    each visit how many of its tickets are at a window now; ``entrusted`` are numbers that went on elsewhere,
    by who stays responsible for them (首问负责: a clerk, else a window), ``endings_read`` the instant of each
    ending that was read; ``guided`` what guides wrote about a number;
    ``poor`` are ratings to be followed up, over the days.
    """

    __slots__ = (
        "appointments",
        "booked",
        "broadcasts",
        "busy",
        "by_agent",
        "by_number",
        "by_person",
        "by_slot",
        "closed_stations",
        "day",
        "endings_read",
        "entrusted",
        "green_budget",
        "guided",
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
        "poor",
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
        self.closed_stations: dict[str, ClosedStation] = {}
        self.broadcasts: dict[int, Broadcast] = {}
        self.papers: dict[str, Papers] = {}
        self.served: dict[str, tuple[Served, ...]] = {}
        self.entrusted: dict[str, tuple[str, ...]] = {}
        self.endings_read: dict[str, int] = {}
        self.guided: dict[str, tuple[str, ...]] = {}
        self.poor: dict[str, Poor] = {}
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
