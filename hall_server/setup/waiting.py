"""PURE: how long a newcomer waits for each service, as the hall stands and under another description."""

from __future__ import annotations

from dataclasses import dataclass

from hall_server.hall import events as e
from hall_server.hall.describing import adopt
from hall_server.hall.forecast import Survey, survey
from hall_server.hall.model import Class, Hall
from hall_server.hall.plan import Plan
from hall_server.hall.snapshot import thaw

SAMPLES, MANY = 6, 300
"""Runs of the replay while few wait; beyond MANY one run with means must do."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A service with so many waiting; whole minutes for one more, None: not today, or no such service."""

    service: str
    waiting: int
    before: int | None
    after: int | None


def waits_between(state: bytes, plan: Plan, now_ms: int) -> tuple[Wait, ...]:
    """Two replays of the frozen hall with the same dice; services where neither side has anything to say are
    left out. Takes up to half a second at a busy hall: not for the hall's own thread."""
    now, then = _thawed(state, plan), _thawed(state, plan)
    event = e.PlanPublished(at_ms=now_ms, version=then.published.version + 1, plan=plan, by="", file="")
    adopt(then, event)
    samples = SAMPLES if sum(now.waiting.values()) <= MANY else 0
    before, after = (survey(hall, now_ms, samples=samples) for hall in (now, then))
    found = []
    for service in dict.fromkeys((*now.plan.services, *plan.services)):
        known = now.plan.services.get(service) or plan.services[service]
        sides = (_minutes(before, service), _minutes(after, service))
        if sides != (None, None):
            found.append(Wait(known.name, now.waiting.get(service, 0), *sides))
    return tuple(found)


def _thawed(state: bytes, plan: Plan) -> Hall:
    hall = Hall(plan)
    thaw(hall, state)
    return hall


def _minutes(seen: Survey, service: str) -> int | None:
    found = seen.newcomers.get((service, Class.NORMAL))
    return None if found is None else round(found.mean)
