"""PURE: what the holder of a number may do from afar: ask for more time, and say that he is back."""

from __future__ import annotations

from itertools import islice

from contract.messages import TicketStatus
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import MINUTE_MS
from hall_server.hall.issuing import RANK_BITS, queue_of
from hall_server.hall.lookup import STATUS_TEXT, Answer, Decision, ticket_named
from hall_server.hall.model import Hall, RuleBroken, Ticket
from hall_server.hall.plan import Postponing, Rules
from hall_server.hall.staffing import set_free

_MAY_POSTPONE = frozenset({TicketStatus.WAITING, TicketStatus.CALLED})


def postpone(hall: Hall, command: c.Postpone, now_ms: int) -> Decision:
    """So often per number: its place is kept for some minutes, or lies some places further back."""
    ticket, rules = ticket_named(hall, command.ticket), hall.plan.rules
    if why := why_not_postpone(ticket, rules):
        raise RuleBroken("no_postponing", why)
    if rules.postpone is Postponing.PARK:
        until_ms = now_ms + rules.postpone_minutes * MINUTE_MS
        event = e.TicketPostponed(at_ms=now_ms, ticket=ticket.id, until_ms=until_ms)
    else:
        rank = _rank_behind_me(hall, ticket, rules.postpone_places)
        if rank is None:
            raise RuleBroken("nobody_behind", "您后面现在没有人等候，延后没有作用，请尽快到大厅")
        event = e.TicketPostponed(at_ms=now_ms, ticket=ticket.id, rank=rank)
    return Decision((event,), Answer(ticket.id))


def why_not_postpone(ticket: Ticket, rules: Rules) -> str:
    """The sentence that forbids it, or ''."""
    if rules.postpone is Postponing.OFF:
        return "本大厅不能延后，请按时到场或取消"
    if ticket.status not in _MAY_POSTPONE:
        return f"{ticket.number} {STATUS_TEXT[ticket.status]}，不能延后"
    if ticket.postpones >= rules.postpones_per_ticket:
        return f"{ticket.number} 已延后 {ticket.postpones} 次，不能再延后"
    return ""


def come_back(hall: Hall, command: c.ComeBack, now_ms: int) -> Decision:
    """Into the place that was kept; a number that a clerk set aside comes back by the clerk's time only."""
    ticket = ticket_named(hall, command.ticket)
    if ticket.status is TicketStatus.WAITING:
        return Decision((), Answer(ticket.id, existing=True))
    if ticket.status is not TicketStatus.PARKED or not ticket.away:
        raise RuleBroken("wrong_state", f"{ticket.number} {STATUS_TEXT[ticket.status]}，不用这样操作")
    back = e.TicketReturned(at_ms=now_ms, ticket=ticket.id)
    return Decision((back, *set_free(hall, ticket, now_ms)), Answer(ticket.id))


def _rank_behind_me(hall: Hall, ticket: Ticket, places: int) -> int | None:
    """A place right behind so many of those behind this number, None when nobody is."""
    mine = (ticket.rank, ticket.id)
    behind: list[int] = sorted(
        rank
        for waiting in queue_of(hall, ticket)
        for rank, _ in islice(waiting.irange(minimum=mine, inclusive=(False, True)), places + 1)
    )
    if not behind:
        return None
    last = behind[min(places, len(behind)) - 1]
    after = min([*behind[places:], last + (1 << RANK_BITS)])
    return last + max(1, (after - last) // 2)
