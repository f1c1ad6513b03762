"""PURE: blocks of numbers that a station may issue alone, and their way home by true time of issue."""

from __future__ import annotations

from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.issuing import green_reason, number_text, rank_at, visit_of
from hall_server.hall.lookup import Answer, Decision, service_named
from hall_server.hall.model import Class, Hall, Lease, RuleBroken
from hall_server.hall.plan import Service

LARGEST_BLOCK = 500


def lease_numbers(hall: Hall, command: c.LeaseNumbers, now_ms: int) -> Decision:
    """The next numbers of the series; a station that has a block for the service keeps that one."""
    service = service_named(hall, command.service)
    if not 1 <= command.count <= LARGEST_BLOCK:
        raise RuleBroken("bad_count", f"一次可预留 1 到 {LARGEST_BLOCK} 个号")
    for lease in hall.leases.values():
        if lease.station == command.by and lease.service == service.id:
            return Decision((), Answer(existing=True, lease=lease.token))
    first = hall.issued.get(service.prefix, service.first - 1) + 1
    event = e.NumbersLeased(
        at_ms=now_ms,
        token=hall.tokens + 1,
        station=command.by,
        service=service.id,
        series=service.prefix,
        first=first,
        last=first + command.count - 1,
    )
    return Decision((event,), Answer(lease=event.token))


def merge_lease(hall: Hall, command: c.MergeLease, now_ms: int) -> Decision:
    """Everything that was issued alone becomes a number of the hall, in the order of its true time.

    What cannot be (a number outside the block, a person who has one already) is left out, and each such
    decision is written down for the manager.
    """
    lease = hall.leases.get(command.token)
    if lease is None or lease.station != command.by:
        raise RuleBroken("fenced", "这批预留号已收回或已合并，请重新预留；请把离线取号记录交给管理员")
    service = service_named(hall, lease.service)
    events: list[e.Event] = []
    decisions: list[str] = []
    persons: dict[str, str] = {}
    used: set[int] = set()
    for ticket in sorted(command.tickets, key=lambda t: (t.issued_ms, t.ordinal)):
        number = number_text(service, ticket.ordinal)
        refusal = _refusal(hall, lease, ticket, used, persons)
        if refusal:
            decisions.append(f"{number} {refusal}")
            continue
        used.add(ticket.ordinal)
        if ticket.person is not None:
            persons[ticket.person.key] = number
        true_ms = min(max(ticket.issued_ms, hall.day.opened_ms if hall.day else 0), now_ms)
        if true_ms != ticket.issued_ms:
            decisions.append(f"{number} 取号时间超出本业务日，按边界时间排队")
        events.append(_home(hall, service, ticket, number, true_ms, now_ms, command.by))
    merged = e.LeaseMerged(
        at_ms=now_ms,
        token=lease.token,
        station=command.by,
        used=len(used),
        decisions=tuple(decisions),
    )
    return Decision((*events, merged), Answer(lease=lease.token))


def _refusal(
    hall: Hall, lease: Lease, ticket: c.OfflineTicket, used: set[int], persons: dict[str, str]
) -> str:
    if not lease.first <= ticket.ordinal <= lease.last:
        return "不在预留号段内，未合并"
    if ticket.ordinal in used:
        return "重复上报，只合并一次"
    if ticket.person is None:
        return ""
    if ticket.person.key in persons:
        return f"与 {persons[ticket.person.key]} 为同一人同一业务，保留先取的号"
    held = hall.held(ticket.person.key, (lease.service,))
    if held is not None and held.issued_ms <= ticket.issued_ms:
        return f"与 {held.number} 为同一人同一业务，保留先取的号"
    return ""


def _home(
    hall: Hall,
    service: Service,
    ticket: c.OfflineTicket,
    number: str,
    true_ms: int,
    now_ms: int,
    station: str,
) -> e.TicketIssued:
    assert hall.day is not None
    reason = green_reason(hall, ticket.green_reason, ticket.person)
    return e.TicketIssued(
        at_ms=now_ms,
        true_ms=true_ms,
        ticket=f"{hall.day.label}-{number}",
        number=number,
        series=service.prefix,
        ordinal=ticket.ordinal,
        day=hall.day.label,
        service=service.id,
        rank=rank_at(true_ms, ticket.ordinal),
        visit=visit_of(hall, ticket.person),
        items=ticket.items,
        person=ticket.person,
        rank_class=Class.GREEN if reason else Class.NORMAL,
        green_reason=reason,
        station=station,
    )
