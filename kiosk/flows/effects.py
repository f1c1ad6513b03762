"""PURE: everything that a step can ask of the session, as frozen values.

``attempt`` joins an effect to its answer. Asking again with the same attempt is a repeat: the session
sends the same request id, so the hall gives the first answer again.
"""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import Paper, Person, TicketSlip


@dataclass(frozen=True, slots=True)
class AskIssue:
    """Take a number; ends with Issued, Refused or Unanswered."""

    attempt: int
    service: str
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class AskAlone:
    """Issue a number here, without the hall; ends with Issued, Refused or Unanswered.

    ``instead_of`` is an attempt that the hall left unanswered, or 0: should the hall have given a number for
    it after all, that one goes.
    """

    attempt: int
    service: str
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None
    instead_of: int = 0


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The citizen is gone while his number was being issued: nobody shall wait for it."""

    attempt: int


@dataclass(frozen=True, slots=True)
class AskFind:
    """Open tickets by person key or by number; ends with Found, Refused or Unanswered."""

    attempt: int
    person_key: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class AskCheckIn:
    """预约签到 by the booking code; ends with Issued, Refused or Unanswered."""

    attempt: int
    code: str


@dataclass(frozen=True, slots=True)
class AskGuide:
    """Tell the hall that a guide is wanted here; ends with GuideComing, Refused or Unanswered."""

    attempt: int
    about: str


@dataclass(frozen=True, slots=True)
class PrintSlip:
    """Print the ticket; ends with Printed or PrintRefused."""

    attempt: int
    slip: TicketSlip
    reprint: bool


@dataclass(frozen=True, slots=True)
class ReportPaper:
    """Tell the hall what became of the paper; kept until the hall has it."""

    ticket: str
    paper: Paper
    reprint: bool


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Start a named timer, or start it anew; ends with TimerFired unless stopped."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Forget a named timer."""

    name: str


@dataclass(frozen=True, slots=True)
class Wipe:
    """The citizen is gone: drop everything that came from him."""


Effect = (
    AskIssue
    | AskAlone
    | GiveUp
    | AskFind
    | AskCheckIn
    | AskGuide
    | PrintSlip
    | ReportPaper
    | StartTimer
    | StopTimer
    | Wipe
)
