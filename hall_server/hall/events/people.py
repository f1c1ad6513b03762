"""PURE: people asked for people, and boards showed notices."""

from __future__ import annotations

from dataclasses import dataclass

from hall_server.hall.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideCalled(Event):
    """Someone asks for a guide at a station, or to come to a ``window``; ``call`` names the call for the day
    (0 in old journals: the number of the record)."""

    station: str
    about: str = ""
    window: str = ""
    call: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpCalled(Event):
    """紧急求助: a clerk needs the manager."""

    call: int
    window: str
    clerk: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpTaken(Event):
    """Somebody goes where a guide or the manager was called."""

    call: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpEnded(Event):
    """They were helped; ``ticket`` when the note is about one, for whoever serves it."""

    call: int
    by: str
    note: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePosted(Event):
    """Boards show a text until an instant; ``notice`` names it."""

    notice: int
    text: str
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEnded(Event):
    """Boards show it no more."""

    notice: int
