"""PURE: what an event does at a window: to its number, its people's turns, its last action."""

from __future__ import annotations

from dataclasses import replace

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall import events as e
from hall_server.hall.calling import spent, turned
from hall_server.hall.indexes import put, show, unshow
from hall_server.hall.model import (
    FULL_GREEN_BUDGET,
    Hall,
    Papers,
    Served,
    Ticket,
    TurnTaken,
    Undoable,
    WindowNow,
)

_NO_PAPERS = Papers()
_UNKNOWN = WindowNow(WindowStatus.CLOSED)


def called(hall: Hall, event: e.TicketCalled) -> None:
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


def _take_turn(hall: Hall, ticket: Ticket) -> TurnTaken:
    group, rule = hall.plan.group_of(ticket.service), hall.plan.rule_of(ticket.service)
    before, budget = hall.turns.get(group, (0, 0)), hall.green_budget
    hall.green_budget = spent(budget, ticket.rank_class, rule)
    hall.turns[group] = turned(before, ticket.rank_class, rule)
    return TurnTaken(group, before, hall.turns[group], hall.green_budget - budget)


def _give_turn_back(hall: Hall, took: TurnTaken) -> None:
    """Unless other windows have called in between: then the turns went on from it."""
    if hall.turns.get(took.group) == took.turned:
        hall.turns[took.group] = took.turns
    hall.green_budget = max(0, min(FULL_GREEN_BUDGET, hall.green_budget - took.budget))


def recalled(hall: Hall, event: e.TicketRecalled) -> None:
    old = hall.tickets[event.ticket]
    put(hall, old, replace(old, calls=old.calls + 1, recalls=old.recalls + 1, called_ms=event.at_ms))
    show(hall, event.ticket)
    hall.undoable.pop(event.window, None)


def arrived(hall: Hall, event: e.TicketArrived) -> None:
    old = hall.tickets[event.ticket]
    new = replace(old, status=TicketStatus.SERVING, arrived_ms=event.at_ms, responsible=event.responsible)
    put(hall, old, new)
    if event.responsible not in (event.window, hall.windows.get(event.window, _UNKNOWN).clerk):
        _entrust(hall, new)
    _acted(hall, event, "arrive", old)


def finished(hall: Hall, event: e.TicketFinished) -> None:
    old = hall.tickets[event.ticket]
    new = replace(old, status=TicketStatus.DONE, outcome=event.outcome, note=event.note, ended_ms=event.at_ms)
    put(hall, old, new)
    _rendered(hall, event, old)
    if event.missing:
        hall.papers[old.id] = Papers(hall.papers.get(old.id, _NO_PAPERS).taken, event.missing)
    _acted(hall, event, "finish", old)


def papers_taken(hall: Hall, event: e.PapersTaken) -> None:
    hall.papers[event.ticket] = Papers(event.papers)


def sent_back(hall: Hall, event: e.TicketSentBack) -> None:
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


def no_show(hall: Hall, event: e.TicketNoShow) -> None:
    old = hall.tickets[event.ticket]
    if event.rank is not None:
        new = replace(old, status=TicketStatus.WAITING, rank=event.rank, window="")
    else:
        status = TicketStatus.VOID if event.void else TicketStatus.NO_SHOW
        new = replace(old, status=status, ended_ms=event.at_ms)
    put(hall, old, new)
    unshow(hall, event.ticket)
    _acted(hall, event, "no_show", old)


def transferred(hall: Hall, event: e.TicketTransferred) -> None:
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
    _entrust(hall, new)
    _acted(hall, event, "transfer", old)


def parked(hall: Hall, event: e.TicketParked) -> None:
    old = hall.tickets[event.ticket]
    new = replace(
        old, status=TicketStatus.PARKED, window="", note=event.reason, parked_until_ms=event.until_ms
    )
    put(hall, old, new)
    unshow(hall, event.ticket)
    _entrust(hall, new)
    _acted(hall, event, "park", old)


def undone(hall: Hall, event: e.ActionUndone) -> None:
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


def endings_read(hall: Hall, event: e.EndingsRead) -> None:
    hall.endings_read.update(event.endings)


def _entrust(hall: Hall, ticket: Ticket) -> None:
    """The number goes on with others, or may; who took it first stays responsible."""
    known = hall.entrusted.get(ticket.responsible, ())
    if ticket.responsible and ticket.id not in known:
        hall.entrusted[ticket.responsible] = (*known, ticket.id)


def window_changed(hall: Hall, event: e.WindowChanged) -> None:
    old = hall.windows.get(event.window, _UNKNOWN)
    shift = old.shift if event.shift is None else event.shift
    hall.windows[event.window] = WindowNow(
        event.status, old.ticket, event.reason, event.at_ms, event.clerk, shift
    )


def skills_changed(hall: Hall, event: e.SkillsChanged) -> None:
    hall.skills[event.window] = dict(event.skills)


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
