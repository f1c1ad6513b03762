"""PURE: what a form of the set-up pages is made of: sections, fields, choices, widgets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Widget(StrEnum):
    """How a field is asked for."""

    TEXT = "text"
    NUMBER = "number"
    CLOCK = "clock"
    TICK = "tick"
    CHOICE = "choice"
    CARDS = "cards"
    ONE = "one"
    SOME = "some"
    LINES = "lines"
    COLOUR = "colour"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values; ``about`` explains it."""

    value: str
    label: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """``of``: rows of which list are chosen from (zones, services, windows, groups, departments);
    ``unset``: the word for an empty list or text; ``fixed``: kept once it was published."""

    name: str
    label: str
    widget: Widget
    help: str = ""
    unit: str = ""
    choices: tuple[Choice, ...] = ()
    of: str = ""
    unset: str = "—"
    required: bool = False
    fixed: bool = False
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One form, or one list of forms. ``own``: rows can be added and removed here. ``columns``: what the list
    shows of a row."""

    key: str
    title: str
    about: str
    table: str
    fields: tuple[Field, ...]
    rows: bool = False
    own: bool = False
    columns: tuple[str, ...] = ()

    def field(self, name: str) -> Field | None:
        """The field, if the section has it."""
        return next((field for field in self.fields if field.name == name), None)
