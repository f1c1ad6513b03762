"""PURE: who is next at a window, under the calling rule of each service group; and how many come first.

A window looks only at the heads of the lanes that it may call, so the cost follows the number of
lanes, never the number of people. Within a group the group's rule picks its candidate; among the
candidates of several groups whoever waited beyond the limit goes first, then what the window does as
its own, then preferred ones, then the longest weighted wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sortedcontainers import SortedList

from contract.messages import TicketStatus
from hall_server.hall.model import FULL_GREEN_BUDGET, LEVEL_HELP, LEVEL_OWN, Class, Hall, Lane, Ticket
from hall_server.hall.plan import CallingKind, CallingRule

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """Head of a lane as a window sees it; ``wait_ms`` is plain, ``weighted_ms`` by the rule."""

    ticket: Ticket
    lane: Lane
    level: int
    wait_ms: int
    weighted_ms: float
    overdue: bool


def next_for(hall: Hall, window: str, now_ms: int, clerk: str = "") -> Ticket | None:
    """Whom this window calls next, or None when nobody waits for it; ``clerk`` presses, '' = who sits."""
    by_group: dict[str, list[Candidate]] = {}
    for candidate in candidates(hall, window, now_ms, clerk):
        by_group.setdefault(hall.plan.group_of(candidate.lane.services[0]), []).append(candidate)
    chosen = [_of_group(hall, group, found) for group, found in by_group.items()]
    if not chosen:
        return None
    return min(chosen, key=lambda c: _claim(hall, c)).ticket


def candidates(hall: Hall, window: str, now_ms: int, clerk: str = "") -> Iterator[Candidate]:
    """The first of each lane that the window may call; who stands at another window is passed over.

    Who is being served here is not: pressing next ends that service.
    """
    skills, clerk = hall.skills[window], clerk or hall.windows[window].clerk
    here = hall.ticket_at(window)
    freed = here.visit if here is not None and here.status is TicketStatus.SERVING else ""
    for lane, waiting in hall.lanes.items():
        if (lane.window and lane.window != window) or (lane.clerk and lane.clerk != clerk):
            continue
        if not all(service in skills for service in lane.services):
            continue
        people = (hall.tickets[ticket] for _, ticket in waiting)
        ticket = next((t for t in people if hall.busy.get(t.visit, 0) <= (t.visit == freed)), None)
        if ticket is None:
            continue
        bound = bool(lane.window or lane.clerk)
        level = LEVEL_OWN if bound else max(skills[service] for service in lane.services)
        yield _candidate(hall, ticket, lane, level, now_ms)


def _candidate(hall: Hall, ticket: Ticket, lane: Lane, level: int, now_ms: int) -> Candidate:
    rule = hall.plan.rule_of(lane.services[0])
    wait_ms = now_ms - ticket.first_ms
    overdue = 0 < rule.max_wait_minutes * MINUTE_MS <= wait_ms
    return Candidate(ticket, lane, level, wait_ms, wait_ms * _weight(rule, lane.rank_class), overdue)


def _weight(rule: CallingRule, rank_class: Class) -> float:
    if rule.kind is not CallingKind.ACCUMULATING or rank_class is Class.NORMAL:
        return 1.0
    return rule.green_weight if rank_class is Class.GREEN else rule.appointment_weight


def _claim(hall: Hall, c: Candidate) -> tuple[bool, bool, bool, float, int, str]:
    """Smaller goes first among groups."""
    rule = hall.plan.rule_of(c.lane.services[0])
    group = hall.plan.group_of(c.lane.services[0])
    preferred = (
        rule.kind in (CallingKind.STRICT, CallingKind.AGED, CallingKind.RATIO)
        and c.lane.rank_class is not Class.NORMAL
        and green_may(hall, rule)
        and not (rule.kind is CallingKind.RATIO and normal_turn(hall.turns.get(group, (0, 0)), rule))
    )
    return (not c.overdue, c.level >= LEVEL_HELP, not preferred, -c.weighted_ms, c.ticket.rank, c.ticket.id)


def _of_group(hall: Hall, group: str, found: list[Candidate]) -> Candidate:
    """The group's own choice."""
    overdue = [c for c in found if c.overdue]
    if overdue:
        return min(overdue, key=_first)
    rule = hall.plan.rule_of(found[0].lane.services[0])
    preferred = [c for c in found if c.lane.rank_class is not Class.NORMAL]
    normal = [c for c in found if c.lane.rank_class is Class.NORMAL]
    if rule.kind is CallingKind.FIRST_COME or not preferred or not normal:
        strict = rule.kind not in (CallingKind.FIRST_COME, CallingKind.ACCUMULATING)
        return min(found, key=_strictly if strict else _weighted)
    if rule.kind is CallingKind.ACCUMULATING:
        return min(found, key=_weighted)
    if not green_may(hall, rule):
        return min(found, key=_first)
    if rule.kind is CallingKind.RATIO and normal_turn(hall.turns.get(group, (0, 0)), rule):
        return min(normal, key=_first)
    if rule.kind is CallingKind.AGED:
        aged = [c for c in found if c.wait_ms >= rule.aged_minutes * MINUTE_MS]
        if any(c.lane.rank_class is Class.NORMAL for c in aged):
            return min(aged, key=_first)
    return min(preferred, key=_strictly)


def normal_turn(turns: tuple[int, int], rule: CallingRule) -> bool:
    """Whether, after so many preferred calls, it is the normal ones' turn."""
    return turns[0] >= rule.ratio


def green_may(hall: Hall, rule: CallingRule) -> bool:
    """Whether the green lane has not yet taken its share of the hall's calls."""
    return rule.green_share_percent >= 100 or hall.green_budget >= 100


def spent(budget: int, rank_class: Class, rule: CallingRule) -> int:
    """The budget after one more call: others give the share, a green one takes what is above it."""
    if rule.green_share_percent >= 100:
        return budget
    share = rule.green_share_percent
    change = share - 100 if rank_class is Class.GREEN else share
    return max(0, min(FULL_GREEN_BUDGET, budget + change))


def turned(turns: tuple[int, int], rank_class: Class, rule: CallingRule) -> tuple[int, int]:
    """The turns after one more call of this class."""
    preferred, normal = turns
    if rank_class is not Class.NORMAL:
        return min(preferred + 1, rule.ratio), 0
    normal += 1
    return (0, 0) if normal >= rule.ratio_normal else (preferred, normal)


def _first(c: Candidate) -> tuple[int, str]:
    return c.ticket.rank, c.ticket.id


def _weighted(c: Candidate) -> tuple[float, int, str]:
    return -c.weighted_ms, c.ticket.rank, c.ticket.id


def _strictly(c: Candidate) -> tuple[int, int, str]:
    return c.lane.rank_class, c.ticket.rank, c.ticket.id


# ---------------------------------------------------------------- how many come first


def ahead(hall: Hall, ticket: Ticket, now_ms: int) -> int:
    """People who wait for the same first service and would be called before this one if nobody else came.

    A ratio is counted as first come, first served: it changes from call to call.
    """
    rule = hall.plan.rule_of(ticket.service)
    lanes = [(lane, waiting) for lane, waiting in hall.lanes.items() if lane.services[0] == ticket.service]
    by_time = _by_time(rule, lanes, now_ms)
    count = 0
    for lane, waiting in lanes:
        limit = ticket.rank if ticket.rank < by_time else max(by_time, _limit(rule, ticket, lane, now_ms))
        count += waiting.bisect_left((limit, ticket.id))
    return count


def _by_time(rule: CallingRule, lanes: list[tuple[Lane, SortedList]], now_ms: int) -> int:
    """All with a smaller rank go first and by plain place: who waits beyond the limit, and under the aged cap
    everyone up to the last normal one who has aged."""
    bound = _rank_after(now_ms - rule.max_wait_minutes * MINUTE_MS) if rule.max_wait_minutes else 0
    if rule.kind is CallingKind.AGED:
        aged = (_rank_after(now_ms - rule.aged_minutes * MINUTE_MS), "")
        for lane, waiting in lanes:
            count = waiting.bisect_left(aged) if lane.rank_class is Class.NORMAL else 0
            if count:
                bound = max(bound, waiting[count - 1][0] + 1)
    return bound


def _rank_after(first_ms: int) -> int:
    return (first_ms + 1) << 16


def _limit(rule: CallingRule, ticket: Ticket, lane: Lane, now_ms: int) -> int:
    """Everyone in the lane with a smaller rank than this goes before the ticket."""
    own = ticket.rank
    if rule.kind is CallingKind.ACCUMULATING:
        ratio = _weight(rule, ticket.rank_class) / _weight(rule, lane.rank_class)
        wait = (now_ms - ticket.first_ms) * ratio
        if ratio == 1:
            return own
        # Equal claims go by plain place: of two with the same weighted wait the lighter came first.
        return (int(now_ms - wait) + (ratio > 1)) << 16
    if rule.kind in (CallingKind.STRICT, CallingKind.AGED):
        if lane.rank_class < ticket.rank_class:
            return _EVERYBODY
        return 0 if lane.rank_class > ticket.rank_class else own
    return own


_EVERYBODY = 1 << 62
