"""PURE: every index of a hall kept true when one ticket changes: lanes, parked, persons, visits, windows."""

from __future__ import annotations

from dataclasses import replace

from sortedcontainers import SortedList

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall.model import AT_WINDOW, OPEN_STATUSES, Hall, RecentCall, Ticket, WindowNow

RECENT_CALLS = 40
_UNKNOWN = WindowNow(WindowStatus.CLOSED)


def put(hall: Hall, old: Ticket | None, new: Ticket) -> None:
    """Store ``new`` in place of ``old`` (None for a number just issued)."""
    if old is not None:
        _take_out(hall, old)
    hall.tickets[new.id] = new
    _put_in(hall, new)


def _take_out(hall: Hall, old: Ticket) -> None:
    if old.status is TicketStatus.WAITING:
        lane = old.lane
        waiting = hall.lanes[lane]
        waiting.discard((old.rank, old.id))
        if not waiting:
            del hall.lanes[lane]
        hall.waiting[old.service] -= 1
    elif old.status is TicketStatus.PARKED:
        hall.parked.discard((old.parked_until_ms, old.id))
    elif old.status in AT_WINDOW:
        hall.windows[old.window] = replace(hall.windows[old.window], ticket="")
        hall.busy[old.visit] -= 1
        if not hall.busy[old.visit]:
            del hall.busy[old.visit]
    if old.person is not None and old.status in OPEN_STATUSES:
        rest = tuple(held for held in hall.by_person[old.person.key] if held != old.id)
        if rest:
            hall.by_person[old.person.key] = rest
        else:
            del hall.by_person[old.person.key]


def _put_in(hall: Hall, new: Ticket) -> None:
    if new.status is TicketStatus.WAITING:
        hall.lanes.setdefault(new.lane, SortedList()).add((new.rank, new.id))
        hall.waiting[new.service] = hall.waiting.get(new.service, 0) + 1
    elif new.status is TicketStatus.PARKED:
        hall.parked.add((new.parked_until_ms, new.id))
    elif new.status in AT_WINDOW:
        hall.windows[new.window] = replace(hall.windows.get(new.window, _UNKNOWN), ticket=new.id)
        hall.busy[new.visit] = hall.busy.get(new.visit, 0) + 1
    if new.person is not None and new.status in OPEN_STATUSES:
        hall.by_person[new.person.key] = (*hall.by_person.get(new.person.key, ()), new.id)


def show(hall: Hall, ticket_id: str) -> None:
    """Put the ticket's last call on top of the last calls; one line per ticket."""
    ticket = hall.tickets[ticket_id]
    window = hall.plan.windows.get(ticket.window)
    row = RecentCall(
        call=ticket.call,
        ticket=ticket.id,
        number=ticket.number,
        window=ticket.window,
        service=ticket.service,
        zone=window.zone if window else "",
        called_ms=ticket.called_ms,
        recalls=ticket.recalls,
    )
    rest = (r for r in hall.recent if r.ticket != ticket_id)
    hall.recent = (row, *rest)[:RECENT_CALLS]


def unshow(hall: Hall, ticket_id: str) -> None:
    """Take the ticket off the last calls."""
    hall.recent = tuple(r for r in hall.recent if r.ticket != ticket_id)
