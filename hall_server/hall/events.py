"""PURE: everything that has happened in a hall, in the past tense; the journal holds nothing else.

Each event carries all that ``evolve`` needs, so that a replay never asks the clock, the
configuration of the day or chance. ``KINDS`` is the table of names in the journal.
"""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import Paper, Person, WindowStatus
from hall_server.hall.model import Arrival, Class, Outcome, Ticket
from hall_server.hall.plan import Plan


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
class PlanPublished(Event):
    """From here on the hall is described so; everything before keeps its own description in a replay.

    ``document`` is the hall's file of which the plan was made, as JSON, as people edited it; ``file`` the
    digest of what the file on disk last brought; ``note`` why, in the publisher's words.
    """

    version: int
    plan: Plan
    by: str
    file: str
    document: str = ""
    note: str = ""


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
class HoardingSuspected(Event):
    """One person took many numbers in a day; nobody is blocked, the manager is told."""

    person: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentBooked(Event):
    """A slot was promised."""

    appointment: str
    service: str
    start_ms: int
    person: Person | None = None
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentCancelled(Event):
    """It was given up."""

    appointment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentMissed(Event):
    """Nobody came; its share belongs to walk-ins again."""

    appointment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperReported(Event):
    """A kiosk said what became of the paper."""

    ticket: str
    paper: Paper
    reprint: bool = False
    station: str = ""


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
class TicketUnbound(Event):
    """Nobody is left at the window that the number was bound to: any window of the service may call it."""

    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketParked(Event):
    """The number was set aside until an instant."""

    ticket: str
    window: str
    until_ms: int
    reason: str = ""


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
class ActionUndone(Event):
    """The last action at a window was taken back; the tickets stand as before it."""

    window: str
    what: str
    tickets: tuple[Ticket, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersLeased(Event):
    """A station may issue these numbers alone; ``holder`` names its store."""

    token: int
    station: str
    service: str
    series: str
    first: int
    last: int
    holder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseGivenUp(Event):
    """Nothing more may be issued under this block."""

    token: int
    station: str
    service: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseMerged(Event):
    """``used`` numbers that a station issued alone are home; ``final`` when the block is ended."""

    token: int
    station: str
    used: int
    final: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeDecided(Event):
    """What a merge had to decide about one number; the manager gets the list.

    ``ticket`` is '' when the number did not become one; ``waits`` False when it has no place in a queue;
    ``other`` is the number that it met, if any.
    """

    token: int
    station: str
    service: str
    number: str
    code: str
    sentence: str
    issued_ms: int = 0
    waits: bool = True
    ticket: str = ""
    other: str = ""
    masked_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueForgone(Event):
    """A station gave up a request for a number before it arrived: it is never carried out."""

    station: str
    request: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuingStopped(Event):
    """No more numbers of a service today; ``sentence`` is what citizens are told. ``by_rule``: somebody who
    came now would be done in ``needed_minutes``, and the service closes in ``left_minutes``."""

    service: str
    sentence: str
    by_rule: bool = False
    needed_minutes: int = 0
    left_minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuingResumed(Event):
    """Numbers are given again; ``lifted``: a person overruled the rule for the rest of the day."""

    service: str
    lifted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersSkipped(Event):
    """After a restore from a backup: numbers that may have been issued since then are not given again."""

    issued: tuple[tuple[str, int], ...]
    leased: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideCalled(Event):
    """Someone asks for a guide at a station, or to come to a ``window``; ``call`` names the call for the day
    (0 in old journals: the number of the record)."""

    station: str
    about: str = ""
    window: str = ""
    call: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpCalled(Event):
    """紧急求助: a clerk needs the manager."""

    call: int
    window: str
    clerk: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpTaken(Event):
    """Somebody goes where a guide or the manager was called."""

    call: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpEnded(Event):
    """They were helped."""

    call: int
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePosted(Event):
    """Boards show a text until an instant; ``notice`` names it."""

    notice: int
    text: str
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEnded(Event):
    """Boards show it no more."""

    notice: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSuspected(Event):
    """时钟异常: after a restart the real-time clock stood before, or a day beyond, the last hall time."""

    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSealed(Event):
    """The state after record ``seq`` was kept beside the records; ``digest`` is SHA-256 of it, in hex."""

    seq: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalMigrated(Event):
    """The file got another schema. Records up to ``unsealed`` bear no seal; ``answers`` are (day, request,
    answer) of the last business day, when the former schema kept them apart."""

    schema: int
    unsealed: int
    answers: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRestored(Event):
    """A person put a backup in the journal's place: it ended with record ``kept``, what it replaced is known
    to have come to ``lost_to``; records up to ``unsealed`` were written under another key."""

    kept: int
    lost_to: int
    unsealed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCorrected(Event):
    """校时: somebody set hall time forward, from ``from_ms`` to ``at_ms``."""

    from_ms: int
    by: str


KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        ActionUndone,
        AppointmentBooked,
        AppointmentCancelled,
        AppointmentMissed,
        ClockCorrected,
        ClockSuspected,
        DayClosed,
        DayOpened,
        GuideCalled,
        HelpCalled,
        HelpEnded,
        HelpTaken,
        HoardingSuspected,
        JournalMigrated,
        JournalRestored,
        IssueForgone,
        IssuingResumed,
        IssuingStopped,
        LeaseGivenUp,
        LeaseMerged,
        MergeDecided,
        NoticeEnded,
        NoticePosted,
        NumbersLeased,
        NumbersSkipped,
        PaperReported,
        PapersTaken,
        PlanPublished,
        ServiceEvaluated,
        SkillsChanged,
        SnapshotSealed,
        TicketArrived,
        TicketCalled,
        TicketCancelled,
        TicketFinished,
        TicketIssued,
        TicketNoShow,
        TicketParked,
        TicketPostponed,
        TicketRecalled,
        TicketReturned,
        TicketSentBack,
        TicketTransferred,
        TicketUnbound,
        WindowChanged,
    )
}
