"""PURE: everything that a person, a box or the clock can ask of a hall, in the imperative.

``request`` is unique per sender: a repeat gets the first answer. ``by`` says who asked
(``kiosk-1``, ``window:w03``, ``callbox:w03``, ``clock``), for the journal.
"""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import Paper, Person
from hall_server.hall.model import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What all commands share."""

    request: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(Command):
    """Give a number for a service."""

    service: str
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPaper(Command):
    """What became of the paper of a ticket."""

    ticket: str
    paper: Paper
    reprint: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWindow(Command):
    """A command given at a window."""

    window: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNext(AtWindow):
    """Call the next number that this window can serve; a service still going on ends as done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall(AtWindow):
    """Call the present number again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrive(AtWindow):
    """The person stands at the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish(AtWindow):
    """The service ended."""

    outcome: Outcome = Outcome.DONE
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoShow(AtWindow):
    """The person did not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(AtWindow):
    """Send the person on to another service; first time and visit are kept."""

    service: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Park(AtWindow):
    """Set the number aside; it comes back by itself after ``minutes``."""

    minutes: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallParked(AtWindow):
    """Call a number that was set aside."""

    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWindow(AtWindow):
    """The window takes people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseWindow(AtWindow):
    """The window takes nobody for a while."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseWindow(AtWindow):
    """The window is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Command):
    """Take a number back at the wish of its holder."""

    ticket: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Void(Command):
    """Declare a number void (a paper that was never taken)."""

    ticket: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallGuide(Command):
    """A citizen asks for a guide at a box."""

    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(Command):
    """A second of hall time has passed: parked numbers return, the business day closes and opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectClock(Command):
    """The clock could not be trusted at the start; journalled so that reports know."""

    sentence: str
