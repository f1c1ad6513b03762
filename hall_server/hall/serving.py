"""PURE: what clerks do at a window: call, recall, arrive, finish, no-show, transfer, park, undo."""

from __future__ import annotations

from dataclasses import replace

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.calling import next_for
from hall_server.hall.day import MINUTE_MS
from hall_server.hall.issuing import rank_behind
from hall_server.hall.lookup import (
    STATUS_TEXT,
    Answer,
    Decision,
    present,
    service_named,
    ticket_named,
    window_named,
)
from hall_server.hall.model import (
    AT_WINDOW,
    OPEN_STATUSES,
    Hall,
    Outcome,
    Papers,
    RuleBroken,
    Ticket,
    WindowNow,
)
from hall_server.hall.plan import NoShowPolicy, ServiceWindow


def call_next(hall: Hall, command: c.CallNext, now_ms: int) -> Decision:
    """The rule's choice; the service still going on ends as done."""
    window, now = _open(hall, command.window)
    clerk = command.clerk or now.clerk
    ended = _end_present(hall, window, now_ms)
    ticket = next_for(hall, window.id, now_ms, clerk)
    if ticket is None:
        if ended:
            return Decision(ended, Answer())
        raise RuleBroken("nobody_waiting", "暂无等待")
    called = e.TicketCalled(at_ms=now_ms, ticket=ticket.id, window=window.id, clerk=clerk)
    return Decision((*ended, called), Answer(ticket.id))


def call_ticket(hall: Hall, command: c.CallTicket, now_ms: int) -> Decision:
    """A waiting number out of its order, for a reason."""
    if not command.reason.strip():
        raise RuleBroken("no_reason", "直接呼叫请填写理由")
    return _call_this(hall, command, TicketStatus.WAITING, command.reason, now_ms)


def call_parked(hall: Hall, command: c.CallParked, now_ms: int) -> Decision:
    """A number that was set aside."""
    return _call_this(hall, command, TicketStatus.PARKED, "", now_ms)


def _call_this(
    hall: Hall, command: c.CallTicket | c.CallParked, wanted: TicketStatus, reason: str, now_ms: int
) -> Decision:
    window, now = _open(hall, command.window)
    ticket = ticket_named(hall, command.ticket)
    if ticket.status is not wanted:
        not_so = "没有挂起" if wanted is TicketStatus.PARKED else "没有在等候"
        raise RuleBroken("wrong_state", f"{ticket.number} {STATUS_TEXT[ticket.status]}，{not_so}")
    if not {ticket.service, *ticket.also} <= hall.skills[window.id].keys():
        raise RuleBroken("not_here", f"{window.label}不能办理{ticket.number}的业务")
    present_visit = hall.ticket_at(window.id)
    busy = hall.busy.get(ticket.visit, 0) - (
        present_visit is not None and present_visit.visit == ticket.visit
    )
    if busy:
        raise RuleBroken("elsewhere", f"{ticket.number} 的持有人正在别的窗口")
    ended = _end_present(hall, window, now_ms)
    called = e.TicketCalled(
        at_ms=now_ms, ticket=ticket.id, window=window.id, clerk=command.clerk or now.clerk, reason=reason
    )
    return Decision((*ended, called), Answer(ticket.id))


def recall(hall: Hall, command: c.Recall, now_ms: int) -> Decision:
    """Again, up to the hall's limit."""
    window, _ = window_named(hall, command.window)
    ticket = present(hall, window, {TicketStatus.CALLED})
    if ticket.recalls >= hall.plan.rules.recalls_before_no_show:
        raise RuleBroken("recalls_exhausted", f"{ticket.number} 已重呼 {ticket.recalls} 次，请按“过号”")
    return Decision((e.TicketRecalled(at_ms=now_ms, ticket=ticket.id, window=window.id),), Answer(ticket.id))


def arrive(hall: Hall, command: c.Arrive, now_ms: int) -> Decision:
    """The first clerk stays responsible for the visit (首问负责)."""
    window, now = window_named(hall, command.window)
    ticket = present(hall, window, {TicketStatus.CALLED})
    event = e.TicketArrived(
        at_ms=now_ms,
        ticket=ticket.id,
        window=window.id,
        responsible=ticket.responsible or command.clerk or now.clerk or window.id,
    )
    return Decision((event,), Answer(ticket.id))


def finish(hall: Hall, command: c.Finish, now_ms: int) -> Decision:
    """Ended here; a number that another window wants back goes there instead."""
    window, _ = window_named(hall, command.window)
    ticket = present(hall, window, {TicketStatus.SERVING})
    event = _finished(hall, window, ticket, command.outcome, command.note, now_ms, by_next=False)
    if command.missing and isinstance(event, e.TicketFinished):
        event = replace(event, missing=command.missing)
    return Decision((event,), Answer(ticket.id))


def take_papers(hall: Hall, command: c.TakePapers, now_ms: int) -> Decision:
    """Which papers the clerk has by now; kept with the number wherever it goes."""
    window, _ = window_named(hall, command.window)
    ticket = present(hall, window, {TicketStatus.SERVING})
    if hall.papers.get(ticket.id, Papers()).taken == command.papers:
        return Decision((), Answer(ticket.id))
    event = e.PapersTaken(at_ms=now_ms, ticket=ticket.id, window=window.id, papers=command.papers)
    return Decision((event,), Answer(ticket.id))


def _finished(
    hall: Hall,
    window: ServiceWindow,
    ticket: Ticket,
    outcome: Outcome,
    note: str,
    now_ms: int,
    *,
    by_next: bool,
) -> e.Event:
    back = ticket.return_to
    wanted = back in hall.plan.windows and hall.windows[back].status is not WindowStatus.CLOSED
    if wanted and back != window.id:
        return e.TicketSentBack(
            at_ms=now_ms, ticket=ticket.id, window=window.id, to_window=back, note=note or ticket.note
        )
    return e.TicketFinished(
        at_ms=now_ms, ticket=ticket.id, window=window.id, outcome=outcome, note=note, by_next=by_next
    )


def _end_present(hall: Hall, window: ServiceWindow, now_ms: int) -> tuple[e.Event, ...]:
    """Events that end what is going on at the window, so that the next may come."""
    ticket = hall.ticket_at(window.id)
    if ticket is None:
        return ()
    if ticket.status is TicketStatus.CALLED:
        raise RuleBroken("not_arrived", f"{ticket.number} 还在呼叫中：请先按“到窗”“重呼”或“过号”")
    return (_finished(hall, window, ticket, Outcome.DONE, "", now_ms, by_next=True),)


def no_show(hall: Hall, command: c.NoShow, now_ms: int) -> Decision:
    """What the hall's policy makes of it."""
    window, _ = window_named(hall, command.window)
    ticket = present(hall, window, {TicketStatus.CALLED})
    policy = hall.plan.rules.no_show_policy
    event = e.TicketNoShow(
        at_ms=now_ms,
        ticket=ticket.id,
        window=window.id,
        rank=_rank_after_no_show(hall, ticket),
        void=policy is NoShowPolicy.VOID,
    )
    return Decision((event,), Answer(ticket.id))


def _rank_after_no_show(hall: Hall, ticket: Ticket) -> int | None:
    """The place that the policy gives back, or None when the number leaves its queue."""
    rules = hall.plan.rules
    if rules.no_show_policy is NoShowPolicy.BACK:
        return rank_behind(hall, ticket.id, rules.back_places)
    if rules.no_show_policy is NoShowPolicy.END:
        return rank_behind(hall, ticket.id, None)
    return None


def transfer(hall: Hall, command: c.Transfer, now_ms: int) -> Decision:
    """To a service, a window of it or a clerk; with the way back when asked."""
    window, _ = window_named(hall, command.window)
    ticket = present(hall, window, AT_WINDOW)
    service = service_named(hall, command.service or ticket.service)
    also = () if command.service else ticket.also
    bound = _bound(hall, command, (service.id, *also))
    if not bound and service.id == ticket.service:
        raise RuleBroken("same_service", f"{ticket.number} 已在“{service.name}”，不用转移")
    if bound == window.id:
        raise RuleBroken("same_window", f"{ticket.number} 就在{window.label}，不用转移")
    if not hall.windows_for(service.id):
        raise RuleBroken("no_window", f"没有窗口办理“{service.name}”，不能转移")
    event = e.TicketTransferred(
        at_ms=now_ms,
        ticket=ticket.id,
        window=window.id,
        service=service.id,
        also=also,
        to_window=command.to_window,
        to_clerk=command.to_clerk,
        return_to=window.id if command.come_back else "",
        return_service=ticket.service if command.come_back else "",
        note=command.note,
    )
    return Decision((event,), Answer(ticket.id))


def _bound(hall: Hall, command: c.Transfer, services: tuple[str, ...]) -> str:
    """The window that the number will be bound to, through the window or the clerk named; '' = any."""
    target = command.to_window or (hall.seat_of(command.to_clerk) if command.to_clerk else "")
    if command.to_clerk and not target:
        raise RuleBroken("clerk_away", f"工号 {command.to_clerk} 现在不在窗口")
    if not target:
        return ""
    there, now = window_named(hall, target)
    if now.status is WindowStatus.CLOSED:
        raise RuleBroken("window_closed", f"{there.label}未开放，不能转移过去")
    for service in services:
        if service not in hall.skills[target]:
            raise RuleBroken("not_there", f"{there.label}不能办理“{hall.plan.services[service].name}”")
    return target


def park(hall: Hall, command: c.Park, now_ms: int) -> Decision:
    """Set aside with a time at which it comes back by itself."""
    window, _ = window_named(hall, command.window)
    ticket = present(hall, window, AT_WINDOW)
    if not 1 <= command.minutes <= 24 * 60:
        raise RuleBroken("bad_minutes", "挂起时间应为 1 到 1440 分钟")
    until_ms = now_ms + command.minutes * MINUTE_MS
    event = e.TicketParked(
        at_ms=now_ms, ticket=ticket.id, window=window.id, until_ms=until_ms, reason=command.reason
    )
    return Decision((event,), Answer(ticket.id))


def undo(hall: Hall, command: c.Undo, now_ms: int) -> Decision:
    """Take back the last action, when nothing has happened to its tickets since."""
    window, now = window_named(hall, command.window)
    last = hall.undoable.get(window.id)
    limit = hall.plan.rules.undo_seconds
    if last is None or now_ms - last.at_ms > limit * 1000:
        raise RuleBroken("too_late", f"{limit} 秒内没有可以撤销的操作")
    moved = next((t for t in last.after if hall.tickets.get(t.id) != t), None)
    if moved is not None:
        raise RuleBroken("moved_on", f"{moved.number} 之后又有变化，不能撤销")
    mine = {t.id for t in last.after}
    if now.ticket and now.ticket not in mine:
        raise RuleBroken("window_busy", f"{window.label}已有别的号，不能撤销")
    here = hall.tickets.get(now.ticket)
    for ticket in last.before:
        _require_not_replaced(hall, ticket, mine)
        at_window = ticket.status in AT_WINDOW
        if at_window and now.status is WindowStatus.CLOSED:
            raise RuleBroken("window_closed", f"{window.label}未开放，请先开窗")
        if at_window and hall.busy.get(ticket.visit, 0) - (here is not None and here.visit == ticket.visit):
            raise RuleBroken("elsewhere", f"{ticket.number} 的持有人正在别的窗口，不能撤销")
    event = e.ActionUndone(at_ms=now_ms, window=window.id, what=last.what, tickets=last.before)
    return Decision((event,), Answer(last.before[0].id))


def _require_not_replaced(hall: Hall, before: Ticket, mine: set[str]) -> None:
    """Nobody gets back an open number who took a new one for the same service since it ended."""
    if before.person is None or hall.tickets[before.id].status in OPEN_STATUSES:
        return
    held = hall.held(before.person.key, (before.service, *before.also))
    if held is not None and held.id not in mine:
        raise RuleBroken("held_again", f"{before.number} 的持有人已重新取号，不能撤销")


def _open(hall: Hall, window_id: str) -> tuple[ServiceWindow, WindowNow]:
    window, now = window_named(hall, window_id)
    if now.status is not WindowStatus.OPEN:
        raise RuleBroken("window_closed", f"{window.label}未开放，请先开窗")
    return window, now
