"""PURE: numbers issued away from the server."""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import Paper, Person
from hall_server.hall.commands.command import Command


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
