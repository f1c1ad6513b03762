"""What a clerk asks for now and then: who waits, who has passed, where a number can be sent, today's figures.

Read on demand: these look at every number of the day, so no live page draws them.
"""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall import commands as c
from hall_server.hall.day import MINUTE_MS
from hall_server.hall.explain import why_not
from hall_server.hall.model import Hall, Outcome, Ticket
from hall_server.web.actions import ASKING, refusal

WAITING_SHOWN = 60
PASSED_SHOWN = 60
_WITH_RESULT = frozenset({Outcome.DONE, Outcome.MISSING_ACCEPTED})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A number that waits for this window's services; minutes since it was taken."""

    ticket: str
    number: str
    service: str
    minutes: int
    preferred: bool
    masked_name: str


@dataclass(frozen=True, slots=True)
class Passed:
    """A number that has passed today; ``why_not`` it cannot come back, or ''."""

    ticket: str
    number: str
    service: str
    window: str
    passed_ms: int
    masked_name: str
    here: bool
    why_not: str


@dataclass(frozen=True, slots=True)
class Target:
    """A window to which a number can be sent, with who sits there."""

    window: str
    label: str
    name: str
    clerk: str
    open: bool
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Today:
    """The window's own figures of the running business day; mean minutes of those served, -1 when none."""

    served: int
    no_result: int
    passed: int
    mean_minutes: int


@dataclass(frozen=True, slots=True)
class Why:
    """Why a number was not called yet, and why it cannot be called out of order here now ('' = it can)."""

    ticket: str
    number: str
    sentence: str
    refusal: str


def waiting(hall: Hall, window: str, now_ms: int) -> tuple[Waiting, ...]:
    """The first of each queue of the window, in the order of their queues."""
    found = []
    for service in hall.skills[window]:
        for name in hall.heads(service, WAITING_SHOWN):
            ticket = hall.tickets[name]
            found.append(
                Waiting(
                    ticket.id,
                    ticket.number,
                    _service(hall, ticket),
                    max(0, now_ms - ticket.issued_ms) // MINUTE_MS,
                    bool(ticket.rank_class < 2),
                    ticket.person.masked_name if ticket.person else "",
                )
            )
    return tuple(found)


def passed(hall: Hall, window: str, now_ms: int) -> tuple[Passed, ...]:
    """Newest first; those of the window's own services before the others."""
    gone = [t for t in hall.tickets.values() if t.status is TicketStatus.NO_SHOW]
    rows = [_passed(hall, window, t, now_ms) for t in gone]
    return tuple(sorted(rows, key=lambda row: (not row.here, -row.passed_ms))[:PASSED_SHOWN])


def _passed(hall: Hall, window: str, ticket: Ticket, now_ms: int) -> Passed:
    back = c.ReturnNoShow(request="", by=ASKING, ticket=ticket.id)
    last = hall.plan.windows.get(ticket.window)
    return Passed(
        ticket.id,
        ticket.number,
        _service(hall, ticket),
        last.label if last else ticket.window,
        ticket.ended_ms,
        ticket.person.masked_name if ticket.person else "",
        ticket.service in hall.skills[window],
        refusal(hall, back, now_ms),
    )


def targets(hall: Hall, window: str) -> tuple[Target, ...]:
    """Every other window that is not closed."""
    return tuple(
        Target(
            w.id,
            w.label,
            w.name,
            hall.windows[w.id].clerk,
            hall.windows[w.id].status is WindowStatus.OPEN,
            tuple(hall.skills[w.id]),
        )
        for w in hall.plan.windows.values()
        if w.id != window and hall.windows[w.id].status is not WindowStatus.CLOSED
    )


def why(hall: Hall, window: str, ticket_id: str, now_ms: int) -> Why | None:
    """None when the day has no such number."""
    found = why_not(hall, ticket_id, now_ms)
    if found is None:
        return None
    call = c.CallTicket(request="", by=ASKING, window=window, ticket=ticket_id, reason=ASKING)
    number = hall.tickets[ticket_id].number
    return Why(ticket_id, number, found.sentence, refusal(hall, call, now_ms))


def today(hall: Hall, window: str) -> Today:
    """Counted where each number was last."""
    mine = [t for t in hall.tickets.values() if t.window == window]
    done = [t for t in mine if t.status is TicketStatus.DONE]
    lasted = [t.ended_ms - t.arrived_ms for t in done if t.arrived_ms]
    mean = round(sum(lasted) / len(lasted) / MINUTE_MS) if lasted else -1
    return Today(
        len(done),
        sum(t.outcome not in _WITH_RESULT for t in done),
        sum(t.status is TicketStatus.NO_SHOW for t in mine),
        mean,
    )


def _service(hall: Hall, ticket: Ticket) -> str:
    found = hall.plan.services.get(ticket.service)
    return found.name if found else ticket.service
