"""PURE: what an event does to a number away from a window."""

from __future__ import annotations

from dataclasses import replace

from contract.messages import Paper, TicketStatus
from hall_server.hall import events as e
from hall_server.hall.evolve.appointments import set_appointment
from hall_server.hall.indexes import put, unshow
from hall_server.hall.model import Booking, Followed, Hall, Poor, Ticket


def issued(hall: Hall, event: e.TicketIssued) -> None:
    ticket = Ticket(
        id=event.ticket,
        number=event.number,
        series=event.series,
        ordinal=event.ordinal,
        day=event.day,
        service=event.service,
        also=event.also,
        visit=event.visit or event.ticket,
        issued_ms=event.true_ms or event.at_ms,
        rank=event.rank,
        items=event.items,
        situation=event.situation,
        person=event.person,
        agent=event.agent,
        rank_class=event.rank_class,
        green_reason=event.green_reason,
        appointment=event.appointment,
        arrival=event.arrival,
        station=event.station,
    )
    counter = hall.leased if event.true_ms else hall.issued
    counter[event.series] = max(event.ordinal, counter.get(event.series, 0))
    hall.by_number[event.number] = event.ticket
    if event.agent:
        hall.by_agent[event.agent] = (*hall.by_agent.get(event.agent, ()), event.ticket)
    if event.person is not None and not event.agent:
        hall.issued_to[event.person.key] = hall.issued_to.get(event.person.key, 0) + 1
    if event.slot_ms:
        slot = (event.service, event.slot_ms)
        hall.walk_ins[slot] = hall.walk_ins.get(slot, 0) + 1
    if event.appointment:
        set_appointment(hall, event.appointment, Booking.CHECKED_IN, event.ticket)
    put(hall, None, ticket)


def paper(hall: Hall, event: e.PaperReported) -> None:
    """A confirmed paper stays confirmed, whatever a later attempt to reprint it brings."""
    old = hall.tickets[event.ticket]
    kept = old.paper is Paper.CONFIRMED and event.reprint
    counted = event.reprint and event.paper not in (Paper.FAILED, Paper.SENT)
    put(hall, old, replace(old, paper=old.paper if kept else event.paper, reprints=old.reprints + counted))


def cancelled(hall: Hall, event: e.TicketCancelled) -> None:
    old = hall.tickets[event.ticket]
    status = TicketStatus.VOID if event.void else TicketStatus.CANCELLED
    put(hall, old, replace(old, status=status, note=event.reason, ended_ms=event.at_ms))
    unshow(hall, event.ticket)


def returned(hall: Hall, event: e.TicketReturned) -> None:
    old = hall.tickets[event.ticket]
    new = replace(
        old,
        status=TicketStatus.WAITING,
        parked_until_ms=0,
        away=False,
        window="",
        ended_ms=0,
        visit=event.visit or old.visit,
    )
    put(hall, old, new if event.rank is None else replace(new, rank=event.rank))


def postponed(hall: Hall, event: e.TicketPostponed) -> None:
    old = hall.tickets[event.ticket]
    asked = replace(old, postpones=old.postpones + 1, window="")
    if event.until_ms:
        new = replace(asked, status=TicketStatus.PARKED, parked_until_ms=event.until_ms, away=True)
    else:
        rank = old.rank if event.rank is None else event.rank
        new = replace(asked, status=TicketStatus.WAITING, rank=rank)
    put(hall, old, new)
    unshow(hall, event.ticket)


def unbound(hall: Hall, event: e.TicketUnbound) -> None:
    old = hall.tickets[event.ticket]
    put(hall, old, replace(old, bound_window="", bound_clerk=""))


def evaluated(hall: Hall, event: e.ServiceEvaluated) -> None:
    served = hall.served.get(event.ticket, ())
    hall.served[event.ticket] = tuple(
        replace(one, grade=event.grade) if one.call == event.call else one for one in served
    )
    if event.poor:
        hall.poor[event.call] = Poor(
            call=event.call,
            number=hall.tickets[event.ticket].number,
            service=event.service,
            window=event.at_window,
            clerk=event.clerk,
            grade=event.grade,
            tags=event.tags,
            words=event.words,
            at_ms=event.at_ms,
        )


def followed(hall: Hall, event: e.PoorFollowed) -> None:
    old = hall.poor[event.call]
    step = Followed(event.at_ms, event.step, event.by, event.note)
    hall.poor[event.call] = replace(old, steps=(*old.steps, step))
