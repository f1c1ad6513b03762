"""PURE: everything that a person, a box or the clock can ask of a hall, in the imperative.

``request`` is unique per sender: a repeat gets the first answer. ``by`` says who asked
(``kiosk-1``, ``window:w03``, ``callbox:w03``, ``clock``), for the journal.
"""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import Paper, Person
from hall_server.hall.model import Asked, Outcome
from hall_server.hall.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What all commands share."""

    request: str
    by: str


# ---------------------------------------------------------------- getting a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(Command):
    """Give a number for a service, or for a basket of them (``also``).

    ``green_reason`` asks for the green lane. ``agent`` (代办员) is the key of who comes for ``person``, with
    ``agent_reason``; agents may hold several numbers.
    """

    service: str
    also: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None
    green_reason: str = ""
    agent: str = ""
    agent_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPaper(Command):
    """What became of the paper of a ticket."""

    ticket: str
    paper: Paper
    reprint: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Command):
    """Take a number back at the wish of its holder."""

    ticket: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postpone(Command):
    """我还需要几分钟: the holder cannot come yet; what that does is the hall's rule (plan.Postponing)."""

    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComeBack(Command):
    """The holder who asked for more time is back before it is over."""

    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate(Command):
    """好差评: the holder's judgement of the service rendered after ``call``: ``grade`` 5 best to 1 worst,
    ``tags`` (evaluation.TAGS), and his own words."""

    ticket: str
    call: str
    grade: int
    tags: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Void(Command):
    """Declare a number void (a paper that was never taken)."""

    ticket: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnNoShow(Command):
    """Let a number back that had passed (过号召回)."""

    ticket: str


# ---------------------------------------------------------------- appointments


@dataclass(frozen=True, slots=True, kw_only=True)
class Book(Command):
    """Promise a slot of a service; ``start_ms`` is the slot's beginning."""

    appointment: str
    service: str
    start_ms: int
    person: Person | None = None
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelBooking(Command):
    """Give an appointment up. ``only_own``: refused to a partner who did not take it."""

    appointment: str
    only_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn(Command):
    """The person with an appointment is here."""

    appointment: str
    green_reason: str = ""


# ---------------------------------------------------------------- at a window


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


# ---------------------------------------------------------------- numbers issued away from the server


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseNumbers(Command):
    """Give a station a block of numbers that it may issue alone; ``holder`` is the store that knows their
    paper: blocks of the station's other holders are given up."""

    service: str
    count: int
    holder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewLeases(Command):
    """The station's store ``holder`` has these blocks and goes on with them; others of its own never came."""

    holder: str
    tokens: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUpLease(Command):
    """Nothing more may be issued under this block; its numbers are given to nobody else."""

    token: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineTicket:
    """A number that a station issued alone: its ordinal, when (hall time as it was known there), for whom.

    ``unsure``: the station had to guess the time. ``cancelled``: why it shall not wait, or ''.
    """

    ordinal: int
    issued_ms: int
    unsure: bool = False
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None
    paper: Paper = Paper.NONE
    reprints: int = 0
    cancelled: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeLease(Command):
    """Bring home what was issued under a lease on business day ``day``; ``final`` ends the lease.

    The token fences off a lease that was given up; its paper still finds a place when nobody has its number.
    """

    token: int
    tickets: tuple[OfflineTicket, ...]
    service: str = ""
    day: str = ""
    final: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelIssue(Command):
    """Nobody waits for the number of request ``issue``; the door fills in its ``ticket``, and ``unheard``
    when that request never came: then it shall never be carried out."""

    issue: str
    reason: str = ""
    ticket: str = ""
    unheard: bool = False


# ---------------------------------------------------------------- the house


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPlan(Command):
    """Describe the hall anew while numbers wait.

    ``base`` is the version that the publisher had before him: another one published meanwhile refuses it
    (None: whatever is there, for the file at the start). ``file`` is the digest of the plan when it comes
    from the file on disk, '' from a page; ``document`` and ``note`` are kept with it.
    """

    plan: Plan
    base: int | None = None
    file: str = ""
    document: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallGuide(Command):
    """A citizen asks for a guide at a box, or somebody of the hall at a ``window``."""

    about: str = ""
    window: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallForHelp(Command):
    """紧急求助: the clerk ``clerk`` at a window needs the manager now."""

    window: str
    clerk: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeHelp(Command):
    """I go: a guide takes a citizen's call, a manager a clerk's; ``asked`` refuses one of the other kind."""

    call: int
    asked: Asked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndHelp(Command):
    """Helped; by whoever took it."""

    call: int
    asked: Asked | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostNotice(Command):
    """Have every board show ``text`` for so many minutes."""

    text: str
    minutes: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawNotice(Command):
    """Take a notice of today down."""

    notice: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopIssuing(Command):
    """Give no more numbers of a service today. ``by_rule``: the forecast says that who comes now would be
    done in ``needed_minutes``; the hall decides whether that is too late. Else a person wants it."""

    service: str
    by_rule: bool = False
    needed_minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeIssuing(Command):
    """Give numbers again. By a person: the rule leaves the service alone for the rest of the day."""

    service: str
    by_rule: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(Command):
    """A second of hall time has passed: parked numbers return, shifts change, appointments are missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectClock(Command):
    """The clock could not be trusted at the start; journalled so that reports know."""

    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealSnapshot(Command):
    """Journal the digest of the state after record ``seq``; the state itself lies ready beside the writer."""

    seq: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectTime(Command):
    """A technician sets hall time forward: the box was off for days, or its clock was wrong."""

    to_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipNumbers(Command):
    """The journal comes from a backup: leave out so many numbers of each series, and of each service's
    blocks (``leased``), which may be on paper."""

    count: int
    leased: int = 0
