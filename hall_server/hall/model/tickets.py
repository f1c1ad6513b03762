"""PURE: a number, how it waits, what was rendered to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from contract.messages import Paper, Person, TicketStatus

OPEN_STATUSES = frozenset(
    {TicketStatus.WAITING, TicketStatus.CALLED, TicketStatus.SERVING, TicketStatus.PARKED}
)
AT_WINDOW = frozenset({TicketStatus.CALLED, TicketStatus.SERVING})


class Outcome(StrEnum):
    """How a service ended; all but DONE and MISSING_ACCEPTED are ends without result."""

    DONE = "done"
    MISSING_ACCEPTED = "missing_accepted"
    MISSING_MATERIAL = "missing_material"
    NO_AUTHORITY = "no_authority"
    ELSEWHERE = "elsewhere"
    SYSTEM_FAULT = "system_fault"
    PERSON_LEFT = "person_left"


OUTCOME_TEXT = {
    Outcome.DONE: "办结",
    Outcome.MISSING_ACCEPTED: "容缺受理",
    Outcome.MISSING_MATERIAL: "材料不全",
    Outcome.NO_AUTHORITY: "授权不足",
    Outcome.ELSEWHERE: "须回原单位",
    Outcome.SYSTEM_FAULT: "系统故障",
    Outcome.PERSON_LEFT: "群众离开",
}


class Class(IntEnum):
    """Who is preferred, in the order of a strict rule."""

    GREEN = 0
    APPOINTMENT = 1
    NORMAL = 2


class Arrival(StrEnum):
    """How someone with an appointment came."""

    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Lane:
    """A waiting list: everyone in it needs the same services, is of one class, and is bound alike."""

    services: tuple[str, ...]
    rank_class: Class
    window: str = ""
    clerk: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """号票. ``service`` and ``also`` are what it needs (a basket when ``also`` is not empty); ``rank`` orders
    its lane (first time, moved by policy); ``calls`` counts calls and recalls; ``postpones`` how often its
    holder asked for more time, ``away`` while it is set aside for that. ``window`` is where it is or was last
    called; ``bound_window`` or ``bound_clerk`` alone may call it; ``return_to`` gets it back,
    for ``return_service``."""

    id: str
    number: str
    series: str
    ordinal: int
    day: str
    service: str
    visit: str
    issued_ms: int
    rank: int
    status: TicketStatus = TicketStatus.WAITING
    also: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None
    agent: str = ""
    rank_class: Class = Class.NORMAL
    green_reason: str = ""
    appointment: str = ""
    arrival: Arrival | None = None
    station: str = ""
    window: str = ""
    bound_window: str = ""
    bound_clerk: str = ""
    return_to: str = ""
    return_service: str = ""
    responsible: str = ""
    calls: int = 0
    recalls: int = 0
    called_ms: int = 0
    arrived_ms: int = 0
    ended_ms: int = 0
    outcome: Outcome | None = None
    note: str = ""
    transfers: int = 0
    parked_until_ms: int = 0
    paper: Paper = Paper.NONE
    reprints: int = 0
    postpones: int = 0
    away: bool = False

    @property
    def call(self) -> str:
        """Identifier of the last call: unique for ever, the same in every replay."""
        return f"{self.id}:{self.calls}" if self.calls else ""

    @property
    def lane(self) -> Lane:
        """Where it waits."""
        return Lane((self.service, *self.also), self.rank_class, self.bound_window, self.bound_clerk)

    @property
    def first_ms(self) -> int:
        """Since when its wait counts: the time in its rank."""
        return self.rank >> 16


@dataclass(frozen=True, slots=True)
class Served:
    """A service rendered: the number's ``call`` that it followed, where, by whom; what is evaluated, once.

    ``grade`` 0 until then, else 1 to 5 (evaluation.Grade)."""

    call: str
    window: str
    service: str
    clerk: str
    ended_ms: int
    grade: int = 0


@dataclass(frozen=True, slots=True)
class Papers:
    """收件 of one number, by names: what a clerk has ``taken`` in, and what was ``missing`` at its end."""

    taken: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecentCall:
    """One line of the last calls, as boards show them."""

    call: str
    ticket: str
    number: str
    window: str
    service: str
    zone: str
    called_ms: int
    recalls: int
