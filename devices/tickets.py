"""What is printed on a ticket, part by part, and what is known of its paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Proof(StrEnum):
    """What is known of a print job (DEVICES §3.3)."""

    CONFIRMED = "confirmed"
    UNKNOWN = "unknown"
    FAILED = "failed"


class Align(StrEnum):
    """Horizontal place of a line."""

    LEFT = "left"
    CENTER = "center"


@dataclass(frozen=True, slots=True)
class Line:
    """Text of any Unicode characters, ``scale`` 1–8 times the normal height and width.

    A scale at which a word would not fit on the paper is lowered. ``hang`` is how far rows after the
    first stand in, in half Hanzi of the line's size.
    """

    text: str
    scale: int = 1
    align: Align = Align.LEFT
    bold: bool = False
    hang: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal rule over the whole width."""


@dataclass(frozen=True, slots=True)
class Qr:
    """A QR code, centred; ``size`` is dots per module."""

    data: str
    size: int = 6


@dataclass(frozen=True, slots=True)
class Picture:
    """Dots, centred: rows from the top, each ``(width + 7) // 8`` bytes, the leftmost dot in the highest bit,
    1 = black. One that is wider than the paper is drawn smaller."""

    rows: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Feed:
    """Blank paper, in text lines."""

    lines: int = 1


TicketPart = Line | Rule | Qr | Picture | Feed
Ticket = Sequence[TicketPart]
