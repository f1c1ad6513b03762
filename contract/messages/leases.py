"""Numbers that a station issues alone (预留号段): the block, and the way home."""

from __future__ import annotations

import msgspec

from contract.messages.envelope import Answer, Request
from contract.messages.tickets import Paper, Person


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
