"""PURE: the house: its day, its description, stopped services, blocks of numbers, help, notices."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Day:
    """业务日: stored with its closing instant; no calendar date is ever compared."""

    label: str
    opened_ms: int
    closes_ms: int


@dataclass(frozen=True, slots=True)
class Published:
    """The description in force: its ``version`` (0 before the first), the digest of the one that the
    file on disk last brought, what people edited; ``gone`` are (kind, id) of what earlier ones showed."""

    version: int = 0
    file: str = ""
    document: str = ""
    gone: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """A service of which no numbers are given for the rest of the day; ``by_rule``: because of closing time.
    ``lifted``: a manager opened it again, and the rule leaves it alone."""

    at_ms: int
    sentence: str
    by_rule: bool = False
    lifted: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """Numbers first–last of a series that a station may issue alone, under a fencing token; ``holder`` is
    the store at the station that knows which of them are on paper."""

    token: int
    station: str
    service: str
    first: int
    last: int
    holder: str = ""


class Asked(StrEnum):
    """For whom somebody calls."""

    GUIDE = "guide"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class HelpCall:
    """A call for a guide or for the manager, of this business day; ``id`` is the number of its record. At a
    ``station`` or a ``window``; ``taken_by`` goes there; 0 is the instant of what has not happened."""

    id: int
    asked: Asked
    at_ms: int
    station: str = ""
    window: str = ""
    about: str = ""
    clerk: str = ""
    taken_by: str = ""
    taken_ms: int = 0
    ended_ms: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A text that boards show until an instant; ``id`` is the number of its record."""

    id: int
    text: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class ClosedStation:
    """A box that serves no citizens: since when, why ('' = nothing was said), by whose word."""

    at_ms: int
    reason: str
    by: str
