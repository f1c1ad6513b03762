"""What the holder of a number sees of it: its place, how it ended, and the other numbers of the visit."""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import TicketSlip, TicketStatus
from hall_server.hall import pictures
from hall_server.hall.holder import why_not_postpone
from hall_server.hall.lookup import STATUS_TEXT
from hall_server.hall.model import Hall, Outcome, Papers, Served, Ticket
from hall_server.hall.plan import Plan, Postponing, Rules, ServiceWindow
from hall_server.service import HallService
from hall_server.web.clerk_sheet import NOTICE_REASON, complaints_at

_MAY_CANCEL = frozenset({TicketStatus.WAITING, TicketStatus.CALLED, TicketStatus.PARKED})


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another open number of the same visit: what for, how it stands, its own page's token, and its call."""

    number: str
    service: str
    stands: str
    token: str
    call: str
    window: str
    where: str


@dataclass(frozen=True, slots=True)
class Holding:
    """What its holder sees of a number, taken on the hall's thread; everything in it is immutable."""

    slip: TicketSlip
    ticket: Ticket
    window: ServiceWindow | None
    where: str
    rules: Rules
    served: tuple[tuple[Served, str, str], ...]
    also: tuple[str, ...]
    siblings: tuple[Sibling, ...]
    missing: tuple[str, ...]
    complaints: str

    @property
    def phase(self) -> str:
        """Changes when other acts are offered or another call was made: scripts then draw these anew."""
        ticket = self.ticket
        judged = sum(bool(one.grade) for one, *_ in self.served)
        return f"{ticket.status.value}-{ticket.calls}-{ticket.postpones}-{len(self.served)}-{judged}"

    @property
    def sounding(self) -> tuple[str, str, str, str]:
        """The call that the page makes itself felt for: this number's, else that of another one of the visit;
        the call, the number, the window and where it is."""
        if self.ticket.status is TicketStatus.CALLED:
            return self.ticket.call, self.slip.number, self.slip.called_to, self.where
        other = next((one for one in self.siblings if one.call), None)
        return (other.call, other.number, other.window, other.where) if other else ("", "", "", "")

    @property
    def why_not_done(self) -> str:
        """Why it ended without result, as the notice on paper says it; '' for every other end."""
        outcome = self.ticket.outcome
        return NOTICE_REASON.get(outcome, "") if outcome is not None else ""

    @property
    def to_supply(self) -> bool:
        """Accepted although papers were missing (容缺)."""
        return self.ticket.outcome is Outcome.MISSING_ACCEPTED

    @property
    def passed(self) -> bool:
        """Called in vain, and waiting again further back."""
        ticket = self.ticket
        waits = ticket.status is TicketStatus.WAITING
        return (
            waits and bool(ticket.calls) and not (ticket.arrived_ms or ticket.transfers or ticket.postpones)
        )

    @property
    def may_postpone(self) -> bool:
        """Whether more time may be asked for."""
        return not why_not_postpone(self.ticket, self.rules)

    @property
    def may_cancel(self) -> bool:
        """Whether the number may be given back."""
        return self.ticket.status in _MAY_CANCEL

    @property
    def keeps_place(self) -> bool:
        """More time keeps the place, instead of moving back."""
        return self.rules.postpone is Postponing.PARK

    @property
    def to_judge(self) -> tuple[Served, str, str] | None:
        """The last service rendered that is not evaluated, with window and service in words."""
        return next((one for one in reversed(self.served) if not one[0].grade), None)

    @property
    def judged(self) -> tuple[Served, str, str] | None:
        """The last one that is."""
        return next((one for one in reversed(self.served) if one[0].grade), None)


def holding(hall: Hall, service: HallService, ticket_id: str) -> Holding | None:
    """What is known of a number of this business day, else None; on the hall's thread."""
    ticket = hall.tickets.get(ticket_id)
    if ticket is None:
        return None
    plan = hall.plan
    window = plan.windows.get(ticket.window) if ticket.window else None

    def label(name: str) -> str:
        found = plan.windows.get(name)
        return found.label if found else ""

    return Holding(
        slip=pictures.slip(hall, ticket, service.look, service.now_ms(), service.waits),
        ticket=ticket,
        window=window,
        where=plan.zone_name(window.zone) if window else "",
        rules=plan.rules,
        also=tuple(plan.service(name).name for name in ticket.also),
        siblings=siblings(hall, ticket, service.look.key),
        missing=hall.papers.get(ticket.id, Papers()).missing,
        complaints=complaints_at(plan),
        served=tuple(
            (one, label(one.window), plan.service(one.service).name) for one in hall.served.get(ticket.id, ())
        ),
    )


def siblings(hall: Hall, ticket: Ticket, key: bytes) -> tuple[Sibling, ...]:
    """The other open numbers that its person holds on the same visit."""
    if ticket.person is None:
        return ()
    held = (hall.tickets[t] for t in hall.by_person.get(ticket.person.key, ()) if t != ticket.id)
    return tuple(_sibling(hall.plan, t, key) for t in held if t.visit == ticket.visit)


def _sibling(plan: Plan, ticket: Ticket, key: bytes) -> Sibling:
    at = plan.windows.get(ticket.window)
    called = ticket.status is TicketStatus.CALLED and at is not None
    return Sibling(
        ticket.number,
        plan.service(ticket.service).name,
        f"请到{at.label}" if called and at else STATUS_TEXT[ticket.status],
        f"{ticket.id}.{pictures.qr_seal(ticket.id, key)}",
        ticket.call if called else "",
        at.label if called and at else "",
        plan.zone_name(at.zone) if called and at else "",
    )
