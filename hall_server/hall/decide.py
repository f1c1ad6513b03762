"""PURE: decide(hall, command, now) -> what happens and what the sender is told; nothing changes here.

Raises RuleBroken with a Chinese sentence when a rule forbids the command. No function here scans a
collection that grows with the number of tickets, save the close of the business day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import MINUTE_MS, closing_after, label
from hall_server.hall.model import (
    AT_WINDOW,
    Hall,
    NoShowPolicy,
    Outcome,
    ServiceWindow,
    Ticket,
    WindowNow,
)
from hall_server.hall.model import RuleBroken as RuleBroken

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
class Answer:
    """What the sender is told: the ticket concerned, and whether it was there before."""

    ticket: str = ""
    existing: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """Events to be written and evolved in this order, and the answer; no events = nothing changed."""

    events: tuple[e.Event, ...]
    answer: Answer = Answer()


def decide(hall: Hall, command: c.Command, now_ms: int) -> Decision:
    """What ``command`` brings about at ``now_ms``, within the business day that ``turn_of_day`` opened.

    Raises RuleBroken.
    """
    return _DECIDERS[type(command)](hall, command, now_ms)


def turn_of_day(hall: Hall, now_ms: int) -> tuple[e.Event, ...]:
    """The close of the running business day and the opening of the next, when it is time; else ()."""
    if hall.day is not None and now_ms < hall.day.closes_ms:
        return ()
    rules = hall.plan.rules
    opened = e.DayOpened(
        at_ms=now_ms,
        day=label(now_ms, rules, hall.day.label if hall.day else None),
        closes_ms=closing_after(now_ms, rules),
    )
    if hall.day is None:
        return (opened,)
    expired = tuple(t.id for t in hall.open_tickets())
    return (e.DayClosed(at_ms=now_ms, day=hall.day.label, expired=expired), opened)


# ---------------------------------------------------------------- getting a number


def _issue(hall: Hall, command: c.Issue, now_ms: int) -> Decision:
    service = hall.plan.services.get(command.service)
    if service is None:
        raise RuleBroken("unknown_service", "没有这项业务，请返回首页重新选择")
    if command.person is not None:
        held = hall.by_person.get((command.person.key, service.id))
        if held is not None:
            return Decision((), Answer(held[0], existing=True))
    assert hall.day is not None
    ordinal = hall.issued.get(service.prefix, service.first - 1) + 1
    number = f"{service.prefix}{ordinal:0{service.width}d}"
    ticket = f"{hall.day.label}-{number}"
    event = e.TicketIssued(
        at_ms=now_ms,
        ticket=ticket,
        number=number,
        series=service.prefix,
        ordinal=ordinal,
        day=hall.day.label,
        service=service.id,
        rank=(now_ms << 16) | (ordinal & 0xFFFF),
        items=command.items,
        situation=command.situation,
        person=command.person,
        station=command.by,
    )
    return Decision((event,), Answer(ticket))


def _report_paper(hall: Hall, command: c.ReportPaper, now_ms: int) -> Decision:
    ticket = _ticket(hall, command.ticket)
    event = e.PaperReported(
        at_ms=now_ms,
        ticket=ticket.id,
        paper=command.paper,
        reprint=command.reprint,
        station=command.by,
    )
    return Decision((event,), Answer(ticket.id))


def _cancel(hall: Hall, command: c.Cancel | c.Void, now_ms: int) -> Decision:
    ticket = _ticket(hall, command.ticket)
    void = isinstance(command, c.Void)
    allowed = (
        {TicketStatus.WAITING} if void else {TicketStatus.WAITING, TicketStatus.PARKED, TicketStatus.CALLED}
    )
    if ticket.status not in allowed:
        raise RuleBroken(
            "wrong_state",
            f"{ticket.number} {STATUS_TEXT[ticket.status]}，不能{'作废' if void else '取消'}",
        )
    event = e.TicketCancelled(at_ms=now_ms, ticket=ticket.id, reason=command.reason, void=void)
    return Decision((event,), Answer(ticket.id))


# ---------------------------------------------------------------- at a window


def _call_next(hall: Hall, command: c.CallNext, now_ms: int) -> Decision:
    window, now = _window(hall, command.window)
    if now.status is not WindowStatus.OPEN:
        raise RuleBroken("window_closed", f"{window.label}未开放，请先开窗")
    ended = _end_present(hall, window, now_ms)
    heads = [head for s in window.services if (head := hall.head(s)) is not None]
    if not heads:
        if ended:
            return Decision(ended, Answer())
        raise RuleBroken("nobody_waiting", "暂无等待")
    ticket = min(heads)[1]
    called = e.TicketCalled(at_ms=now_ms, ticket=ticket, window=window.id)
    return Decision((*ended, called), Answer(ticket))


def _end_present(hall: Hall, window: ServiceWindow, now_ms: int) -> tuple[e.Event, ...]:
    """Events that end what is going on at the window, so that the next may come."""
    present = hall.ticket_at(window.id)
    if present is None:
        return ()
    if present.status is TicketStatus.CALLED:
        raise RuleBroken(
            "not_arrived",
            f"{present.number} 还在呼叫中：请先按“到窗”“重呼”或“过号”",
        )
    return (e.TicketFinished(at_ms=now_ms, ticket=present.id, window=window.id, outcome=Outcome.DONE),)


def _call_parked(hall: Hall, command: c.CallParked, now_ms: int) -> Decision:
    window, now = _window(hall, command.window)
    ticket = _ticket(hall, command.ticket)
    if now.status is not WindowStatus.OPEN:
        raise RuleBroken("window_closed", f"{window.label}未开放，请先开窗")
    if ticket.status is not TicketStatus.PARKED:
        raise RuleBroken("wrong_state", f"{ticket.number} {STATUS_TEXT[ticket.status]}，没有挂起")
    if ticket.service not in window.services:
        raise RuleBroken("not_here", f"{window.label}不能办理{ticket.number}的业务")
    ended = _end_present(hall, window, now_ms)
    called = e.TicketCalled(at_ms=now_ms, ticket=ticket.id, window=window.id)
    return Decision((*ended, called), Answer(ticket.id))


def _recall(hall: Hall, command: c.Recall, now_ms: int) -> Decision:
    window, _ = _window(hall, command.window)
    ticket = _present(hall, window, {TicketStatus.CALLED})
    if ticket.recalls >= hall.plan.rules.recalls_before_no_show:
        raise RuleBroken(
            "recalls_exhausted",
            f"{ticket.number} 已重呼 {ticket.recalls} 次，请按“过号”",
        )
    event = e.TicketRecalled(at_ms=now_ms, ticket=ticket.id, window=window.id)
    return Decision((event,), Answer(ticket.id))


def _arrive(hall: Hall, command: c.Arrive, now_ms: int) -> Decision:
    window, _ = _window(hall, command.window)
    ticket = _present(hall, window, {TicketStatus.CALLED})
    event = e.TicketArrived(at_ms=now_ms, ticket=ticket.id, window=window.id)
    return Decision((event,), Answer(ticket.id))


def _finish(hall: Hall, command: c.Finish, now_ms: int) -> Decision:
    window, _ = _window(hall, command.window)
    ticket = _present(hall, window, {TicketStatus.SERVING})
    event = e.TicketFinished(
        at_ms=now_ms, ticket=ticket.id, window=window.id, outcome=command.outcome, note=command.note
    )
    return Decision((event,), Answer(ticket.id))


def _no_show(hall: Hall, command: c.NoShow, now_ms: int) -> Decision:
    window, _ = _window(hall, command.window)
    ticket = _present(hall, window, {TicketStatus.CALLED})
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
    queue = hall.waiting[ticket.service]
    if rules.no_show_policy is NoShowPolicy.BACK:
        if not queue:
            return ticket.rank
        return int(queue[min(rules.back_places, len(queue)) - 1][0]) + 1
    if rules.no_show_policy is NoShowPolicy.END:
        return int(queue[-1][0]) + 1 if queue else ticket.rank
    return None


def _transfer(hall: Hall, command: c.Transfer, now_ms: int) -> Decision:
    window, _ = _window(hall, command.window)
    ticket = _present(hall, window, AT_WINDOW)
    service = hall.plan.services.get(command.service)
    if service is None:
        raise RuleBroken("unknown_service", f"没有“{command.service}”这项业务")
    if not hall.plan.windows_for(service.id):
        raise RuleBroken("no_window", f"没有窗口办理“{service.name}”，不能转移")
    if service.id == ticket.service:
        raise RuleBroken("same_service", f"{ticket.number} 已在“{service.name}”，不用转移")
    event = e.TicketTransferred(
        at_ms=now_ms, ticket=ticket.id, window=window.id, service=service.id, note=command.note
    )
    return Decision((event,), Answer(ticket.id))


def _park(hall: Hall, command: c.Park, now_ms: int) -> Decision:
    window, _ = _window(hall, command.window)
    ticket = _present(hall, window, AT_WINDOW)
    if not 1 <= command.minutes <= 24 * 60:
        raise RuleBroken("bad_minutes", "挂起时间应为 1 到 1440 分钟")
    event = e.TicketParked(
        at_ms=now_ms,
        ticket=ticket.id,
        window=window.id,
        until_ms=now_ms + command.minutes * MINUTE_MS,
        reason=command.reason,
    )
    return Decision((event,), Answer(ticket.id))


def _open_window(hall: Hall, command: c.OpenWindow, now_ms: int) -> Decision:
    window, now = _window(hall, command.window)
    return _change(window, now, WindowStatus.OPEN, "", now_ms)


def _pause_window(hall: Hall, command: c.PauseWindow, now_ms: int) -> Decision:
    window, now = _window(hall, command.window)
    return _change(window, now, WindowStatus.PAUSED, command.reason, now_ms)


def _close_window(hall: Hall, command: c.CloseWindow, now_ms: int) -> Decision:
    window, now = _window(hall, command.window)
    if present := hall.ticket_at(window.id):
        raise RuleBroken("still_busy", f"{present.number} {STATUS_TEXT[present.status]}，请先处理再关窗")
    return _change(window, now, WindowStatus.CLOSED, "", now_ms)


def _change(
    window: ServiceWindow, now: WindowNow, status: WindowStatus, reason: str, now_ms: int
) -> Decision:
    if now.status is status and now.reason == reason:
        return Decision(())
    return Decision((e.WindowChanged(at_ms=now_ms, window=window.id, status=status, reason=reason),))


# ---------------------------------------------------------------- clock and guide


def _tick(hall: Hall, _command: c.Tick, now_ms: int) -> Decision:
    returned: list[e.Event] = []
    for until_ms, ticket in hall.parked:
        if until_ms > now_ms:
            break
        returned.append(e.TicketReturned(at_ms=now_ms, ticket=ticket))
    return Decision(tuple(returned))


def _call_guide(_hall: Hall, command: c.CallGuide, now_ms: int) -> Decision:
    return Decision((e.GuideCalled(at_ms=now_ms, station=command.by, about=command.about),))


def _suspect_clock(_hall: Hall, command: c.SuspectClock, now_ms: int) -> Decision:
    return Decision((e.ClockSuspected(at_ms=now_ms, sentence=command.sentence),))


# ---------------------------------------------------------------- looking things up


def _window(hall: Hall, window: str) -> tuple[ServiceWindow, WindowNow]:
    found = hall.plan.windows.get(window)
    if found is None:
        raise RuleBroken("unknown_window", f"没有编号为“{window}”的窗口")
    return found, hall.windows[window]


def _ticket(hall: Hall, ticket: str) -> Ticket:
    found = hall.tickets.get(ticket)
    if found is None:
        raise RuleBroken("unknown_ticket", "没有这个号，或已不是今天的号")
    return found


def _present(
    hall: Hall, window: ServiceWindow, allowed: set[TicketStatus] | frozenset[TicketStatus]
) -> Ticket:
    ticket = hall.ticket_at(window.id)
    if ticket is None:
        raise RuleBroken("no_ticket", f"{window.label}现在没有号")
    if ticket.status not in allowed:
        raise RuleBroken("wrong_state", f"{ticket.number} {STATUS_TEXT[ticket.status]}，不能这样操作")
    return ticket


_DECIDERS: dict[type[c.Command], Callable[..., Decision]] = {
    c.Issue: _issue,
    c.ReportPaper: _report_paper,
    c.Cancel: _cancel,
    c.Void: _cancel,
    c.CallNext: _call_next,
    c.CallParked: _call_parked,
    c.Recall: _recall,
    c.Arrive: _arrive,
    c.Finish: _finish,
    c.NoShow: _no_show,
    c.Transfer: _transfer,
    c.Park: _park,
    c.OpenWindow: _open_window,
    c.PauseWindow: _pause_window,
    c.CloseWindow: _close_window,
    c.Tick: _tick,
    c.CallGuide: _call_guide,
    c.SuspectClock: _suspect_clock,
}
