"""PURE: finding what a command names, or saying clearly that it is not there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from contract.messages import Person, TicketStatus
from hall_server.hall.events import ActionUndone, Event
from hall_server.hall.model import Hall, RuleBroken, Ticket, WindowNow
from hall_server.hall.plan import Service, ServiceWindow

LONGEST_KEY = 128
LONGEST_NAME = 20
STATUS_TEXT = {
    TicketStatus.WAITING: "正在等候",
    TicketStatus.CALLED: "已被呼叫",
    TicketStatus.SERVING: "正在办理",
    TicketStatus.PARKED: "已挂起",
    TicketStatus.DONE: "已办结",
    TicketStatus.NO_SHOW: "已过号",
    TicketStatus.CANCELLED: "已取消",
    TicketStatus.VOID: "已作废",
    TicketStatus.EXPIRED: "已过期",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a merge decided about one number; ``waits`` False when it has no place in a queue."""

    ordinal: int
    code: str
    sentence: str
    waits: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told: the ticket, appointment or lease, and whether it was there before.

    ``findings`` are what a merge decided; ``fenced`` tokens that are the asker's no longer; ``forgone``:
    the request was given up before it came. ``of`` is the act that a kept answer is to: the kind of
    command, and @window.
    """

    ticket: str = ""
    existing: bool = False
    lease: int = 0
    findings: tuple[Finding, ...] = ()
    fenced: tuple[int, ...] = ()
    forgone: bool = False
    of: str = ""

    def is_to(self, act: str) -> bool:
        """Whether a command that is this act is a repeat that this answers; former versions did not say, or
        not at which window."""
        return self.forgone or self.of in ("", act, act.partition("@")[0])


@dataclass(frozen=True, slots=True)
class Decision:
    """Events to be written and evolved in this order, and the answer; no events = nothing changed."""

    events: tuple[Event, ...]
    answer: Answer = Answer()


def known(person: Person | None) -> Person | None:
    """The person whom a station names, as far as a queue can: without a key it is nobody."""
    if person is None or not 1 <= len(person.key) <= LONGEST_KEY:
        return None
    return msgspec.structs.replace(person, masked_name=person.masked_name[:LONGEST_NAME])


def service_named(hall: Hall, name: str) -> Service:
    """Raises RuleBroken."""
    found = hall.plan.services.get(name)
    if found is None:
        raise RuleBroken("unknown_service", "没有这项业务，请返回首页重新选择")
    return found


def window_named(hall: Hall, name: str) -> tuple[ServiceWindow, WindowNow]:
    """Raises RuleBroken."""
    found = hall.plan.windows.get(name)
    if found is None:
        raise RuleBroken("unknown_window", f"没有编号为“{name}”的窗口")
    return found, hall.windows[name]


def ticket_named(hall: Hall, name: str) -> Ticket:
    """Raises RuleBroken."""
    found = hall.tickets.get(name)
    if found is None:
        raise RuleBroken("unknown_ticket", "没有这个号，或已不是今天的号")
    return found


def present(hall: Hall, window: ServiceWindow, allowed: Collection[TicketStatus]) -> Ticket:
    """The ticket at the window, when it is in a state that allows the action. Raises RuleBroken."""
    ticket = hall.ticket_at(window.id)
    if ticket is None:
        raise RuleBroken("no_ticket", f"{window.label}现在没有号")
    if ticket.status not in allowed:
        raise RuleBroken("wrong_state", f"{ticket.number} {STATUS_TEXT[ticket.status]}，不能这样操作")
    return ticket


def tickets_of(event: Event) -> tuple[str, ...]:
    """The tickets that an event changes; no other event changes any, but for the close of the day."""
    if isinstance(event, ActionUndone):
        return tuple(ticket.id for ticket in event.tickets)
    ticket: str = getattr(event, "ticket", "")
    return (ticket,) if ticket else ()
