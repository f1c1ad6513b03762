"""PURE: what happened at a window."""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import WindowStatus
from hall_server.hall.events.event import Event
from hall_server.hall.model import Outcome, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCalled(Event):
    """A number was called to a window, from the queue or from the parked; ``reason`` when out of order."""

    ticket: str
    window: str
    clerk: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRecalled(Event):
    """The same number was called again to the same window."""

    ticket: str
    window: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketArrived(Event):
    """The person came to the window; ``responsible`` is the first clerk, for the whole visit."""

    ticket: str
    window: str
    responsible: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PapersTaken(Event):
    """收件: the papers that the clerk has by now."""

    ticket: str
    window: str
    papers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFinished(Event):
    """The service ended; ``missing`` names the papers for want of which there is no result."""

    ticket: str
    window: str
    outcome: Outcome
    note: str = ""
    by_next: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSentBack(Event):
    """Done where it was sent to: the number returns to the window that wanted it back."""

    ticket: str
    window: str
    to_window: str
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
    """The person was sent on, keeping first time and visit; ``also`` is the rest of a basket sent whole."""

    ticket: str
    window: str
    service: str
    also: tuple[str, ...] = ()
    to_window: str = ""
    to_clerk: str = ""
    return_to: str = ""
    return_service: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketParked(Event):
    """The number was set aside until an instant."""

    ticket: str
    window: str
    until_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionUndone(Event):
    """The last action at a window was taken back; the tickets stand as before it."""

    window: str
    what: str
    tickets: tuple[Ticket, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowChanged(Event):
    """A window opened, paused or closed; ``clerk`` sits there now; ``shift`` the rota's line that did it, ''
    when its line ended, None when a person did it."""

    window: str
    status: WindowStatus
    reason: str = ""
    clerk: str = ""
    shift: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillsChanged(Event):
    """What a window does was changed: service -> level; ``shift`` when the rota did it."""

    window: str
    skills: tuple[tuple[str, int], ...]
    shift: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingsRead(Event):
    """首问负责: whoever stays responsible (a clerk, else a window) has read how numbers ended: (ticket, the
    instant of that end)."""

    reader: str
    endings: tuple[tuple[str, int], ...]
