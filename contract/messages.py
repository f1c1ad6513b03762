"""Every payload that travels between the programs of a hall, as typed frozen values.

On the wire a payload is one JSON object. Unknown fields are ignored and every field that is added
after version 1 has a default, so that a station of an older version goes on working. Instants are
hall time in milliseconds since the Unix epoch (``*_ms``); the hall server alone owns that time.
No payload carries a document number, a full name or a birth date.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

CONTRACT_VERSION = "1.0"


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A payload; ``v`` is the version of the contract that its sender was built with."""

    v: int = 1


# ---------------------------------------------------------------- words on the wire


class StationKind(StrEnum):
    """What a box is for."""

    KIOSK = "kiosk"
    BOARD = "board"
    SIGN = "sign"
    ANNOUNCER = "announcer"
    SERVER = "server"


class Presence(StrEnum):
    """Life of a station, in the words of Homie 5."""

    INIT = "init"
    READY = "ready"
    ALERT = "alert"
    SLEEPING = "sleeping"
    DISCONNECTED = "disconnected"
    LOST = "lost"


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


class WindowStatus(StrEnum):
    """Whether a window takes people."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class CallKind(StrEnum):
    """What a call message asks of screens and voice."""

    CALL = "call"
    RECALL = "recall"
    RETRACT = "retract"


class Owner(StrEnum):
    """Who must act on a fault."""

    CITIZEN = "citizen"
    STAFF = "staff"
    TECHNICIAN = "technician"
    NOBODY = "nobody"


# ---------------------------------------------------------------- parts of payloads


class Refusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was not carried out: a code for programs and a Chinese sentence for the person."""

    code: str
    sentence: str


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A citizen as far as a queue needs one.

    ``key`` is HMAC-SHA256 (hex) under the hall's key of document kind and normalised number;
    ``masked_name`` is 张*; ``flags`` are words such as ``age60``.
    """

    key: str
    masked_name: str = ""
    flags: tuple[str, ...] = ()


class BlobRef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A large thing to be fetched over HTTP from the hall: path on the server, digest, size in bytes."""

    path: str
    sha256: str
    size: int
    version: str = ""


class DeviceHealth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """State of one piece of hardware: ``sentence`` says what is wrong, ``action`` what ``owner`` must do.

    ``condition`` is all of it in one word of devices.health.Condition, '' from an older station;
    ``counters`` count what it did and suffered in all runs: ``tickets``, ``paper_mm``, ``faults.paper_out``.
    """

    name: str
    kind: str
    state: str
    sentence: str = ""
    action: str = ""
    owner: Owner = Owner.NOBODY
    since_ms: int = 0
    identity: str = ""
    condition: str = ""
    counters: dict[str, int] = {}


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


class NumberLease(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A block of numbers (预留号段) that one station may issue alone, and all that their paper says.

    Numbers ``first`` to ``last`` of ``series``, ``width`` digits, under the fencing ``token``. Void at
    ``closes_ms``, the end of business day ``day``; no number after ``until_ms`` (0 = until it closes).
    ``qr`` is the address before a ticket's id, or ''; ``seals`` follow the id, one for each number.
    """

    token: int
    service: str
    series: str
    first: int
    last: int
    width: int
    day: str
    closes_ms: int
    until_ms: int = 0
    hall: str = ""
    zone: str = ""
    name: str = ""
    windows: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    qr: str = ""
    seals: tuple[str, ...] = ()
    open_per_person: int = 0


class OfflineTicket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A number that a station issued alone.

    ``issued_ms`` is hall time as the station knew it, ``unsure`` when it had to guess (its box was off).
    ``paper`` and ``reprints`` are what became of it so far; ``cancelled`` says why it shall not wait.
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


class MergeFinding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the merge decided about one number: ``waits`` False when it has no place in a queue."""

    ordinal: int
    code: str
    sentence: str
    waits: bool = True


class BoardRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a call board: 号码 · 窗口; newest first in its list."""

    call: str
    number: str
    window: str
    service: str = ""
    zone: str = ""
    called_ms: int = 0
    recalls: int = 0


class ZoneWaiting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many people wait in a zone."""

    zone: str
    waiting: int


class Speech(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One sentence to be spoken as joined clips; each part is the exact text of one clip."""

    lang: str
    parts: tuple[str, ...]


# ---------------------------------------------------------------- station -> hall, retained or beats


class StationState(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Birth, presence and last will of a station; a will with another ``boot`` than the birth is stale."""

    s: Presence
    boot: str
    kind: StationKind
    at_ms: int = 0


class StationInfo(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What a station is: retained, sent at birth."""

    kind: StationKind
    software: str
    contract: str = CONTRACT_VERSION
    place: str = ""
    serves: str = ""
    devices: tuple[str, ...] = ()


class StationHealth(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Beat of a station (each 8 s and on change): devices, and what it knows of itself."""

    boot: str
    at_ms: int
    devices: tuple[DeviceHealth, ...] = ()
    showing: str = ""
    clock_offset_ms: int = 0
    counters: dict[str, int] = {}


class Applied(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Which version of its configuration a station runs, or why it refused it."""

    version: str
    ok: bool
    sentence: str = ""


class CommandResult(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A station's answer to a command of the hall."""

    id: str
    ok: bool
    sentence: str = ""


# ---------------------------------------------------------------- hall -> station


class StationConfig(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What a station needs of the hall: retained on its own ``down/cfg``. Holds a secret; never logged.

    ``zones`` that a kiosk offers, by id; empty leaves it to the kiosk's own file, and there means all.
    """

    version: str
    hall_name: str
    station_name: str = ""
    person_key: str = ""
    elder_age: int = 60
    idle_seconds: int = 60
    zones: tuple[str, ...] = ()


class Command(Message, frozen=True, kw_only=True, omit_defaults=True):
    """An order to a station (``reload``, ``test_print``, ``volume`` …); void after ``expires_ms``."""

    id: str
    op: str
    expires_ms: int
    args: dict[str, str] = {}


# ---------------------------------------------------------------- requests of stations and their answers


class Request(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A station asks; ``id`` is a ULID made before the first send: a repeat gets the first answer."""

    id: str


class Answer(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What comes back; ``refusal`` is None exactly when the request was carried out."""

    refusal: Refusal | None = None
    id: str = ""


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


class LeaseNumbers(Request, frozen=True, kw_only=True, omit_defaults=True):
    """Take ``count`` numbers of a service to be issued alone. ``holder`` names the station's own store:
    blocks of another holder of the same station are given up, because their paper is not known there."""

    service: str
    count: int
    holder: str


class LeaseNumbersAnswer(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """The block."""

    lease: NumberLease | None = None


class RenewLeases(Request, frozen=True, kw_only=True, omit_defaults=True):
    """The station still has these blocks and goes on with them."""

    holder: str
    tokens: tuple[int, ...] = ()


class RenewLeasesAnswer(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """``fenced`` are tokens that are no longer the station's: nothing more may be issued under them."""

    fenced: tuple[int, ...] = ()


class MergeLease(Request, frozen=True, kw_only=True, omit_defaults=True):
    """Bring home numbers that were issued alone on business day ``day``, oldest first, at most 40 at once.

    A number that is home already stays as it is, so any part may be sent again. ``final`` gives the rest
    of the block back.
    """

    token: int
    service: str
    day: str
    tickets: tuple[OfflineTicket, ...] = ()
    final: bool = False


class MergeLeaseAnswer(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """All that was sent is home; ``findings`` names what the hall had to decide."""

    findings: tuple[MergeFinding, ...] = ()


class CallGuide(Request, frozen=True, kw_only=True, omit_defaults=True):
    """A citizen asks for a guide (导办) at this kiosk; ``about`` says on which page."""

    about: str = ""


class CallGuideAnswer(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """The hall knows."""


# ---------------------------------------------------------------- hall -> everyone


class JournalAnchor(Message, frozen=True, kw_only=True, omit_defaults=True):
    """How far the hall's journal had come: record ``seq`` has this ``head`` (hash, hex); ``mac`` is made
    with a key that only the hall has.

    Retained, so that a broker or a listener elsewhere remembers what nobody on the hall's box can take back.
    A journal that ends before it, or has another hash there, is not the one that was.
    """

    seq: int
    head: str
    wall_ms: int
    mac: str


class ServerState(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Birth, beat (2 s) and last will of the hall server; carries hall time and the large things' digests.

    ``http`` is the base address for blobs; ``blobs`` maps ``catalogue``, ``clips`` … to their reference.
    ``ready_ms`` is 0 in a will, so a station must not set its time by it.
    """

    s: Presence
    boot: str
    at_ms: int = 0
    seq: int = 0
    hall_name: str = ""
    business_day: str = ""
    http: str = ""
    blobs: dict[str, BlobRef] = {}


class WindowState(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Whole picture of a window: retained. ``number`` is the ticket being called or served, or empty."""

    window: str
    label: str
    name: str
    zone: str
    status: WindowStatus
    seq: int
    boot: str = ""
    number: str = ""
    ticket_status: TicketStatus | None = None
    service: str = ""
    masked_name: str = ""
    call: str = ""
    called_ms: int = 0
    recalls: int = 0
    services: tuple[str, ...] = ()


class QueueState(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Whole picture of a service's queue: retained.

    ``wait_low``, ``wait_high`` and ``wait_note`` are what somebody who took a number now would be told, as in
    TicketSlip; ``closed_reason`` says why none are given when it is not ``open``.
    """

    service: str
    name: str
    zone: str
    waiting: int
    open: bool
    seq: int
    boot: str = ""
    wait_low: int | None = None
    wait_high: int | None = None
    wait_note: str = ""
    windows: tuple[str, ...] = ()
    closed_reason: str = ""


class BoardNow(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Whole picture of a call board: retained; last calls newest first, notices, waiting per zone."""

    board: str
    title: str
    seq: int
    boot: str = ""
    rows: tuple[BoardRow, ...] = ()
    notices: tuple[str, ...] = ()
    waiting: tuple[ZoneWaiting, ...] = ()


class Call(Message, frozen=True, kw_only=True, omit_defaults=True):
    """One call: never retained, void after ``expires_ms``; the voice follows these, pictures follow states.

    ``call`` identifies the call (a recall has its own id and the same ``ticket``).
    """

    call: str
    kind: CallKind
    board: str
    ticket: str
    number: str
    window: str
    window_label: str
    zone: str
    service: str
    at_ms: int
    expires_ms: int
    recalls: int = 0
    say: tuple[Speech, ...] = ()
    silent: bool = False
