"""PURE: a window at this moment, what it does, and its last action."""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import WindowStatus
from hall_server.hall.model.tickets import Ticket
from hall_server.hall.plan import ServiceWindow

LEVEL_OWN, LEVEL_HELP = 1, 2
FULL_GREEN_BUDGET = 2_000


@dataclass(frozen=True, slots=True)
class WindowNow:
    """A window at this moment; ``ticket`` is the one being called or served, ``clerk`` who sits there."""

    status: WindowStatus
    ticket: str = ""
    reason: str = ""
    since_ms: int = 0
    clerk: str = ""
    shift: str = ""


@dataclass(frozen=True, slots=True)
class TurnTaken:
    """What a call changed in its group's turns and in the green lane's budget."""

    group: str
    turns: tuple[int, int]
    turned: tuple[int, int]
    budget: int


@dataclass(frozen=True, slots=True)
class Undoable:
    """The last action at a window: the tickets as they stood before it, and as it left them; of a call also
    whose turn it took."""

    at_ms: int
    what: str
    before: tuple[Ticket, ...]
    after: tuple[Ticket, ...]
    took: TurnTaken | None = None


def own_skills(window: ServiceWindow) -> dict[str, int]:
    """Service -> level, as the plan says."""
    return dict.fromkeys(window.helps_with, LEVEL_HELP) | dict.fromkeys(window.services, LEVEL_OWN)


def at_start(window: ServiceWindow) -> WindowNow:
    """A window before anybody opened or closed it."""
    return WindowNow(WindowStatus.OPEN if window.open_at_start else WindowStatus.CLOSED)
