"""PURE: what days gone by teach the waiting estimate: how this hall works, and how far a forecast is off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from contract.messages import TicketStatus
from hall_server.hall.day import MINUTE_MS
from hall_server.hall.model import Ticket
from hall_server.hall.plan import Plan

FEWEST_PROBES = 30


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


def speeds(plan: Plan, ended: Iterable[Ticket], strength: float = 8.0) -> dict[str, float]:
    """How much longer than the plan's means each window takes today, drawn towards 1 by ``strength``
    services; a service beyond three means counts as three (a forgotten "finish")."""
    work: dict[str, tuple[float, float]] = {}
    for t in ended:
        if t.status is not TicketStatus.DONE or not t.arrived_ms or t.service not in plan.services:
            continue
        mean = sum(plan.services[s].mean_minutes for s in (t.service, *t.also) if s in plan.services)
        took = min((t.ended_ms - t.arrived_ms) / MINUTE_MS / mean, 3.0)
        total, count = work.get(t.window, (strength, strength))
        work[t.window] = (total + took, count + 1)
    return {window: total / count for window, (total, count) in work.items()}
