"""PURE: numbers became real, and what became of them away from a window."""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import Paper, Person
from hall_server.hall.events.event import Event
from hall_server.hall.model import Arrival, Class, FollowUp


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketIssued(Event):
    """A number became real; ``true_ms`` is when, if a station issued it alone before ``at_ms``;
    ``slot_ms`` the slot whose quota it takes."""

    ticket: str
    number: str
    series: str
    ordinal: int
    day: str
    service: str
    rank: int
    also: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None
    visit: str = ""
    rank_class: Class = Class.NORMAL
    green_reason: str = ""
    agent: str = ""
    agent_reason: str = ""
    appointment: str = ""
    arrival: Arrival | None = None
    slot_ms: int = 0
    true_ms: int = 0
    station: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueForgone(Event):
    """A station gave up a request for a number before it arrived: it is never carried out."""

    station: str
    request: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoardingSuspected(Event):
    """One person took many numbers in a day; nobody is blocked, the manager is told."""

    person: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperReported(Event):
    """A kiosk said what became of the paper."""

    ticket: str
    paper: Paper
    reprint: bool = False
    station: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReturned(Event):
    """A parked number, or one that had passed (then with its new ``rank``), came back into its queue;
    ``visit`` when its holder has begun another visit meanwhile."""

    ticket: str
    rank: int | None = None
    visit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCancelled(Event):
    """The holder took the number back, or it was declared void."""

    ticket: str
    reason: str = ""
    void: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPostponed(Event):
    """The holder needs more time: set aside until ``until_ms``, or, when that is 0, moved to ``rank``."""

    ticket: str
    until_ms: int = 0
    rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketUnbound(Event):
    """Nobody is left at the window that the number was bound to: any window of the service may call it."""

    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEvaluated(Event):
    """好差评 of the service after ``call``, at ``at_window`` by ``clerk``; ``poor``: 差评."""

    ticket: str
    call: str
    at_window: str
    service: str
    grade: int
    clerk: str = ""
    tags: tuple[str, ...] = ()
    words: str = ""
    poor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PoorFollowed(Event):
    """About the poor rating of ``call``, served at ``at_window`` by ``clerk``; ``first``: of its kind."""

    call: str
    step: FollowUp
    by: str
    note: str
    at_window: str
    service: str
    clerk: str = ""
    first: bool = True
