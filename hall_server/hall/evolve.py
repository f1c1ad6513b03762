"""PURE: evolve(hall, event) is the only thing that changes a hall; live and in every replay alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from contract.messages import Paper, TicketStatus, WindowStatus
from hall_server.hall import events as e
from hall_server.hall.model import OPEN_STATUSES, Day, Hall, RecentCall, Ticket, WindowNow

RECENT_CALLS = 40
_UNKNOWN = WindowNow(WindowStatus.CLOSED)


def evolve(hall: Hall, event: e.Event) -> None:
    """Apply one event; events come in the order of the journal and are never refused."""
    _EVOLVERS[type(event)](hall, event)
    hall.seq += 1


def _day_opened(hall: Hall, event: e.DayOpened) -> None:
    hall.day = Day(event.day, event.at_ms, event.closes_ms)
    hall.issued.clear()
    hall.by_number.clear()


def _day_closed(hall: Hall, _event: e.DayClosed) -> None:
    """Everything of the day leaves the hall: open numbers expire, ended ones are history in the journal."""
    hall.tickets.clear()
    hall.by_person.clear()
    hall.by_number.clear()
    hall.parked.clear()
    hall.recent = ()
    for queue in hall.waiting.values():
        queue.clear()
    for name, now in hall.windows.items():
        hall.windows[name] = replace(now, ticket="")


def _issued(hall: Hall, event: e.TicketIssued) -> None:
    ticket = Ticket(
        id=event.ticket,
        number=event.number,
        series=event.series,
        ordinal=event.ordinal,
        day=event.day,
        service=event.service,
        visit=event.ticket,
        issued_ms=event.at_ms,
        rank=event.rank,
        items=event.items,
        situation=event.situation,
        person=event.person,
        station=event.station,
    )
    hall.issued[event.series] = event.ordinal
    hall.by_number[event.number] = event.ticket
    _put(hall, None, ticket)


def _paper(hall: Hall, event: e.PaperReported) -> None:
    """A confirmed paper stays confirmed, whatever a later attempt to reprint it brings."""
    old = hall.tickets[event.ticket]
    kept = old.paper is Paper.CONFIRMED and event.reprint
    _put(
        hall,
        old,
        replace(
            old,
            paper=old.paper if kept else event.paper,
            reprints=old.reprints + (event.reprint and event.paper is not Paper.FAILED),
        ),
    )


def _called(hall: Hall, event: e.TicketCalled) -> None:
    old = hall.tickets[event.ticket]
    _put(
        hall,
        old,
        replace(
            old,
            status=TicketStatus.CALLED,
            window=event.window,
            calls=old.calls + 1,
            recalls=0,
            called_ms=event.at_ms,
            parked_until_ms=0,
        ),
    )
    _show(hall, event.ticket)


def _recalled(hall: Hall, event: e.TicketRecalled) -> None:
    old = hall.tickets[event.ticket]
    _put(hall, old, replace(old, calls=old.calls + 1, recalls=old.recalls + 1, called_ms=event.at_ms))
    _show(hall, event.ticket)


def _arrived(hall: Hall, event: e.TicketArrived) -> None:
    old = hall.tickets[event.ticket]
    _put(hall, old, replace(old, status=TicketStatus.SERVING, arrived_ms=event.at_ms))


def _finished(hall: Hall, event: e.TicketFinished) -> None:
    old = hall.tickets[event.ticket]
    _put(
        hall,
        old,
        replace(old, status=TicketStatus.DONE, outcome=event.outcome, note=event.note, ended_ms=event.at_ms),
    )


def _no_show(hall: Hall, event: e.TicketNoShow) -> None:
    old = hall.tickets[event.ticket]
    if event.rank is not None:
        new = replace(old, status=TicketStatus.WAITING, rank=event.rank, window="")
    else:
        status = TicketStatus.VOID if event.void else TicketStatus.NO_SHOW
        new = replace(old, status=status, ended_ms=event.at_ms)
    _put(hall, old, new)
    _unshow(hall, event.ticket)


def _transferred(hall: Hall, event: e.TicketTransferred) -> None:
    old = hall.tickets[event.ticket]
    _put(
        hall,
        old,
        replace(
            old,
            status=TicketStatus.WAITING,
            service=event.service,
            window="",
            note=event.note,
            transfers=old.transfers + 1,
        ),
    )
    _unshow(hall, event.ticket)


def _parked(hall: Hall, event: e.TicketParked) -> None:
    old = hall.tickets[event.ticket]
    _put(
        hall,
        old,
        replace(
            old,
            status=TicketStatus.PARKED,
            window="",
            note=event.reason,
            parked_until_ms=event.until_ms,
        ),
    )
    _unshow(hall, event.ticket)


def _returned(hall: Hall, event: e.TicketReturned) -> None:
    old = hall.tickets[event.ticket]
    _put(hall, old, replace(old, status=TicketStatus.WAITING, parked_until_ms=0))


def _cancelled(hall: Hall, event: e.TicketCancelled) -> None:
    old = hall.tickets[event.ticket]
    status = TicketStatus.VOID if event.void else TicketStatus.CANCELLED
    _put(hall, old, replace(old, status=status, note=event.reason, ended_ms=event.at_ms))
    _unshow(hall, event.ticket)


def _window_changed(hall: Hall, event: e.WindowChanged) -> None:
    old = hall.windows.get(event.window, _UNKNOWN)
    hall.windows[event.window] = WindowNow(event.status, old.ticket, event.reason, event.at_ms)


def _nothing(_hall: Hall, _event: e.Event) -> None:
    """Kept in the journal for its own sake."""


def _put(hall: Hall, old: Ticket | None, new: Ticket) -> None:
    """Store a ticket and keep every index true: queues, parked, persons, windows."""
    if old is not None:
        if old.status is TicketStatus.WAITING:
            hall.queue(old.service).discard((old.rank, old.id))
        elif old.status is TicketStatus.PARKED:
            hall.parked.discard((old.parked_until_ms, old.id))
        elif old.status in (TicketStatus.CALLED, TicketStatus.SERVING):
            hall.windows[old.window] = replace(hall.windows[old.window], ticket="")
        if old.person is not None:
            _forget_person(hall, old)
    if new.status is TicketStatus.WAITING:
        hall.queue(new.service).add((new.rank, new.id))
    elif new.status is TicketStatus.PARKED:
        hall.parked.add((new.parked_until_ms, new.id))
    elif new.status in (TicketStatus.CALLED, TicketStatus.SERVING):
        hall.windows[new.window] = replace(hall.windows.get(new.window, _UNKNOWN), ticket=new.id)
    if new.person is not None and new.status in OPEN_STATUSES:
        key = (new.person.key, new.service)
        hall.by_person[key] = (*hall.by_person.get(key, ()), new.id)
    hall.tickets[new.id] = new


def _forget_person(hall: Hall, ticket: Ticket) -> None:
    """Take the ticket out of its person's open ones."""
    assert ticket.person is not None
    key = (ticket.person.key, ticket.service)
    rest = tuple(held for held in hall.by_person.get(key, ()) if held != ticket.id)
    if rest:
        hall.by_person[key] = rest
    else:
        hall.by_person.pop(key, None)


def _show(hall: Hall, ticket_id: str) -> None:
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


def _unshow(hall: Hall, ticket_id: str) -> None:
    hall.recent = tuple(r for r in hall.recent if r.ticket != ticket_id)


_EVOLVERS: dict[type[e.Event], Callable[..., None]] = {
    e.DayOpened: _day_opened,
    e.DayClosed: _day_closed,
    e.TicketIssued: _issued,
    e.PaperReported: _paper,
    e.TicketCalled: _called,
    e.TicketRecalled: _recalled,
    e.TicketArrived: _arrived,
    e.TicketFinished: _finished,
    e.TicketNoShow: _no_show,
    e.TicketTransferred: _transferred,
    e.TicketParked: _parked,
    e.TicketReturned: _returned,
    e.TicketCancelled: _cancelled,
    e.WindowChanged: _window_changed,
    e.GuideCalled: _nothing,
    e.ClockSuspected: _nothing,
}
