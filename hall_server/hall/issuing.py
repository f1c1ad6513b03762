"""PURE: getting a number: one per person and service, baskets, green lane, quotas, paper, cancel."""

from __future__ import annotations

from collections import Counter

from sortedcontainers import SortedList

from contract.messages import Paper, Person, TicketStatus
from hall_server.hall import closing
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import MINUTE_MS, slot_of
from hall_server.hall.lookup import STATUS_TEXT, Answer, Decision, service_named, ticket_named
from hall_server.hall.model import OPEN_STATUSES, Booking, Class, Hall, RuleBroken, Ticket
from hall_server.hall.plan import CallingKind, Service

RANK_BITS = 16
MOST_ITEMS = 50
MOST_LETTERS = 2_000
LEASES_FROM = 501
"""Blocks for lonely kiosks lie from here on, so that the hall's own numbers run without gaps below."""


def rank_at(first_ms: int, order: int) -> int:
    """A place by time; within a millisecond by ``order``: the journal's, or a lease's own."""
    return (first_ms << RANK_BITS) | (order & 0xFFFF)


def issue(hall: Hall, command: c.Issue, now_ms: int) -> Decision:
    """A number for a walk-in."""
    service = service_named(hall, command.service)
    services = (service.id, *command.also)
    if not (modest(command.items) and modest(command.situation)):
        raise RuleBroken("too_long", "所选事项太多，请分次取号")
    for also in command.also:
        service_named(hall, also)
    if command.person is not None and (held := hall.held(command.person.key, services)):
        return Decision((), Answer(held.id, existing=True))
    _require_common_window(hall, services)
    for wanted in services:
        closing.require_open(hall, service_named(hall, wanted), now_ms)
    slot_ms = _require_quota(hall, service, now_ms)
    _require_room(hall, command)
    reason = green_reason(hall, command.green_reason, command.person)
    event = numbered(
        hall,
        service,
        now_ms,
        also=command.also,
        items=command.items,
        situation=command.situation,
        person=command.person,
        rank_class=Class.GREEN if reason else Class.NORMAL,
        green_reason=reason,
        agent=command.agent,
        agent_reason=command.agent_reason,
        slot_ms=slot_ms,
        station=command.by,
    )
    return Decision((event, *_hoarding(hall, command, now_ms)), Answer(event.ticket))


def modest(words: tuple[str, ...]) -> bool:
    """Whether these go into every picture of a window without making it too large for a message."""
    return len(words) <= MOST_ITEMS and sum(map(len, words)) <= MOST_LETTERS


def numbered(
    hall: Hall, service: Service, now_ms: int, *, rank_ms: int = 0, **options: object
) -> e.TicketIssued:
    """The event of the next number of the series; ``rank_ms`` is the time that its place counts from."""
    assert hall.day is not None
    ordinal = next_ordinal(hall, service)
    number = number_text(service, ordinal)
    person, agent = options.get("person"), options.get("agent")
    return e.TicketIssued(
        at_ms=now_ms,
        ticket=f"{hall.day.label}-{number}",
        number=number,
        series=service.prefix,
        ordinal=ordinal,
        day=hall.day.label,
        service=service.id,
        rank=rank_at(rank_ms or now_ms, hall.seq),
        visit=_visit_of_agent(hall, str(agent or ""))
        or visit_of(hall, person if isinstance(person, Person) else None),
        **options,  # type: ignore[arg-type]
    )


def next_ordinal(hall: Hall, service: Service) -> int:
    """The hall's next number of the series; one that runs into the leased blocks goes on behind them."""
    ordinal = hall.issued.get(service.prefix, service.first - 1) + 1
    leased = hall.leased.get(service.prefix, 0)
    return leased + 1 if LEASES_FROM <= ordinal <= leased else ordinal


def number_text(service: Service, ordinal: int) -> str:
    """A012; a series that runs out of its width goes on with a digit more."""
    return f"{service.prefix}{ordinal:0{service.width}d}"


def visit_of(hall: Hall, person: Person | None) -> str:
    """The visit that this person's open tickets belong to, or '' for a new one."""
    held = hall.by_person.get(person.key, ()) if person else ()
    return hall.tickets[held[0]].visit if held else ""


def _visit_of_agent(hall: Hall, agent: str) -> str:
    """The visit of an agent who is here: for whomever he comes, he stands at one window."""
    tickets = (hall.tickets[ticket] for ticket in hall.by_agent.get(agent, ()))
    return next((t.visit for t in tickets if t.status in OPEN_STATUSES), "") if agent else ""


def green_reason(hall: Hall, asked: str, person: Person | None) -> str:
    """The reason for the green lane, asked for or plain from the card's age; ''. Raises RuleBroken."""
    reasons = hall.plan.rules.green_reasons
    if asked and asked not in reasons:
        raise RuleBroken("unknown_reason", "这个理由不能使用绿色通道，请咨询导办人员")
    if not asked and "age" in reasons and person and any(flag.startswith("age") for flag in person.flags):
        return "age"
    return asked


def _require_common_window(hall: Hall, services: tuple[str, ...]) -> None:
    """A basket needs one window that can do all of it."""
    if len(set(services)) != len(services):
        raise RuleBroken("twice", "同一业务不用重复选择")
    if len(services) == 1 or any(skills.keys() >= set(services) for skills in hall.skills.values()):
        return
    named = ["、".join(hall.plan.services[s].name for s in part) for part in split(hall, services)]
    parts = "；".join(f"{names}取一个号" for names in named)
    raise RuleBroken("no_common_window", f"没有一个窗口能同时办理{'、'.join(named)}，请分开取号：{parts}")


def split(hall: Hall, services: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """A basket as few numbers: of what is left, always all that the window which does most of it can do."""
    parts, rest = [], list(services)
    while rest:
        most = max(
            (sum(s in skills for s in rest), -i, w) for i, (w, skills) in enumerate(hall.skills.items())
        )
        part = tuple(s for s in rest if s in hall.skills[most[2]]) or (rest[0],)
        parts.append(part)
        rest = [s for s in rest if s not in part]
    return tuple(parts)


def _require_quota(hall: Hall, service: Service, now_ms: int) -> int:
    """The slot that a walk-in takes, 0 without quotas. Raises RuleBroken when the slot is full.

    What appointments may still claim is kept for them until their grace is over; what nobody booked or
    nobody came for belongs to walk-ins.
    """
    if not service.slot_quota:
        return 0
    rules = hall.plan.rules
    slot_ms = slot_of(now_ms, service.slot_minutes, rules)
    booked = [hall.appointments[a] for a in hall.by_slot.get((service.id, slot_ms), ())]
    came = sum(a.status is Booking.CHECKED_IN for a in booked)
    expected = sum(
        a.status is Booking.BOOKED and now_ms <= a.start_ms + rules.grace_minutes * MINUTE_MS for a in booked
    )
    if hall.walk_ins.get((service.id, slot_ms), 0) + came + expected >= service.slot_quota:
        raise RuleBroken("slot_full", f"{service.name}这个时段的号已取完，请稍后再取或预约")
    return slot_ms


def _require_room(hall: Hall, command: c.Issue) -> None:
    """So many open numbers per person; an agent with a reason is not limited."""
    if command.agent and not command.agent_reason:
        raise RuleBroken("agent_reason", "代办取号请选择代办理由")
    if command.person is None or command.agent:
        return
    limit = hall.plan.rules.open_per_person
    if len(hall.by_person.get(command.person.key, ())) >= limit:
        raise RuleBroken("too_many", f"您已有 {limit} 个未办的号，请先办理或取消其中一个")


def _hoarding(hall: Hall, command: c.Issue, now_ms: int) -> tuple[e.Event, ...]:
    """Told once per person and day, when the count is reached; never a block."""
    if command.person is None or command.agent:
        return ()
    return hoarding(hall, command.person.key, now_ms)


def hoarding(hall: Hall, person: str, now_ms: int, more: int = 1) -> tuple[e.Event, ...]:
    """The alert, when with ``more`` numbers a person has just taken too many in a day."""
    count = hall.issued_to.get(person, 0) + more
    if count != hall.plan.rules.hoarding_per_day:
        return ()
    return (e.HoardingSuspected(at_ms=now_ms, person=person, count=count),)


# ---------------------------------------------------------------- what becomes of a number


def report_paper(hall: Hall, command: c.ReportPaper, now_ms: int) -> Decision:
    """Paper is a field: this never changes where the ticket stands."""
    ticket = ticket_named(hall, command.ticket)
    event = e.PaperReported(
        at_ms=now_ms,
        ticket=ticket.id,
        paper=command.paper,
        reprint=command.reprint,
        station=command.by,
    )
    return Decision((event,), Answer(ticket.id))


def cancel(hall: Hall, command: c.Cancel | c.Void, now_ms: int) -> Decision:
    """By the holder from anywhere but a counter where service goes on; void only while waiting."""
    ticket = ticket_named(hall, command.ticket)
    void = isinstance(command, c.Void)
    allowed = {TicketStatus.WAITING}
    if not void:
        allowed |= {TicketStatus.PARKED, TicketStatus.CALLED}
    if ticket.status not in allowed:
        word = "作废" if void else "取消"
        raise RuleBroken("wrong_state", f"{ticket.number} {STATUS_TEXT[ticket.status]}，不能{word}")
    event = e.TicketCancelled(at_ms=now_ms, ticket=ticket.id, reason=command.reason, void=void)
    return Decision((event,), Answer(ticket.id))


def cancel_issue(hall: Hall, command: c.CancelIssue, now_ms: int) -> Decision:
    """Take back a number that never reached its citizen; one that is called or on paper stays."""
    if command.unheard:
        event = e.IssueForgone(at_ms=now_ms, station=command.by, request=command.issue, reason=command.reason)
        return Decision((event,), Answer(forgone=True))
    ticket = hall.tickets.get(command.ticket)
    if ticket is None or ticket.status is not TicketStatus.WAITING or ticket.paper is Paper.CONFIRMED:
        return Decision(())
    cancelled = e.TicketCancelled(at_ms=now_ms, ticket=ticket.id, reason=command.reason)
    return Decision((cancelled,), Answer(ticket.id))


def return_no_show(hall: Hall, command: c.ReturnNoShow, now_ms: int) -> Decision:
    """Back into its queue, a few places behind the first."""
    ticket = ticket_named(hall, command.ticket)
    if ticket.status is not TicketStatus.NO_SHOW:
        raise RuleBroken("wrong_state", f"{ticket.number} {STATUS_TEXT[ticket.status]}，没有过号")
    if not {ticket.service, *ticket.also} <= hall.plan.services.keys():
        raise RuleBroken("service_gone", f"{ticket.number} 的业务已撤销，请重新取号")
    if ticket.person is not None and hall.held(ticket.person.key, (ticket.service, *ticket.also)):
        raise RuleBroken("held_again", f"{ticket.number} 的持有人已重新取号")
    event = e.TicketReturned(
        at_ms=now_ms,
        ticket=ticket.id,
        rank=rank_behind(hall, ticket.id, hall.plan.rules.return_places),
        visit=visit_of(hall, ticket.person),
    )
    return Decision((event,), Answer(ticket.id))


def rank_behind(hall: Hall, ticket_id: str, places: int | None) -> int:
    """The place behind so many of its queue, None = behind all of it; its own when nobody waits.

    The queue is everyone whose first service this is; where a rule calls the classes apart, those of the
    same class. The place lies right behind a neighbour and is shared with nobody.
    """
    ticket = hall.tickets[ticket_id]
    lanes = queue_of(hall, ticket)
    if not lanes or places == 0:
        return ticket.rank
    if places is None:
        behind = max(int(waiting[-1][0]) for waiting in lanes)
        return max(ticket.rank, behind + (1 << RANK_BITS - 1))
    first: list[int] = sorted(rank for waiting in lanes for rank, _ in waiting[: places + 1])
    behind = first[min(places, len(first)) - 1]
    after = min([*first[places:], behind + (1 << RANK_BITS)])
    return max(ticket.rank, behind + max(1, (after - behind) // 2))


def queue_of(hall: Hall, ticket: Ticket) -> list[SortedList]:
    """The lanes in which places count for a number: everyone whose first service this is, its class alone
    where a rule calls the classes apart."""
    together = hall.plan.rule_of(ticket.service).kind in (CallingKind.FIRST_COME, CallingKind.ACCUMULATING)
    return [
        waiting
        for lane, waiting in hall.lanes.items()
        if lane.services[0] == ticket.service and (together or lane.rank_class is ticket.rank_class)
    ]


def skip_numbers(hall: Hall, command: c.SkipNumbers, now_ms: int) -> Decision:
    """Every series and its blocks go on that much later today."""
    first = {s.prefix: s.first - 1 for s in hall.plan.services.values()}
    issued = tuple(
        (series, hall.issued.get(series, start) + command.count) for series, start in first.items()
    )
    blocks = Counter(s.prefix for s in hall.plan.services.values()) if command.leased else {}
    leased = tuple(
        (series, hall.leased.get(series, LEASES_FROM - 1) + command.leased * services)
        for series, services in blocks.items()
    )
    return Decision((e.NumbersSkipped(at_ms=now_ms, issued=issued, leased=leased),))
