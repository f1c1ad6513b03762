"""What was read of a page: lines with places, and fields with what speaks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Document(StrEnum):
    """What lies there, as the page that asks expects it."""

    ID_CARD = "id_card"
    LICENCE = "licence"
    FREE = "free"


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """A line of print: ``score`` 0–1; place and size as shares of the page."""

    text: str
    score: float
    left: float = 0.0
    top: float = 0.0
    width: float = 0.0
    height: float = 0.0


@dataclass(frozen=True, slots=True, repr=False)
class Field:
    """One field. ``sure`` False: show it as doubtful; a check or the score speaks against it."""

    text: str
    score: float
    sure: bool


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """All that was read; the citizen confirms it before it is used. Holds what he showed: never log it.

    ``fields`` by name (``name``, ``number`` …), ``turned`` degrees clockwise by which the page was turned
    to read it: 0, 90, 180, 270. A card read by the reader's chip wins over everything here.
    """

    document: Document
    fields: Mapping[str, Field] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    turned: int = 0
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """All lines in reading order."""
        return "\n".join(line.text for line in self.lines)

    @property
    def sure(self) -> bool:
        """Nothing speaks against any field, and there are some."""
        return bool(self.fields) and all(each.sure for each in self.fields.values())

    def __repr__(self) -> str:
        return f"Reading({self.document.value}, {len(self.fields)} fields, {len(self.lines)} lines)"
