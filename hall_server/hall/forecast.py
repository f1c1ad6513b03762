"""PURE: how long a number will wait, as an honest range in minutes, or None when nobody can say.

``survey`` replays the hall forward once per sample and answers for everyone who waits and for everyone
who might take a number now; ``forecast`` answers for one number, and ends when it is called. With
``samples=0`` the replay runs once with means. ``wait_range`` (quick.py) is the cheap answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field

from hall_server.hall.day import MINUTE_MS
from hall_server.hall.habits import FIRST_DAY, UNTESTED, Calibration, Habits
from hall_server.hall.model import Class, Hall, Ticket
from hall_server.hall.plan import CallingKind
from hall_server.hall.replay import Dice, Replay, Start

DRAWN_FLOOR = 0.5
FEWEST_SAMPLES = 4


@dataclass(frozen=True, slots=True)
class Forecast:
    """Minutes until the call: the expected value, its spread, and P10–P50–P90."""

    mean: float
    spread: float
    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Survey:
    """The whole hall at one instant, minutes from then: for each number that waits; for whom would take a
    number of a service and class; until the last one of a service is called (None: not today)."""

    tickets: dict[str, Forecast] = field(default_factory=dict)
    newcomers: dict[tuple[str, Class], Forecast] = field(default_factory=dict)
    last_call: dict[str, float | None] = field(default_factory=dict)
    samples: int = 0


def forecast(
    hall: Hall,
    ticket: str,
    now_ms: int,
    *,
    habits: Habits = FIRST_DAY,
    calibration: Calibration = UNTESTED,
    samples: int = 16,
    seed: int = 1,
) -> Forecast | None:
    """For one waiting number; None when the windows as they stand and the rota do not bring it today."""
    start = Start(hall, now_ms, habits)
    runs = list(_runs(start, samples, seed, lambda: True, until=ticket))
    return _summed(runs, now_ms, habits, calibration, {ticket}).get(ticket)


def survey(
    hall: Hall,
    now_ms: int,
    *,
    habits: Habits = FIRST_DAY,
    calibration: Calibration = UNTESTED,
    samples: int = 16,
    seed: int = 1,
    go_on: Callable[[], bool] = lambda: True,
) -> Survey:
    """For everyone at once. ``go_on`` is asked after the first sample, and before each beyond FEWEST_SAMPLES:
    two or three say less of the spread than one does.
    """
    watchers = {(w.service, w.rank_class): w for w in _watchers(hall, now_ms)}
    start = Start(hall, now_ms, habits, list(watchers.values()))
    runs = list(_runs(start, samples, seed, go_on))
    found = _summed(runs, now_ms, habits, calibration, start.tickets.keys())
    waiting: dict[str, set[str]] = {service: set() for service in hall.plan.services}
    for ticket in start.tickets.values():
        if ticket.service in waiting and ticket.id not in start.watchers:
            waiting[ticket.service].add(ticket.id)
    last = {service: _last(runs, tickets, now_ms) for service, tickets in waiting.items()}
    return Survey(
        tickets={ticket: one for ticket, one in found.items() if ticket not in start.watchers},
        newcomers={key: found[w.id] for key, w in watchers.items() if w.id in found},
        last_call={s: None if at_ms is None else (at_ms - now_ms) / MINUTE_MS for s, at_ms in last.items()},
        samples=len(runs),
    )


def _watchers(hall: Hall, now_ms: int) -> Iterator[Ticket]:
    """Somebody of each service, and of each class where the rule tells the classes apart."""
    for service in hall.plan.services:
        first_come = hall.plan.rule_of(service).kind is CallingKind.FIRST_COME
        for rank_class in (Class.NORMAL,) if first_come else Class:
            yield newcomer(service, rank_class, now_ms)


def newcomer(service: str, rank_class: Class, now_ms: int) -> Ticket:
    """A number that does not exist, behind everyone who came before this instant."""
    name = f"?{service}/{rank_class.value}"
    rank = (now_ms << 16) | 0xFFFF
    return Ticket(name, "", "", 0, "", service, name, now_ms, rank, rank_class=rank_class)


def _runs(
    start: Start, samples: int, seed: int, go_on: Callable[[], bool], until: str = ""
) -> Iterator[dict[str, int]]:
    if not samples:
        yield Replay(start, None).run(until)
    for sample in range(samples):
        if (sample == 1 or sample >= FEWEST_SAMPLES) and not go_on():
            return
        yield Replay(start, Dice(seed * 1_000_003 + sample)).run(until)


def _summed(
    runs: list[dict[str, int]], now_ms: int, habits: Habits, calibration: Calibration, wanted: Set[str]
) -> dict[str, Forecast]:
    """What the runs say of each number that more than half of them call."""
    waits: dict[str, list[float]] = {ticket: [] for ticket in wanted}
    for run in runs:
        for ticket, at_ms in run.items():
            if ticket in waits:
                waits[ticket].append((at_ms - now_ms) / MINUTE_MS)
    enough = len(runs) / 2
    return {t: _of(minutes, habits, calibration) for t, minutes in waits.items() if len(minutes) > enough}


def _of(minutes: list[float], habits: Habits, calibration: Calibration) -> Forecast:
    mean = sum(minutes) / len(minutes)
    if len(minutes) > 1:
        spread = math.sqrt(sum([(m - mean) ** 2 for m in minutes]) / (len(minutes) - 1))
    else:
        spread = habits.cv * math.sqrt(mean)
    spread += DRAWN_FLOOR
    middle = sorted(minutes)[len(minutes) // 2] * calibration.bias
    mean *= calibration.bias
    low = max(0.0, mean + calibration.low * spread)
    high = max(low, mean + calibration.high * spread)
    return Forecast(mean, spread, low, min(max(low, middle), high), high)


def _last(runs: list[dict[str, int]], waiting: Set[str], now_ms: int) -> float | None:
    """When the last one of these is called, on average; None when someone is not called today."""
    ends = [max((run[t] for t in waiting), default=now_ms) for run in runs if run.keys() >= waiting]
    return sum(ends) / len(ends) if 2 * len(ends) > len(runs) else None
