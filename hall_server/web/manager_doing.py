"""What an act of a manager may be told, and what it is made of once it is ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hall_server.hall import commands as c
from hall_server.hall.model import Hall, RuleBroken
from hall_server.web.presses import REQUEST

_ID = Field(default="", max_length=64)
_TEXT = Field(default="", max_length=60)
Station = Annotated[str, StringConstraints(max_length=64)]


class Doing(BaseModel):
    """What an act may be told."""

    model_config = ConfigDict(extra="forbid")

    request: str = Field(pattern=REQUEST, max_length=60)
    subject: str = _ID
    window: str = _ID
    service: str = _ID
    reason: str = _TEXT
    text: str = Field(default="", max_length=120)
    minutes: int = Field(default=30, ge=1, le=720)
    skills: dict[str, int] = Field(default_factory=dict, max_length=400)
    park: bool = False
    open: bool = True
    stations: list[Station] = Field(default_factory=list, max_length=100)
    urgent: bool = False
    confirmed: bool = False
    times: int = Field(default=1, ge=1, le=10)
    every: int = Field(default=60, ge=0, le=3600)
    board: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """An act made ready: its kind and subject in the audit log, what to look at before and after, the
    commands in their order, what the manager is told."""

    kind: str
    subject: str
    look: Callable[[Hall], object]
    commands: tuple[c.Command, ...]
    told: str


def clean(text: str) -> str:
    """One line without control characters."""
    return " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())


def number_of(text: str) -> int:
    """The record that a page named. Raises RuleBroken."""
    if not (text.isascii() and text.isdigit()):
        raise RuleBroken("unknown_help", "没有这一条，或已处理")
    return int(text)
