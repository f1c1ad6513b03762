"""PURE: what a clerk or a call box asks at a window."""

from __future__ import annotations

from dataclasses import dataclass

from hall_server.hall.commands.command import Command
from hall_server.hall.model import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWindow(Command):
    """A command given at a window; ``seen`` is the ticket that the clerk saw there when pressing ('' = none),
    None when the sender shows none, such as a call box. ``clerk`` is the clerk who gives it."""

    window: str
    seen: str | None = None
    clerk: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNext(AtWindow):
    """Call the next number that this window can serve; a service still going on ends as done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTicket(AtWindow):
    """Call this very number out of its order; audited with its reason."""

    ticket: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallParked(AtWindow):
    """Call a number that was set aside."""

    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall(AtWindow):
    """Call the present number again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrive(AtWindow):
    """The person stands at the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish(AtWindow):
    """The service ended; an end without result carries its reason as the outcome, and the names of the papers
    that were ``missing``."""

    outcome: Outcome = Outcome.DONE
    note: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePapers(AtWindow):
    """收件: of the present number's papers the clerk has these by now, by name; all of them each time."""

    papers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoShow(AtWindow):
    """The person did not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(AtWindow):
    """Send the person on; first time and visit are kept.

    To a ``service``, and within it to one ``to_window`` or ``to_clerk`` when named; no service keeps the
    present one. With ``come_back`` the number returns to this window when it is finished there.
    """

    service: str = ""
    to_window: str = ""
    to_clerk: str = ""
    come_back: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Park(AtWindow):
    """Set the number aside; it comes back by itself after ``minutes``."""

    minutes: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo(AtWindow):
    """Take back the last action at this window, within 30 seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWindow(AtWindow):
    """The window takes people; ``clerk`` sits down there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseWindow(AtWindow):
    """The window takes nobody for a while."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseWindow(AtWindow):
    """The window is closed; its clerk leaves. ``park`` sets a number still there aside for 30 minutes."""

    park: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSkills(AtWindow):
    """Change what a window does, while numbers wait: service -> level (1 own, 2 help); audited."""

    skills: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEndings(Command):
    """Whoever works at ``window`` has read how these numbers, for which he is responsible, have ended. It
    seats nobody, and is no sign of life of the window."""

    window: str
    tickets: tuple[str, ...]
