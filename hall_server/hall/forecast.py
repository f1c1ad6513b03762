"""PURE: how long a number will wait, as an honest range in minutes, or None when nobody can say.

``forecast`` and ``forecast_all`` replay the hall forward: ``samples`` times with drawn service times, or
once with means. ``wait_range`` (quick.py) is the cheap answer by arithmetic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hall_server.hall.day import MINUTE_MS
from hall_server.hall.habits import FIRST_DAY, UNTESTED, Calibration, Habits
from hall_server.hall.model import Class, Hall, Ticket
from hall_server.hall.quick import rounded
from hall_server.hall.replay import Dice, Replay, Start

DRAWN_FLOOR = 0.5


@dataclass(frozen=True, slots=True)
class Forecast:
    """Minutes until the call: the expected value, its spread, and P10–P90 for the manager."""

    mean: float
    spread: float
    low: float
    high: float

    @property
    def citizen(self) -> tuple[int, int]:
        """Rounded outward, to five minutes beyond ten."""
        return rounded(self.low, self.high)


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
    """For one waiting number; None when the windows as they stand and the rota never bring it."""
    return _estimated(hall, now_ms, habits, calibration, samples, seed, ticket).get(ticket)


def forecast_all(
    hall: Hall,
    now_ms: int,
    *,
    habits: Habits = FIRST_DAY,
    calibration: Calibration = UNTESTED,
    samples: int = 16,
    seed: int = 1,
) -> dict[str, Forecast]:
    """For everyone who waits now, at the price of the one who waits longest."""
    return _estimated(hall, now_ms, habits, calibration, samples, seed, "")


def forecast_newcomer(
    hall: Hall,
    service: str,
    now_ms: int,
    *,
    rank_class: Class = Class.NORMAL,
    habits: Habits = FIRST_DAY,
    calibration: Calibration = UNTESTED,
    samples: int = 16,
    seed: int = 1,
) -> Forecast | None:
    """For someone who would take a number of this service now."""
    name = "newcomer"
    place = Ticket(name, "", "", 0, "", service, name, now_ms, (now_ms << 16) | 0xFFFF, rank_class=rank_class)
    found = _estimated(hall, now_ms, habits, calibration, samples, seed, name, place)
    return found.get(name)


def _estimated(
    hall: Hall,
    now_ms: int,
    habits: Habits,
    calibration: Calibration,
    samples: int,
    seed: int,
    until: str,
    newcomer: Ticket | None = None,
) -> dict[str, Forecast]:
    waits: dict[str, list[float]] = {}
    start = Start(hall, now_ms, habits, newcomer)
    for sample in range(max(1, samples)):
        dice = Dice(seed * 1_000_003 + sample) if samples else None
        for ticket, at_ms in Replay(start, dice).run(until).items():
            if not until or ticket == until:
                waits.setdefault(ticket, []).append((at_ms - now_ms) / MINUTE_MS)
    enough = max(1, samples) / 2
    return {
        ticket: _forecast(minutes, habits, calibration)
        for ticket, minutes in waits.items()
        if len(minutes) > enough or not samples
    }


def _forecast(minutes: list[float], habits: Habits, calibration: Calibration) -> Forecast:
    mean = sum(minutes) / len(minutes)
    if len(minutes) > 1:
        spread = math.sqrt(sum((m - mean) ** 2 for m in minutes) / (len(minutes) - 1))
    else:
        spread = habits.cv * math.sqrt(mean)
    spread += DRAWN_FLOOR
    mean *= calibration.bias
    low, high = mean + calibration.low * spread, mean + calibration.high * spread
    return Forecast(mean, spread, max(0.0, low), max(0.0, low, high))
