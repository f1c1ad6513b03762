"""PURE: blocks of numbers that stations issue alone, and what coming home decided."""

from __future__ import annotations

from dataclasses import dataclass

from hall_server.hall.events.event import Event


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
