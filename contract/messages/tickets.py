"""Getting a number at a kiosk: what is asked, and what comes back to be shown and printed."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from contract.messages.envelope import Answer, Request


class Paper(StrEnum):
    """What is known of a ticket's paper; the ticket waits whatever this says."""

    NONE = "none"
    SENT = "sent"
    CONFIRMED = "confirmed"
    UNKNOWN = "unknown"
    FAILED = "failed"


class TicketStatus(StrEnum):
    """Where a ticket stands."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    PARKED = "parked"
    DONE = "done"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    VOID = "void"
    EXPIRED = "expired"


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A citizen as far as a queue needs one.

    ``key`` is HMAC-SHA256 (hex) under the hall's key of document kind and normalised number;
    ``masked_name`` is 张*; ``flags`` are words such as ``age60``.
    """

    key: str
    masked_name: str = ""
    flags: tuple[str, ...] = ()


class TicketSlip(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a paper ticket and the number screen show of one ticket.

    ``ahead`` counts people in front at the moment of the answer; ``wait_low`` and ``wait_high`` are
    minutes, None when the hall has no honest estimate, low without high for that long or longer;
    ``wait_note`` says why there is none, or what it rests on; ``windows`` are labels of candidate windows.
    ``alone``: the kiosk issued it without the hall (离线取号), so nobody knows yet how many are ahead.
    """

    ticket: str
    number: str
    hall: str
    zone: str
    service: str
    items: tuple[str, ...] = ()
    ahead: int = 0
    wait_low: int | None = None
    wait_high: int | None = None
    wait_note: str = ""
    windows: tuple[str, ...] = ()
    issued_ms: int = 0
    business_day: str = ""
    qr: str = ""
    notes: tuple[str, ...] = ()
    status: TicketStatus = TicketStatus.WAITING
    reprint: int = 0
    masked_name: str = ""
    called_to: str = ""
    alone: bool = False


class Issue(Request, frozen=True, kw_only=True, omit_defaults=True):
    """Take a number for a service. ``situation`` lists the labels chosen on the guide sheet.

    ``also`` are further services of a basket; ``green_reason`` asks for the green lane; ``agent`` is the key
    of who comes for ``person``, with ``agent_reason``.
    """

    service: str
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None
    also: tuple[str, ...] = ()
    green_reason: str = ""
    agent: str = ""
    agent_reason: str = ""


class IssueAnswer(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """The ticket; ``existing`` when this person already had one open for the service (offer a reprint)."""

    slip: TicketSlip | None = None
    existing: bool = False


class FindTickets(Request, frozen=True, kw_only=True, omit_defaults=True):
    """Open tickets of a person, or the open ticket with this number today; for the reprint page."""

    person_key: str = ""
    number: str = ""


class FindTicketsAnswer(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """Slips of the open tickets found, oldest first; empty when there is none. ``promised`` are codes of the
    person's appointments of today that were not checked in yet."""

    slips: tuple[TicketSlip, ...] = ()
    promised: tuple[str, ...] = ()


class CheckIn(Request, frozen=True, kw_only=True, omit_defaults=True):
    """预约签到: the person with this booking code is here."""

    code: str


class CheckInAnswer(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """The ticket; ``existing`` when the appointment was checked in before (a reprint)."""

    slip: TicketSlip | None = None
    existing: bool = False


class ReportPaper(Request, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a ticket's paper at this kiosk. ``reprint`` counts it as 补打."""

    ticket: str
    paper: Paper
    reprint: bool = False


class ReportPaperAnswer(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """Taken note of."""


class CancelIssue(Request, frozen=True, kw_only=True, omit_defaults=True):
    """Nobody waits for the number that request ``issue`` asked for: its paper was never printed.

    The number is cancelled when the hall gave one, and the request is never carried out when it had not
    arrived. ``reason`` stays with the ticket.
    """

    issue: str
    reason: str = ""


class CancelIssueAnswer(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """``ticket`` is the number that was cancelled, '' when there was none to cancel."""

    ticket: str = ""
