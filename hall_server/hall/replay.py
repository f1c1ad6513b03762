"""PURE: the hall replayed forward with the real ``next_for`` on a shadow of its present state.

No rule is written twice. Chance comes from a seed that the caller gives: the same hall and seed bring
the same calls. Nobody else comes, and the rules stay as they are.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_right
from dataclasses import replace

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall.calling import next_for, spent, turned
from hall_server.hall.day import DAY_MS, MINUTE_MS, local_day, weekday
from hall_server.hall.habits import Habits
from hall_server.hall.model import Hall, Ticket

STEPS = 64
ABOUT_TO_END = 0.5
_MASK = (1 << 64) - 1


class Dice:
    """Even numbers below STEPS from a seed (a 64-bit congruential generator); chance without a clock."""

    __slots__ = ("state",)

    def __init__(self, seed: int) -> None:
        self.state = (seed * 0x9E3779B97F4A7C15 + 0x1234567) & _MASK
        self.roll()

    def roll(self) -> int:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & _MASK
        return self.state >> 58

    def below(self, share: float) -> bool:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & _MASK
        return (self.state >> 32) < share * 4294967296


class Start:
    """The present state, read once for all samples."""

    def __init__(self, hall: Hall, now_ms: int, habits: Habits, newcomer: Ticket | None) -> None:
        self.hall, self.now_ms, self.habits = hall, now_ms, habits
        self.table = unit_times(habits.cv)
        self.tickets = {i: hall.tickets[i] for lane in hall.lanes.values() for _, i in lane}
        self.parked = [(until, i) for until, i in hall.parked]
        self.tickets.update({i: hall.tickets[i] for _, i in self.parked})
        if newcomer is not None:
            self.tickets[newcomer.id] = newcomer
            self.parked.append((now_ms, newcomer.id))
        self.off = {w: _off_spans(hall, w, now_ms) for w in hall.windows if w in hall.plan.windows}
        self.means = {
            s: habits.means.get(s, service.mean_minutes) for s, service in hall.plan.services.items()
        }
        shadow = _shadow(hall, self.tickets)
        self.waited = {w: self._someone_waits(shadow, w) for w in self.off}

    def _someone_waits(self, shadow: Hall, window: str) -> bool:
        """Whether somebody whom the window could have called has waited for more than a minute."""
        chosen = next_for(shadow, window, self.now_ms)
        return chosen is not None and self.now_ms - chosen.issued_ms > MINUTE_MS

    def scale(self, ticket: Ticket, window: str) -> float:
        """Expected minutes of service of this number at this window."""
        means = [self.means.get(s, 8.0) for s in (ticket.service, *ticket.also)]
        return sum(means) * self.habits.speeds.get(window, 1.0)


def _shadow(hall: Hall, tickets: dict[str, Ticket]) -> Hall:
    """A hall for ``next_for`` alone: what it changes is copied, the rest is shared and only read."""
    shadow = Hall.__new__(Hall)
    shadow.plan, shadow.skills, shadow.windows = hall.plan, hall.skills, hall.windows
    shadow.tickets = tickets
    shadow.lanes = {lane: waiting.copy() for lane, waiting in hall.lanes.items()}
    shadow.busy = dict(hall.busy)
    shadow.turns = dict(hall.turns)
    shadow.green_budget = hall.green_budget
    return shadow


class Replay:
    """One future of the hall: nobody else comes, the rules stay as they are."""

    def __init__(self, start: Start, dice: Dice | None) -> None:
        self.start, self.dice = start, dice
        self.hall = _shadow(start.hall, start.tickets)
        self.queue: list[tuple[int, int, str, str]] = []
        self.at: dict[str, Ticket] = {}
        self.idle: set[str] = set()
        self.called: dict[str, int] = {}
        self.count = 0
        for until, ticket in start.parked:
            self._push(until, "", ticket)
        for window in start.off:
            self._push_first(window)

    def run(self, until: str) -> dict[str, int]:
        """Ticket -> instant of its call; ends with ``until`` or when nothing more can happen."""
        while self.queue and (self.hall.lanes or self.start.parked) and until not in self.called:
            at_ms, _, window, ticket = heapq.heappop(self.queue)
            if window:
                self._free(window, at_ms)
            else:
                self._join(ticket, at_ms)
        return self.called

    def _push(self, at_ms: float, window: str, ticket: str = "") -> None:
        self.count += 1
        heapq.heappush(self.queue, (int(at_ms), self.count, window, ticket))

    def _push_first(self, window: str) -> None:
        """When this window, as it stands, can call first; never when it is closed and no rota opens it."""
        start = self.start
        now, ticket = start.hall.windows[window], start.hall.ticket_at(window)
        free = start.now_ms + (self._remaining(window, ticket) * MINUTE_MS if ticket else 0)
        if ticket is not None:
            self.at[window] = ticket
        if now.status is WindowStatus.CLOSED:
            return
        if now.status is WindowStatus.PAUSED:
            resting = any(begins <= start.now_ms < ends for begins, ends in start.off[window])
            free = max(free, start.now_ms if resting else start.now_ms + self._pause_left(now.since_ms))
        self._push(free, window)

    def _pause_left(self, since_ms: int) -> float:
        """An unplanned pause; one that lasts long goes on as long as it has lasted."""
        pause_ms = self.start.habits.pause * MINUTE_MS
        gone = self.start.now_ms - since_ms
        drawn = pause_ms if self.dice is None else pause_ms * (0.5 + self.dice.roll() / STEPS)
        return drawn - gone if gone < drawn - MINUTE_MS else max(2.0 * MINUTE_MS, gone - drawn)

    def _remaining(self, window: str, ticket: Ticket) -> float:
        """Minutes that what is going on at the window still takes.

        A service far beyond its mean is one whose clerk forgot "finish": about to end when nobody has been
        kept waiting for the window, else doubtful and worth one more service.
        """
        start, dice = self.start, self.dice
        scale = start.scale(ticket, window)
        if ticket.status is TicketStatus.CALLED:
            return self._service(scale)
        gone = (start.now_ms - ticket.arrived_ms) / MINUTE_MS / scale
        first = bisect_right(start.table, gone)
        left = STEPS - first
        if not left:
            return scale if start.waited[window] else ABOUT_TO_END
        forgotten = 0.0 if start.waited[window] else start.habits.forgotten
        share = forgotten / (forgotten + (1 - forgotten) * left / STEPS)
        if dice is None:
            mean = sum(start.table[first:]) / left - gone
            return share * ABOUT_TO_END + (1 - share) * mean * scale
        if dice.below(share):
            return ABOUT_TO_END
        return (start.table[first + dice.roll() * left // STEPS] - gone) * scale

    def _service(self, scale: float) -> float:
        """Minutes from a call to the next possible one."""
        habits, dice = self.start.habits, self.dice
        if dice is None:
            served = habits.walk + scale + habits.pause_chance * habits.pause
            return habits.no_show * habits.no_show_minutes + (1 - habits.no_show) * served
        minutes = habits.walk + scale * self.start.table[dice.roll()]
        if dice.below(habits.no_show):
            minutes = habits.no_show_minutes
        if dice.below(habits.pause_chance):
            minutes += habits.pause * (0.5 + dice.roll() / STEPS)
        return minutes

    def _free(self, window: str, at_ms: int) -> None:
        """The window is free: away by the rota, or it calls whom the rule says."""
        ended = self.at.pop(window, None)
        if ended is not None:
            self._release(ended)
            if ended.person is not None:
                self._wake(at_ms)
        for begins, ends in self.start.off[window]:
            if begins <= at_ms < ends:
                self._push(ends, window)
                return
        ticket = next_for(self.hall, window, at_ms)
        if ticket is None:
            self.idle.add(window)
            return
        self._call(window, ticket, at_ms)

    def _call(self, window: str, ticket: Ticket, at_ms: int) -> None:
        hall = self.hall
        lane = ticket.lane
        waiting = hall.lanes[lane]
        waiting.discard((ticket.rank, ticket.id))
        if not waiting:
            del hall.lanes[lane]
        group, rule = hall.plan.group_of(ticket.service), hall.plan.rule_of(ticket.service)
        hall.green_budget = spent(hall.green_budget, ticket.rank_class, rule)
        hall.turns[group] = turned(hall.turns.get(group, (0, 0)), ticket.rank_class, rule)
        hall.busy[ticket.visit] = hall.busy.get(ticket.visit, 0) + 1
        self.called.setdefault(ticket.id, at_ms)
        self.at[window] = ticket
        self._push(at_ms + self._service(self.start.scale(ticket, window)) * MINUTE_MS, window)

    def _release(self, ticket: Ticket) -> None:
        busy = self.hall.busy
        busy[ticket.visit] = busy.get(ticket.visit, 1) - 1

    def _join(self, ticket_id: str, at_ms: int) -> None:
        """A parked number is back, or the newcomer is here."""
        ticket = self.start.tickets[ticket_id]
        waiting = (
            replace(ticket, status=TicketStatus.WAITING)
            if ticket.status is not TicketStatus.WAITING
            else ticket
        )
        lanes = self.hall.lanes
        if waiting.lane not in lanes:
            lanes[waiting.lane] = type(self.start.hall.parked)()
        lanes[waiting.lane].add((waiting.rank, waiting.id))
        self._wake(at_ms)

    def _wake(self, at_ms: int) -> None:
        for window in sorted(self.idle):
            self.idle.discard(window)
            self._push(at_ms, window)


def _off_spans(hall: Hall, window: str, now_ms: int) -> tuple[tuple[int, int], ...]:
    """Today's spans in which the rota has this window away, as instants."""
    rules = hall.plan.rules
    day = local_day(now_ms, rules)
    midnight = day * DAY_MS - rules.utc_offset_minutes * MINUTE_MS
    holiday, week_day = day in hall.plan.holidays, weekday(now_ms, rules)
    return tuple(
        (midnight + shift.from_minute * MINUTE_MS, midnight + shift.to_minute * MINUTE_MS)
        for shift in hall.plan.rota
        if shift.window == window
        and shift.closed
        and (shift.holidays if holiday else week_day in shift.weekdays)
    )


_TABLES: dict[float, tuple[float, ...]] = {}


def unit_times(cv: float) -> tuple[float, ...]:
    """STEPS equally likely service times of mean 1, rising, lognormal."""
    if cv not in _TABLES:
        sigma = math.sqrt(math.log(1 + cv * cv))
        raw = [math.exp(sigma * _normal((k + 0.5) / STEPS)) for k in range(STEPS)]
        mean = sum(raw) / STEPS
        _TABLES[cv] = tuple(value / mean for value in raw)
    return _TABLES[cv]


def _normal(share: float) -> float:
    """The standard normal value below which this share lies, by halving."""
    low, high = -8.0, 8.0
    for _ in range(50):
        middle = (low + high) / 2
        if 0.5 * (1 + math.erf(middle / math.sqrt(2))) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2
