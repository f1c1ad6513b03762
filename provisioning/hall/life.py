"""PURE: the life of one supervised program; instants are seconds of a monotonic clock, given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
STEADY_SECONDS = 60.0


class State(StrEnum):
    """Where a program stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    LATE = "late"
    BACKING_OFF = "backing off"
    STOPPING = "stopping"
    STOPPED = "stopped"


ALIVE = frozenset({State.STARTING, State.READY, State.LATE, State.STOPPING})


@dataclass(frozen=True, slots=True)
class Life:
    """State since an instant; ``delay`` is the next back-off, ``due`` when something happens by itself."""

    state: State = State.WAITING
    since: float = 0.0
    pid: int = 0
    restarts: int = 0
    delay: float = FIRST_DELAY
    due: float | None = None
    last_exit: str = ""


def started(life: Life, now: float, *, pid: int, ready_seconds: float) -> Life:
    """It was launched; ready is due by then."""
    return replace(life, state=State.STARTING, since=now, pid=pid, due=now + ready_seconds)


def became_ready(life: Life, now: float) -> Life:
    """All its conditions hold."""
    return replace(life, state=State.READY, since=now, due=None)


def became_late(life: Life, now: float) -> Life:
    """It runs but is not ready in time; it is watched on."""
    return replace(life, state=State.LATE, since=now, due=None)


def exited(life: Life, now: float, *, how: str) -> Life:
    """It ended: for good when that was asked for, else it is due again after a growing delay."""
    if life.state is State.STOPPING:
        return replace(life, state=State.STOPPED, since=now, pid=0, due=None, last_exit=how)
    steady = life.state is State.READY and now - life.since >= STEADY_SECONDS
    delay = FIRST_DELAY if steady else life.delay
    return replace(
        life,
        state=State.BACKING_OFF,
        since=now,
        pid=0,
        restarts=life.restarts + 1,
        delay=min(delay * 2, LONGEST_DELAY),
        due=now + delay,
        last_exit=how,
    )


def asked_to_stop(life: Life, now: float, *, stop_seconds: float) -> Life:
    """The hall ends: a running program gets its time, any other is stopped at once."""
    if life.state in ALIVE:
        return replace(life, state=State.STOPPING, since=now, due=now + stop_seconds)
    return replace(life, state=State.STOPPED, since=now, pid=0, due=None)


def may_start(life: Life, now: float, *, before: tuple[Life, ...]) -> bool:
    """It is its turn: it waits or its delay is over, and all before it are ready (or late: not forever)."""
    if life.state is State.BACKING_OFF and life.due is not None and now < life.due:
        return False
    if life.state not in (State.WAITING, State.BACKING_OFF):
        return False
    return all(other.state in (State.READY, State.LATE) for other in before)


def may_stop(life: Life, *, behind: tuple[Life, ...]) -> bool:
    """All that were started after it are gone."""
    return life.state not in (State.STOPPING, State.STOPPED) and all(
        other.state is State.STOPPED for other in behind
    )
