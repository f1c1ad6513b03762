"""PURE: 为什么还没叫到我: why a ticket waits, as data and as one Chinese sentence.

The answer is read from the same candidates and rules by which windows call, so it cannot drift from
what really happens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall.calling import MINUTE_MS, ahead, next_for
from hall_server.hall.lookup import STATUS_TEXT
from hall_server.hall.model import Class, Hall, Ticket
from hall_server.hall.plan import CallingKind


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a ticket was not called yet.

    ``ahead`` people of its own service come first, ``preferred`` of them by a green reason or an appointment;
    ``windows`` labels of open windows that may call it, ``closed`` of those that could if they were open;
    ``elsewhere`` the window at which its holder stands with another number; ``next_at`` the window that would
    call it next if it pressed now; else ``first`` is the number that ``first_at``, one of ``windows``, would
    call. ``moved``: it lies further back than when it was issued, having passed or been postponed.
    """

    ticket: str
    status: TicketStatus
    waited_minutes: int
    ahead: int = 0
    preferred: int = 0
    passed_by: int = 0
    windows: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    bound_to: str = ""
    elsewhere: str = ""
    next_at: str = ""
    first: str = ""
    first_at: str = ""
    moved: bool = False
    sentence: str = ""


def why_not(hall: Hall, ticket_id: str, now_ms: int) -> WhyNot | None:
    """The answer for one ticket of this business day, or None when there is no such ticket."""
    ticket = hall.tickets.get(ticket_id)
    if ticket is None:
        return None
    waited = max(0, now_ms - ticket.issued_ms) // MINUTE_MS
    if ticket.status is not TicketStatus.WAITING:
        sentence = f"{ticket.number} {STATUS_TEXT[ticket.status]}，不在等候中"
        return WhyNot(ticket.id, ticket.status, waited, sentence=sentence)
    able = _able(hall, ticket)
    open_ = tuple(w for w in able if hall.windows[w].status is WindowStatus.OPEN)
    found = WhyNot(
        ticket=ticket.id,
        status=ticket.status,
        waited_minutes=waited,
        ahead=ahead(hall, ticket, now_ms),
        preferred=_preferred(hall, ticket, now_ms),
        passed_by=_passed_by(hall, ticket),
        windows=tuple(hall.plan.windows[w].label for w in open_),
        closed=tuple(hall.plan.windows[w].label for w in able if w not in open_),
        bound_to=_bound(hall, ticket),
        elsewhere=_elsewhere(hall, ticket),
        moved=not ticket.appointment and ticket.first_ms > ticket.issued_ms,
    )
    return _with_sentence(hall, ticket, _with_next(hall, ticket, open_, found, now_ms))


def _able(hall: Hall, ticket: Ticket) -> tuple[str, ...]:
    """Windows that have every skill that the ticket needs, and to which it is not denied by its binding."""
    needed = {ticket.service, *ticket.also}
    able = (w for w, skills in hall.skills.items() if needed <= skills.keys() and w in hall.plan.windows)
    if ticket.bound_window:
        return tuple(w for w in able if w == ticket.bound_window)
    if ticket.bound_clerk:
        return tuple(w for w in able if hall.windows[w].clerk == ticket.bound_clerk)
    return tuple(able)


def _preferred(hall: Hall, ticket: Ticket, now_ms: int) -> int:
    """Of those ahead, how many came later and are preferred by class."""
    if hall.plan.rule_of(ticket.service).kind is CallingKind.FIRST_COME:
        return 0
    first_come = sum(
        waiting.bisect_left((ticket.rank, ticket.id))
        for lane, waiting in hall.lanes.items()
        if lane.services[0] == ticket.service
    )
    return max(0, ahead(hall, ticket, now_ms) - int(first_come))


def _passed_by(hall: Hall, ticket: Ticket) -> int:
    """People of the same service among the last calls who took their number later."""
    return sum(
        1
        for row in hall.recent
        if row.service == ticket.service and hall.tickets[row.ticket].issued_ms > ticket.issued_ms
    )


def _bound(hall: Hall, ticket: Ticket) -> str:
    window = ticket.bound_window or hall.seat_of(ticket.bound_clerk)
    return hall.plan.windows[window].label if window in hall.plan.windows else ""


def _elsewhere(hall: Hall, ticket: Ticket) -> str:
    if not hall.busy.get(ticket.visit):
        return ""
    for window, now in hall.windows.items():
        other = hall.tickets.get(now.ticket)
        if other is not None and other.visit == ticket.visit:
            return hall.plan.windows[window].label
    return ""


def _with_next(hall: Hall, ticket: Ticket, windows: tuple[str, ...], found: WhyNot, now_ms: int) -> WhyNot:
    """Whom its windows would call if they pressed now: itself, or the number that comes before it."""
    before = ("", "")
    for window in windows:
        chosen, label = next_for(hall, window, now_ms), hall.plan.windows[window].label
        if chosen is not None and chosen.id == ticket.id:
            return replace(found, next_at=label)
        if chosen is not None and not before[0]:
            before = (chosen.number, label)
    return replace(found, first=before[0], first_at=before[1])


def _with_sentence(hall: Hall, ticket: Ticket, found: WhyNot) -> WhyNot:
    from_then = f"{ticket.number} 已等 {found.waited_minutes} 分钟"
    if found.elsewhere:
        why = f"您的另一个号正在{found.elsewhere}办理，办完即可呼叫这个号"
    elif found.bound_to and not found.windows:
        why = f"要由{found.bound_to}办理，那里现在没有开放"
    elif not found.windows and found.closed:
        why = f"能办理的{'、'.join(found.closed)}现在没有开放"
    elif not found.windows:
        why = "现在没有窗口能办理这项业务，请找导办人员"
    elif found.next_at:
        why = f"{found.next_at}下一个就叫您"
    else:
        why = _before_it(hall, ticket, found)
    extra = ""
    if found.preferred:
        extra = f"；其中 {found.preferred} 人按绿色通道或预约优先"
    elif found.moved:
        extra = "；您的号曾过号或延后，按规则排到了后面"
    elif found.passed_by and ticket.rank_class is Class.NORMAL:
        extra = (
            f"；有 {found.passed_by} 人比您晚取号而先叫，是按绿色通道、预约、转办、直接呼叫或业务不同的规则"
        )
    return replace(found, sentence=f"{from_then}：{why}{extra}。")


def _before_it(hall: Hall, ticket: Ticket, found: WhyNot) -> str:
    name = hall.plan.service(ticket.service).name
    first = f"，{found.first_at}下一个叫 {found.first}" if found.first else ""
    if found.bound_to:
        return f"要由{found.bound_to}办理{first}"
    windows = "、".join(found.windows[:6])
    if not found.ahead:
        return f"“{name}”您排在最前，由{windows}办理{first}"
    return f"“{name}”前面还有 {found.ahead} 人，由{windows}办理{first}"
