"""PURE: what was spoken in sound zones beside calls."""

from __future__ import annotations

from dataclasses import dataclass

from hall_server.hall.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastMade(Event):
    """A manager has a text spoken by ``stations``; ``times`` 0 = until stopped. Nothing of it begins at or
    after ``until_ms``. ``notice``: the record of its line on the boards, 0 = none."""

    broadcast: int
    text: str
    stations: tuple[str, ...]
    urgent: bool
    times: int
    every_ms: int
    until_ms: int
    by: str
    notice: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastHeard(Event):
    """An announcer told: ``spoken`` whole readings so far; ``over``: no more come, ``why`` when it was not
    as it should be (a word of contract.messages.CallDrop, or why it could not be synthesised)."""

    broadcast: int
    station: str
    spoken: int
    over: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastEnded(Event):
    """It goes on no more: everybody is through (``by`` empty), its time is over (``clock``), or a person
    stopped it."""

    broadcast: int
    by: str = ""
