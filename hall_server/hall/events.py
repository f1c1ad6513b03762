"""PURE: everything that has happened in a hall, in the past tense; the journal holds nothing else.

Each event carries all that ``evolve`` needs, so that a replay never asks the clock, the
configuration of the day or chance. ``KINDS`` is the table of names in the journal.
"""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import Paper, Person, WindowStatus
from hall_server.hall.model import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events share: the hall time of it."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOpened(Event):
    """A business day began; numbers restart."""

    day: str
    closes_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClosed(Event):
    """A business day ended; every open number expires with it."""

    day: str
    expired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketIssued(Event):
    """A number became real."""

    ticket: str
    number: str
    series: str
    ordinal: int
    day: str
    service: str
    rank: int
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None
    station: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperReported(Event):
    """A kiosk said what became of the paper."""

    ticket: str
    paper: Paper
    reprint: bool = False
    station: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCalled(Event):
    """A number was called to a window (from the queue or from the parked ones)."""

    ticket: str
    window: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRecalled(Event):
    """The same number was called again to the same window."""

    ticket: str
    window: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketArrived(Event):
    """The person came to the window."""

    ticket: str
    window: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFinished(Event):
    """The service ended."""

    ticket: str
    window: str
    outcome: Outcome
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketNoShow(Event):
    """The person did not come; ``rank`` is the new place when the number goes back into its queue."""

    ticket: str
    window: str
    rank: int | None = None
    void: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTransferred(Event):
    """The person was sent on to another service, keeping first time and visit."""

    ticket: str
    window: str
    service: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketParked(Event):
    """The number was set aside until an instant."""

    ticket: str
    window: str
    until_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReturned(Event):
    """A parked number came back into its queue."""

    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCancelled(Event):
    """The holder took the number back, or it was declared void."""

    ticket: str
    reason: str = ""
    void: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowChanged(Event):
    """A window opened, paused or closed."""

    window: str
    status: WindowStatus
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideCalled(Event):
    """Someone asks for a guide."""

    station: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSuspected(Event):
    """时钟异常: after a restart the real-time clock stood before, or a day beyond, the last hall time."""

    sentence: str


KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        DayOpened,
        DayClosed,
        TicketIssued,
        PaperReported,
        TicketCalled,
        TicketRecalled,
        TicketArrived,
        TicketFinished,
        TicketNoShow,
        TicketTransferred,
        TicketParked,
        TicketReturned,
        TicketCancelled,
        WindowChanged,
        GuideCalled,
        ClockSuspected,
    )
}
