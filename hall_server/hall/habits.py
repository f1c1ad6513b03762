"""PURE: what days gone by teach the waiting estimate: how this hall works, and how far a forecast is off."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hall_server.hall.plan import Plan

FEWEST_PROBES = 30
FEWEST_SERVICES = 5
DRAWN_BY = 30.0
CV_BOUNDS = (0.3, 1.2)


@dataclass(frozen=True, slots=True)
class Habits:
    """How this hall works, from its recent days; the defaults need no past. Minutes and shares.

    ``means`` of services (missing: the plan's), their coefficient of variation ``cv``, ``speeds`` of windows
    as factors on times; how often nobody comes and how long that takes; how often and how long a window
    pauses unplanned; how often a clerk forgets "finish" when nobody waits.
    """

    means: Mapping[str, float] = field(default_factory=dict)
    cv: float = 0.7
    speeds: Mapping[str, float] = field(default_factory=dict)
    walk: float = 0.4
    no_show: float = 0.05
    no_show_minutes: float = 1.3
    pause_chance: float = 0.03
    pause: float = 12.0
    forgotten: float = 0.08


@dataclass(frozen=True, slots=True)
class Calibration:
    """What days gone by say about the replay: ``bias`` times its mean, ``low`` and ``high`` of its spreads
    away from that hold all but a tenth on either side."""

    bias: float = 1.0
    low: float = -1.3
    high: float = 1.5


FIRST_DAY = Habits()
UNTESTED = Calibration()


@dataclass(frozen=True, slots=True)
class Probe:
    """An uncalibrated forecast of days gone by and the minutes that it really took."""

    mean: float
    spread: float
    came: float


def calibrated(seen: Sequence[Probe], tail: float = 0.1) -> Calibration:
    """What these say; the defaults below FEWEST_PROBES of them."""
    told = sum(probe.mean for probe in seen)
    if len(seen) < FEWEST_PROBES or not told:
        return Calibration()
    bias = sum(probe.came for probe in seen) / told
    off = sorted((probe.came - probe.mean * bias) / probe.spread for probe in seen)
    cut = int(len(off) * tail)
    return Calibration(bias, off[cut], off[-cut - 1])


# ---------------------------------------------------------------- what days teach


@dataclass(slots=True)
class Tally:
    """A count, a sum and a sum of squares."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        """One more."""
        self.count += 1
        self.total += value
        self.squares += value * value


@dataclass(slots=True)
class Taught:
    """What one day teaches: logarithms of minutes by service, minutes of walks, pauses and no-shows, and
    how many calls, services, tidy and forgotten ends there were."""

    services: dict[str, Tally] = field(default_factory=dict)
    walks: Tally = field(default_factory=Tally)
    pauses: Tally = field(default_factory=Tally)
    no_shows: Tally = field(default_factory=Tally)
    calls: int = 0
    ended: int = 0
    tidy: int = 0
    forgotten: int = 0


def habits_of(plan: Plan, days: Sequence[Taught]) -> Habits:
    """What these days say together; each figure is drawn towards what a hall starts with by as many
    observations as a quiet day has, so that few of them move little."""
    if not days:
        return FIRST_DAY
    means, spread = {}, Tally()
    for name, service in plan.services.items():
        seen = [day.services[name] for day in days if name in day.services]
        count = sum(one.count for one in seen)
        if count < FEWEST_SERVICES:
            continue
        middle = sum(one.total for one in seen) / count
        variance = max(0.0, sum(one.squares for one in seen) / count - middle * middle)
        spread.count, spread.total = spread.count + count, spread.total + count * variance
        learnt = math.exp(middle + variance / 2)
        means[name] = (count * learnt + DRAWN_BY * service.mean_minutes) / (count + DRAWN_BY)
    start = FIRST_DAY
    first = math.log(1 + start.cv**2)
    sigma2 = (spread.total + DRAWN_BY * first) / (spread.count + DRAWN_BY)
    calls, ended = sum(day.calls for day in days), sum(day.ended for day in days)
    pauses = sum(day.pauses.count for day in days)
    idle = sum(day.tidy + day.forgotten for day in days)
    return Habits(
        means=means,
        cv=round(min(max(math.sqrt(math.exp(sigma2) - 1), CV_BOUNDS[0]), CV_BOUNDS[1]), 2),
        walk=_drawn([day.walks for day in days], start.walk),
        no_show=_share(sum(day.no_shows.count for day in days), calls, start.no_show),
        no_show_minutes=_drawn([day.no_shows for day in days], start.no_show_minutes),
        pause_chance=_share(pauses, ended, start.pause_chance),
        pause=_drawn([day.pauses for day in days], start.pause),
        forgotten=_share(sum(day.forgotten for day in days), idle, start.forgotten),
    )


def _drawn(seen: Sequence[Tally], start: float) -> float:
    count, total = sum(one.count for one in seen), sum(one.total for one in seen)
    return (total + DRAWN_BY * start) / (count + DRAWN_BY)


def _share(count: int, of: int, start: float) -> float:
    return min(0.9, (count + DRAWN_BY * start) / (of + DRAWN_BY))
