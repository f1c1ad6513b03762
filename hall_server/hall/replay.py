"""PURE: the hall replayed forward with the real ``next_for`` on a shadow of its present state.

No rule is written twice. Chance comes from a seed that the caller gives: the same hall and seed bring
the same calls. Nobody else comes, and the rules stay as they are.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace

from sortedcontainers import SortedList

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall.calling import next_for, spent, turned
from hall_server.hall.day import DAY_MS, MINUTE_MS
from hall_server.hall.habits import Habits
from hall_server.hall.model import Hall, Ticket
from hall_server.hall.plan import CallingKind
from hall_server.hall.staffing import rota_ahead

STEPS = 64
ABOUT_TO_END = 0.5
UNKNOWN_MINUTES = 8.0
_MASK = (1 << 64) - 1
_BY_WHO_WAITS = frozenset({CallingKind.RATIO, CallingKind.AGED})
"""Rules by which somebody who waits changes which of the others is called."""


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
    """The present state, read once for all samples.

    ``watchers`` are numbers that do not exist: each sees when it would be called and takes nobody's turn.
    """

    def __init__(self, hall: Hall, now_ms: int, habits: Habits, watchers: Sequence[Ticket] = ()) -> None:
        self.hall, self.now_ms, self.habits = hall, now_ms, habits
        self.ends_ms = hall.day.closes_ms if hall.day is not None else now_ms + DAY_MS
        self.table = unit_times(habits.cv)
        self.tickets = {i: hall.tickets[i] for lane in hall.lanes.values() for _, i in lane}
        self.parked = [(until, i) for until, i in hall.parked]
        self.tickets.update({i: hall.tickets[i] for _, i in self.parked})
        self.windows = [w for w in hall.windows if w in hall.plan.windows]
        self.rota = rota_ahead(hall.plan, now_ms, self.ends_ms)
        self.means = {
            s: habits.means.get(s, service.mean_minutes) for s, service in hall.plan.services.items()
        }
        self.lanes = hall.lanes
        shadow = shadow_of(self)
        self.waited = {w: self._someone_waits(shadow, w) for w in self.windows}
        self.watchers = {watcher.id: watcher for watcher in watchers}
        self.tickets.update(self.watchers)
        self.swayed = any(rule.kind in _BY_WHO_WAITS for rule in hall.plan.calling.values())
        self.lanes = {lane: waiting.copy() for lane, waiting in hall.lanes.items()}
        for watcher in watchers:
            self.lanes.setdefault(watcher.lane, SortedList()).add((watcher.rank, watcher.id))

    def _someone_waits(self, shadow: Hall, window: str) -> bool:
        """Whether somebody whom the window could have called has waited for more than a minute."""
        chosen = next_for(shadow, window, self.now_ms)
        return chosen is not None and self.now_ms - chosen.issued_ms > MINUTE_MS

    def scale(self, ticket: Ticket, window: str) -> float:
        """Expected minutes of service of this number at this window."""
        means = [self.means.get(s, UNKNOWN_MINUTES) for s in (ticket.service, *ticket.also)]
        return sum(means) * self.habits.speeds.get(window, 1.0)

    def rests(self, window: str) -> bool:
        """Whether a paused window is away by the rota, not by its clerk."""
        changes = self.rota.get(window)
        return changes is not None and not changes[0].open


def shadow_of(start: Start) -> Hall:
    """A hall for ``next_for`` alone: what it changes is copied, the rest is shared and only read."""
    hall, shadow = start.hall, Hall.__new__(Hall)
    shadow.plan, shadow.windows, shadow.tickets = hall.plan, hall.windows, start.tickets
    shadow.skills = dict(hall.skills)
    shadow.lanes = {lane: waiting.copy() for lane, waiting in start.lanes.items()}
    shadow.busy = dict(hall.busy)
    shadow.turns = dict(hall.turns)
    shadow.green_budget = hall.green_budget
    return shadow


class Replay:
    """One future of the hall until its day closes: nobody else comes, the rules stay as they are."""

    def __init__(self, start: Start, dice: Dice | None) -> None:
        self.start, self.dice = start, dice
        self.hall = shadow_of(start)
        self.queue: list[tuple[int, int, Callable[[str, int], None], str]] = []
        self.at: dict[str, Ticket] = {}
        self.shut: set[str] = set()
        self.idle: set[str] = set()
        self.away: set[str] = set()
        self.called: dict[str, int] = {}
        self.count = 0
        self.to_come = len(start.parked)
        for until, ticket in start.parked:
            self._push(until, self._join, ticket)
        for window in start.windows:
            self._push_first(window)
            for change in start.rota.get(window, ())[1:]:
                self._push(change.at_ms, self._turn, window)

    def run(self, until: str = "") -> dict[str, int]:
        """Ticket -> instant of its call; ends with ``until`` or when nothing more can happen today."""
        while self.queue and (self.hall.lanes or self.to_come) and until not in self.called:
            at_ms, _, step, name = heapq.heappop(self.queue)
            if at_ms >= self.start.ends_ms:
                break
            step(name, at_ms)
        return self.called

    def _push(self, at_ms: float, step: Callable[[str, int], None], name: str) -> None:
        self.count += 1
        heapq.heappush(self.queue, (int(at_ms), self.count, step, name))

    def _push_first(self, window: str) -> None:
        """When this window, as it stands, can call first; not before a line of the rota opens it when it is
        closed or away by the rota."""
        start = self.start
        now, ticket = start.hall.windows[window], start.hall.ticket_at(window)
        free = start.now_ms + (self._remaining(window, ticket) * MINUTE_MS if ticket else 0)
        if ticket is not None:
            self.at[window] = ticket
        if now.status is WindowStatus.CLOSED or (now.status is WindowStatus.PAUSED and start.rests(window)):
            self.shut.add(window)
        elif now.status is WindowStatus.PAUSED:
            free = max(free, start.now_ms + self._pause_left(now.since_ms))
        self._push(free, self._free, window)

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
            self.hall.busy[ended.visit] = self.hall.busy.get(ended.visit, 1) - 1
            if ended.person is not None:
                self._wake(at_ms)
        if window in self.shut:
            self.away.add(window)
            return
        while (ticket := self._next(window, at_ms)) is not None:
            self._leave(ticket)
            self.called.setdefault(ticket.id, at_ms)
            if ticket.id not in self.start.watchers:
                self._call(window, ticket, at_ms)
                return
        self.idle.add(window)

    def _next(self, window: str, at_ms: int) -> Ticket | None:
        """Whom the window calls; a watcher may be the one, but sways nobody else's turn."""
        chosen = next_for(self.hall, window, at_ms)
        if chosen is None or chosen.id in self.start.watchers or not self.start.swayed:
            return chosen
        watching = [watcher for watcher in self.start.watchers.values() if watcher.id not in self.called]
        for watcher in watching:
            self._leave(watcher)
        chosen = next_for(self.hall, window, at_ms)
        for watcher in watching:
            self.hall.lanes.setdefault(watcher.lane, SortedList()).add((watcher.rank, watcher.id))
        return chosen

    def _turn(self, window: str, at_ms: int) -> None:
        """A line of the rota begins or ends."""
        change = next(c for c in self.start.rota[window] if c.at_ms == at_ms)
        self.hall.skills[window] = change.skills
        if not change.open:
            self.shut.add(window)
            if window in self.idle:
                self.idle.discard(window)
                self.away.add(window)
            return
        self.shut.discard(window)
        if window in self.away or window in self.idle:
            self.away.discard(window)
            self.idle.discard(window)
            self._push(at_ms, self._free, window)

    def _leave(self, ticket: Ticket) -> None:
        lane = ticket.lane
        waiting = self.hall.lanes[lane]
        waiting.discard((ticket.rank, ticket.id))
        if not waiting:
            del self.hall.lanes[lane]

    def _call(self, window: str, ticket: Ticket, at_ms: int) -> None:
        hall = self.hall
        group, rule = hall.plan.group_of(ticket.service), hall.plan.rule_of(ticket.service)
        hall.green_budget = spent(hall.green_budget, ticket.rank_class, rule)
        hall.turns[group] = turned(hall.turns.get(group, (0, 0)), ticket.rank_class, rule)
        hall.busy[ticket.visit] = hall.busy.get(ticket.visit, 0) + 1
        self.at[window] = ticket
        minutes = self._service(self.start.scale(ticket, window))
        self._push(at_ms + minutes * MINUTE_MS, self._free, window)

    def _join(self, ticket_id: str, at_ms: int) -> None:
        """A parked number is back."""
        self.to_come -= 1
        waiting = replace(self.start.tickets[ticket_id], status=TicketStatus.WAITING)
        self.hall.lanes.setdefault(waiting.lane, SortedList()).add((waiting.rank, waiting.id))
        self._wake(at_ms)

    def _wake(self, at_ms: int) -> None:
        for window in sorted(self.idle):
            self.idle.discard(window)
            self._push(at_ms, self._free, window)


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
