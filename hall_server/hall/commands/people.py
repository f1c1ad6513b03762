"""PURE: people who ask for people, and what the hall tells everyone."""

from __future__ import annotations

from dataclasses import dataclass

from hall_server.hall.commands.command import Command
from hall_server.hall.model import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class CallGuide(Command):
    """A citizen asks for a guide at a box, or somebody of the hall at a ``window``."""

    about: str = ""
    window: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallForHelp(Command):
    """紧急求助: the clerk ``clerk`` at a window needs the manager now."""

    window: str
    clerk: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeHelp(Command):
    """I go: a guide takes a citizen's call, a manager a clerk's; ``asked`` refuses one of the other kind."""

    call: int
    asked: Asked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndHelp(Command):
    """Helped; by whoever took it. ``number`` of today whose clerk shall read the note, '' = none."""

    call: int
    asked: Asked | None = None
    note: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostNotice(Command):
    """Have every board show ``text`` for so many minutes."""

    text: str
    minutes: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawNotice(Command):
    """Take a notice of today down."""

    notice: int
