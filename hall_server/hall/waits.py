"""PURE: the newest survey of the hall as a table, and what a citizen is told from it in O(1).

A survey is made beside the hall and is a few seconds old when it is used. Whoever has come or gone since
moves the answer by a step for each person; a table that is too old gives way to the cheap answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from contract.messages import WindowStatus
from hall_server.hall.calling import ahead
from hall_server.hall.day import MINUTE_MS, last_minute_before
from hall_server.hall.forecast import Survey, newcomer
from hall_server.hall.model import Class, Hall, Ticket
from hall_server.hall.quick import wait_range

STALE_MS = 60_000
OPEN_ENDED_MINUTES = 60
NEVER = 10_000.0

CLOSED = "暂无开放窗口"
BY_ROTA = "窗口暂未开放，按排班预计"
JUST_OPENED = "刚刚开窗，稍后给出预计"
NOT_TODAY = "今天可能办不到，请咨询导办台"


@dataclass(frozen=True, slots=True)
class Told:
    """What a citizen is told: whole minutes; ``low`` without ``high`` means so long or longer; neither of
    them, nobody can say; ``note`` says why, or what the range rests on."""

    low: int | None = None
    high: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Expected value, P10, P50 and P90 in minutes for someone who would take a number, with so many people
    before them."""

    ahead: int
    mean: float
    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class QueueWait:
    """One queue in a survey. ``newcomers`` by class, None: not today. ``step``: minutes that one more person
    in front adds. ``last_call``: minutes until the last one who waits is called, None: not today. ``open``:
    windows open for it. ``needed``: minutes until a newcomer would be done, more than any day has when not
    today, None when nobody can say; ``left``: minutes until the service closes, None without an hour."""

    waiting: int
    open: int
    step: float
    newcomers: tuple[Newcomer | None, ...]
    last_call: float | None
    needed: float | None = None
    left: int | None = None

    def at(self, rank_class: Class, people: int) -> Newcomer | None:
        """The line for someone with so many before them, who came or went since the survey; O(1)."""
        known = self.newcomers[rank_class]
        if known is None:
            return None
        more = (people - known.ahead) * self.step
        figures = (known.mean, known.low, known.middle, known.high)
        return Newcomer(people, *(max(0.0, minutes + more) for minutes in figures))


@dataclass(frozen=True, slots=True)
class Waits:
    """A survey as it leaves its process: made at ``at_ms`` of the hall after ``seq`` events, by ``samples``
    replays, knowing ``days`` days gone by. ``tickets``: P10 and P90 of those who wait."""

    at_ms: int = 0
    seq: int = 0
    samples: int = 0
    days: int = 0
    queues: dict[str, QueueWait] = field(default_factory=dict)
    tickets: dict[str, tuple[float, float]] = field(default_factory=dict)


NO_WAITS = Waits()


def tabled(hall: Hall, survey: Survey, now_ms: int, days: int = 0) -> Waits:
    """The table of a survey made of this hall at this instant."""
    return Waits(
        at_ms=now_ms,
        seq=hall.seq,
        samples=survey.samples,
        days=days,
        queues={service: _queue(hall, survey, service, now_ms) for service in hall.plan.services},
        tickets={ticket: (one.low, one.high) for ticket, one in survey.tickets.items()},
    )


def _queue(hall: Hall, survey: Survey, service: str, now_ms: int) -> QueueWait:
    found: list[Newcomer | None] = []
    for rank_class in Class:
        one = survey.newcomers.get((service, rank_class)) or survey.newcomers.get((service, Class.NORMAL))
        people = ahead(hall, newcomer(service, rank_class, now_ms), now_ms)
        found.append(None if one is None else Newcomer(people, one.mean, one.low, one.middle, one.high))
    open_, normal = open_windows(hall, service), found[Class.NORMAL]
    needed = None if not open_ else NEVER
    if normal is not None:
        needed = normal.middle + hall.plan.service(service).mean_minutes
    return QueueWait(
        waiting=hall.waiting.get(service, 0),
        open=open_,
        step=hall.plan.service(service).mean_minutes / max(1, open_),
        newcomers=tuple(found),
        last_call=survey.last_call.get(service),
        needed=needed,
        left=minutes_left(hall, service, now_ms),
    )


def open_windows(hall: Hall, service: str) -> int:
    """How many windows that can do the service are open now."""
    return sum(hall.windows[w.id].status is WindowStatus.OPEN for w in hall.windows_for(service))


def minutes_left(hall: Hall, service: str, now_ms: int) -> int | None:
    """Whole minutes until the service closes; None when no hour is set for it."""
    found = hall.plan.service(service)
    minute = found.closes_minute if found.closes_minute >= 0 else found.issue_until_minute
    if minute < 0 or hall.day is None:
        return None
    return (last_minute_before(hall.day.closes_ms, minute, hall.plan.rules) - now_ms) // MINUTE_MS


# ---------------------------------------------------------------- what is told


def told_to_newcomer(waits: Waits, hall: Hall, service: str, now_ms: int) -> Told:
    """For whoever reads the queue's picture and might take a number."""
    people = hall.waiting.get(service, 0)
    return _told(waits, hall, service, Class.NORMAL, people, now_ms)


def changed(old: Waits, new: Waits) -> frozenset[str]:
    """Services of which a newcomer is told something else."""
    return frozenset(s for s, queue in new.queues.items() if _shown(old.queues.get(s)) != _shown(queue))


def _shown(queue: QueueWait | None) -> object:
    one = queue.newcomers[Class.NORMAL] if queue is not None else None
    return one and rounded(one.low, one.high)


def told_to_holder(waits: Waits, hall: Hall, ticket: Ticket, people: int, now_ms: int) -> Told:
    """For a number that waits with ``people`` before it: its own line of the table, or, when it is newer
    than the table, that of a newcomer at its place."""
    known = waits.tickets.get(ticket.id) if now_ms - waits.at_ms <= STALE_MS else None
    if known is None:
        return _told(waits, hall, ticket.service, ticket.rank_class, people, now_ms)
    gone = (now_ms - waits.at_ms) / MINUTE_MS
    note = "" if open_windows(hall, ticket.service) else BY_ROTA
    return _range(known[0] - gone, known[1] - gone, note)


def _told(waits: Waits, hall: Hall, service: str, rank_class: Class, people: int, now_ms: int) -> Told:
    queue = waits.queues.get(service)
    open_ = open_windows(hall, service)
    if queue is None or now_ms - waits.at_ms > STALE_MS:
        cheap = wait_range(hall, service, people)
        return Told(note=CLOSED) if cheap is None else _range(*cheap)
    known = queue.at(rank_class, people)
    if known is None:
        return Told(note=CLOSED if not open_ else NOT_TODAY if queue.open else JUST_OPENED)
    return _range(known.low, known.high, "" if open_ else BY_ROTA)


def _range(low: float, high: float, note: str = "") -> Told:
    return Told(*rounded(max(0.0, low), max(1.0, high)), note)


def rounded(low: float, high: float) -> tuple[int, int | None]:
    """Outward to whole minutes, beyond ten to five, with an end beyond an hour to a quarter of an hour; from
    an hour on only half hours and no end: nobody is told more than is known."""
    if low >= OPEN_ENDED_MINUTES:
        return int(low // 30) * 30, None
    down = int(low) if low <= 10 else int(low // 5) * 5
    if high <= 10:
        return down, -int(-high // 1)
    step = 5 if high <= OPEN_ENDED_MINUTES else 15
    return down, -int(-high // step) * step
