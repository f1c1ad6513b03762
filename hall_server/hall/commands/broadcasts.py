"""PURE: having a text spoken in sound zones."""

from __future__ import annotations

from dataclasses import dataclass

from hall_server.hall.commands.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeBroadcast(Command):
    """Have announcers speak ``text`` so many ``times``, ``every_seconds`` apart, within ``minutes``; an
    ``urgent`` one until it is stopped. ``board``: the boards show it as well."""

    text: str
    stations: tuple[str, ...]
    urgent: bool = False
    times: int = 1
    every_seconds: int = 60
    minutes: int = 10
    board: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndBroadcast(Command):
    """Stop it now."""

    broadcast: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteBroadcast(Command):
    """An announcer told what became of it: whole readings so far, whether no more come, and why not."""

    broadcast: int
    station: str
    spoken: int = 0
    over: bool = False
    why: str = ""
