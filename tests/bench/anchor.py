"""The anchor hall: a seeded day of a nine-window hall that drives the real core, command by command.

9 windows (4 comprehensive, 2 + 2 + 1 specialised), 5 services of 4/7/12/18/6 minutes (lognormal), two
peaks, about 453 numbers, lunch in two turns by the rota, unplanned pauses, quick and slow clerks,
no-shows, clerks who forget "finish". Nothing here decides who is called: ``decide`` and ``evolve`` do.

    python -m tests.bench.anchor [--seed N] [--load F]
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall import commands as c
from hall_server.hall.day import MINUTE_MS
from hall_server.hall.decide import decide, turn_of_day
from hall_server.hall.events import Event
from hall_server.hall.evolve import evolve
from hall_server.hall.lookup import Answer
from hall_server.hall.model import Hall
from hall_server.hall.plan import (
    Board,
    CallingKind,
    CallingRule,
    NoShowPolicy,
    Plan,
    Rules,
    Service,
    ServiceWindow,
    Shift,
    Zone,
)

MIDNIGHT_MS = 1_767_542_400_000  # Monday 2026-01-05, 00:00 of the hall
OPENS, CLOSES = 8 * 60 + 30, 17 * 60 + 30
SERVICES = {  # mean minutes, share, cv
    "quick": (4.0, 0.30, 0.6),
    "social": (7.0, 0.25, 0.7),
    "tax": (12.0, 0.18, 0.7),
    "estate": (18.0, 0.09, 0.8),
    "police": (6.0, 0.18, 0.6),
}
SKILLS = [tuple(SERVICES)] * 4 + [("quick", "police")] * 2 + [("social", "tax")] * 2 + [("estate",)]
LUNCH = ((11 * 60 + 30, 12 * 60 + 15), (12 * 60 + 15, 13 * 60))
ACCUMULATING = CallingRule(CallingKind.ACCUMULATING, green_weight=3.0)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What kind of day: numbers, load, green share, the calling rule, how people and clerks behave."""

    tickets: int = 453
    load: float = 1.0
    green: float = 0.08
    rule: CallingRule = ACCUMULATING
    no_show: float = 0.05
    pause_chance: float = 0.035
    forget_finish: float = 0.08
    clerk_sigma: float = 0.18


def plan_of(rule: CallingRule) -> Plan:
    """The anchor hall with this rule for every service."""
    services = {
        name: Service(name, name, "all", "ABCDE"[i], mean_minutes=mean)
        for i, (name, (mean, _share, _cv)) in enumerate(SERVICES.items())
    }
    windows, rota = {}, []
    for i, skills in enumerate(SKILLS, 1):
        name = f"w{i}"
        windows[name] = ServiceWindow(name, f"{i}号窗口", name, "all", skills, open_at_start=True)
        begins, ends = LUNCH[i % 2]
        rota.append(Shift(name, 0, OPENS, tuple(range(7)), closed=True, name="未上班"))
        rota.append(Shift(name, begins, ends, tuple(range(7)), closed=True, name="午休"))
    return Plan(
        id="anchor",
        name="锚定大厅",
        rules=Rules(no_show_policy=NoShowPolicy.VOID),
        zones={"all": Zone("all", "综合")},
        services=services,
        windows=windows,
        boards={"hall": Board("hall", "叫号", ("all",))},
        calling=dict.fromkeys(services, rule),
        rota=tuple(rota),
    )


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who comes: when, for what, how long it will take, whether they stay until the call."""

    at_ms: int
    service: str
    green: bool
    work: float
    walk_ms: int
    comes: bool


@dataclass(slots=True)
class Wait:
    """What became of one number."""

    ticket: str
    service: str
    green: bool
    issued_ms: int
    called_ms: int = -1

    @property
    def minutes(self) -> float:
        """From the number to the first call."""
        return (self.called_ms - self.issued_ms) / MINUTE_MS


def people_of(seed: int, scenario: Scenario, midnight_ms: int = MIDNIGHT_MS) -> list[Person]:
    """Everyone who comes on this day; the same for every rule."""
    chance = random.Random(f"people {seed}")
    count = max(1, round(chance.gauss(1, 0.04) * scenario.tickets * scenario.load))
    names, shares = list(SERVICES), [share for _, share, _ in SERVICES.values()]
    people = []
    for _ in range(count):
        service = chance.choices(names, shares)[0]
        people.append(
            Person(
                at_ms=midnight_ms + int(_arrival_minute(chance) * MINUTE_MS),
                service=service,
                green=chance.random() < scenario.green,
                work=_lognormal(chance, *SERVICES[service][::2]),
                walk_ms=int(chance.uniform(10, 35) * 1000),
                comes=chance.random() >= scenario.no_show,
            )
        )
    return sorted(people, key=lambda p: p.at_ms)


def _arrival_minute(chance: random.Random) -> float:
    """Two peaks, 9:50 and 14:20, over an even stream."""
    while True:
        kind = chance.random()
        if kind < 0.37:
            minute = chance.gauss(9 * 60 + 50, 50)
        elif kind < 0.69:
            minute = chance.gauss(14 * 60 + 20, 55)
        else:
            minute = chance.uniform(OPENS, CLOSES - 30)
        if OPENS - 10 <= minute <= CLOSES - 20:
            return minute


def _lognormal(chance: random.Random, mean: float, cv: float) -> float:
    sigma2 = math.log(1 + cv * cv)
    return chance.lognormvariate(math.log(mean) - sigma2 / 2, math.sqrt(sigma2))


@dataclass(slots=True)
class AnchorDay:
    """One day from ``midnight_ms``, in a hall of its own or in one that was open the days before.

    ``on_issue(hall, ticket, now_ms)`` is asked right after each number is issued, ``on_event(hall, event)``
    before each event is applied, ``on_command(command, now_ms, answer)`` follows each command.
    """

    seed: int
    scenario: Scenario = field(default_factory=Scenario)
    on_issue: Callable[[Hall, str, int], None] | None = None
    on_event: Callable[[Hall, Event], None] | None = None
    on_command: Callable[[c.Command, int, Answer], None] | None = None
    midnight_ms: int = MIDNIGHT_MS
    opened: Hall | None = None
    hall: Hall = field(init=False)
    waits: dict[str, Wait] = field(default_factory=dict)
    commands: int = 0
    _queue: list[tuple[int, int, Callable[..., None], tuple[object, ...]]] = field(default_factory=list)
    _people: dict[str, Person] = field(default_factory=dict)
    _free: dict[str, bool] = field(default_factory=dict)
    _away: set[str] = field(default_factory=set)
    _chance: random.Random = field(init=False)
    _speed: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self.hall = self.opened or Hall(plan_of(self.scenario.rule))
        self._chance = random.Random(f"clerks {self.seed}")
        sigma = self.scenario.clerk_sigma
        self._speed = {w: self._chance.lognormvariate(-sigma * sigma / 2, sigma) for w in self.hall.windows}

    def run(self) -> list[Wait]:
        """The whole day until nobody waits; first calls of all numbers, in order of issue."""
        start = self.midnight_ms + (OPENS - 15) * MINUTE_MS
        self._apply(turn_of_day(self.hall, start))
        for window in self.hall.windows:
            self._free[window] = True
        self._tick(start)
        for person in people_of(self.seed, self.scenario, self.midnight_ms):
            self._at(person.at_ms, self._arrive, person)
        for minute in range(OPENS, CLOSES):
            self._at(self.midnight_ms + minute * MINUTE_MS, self._tick)
        while self._queue:
            now, _, step, arguments = heapq.heappop(self._queue)
            step(now, *arguments)
        return list(self.waits.values())

    def at(self, when_ms: int, step: Callable[[int], None]) -> None:
        """Have something done at an instant of the day, before what is planned for it by run()."""
        self._at(when_ms, step)

    def _at(self, when_ms: int, step: Callable[..., None], *arguments: object) -> None:
        self.commands += 1
        heapq.heappush(self._queue, (when_ms, self.commands, step, arguments))

    def _do(self, command: c.Command, now: int) -> Answer:
        decision = decide(self.hall, command, now)
        self._apply(decision.events)
        if self.on_command is not None:
            self.on_command(command, now, decision.answer)
        return decision.answer

    def _apply(self, events: tuple[Event, ...]) -> None:
        for event in events:
            if self.on_event is not None:
                self.on_event(self.hall, event)
            evolve(self.hall, event)

    # ------------------------------------------------------------ what happens

    def _arrive(self, now: int, person: Person) -> None:
        reason = "disabled" if person.green else ""
        command = c.Issue(request="", by="kiosk-1", service=person.service, green_reason=reason)
        ticket = self._do(command, now).ticket
        self._people[ticket] = person
        self.waits[ticket] = Wait(ticket, person.service, person.green, now)
        if self.on_issue is not None:
            self.on_issue(self.hall, ticket, now)
        self._press_all(now)

    def _tick(self, now: int) -> None:
        self._do(c.Tick(request="", by="clock"), now)
        self._press_all(now)

    def _press_all(self, now: int) -> None:
        """Every clerk with nobody in front presses next as soon as the number of waiting people is not 0."""
        if not self.hall.lanes:
            return
        for window in [w for w, free in self._free.items() if free and w not in self._away]:
            if self.hall.windows[window].status is WindowStatus.OPEN and self._someone(window):
                self._press(now, window)

    def _someone(self, window: str) -> bool:
        skills = self.hall.skills[window]
        return any(skills.keys() >= set(lane.services) for lane in self.hall.lanes)

    def _press(self, now: int, window: str) -> None:
        ticket = self._do(c.CallNext(request="", by=window, window=window), now).ticket
        self._free[window] = False
        self.waits[ticket].called_ms = now
        person = self._people[ticket]
        if person.comes:
            self._at(now + person.walk_ms, self._come, window, ticket)
        else:
            self._at(now + int(self._chance.uniform(60, 100) * 1000), self._give_up, window)

    def _give_up(self, now: int, window: str) -> None:
        self._do(c.NoShow(request="", by=window, window=window), now)
        self._freed(now, window)

    def _come(self, now: int, window: str, ticket: str) -> None:
        self._do(c.Arrive(request="", by=window, window=window), now)
        work = self._people[ticket].work * self._speed[window]
        self._at(now + int(work * MINUTE_MS), self._finish, window)

    def _finish(self, now: int, window: str) -> None:
        """Most clerks press finish; some forget and the service stands open until their next press."""
        if self._chance.random() >= self.scenario.forget_finish:
            self._do(c.Finish(request="", by=window, window=window), now)
        self._freed(now, window)

    def _freed(self, now: int, window: str) -> None:
        if self._chance.random() < self.scenario.pause_chance:
            self._away.add(window)
            self._do(c.PauseWindow(request="", by=window, window=window, reason="暂离"), now)
            self._at(now + int(self._chance.uniform(6, 18) * MINUTE_MS), self._back, window)
        self._free[window] = True
        self._press_all(now)

    def _back(self, now: int, window: str) -> None:
        """Back from a pause, unless lunch began meanwhile: then the rota opens the window."""
        self._away.discard(window)
        if not self.hall.windows[window].shift:
            self._do(c.OpenWindow(request="", by=window, window=window), now)
        self._press_all(now)


def waiting_of(hall: Hall) -> int:
    """How many wait in the whole hall."""
    return sum(t.status is TicketStatus.WAITING for t in hall.open_tickets())


def main() -> None:
    """Print one day."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--load", type=float, default=1.0)
    given = parser.parse_args()
    waits = AnchorDay(given.seed, Scenario(load=given.load)).run()
    minutes = sorted(w.minutes for w in waits)
    half, high = minutes[len(minutes) // 2], minutes[len(minutes) * 19 // 20]
    print(f"{len(minutes)} numbers, p50 {half:.1f}, p95 {high:.1f}, worst {minutes[-1]:.1f} min")
    print(f"ANCHOR: {sum(minutes) / len(minutes):.2f} min mean wait (no bar)")


if __name__ == "__main__":
    main()
