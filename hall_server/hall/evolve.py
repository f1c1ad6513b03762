"""PURE: evolve(hall, event) is the only thing that changes a hall; live and in every replay alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from contract.messages import Paper, TicketStatus, WindowStatus
from hall_server.hall import events as e
from hall_server.hall.calling import spent, turned
from hall_server.hall.describing import adopt
from hall_server.hall.indexes import put, show, unshow
from hall_server.hall.model import (
    FULL_GREEN_BUDGET,
    Appointment,
    Asked,
    Booking,
    Day,
    Hall,
    HelpCall,
    Lease,
    Notice,
    Papers,
    Served,
    Stop,
    Ticket,
    TurnTaken,
    Undoable,
    WindowNow,
)

_NO_PAPERS = Papers()
_UNKNOWN = WindowNow(WindowStatus.CLOSED)


def evolve(hall: Hall, event: e.Event) -> None:
    """Apply one event; events come in the order of the journal and are never refused."""
    _EVOLVERS[type(event)](hall, event)
    hall.seq += 1


# ---------------------------------------------------------------- day


def _day_opened(hall: Hall, event: e.DayOpened) -> None:
    hall.day = Day(event.day, event.at_ms, event.closes_ms)


def _day_closed(hall: Hall, _event: e.DayClosed) -> None:
    """Everything of the day leaves the hall: open numbers expire, ended ones are history in the journal;
    appointments of days to come stay."""
    for of_day in (
        hall.tickets,
        hall.by_person,
        hall.by_agent,
        hall.by_number,
        hall.lanes,
        hall.busy,
        hall.issued,
        hall.leased,
        hall.issued_to,
        hall.walk_ins,
        hall.turns,
        hall.undoable,
        hall.leases,
        hall.stopped,
        hall.helps,
        hall.notices,
        hall.papers,
        hall.served,
    ):
        of_day.clear()
    hall.parked.clear()
    hall.green_budget = FULL_GREEN_BUDGET
    hall.recent = ()
    hall.waiting = dict.fromkeys(hall.waiting, 0)
    for name, now in hall.windows.items():
        hall.windows[name] = replace(now, ticket="")
    for appointment in [a for a in hall.appointments.values() if a.status is not Booking.BOOKED]:
        _forget_appointment(hall, appointment)


# ---------------------------------------------------------------- numbers


def _issued(hall: Hall, event: e.TicketIssued) -> None:
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
        _set_appointment(hall, event.appointment, Booking.CHECKED_IN, event.ticket)
    put(hall, None, ticket)


def _paper(hall: Hall, event: e.PaperReported) -> None:
    """A confirmed paper stays confirmed, whatever a later attempt to reprint it brings."""
    old = hall.tickets[event.ticket]
    kept = old.paper is Paper.CONFIRMED and event.reprint
    counted = event.reprint and event.paper not in (Paper.FAILED, Paper.SENT)
    put(hall, old, replace(old, paper=old.paper if kept else event.paper, reprints=old.reprints + counted))


def _cancelled(hall: Hall, event: e.TicketCancelled) -> None:
    old = hall.tickets[event.ticket]
    status = TicketStatus.VOID if event.void else TicketStatus.CANCELLED
    put(hall, old, replace(old, status=status, note=event.reason, ended_ms=event.at_ms))
    unshow(hall, event.ticket)


def _returned(hall: Hall, event: e.TicketReturned) -> None:
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


def _postponed(hall: Hall, event: e.TicketPostponed) -> None:
    old = hall.tickets[event.ticket]
    asked = replace(old, postpones=old.postpones + 1, window="")
    if event.until_ms:
        new = replace(asked, status=TicketStatus.PARKED, parked_until_ms=event.until_ms, away=True)
    else:
        rank = old.rank if event.rank is None else event.rank
        new = replace(asked, status=TicketStatus.WAITING, rank=rank)
    put(hall, old, new)
    unshow(hall, event.ticket)


def _evaluated(hall: Hall, event: e.ServiceEvaluated) -> None:
    served = hall.served.get(event.ticket, ())
    hall.served[event.ticket] = tuple(
        replace(one, grade=event.grade) if one.call == event.call else one for one in served
    )


# ---------------------------------------------------------------- appointments


def _booked(hall: Hall, event: e.AppointmentBooked) -> None:
    appointment = Appointment(
        event.appointment,
        event.service,
        event.start_ms,
        person=event.person,
        items=event.items,
        situation=event.situation,
        by=event.by,
    )
    hall.appointments[appointment.id] = appointment
    hall.booked.add((event.start_ms, appointment.id))
    slot = (event.service, event.start_ms)
    hall.by_slot[slot] = (*hall.by_slot.get(slot, ()), appointment.id)


def _appointment_cancelled(hall: Hall, event: e.AppointmentCancelled) -> None:
    _set_appointment(hall, event.appointment, Booking.CANCELLED, "")


def _appointment_missed(hall: Hall, event: e.AppointmentMissed) -> None:
    _set_appointment(hall, event.appointment, Booking.MISSED, "")


def _set_appointment(hall: Hall, name: str, status: Booking, ticket: str) -> None:
    old = hall.appointments[name]
    hall.booked.discard((old.start_ms, old.id))
    hall.appointments[name] = replace(old, status=status, ticket=ticket)


def _forget_appointment(hall: Hall, appointment: Appointment) -> None:
    slot = (appointment.service, appointment.start_ms)
    rest = tuple(a for a in hall.by_slot.get(slot, ()) if a != appointment.id)
    if rest:
        hall.by_slot[slot] = rest
    else:
        hall.by_slot.pop(slot, None)
    del hall.appointments[appointment.id]


# ---------------------------------------------------------------- at a window


def _called(hall: Hall, event: e.TicketCalled) -> None:
    old = hall.tickets[event.ticket]
    new = replace(
        old,
        status=TicketStatus.CALLED,
        window=event.window,
        bound_window="",
        bound_clerk="",
        return_to="" if old.return_to == event.window else old.return_to,
        calls=old.calls + 1,
        recalls=0,
        called_ms=event.at_ms,
        parked_until_ms=0,
        away=False,
    )
    put(hall, old, new)
    took = _take_turn(hall, old) if old.status is TicketStatus.WAITING and not event.reason else None
    show(hall, event.ticket)
    _acted(hall, event, "call", old, took)


def _take_turn(hall: Hall, called: Ticket) -> TurnTaken:
    group, rule = hall.plan.group_of(called.service), hall.plan.rule_of(called.service)
    before, budget = hall.turns.get(group, (0, 0)), hall.green_budget
    hall.green_budget = spent(budget, called.rank_class, rule)
    hall.turns[group] = turned(before, called.rank_class, rule)
    return TurnTaken(group, before, hall.turns[group], hall.green_budget - budget)


def _give_turn_back(hall: Hall, took: TurnTaken) -> None:
    """Unless other windows have called in between: then the turns went on from it."""
    if hall.turns.get(took.group) == took.turned:
        hall.turns[took.group] = took.turns
    hall.green_budget = max(0, min(FULL_GREEN_BUDGET, hall.green_budget - took.budget))


def _recalled(hall: Hall, event: e.TicketRecalled) -> None:
    old = hall.tickets[event.ticket]
    put(hall, old, replace(old, calls=old.calls + 1, recalls=old.recalls + 1, called_ms=event.at_ms))
    show(hall, event.ticket)
    hall.undoable.pop(event.window, None)


def _arrived(hall: Hall, event: e.TicketArrived) -> None:
    old = hall.tickets[event.ticket]
    new = replace(old, status=TicketStatus.SERVING, arrived_ms=event.at_ms, responsible=event.responsible)
    put(hall, old, new)
    _acted(hall, event, "arrive", old)


def _finished(hall: Hall, event: e.TicketFinished) -> None:
    old = hall.tickets[event.ticket]
    new = replace(old, status=TicketStatus.DONE, outcome=event.outcome, note=event.note, ended_ms=event.at_ms)
    put(hall, old, new)
    _rendered(hall, event, old)
    if event.missing:
        hall.papers[old.id] = Papers(hall.papers.get(old.id, _NO_PAPERS).taken, event.missing)
    _acted(hall, event, "finish", old)


def _papers_taken(hall: Hall, event: e.PapersTaken) -> None:
    hall.papers[event.ticket] = Papers(event.papers)


def _sent_back(hall: Hall, event: e.TicketSentBack) -> None:
    old = hall.tickets[event.ticket]
    service = old.return_service or old.service
    wanted = hall.skills.get(event.to_window, {})
    if service not in wanted and wanted:
        service = next(iter(wanted))
    new = replace(
        old,
        status=TicketStatus.WAITING,
        window="",
        service=service,
        bound_window=event.to_window,
        return_to="",
        return_service="",
        note=event.note,
    )
    put(hall, old, new)
    unshow(hall, event.ticket)
    _rendered(hall, event, old)
    _acted(hall, event, "finish", old)


def _rendered(
    hall: Hall, event: e.TicketFinished | e.TicketSentBack | e.TicketTransferred, old: Ticket
) -> None:
    """A service has been rendered at a window: its holder may evaluate it."""
    before = hall.served.get(old.id, ())
    if old.status is not TicketStatus.SERVING or any(one.call == old.call for one in before):
        return
    clerk = hall.windows.get(event.window, _UNKNOWN).clerk
    served = Served(old.call, event.window, old.service, clerk, event.at_ms)
    hall.served[old.id] = (*before, served)


def _unrendered(hall: Hall, ticket: Ticket) -> None:
    """The service goes on after all; what was evaluated meanwhile stays said."""
    rest = tuple(one for one in hall.served.get(ticket.id, ()) if one.call != ticket.call or one.grade)
    if rest:
        hall.served[ticket.id] = rest
    else:
        hall.served.pop(ticket.id, None)


def _no_show(hall: Hall, event: e.TicketNoShow) -> None:
    old = hall.tickets[event.ticket]
    if event.rank is not None:
        new = replace(old, status=TicketStatus.WAITING, rank=event.rank, window="")
    else:
        status = TicketStatus.VOID if event.void else TicketStatus.NO_SHOW
        new = replace(old, status=status, ended_ms=event.at_ms)
    put(hall, old, new)
    unshow(hall, event.ticket)
    _acted(hall, event, "no_show", old)


def _transferred(hall: Hall, event: e.TicketTransferred) -> None:
    old = hall.tickets[event.ticket]
    new = replace(
        old,
        status=TicketStatus.WAITING,
        service=event.service,
        also=event.also,
        window="",
        bound_window=event.to_window,
        bound_clerk=event.to_clerk,
        return_to=event.return_to or old.return_to,
        return_service=event.return_service or old.return_service,
        note=event.note,
        transfers=old.transfers + 1,
    )
    put(hall, old, new)
    unshow(hall, event.ticket)
    _rendered(hall, event, old)
    _acted(hall, event, "transfer", old)


def _unbound(hall: Hall, event: e.TicketUnbound) -> None:
    old = hall.tickets[event.ticket]
    put(hall, old, replace(old, bound_window="", bound_clerk=""))


def _parked(hall: Hall, event: e.TicketParked) -> None:
    old = hall.tickets[event.ticket]
    new = replace(
        old, status=TicketStatus.PARKED, window="", note=event.reason, parked_until_ms=event.until_ms
    )
    put(hall, old, new)
    unshow(hall, event.ticket)
    _acted(hall, event, "park", old)


def _undone(hall: Hall, event: e.ActionUndone) -> None:
    """The tickets as they stood; what only counts upward (calls, papers, reprints) is not taken back."""
    for before in reversed(event.tickets):
        now = hall.tickets[before.id]
        put(
            hall,
            now,
            replace(before, calls=now.calls, paper=now.paper, reprints=now.reprints, postpones=now.postpones),
        )
        if before.status is TicketStatus.SERVING:
            _unrendered(hall, before)
        if before.status in (TicketStatus.CALLED, TicketStatus.SERVING):
            show(hall, before.id)
        else:
            unshow(hall, before.id)
    last = hall.undoable.pop(event.window, None)
    if last is not None and last.took is not None:
        _give_turn_back(hall, last.took)


def _acted(
    hall: Hall,
    event: e.TicketCalled
    | e.TicketArrived
    | e.TicketFinished
    | e.TicketSentBack
    | e.TicketNoShow
    | e.TicketTransferred
    | e.TicketParked,
    what: str,
    old: Ticket,
    took: TurnTaken | None = None,
) -> None:
    """Remember the last action of a window; a call that ended the service before it is one action with it."""
    new = hall.tickets[old.id]
    last = hall.undoable.get(event.window)
    together = what == "call" and last is not None and last.what == "finish" and last.at_ms == event.at_ms
    if together and last is not None and old.id not in {t.id for t in last.before}:
        before, after = (*last.before, old), (*last.after, new)
        hall.undoable[event.window] = Undoable(event.at_ms, "next", before, after, took)
    else:
        hall.undoable[event.window] = Undoable(event.at_ms, what, (old,), (new,), took)


# ---------------------------------------------------------------- windows


def _window_changed(hall: Hall, event: e.WindowChanged) -> None:
    old = hall.windows.get(event.window, _UNKNOWN)
    shift = old.shift if event.shift is None else event.shift
    hall.windows[event.window] = WindowNow(
        event.status, old.ticket, event.reason, event.at_ms, event.clerk, shift
    )


def _skills_changed(hall: Hall, event: e.SkillsChanged) -> None:
    hall.skills[event.window] = dict(event.skills)


# ---------------------------------------------------------------- leases


def _leased(hall: Hall, event: e.NumbersLeased) -> None:
    hall.leases[event.token] = Lease(
        event.token, event.station, event.service, event.first, event.last, event.holder
    )
    hall.tokens = event.token
    hall.leased[event.series] = max(event.last, hall.leased.get(event.series, 0))


def _lease_given_up(hall: Hall, event: e.LeaseGivenUp) -> None:
    hall.leases.pop(event.token, None)


def _merged(hall: Hall, event: e.LeaseMerged) -> None:
    if event.final:
        hall.leases.pop(event.token, None)


def _stopped(hall: Hall, event: e.IssuingStopped) -> None:
    hall.stopped[event.service] = Stop(event.at_ms, event.sentence, event.by_rule)


def _resumed(hall: Hall, event: e.IssuingResumed) -> None:
    if event.lifted:
        hall.stopped[event.service] = Stop(event.at_ms, "", lifted=True)
    else:
        hall.stopped.pop(event.service, None)


# ---------------------------------------------------------------- people who ask for people


def _guide_called(hall: Hall, event: e.GuideCalled) -> None:
    call = event.call or hall.seq + 1
    hall.helps[call] = HelpCall(call, Asked.GUIDE, event.at_ms, event.station, event.window, event.about)


def _help_called(hall: Hall, event: e.HelpCalled) -> None:
    hall.helps[event.call] = HelpCall(
        event.call, Asked.MANAGER, event.at_ms, "", event.window, event.about, event.clerk
    )


def _help_taken(hall: Hall, event: e.HelpTaken) -> None:
    hall.helps[event.call] = replace(hall.helps[event.call], taken_by=event.by, taken_ms=event.at_ms)


def _help_ended(hall: Hall, event: e.HelpEnded) -> None:
    hall.helps[event.call] = replace(hall.helps[event.call], ended_ms=event.at_ms, note=event.note)


def _notice_posted(hall: Hall, event: e.NoticePosted) -> None:
    hall.notices[event.notice] = Notice(event.notice, event.text, event.until_ms)


def _notice_ended(hall: Hall, event: e.NoticeEnded) -> None:
    hall.notices.pop(event.notice, None)


def _skipped(hall: Hall, event: e.NumbersSkipped) -> None:
    for series, ordinal in event.issued:
        hall.issued[series] = max(ordinal, hall.issued.get(series, 0))
    for series, ordinal in event.leased:
        hall.leased[series] = max(ordinal, hall.leased.get(series, 0))


def _nothing(_hall: Hall, _event: e.Event) -> None:
    """Kept in the journal for its own sake."""


_EVOLVERS: dict[type[e.Event], Callable[..., None]] = {
    e.DayOpened: _day_opened,
    e.DayClosed: _day_closed,
    e.TicketIssued: _issued,
    e.PaperReported: _paper,
    e.TicketCancelled: _cancelled,
    e.TicketPostponed: _postponed,
    e.ServiceEvaluated: _evaluated,
    e.TicketReturned: _returned,
    e.AppointmentBooked: _booked,
    e.AppointmentCancelled: _appointment_cancelled,
    e.AppointmentMissed: _appointment_missed,
    e.TicketCalled: _called,
    e.TicketRecalled: _recalled,
    e.TicketArrived: _arrived,
    e.TicketFinished: _finished,
    e.TicketSentBack: _sent_back,
    e.TicketNoShow: _no_show,
    e.TicketTransferred: _transferred,
    e.TicketUnbound: _unbound,
    e.TicketParked: _parked,
    e.ActionUndone: _undone,
    e.WindowChanged: _window_changed,
    e.SkillsChanged: _skills_changed,
    e.PlanPublished: adopt,
    e.IssuingStopped: _stopped,
    e.IssuingResumed: _resumed,
    e.NumbersLeased: _leased,
    e.LeaseGivenUp: _lease_given_up,
    e.LeaseMerged: _merged,
    e.MergeDecided: _nothing,
    e.IssueForgone: _nothing,
    e.NumbersSkipped: _skipped,
    e.HoardingSuspected: _nothing,
    e.GuideCalled: _guide_called,
    e.HelpCalled: _help_called,
    e.HelpTaken: _help_taken,
    e.HelpEnded: _help_ended,
    e.NoticePosted: _notice_posted,
    e.NoticeEnded: _notice_ended,
    e.PapersTaken: _papers_taken,
    e.ClockSuspected: _nothing,
    e.ClockCorrected: _nothing,
    e.SnapshotSealed: _nothing,
    e.JournalMigrated: _nothing,
    e.JournalRestored: _nothing,
}
