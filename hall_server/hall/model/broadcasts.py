"""PURE: broadcasts (广播) of this business day: what is spoken in sound zones beside calls."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Heard:
    """What one announcer told: ``spoken`` whole readings so far; ``over`` when no more come, ``why`` when it
    ended otherwise than it should: a word of contract.messages.CallDrop."""

    station: str
    spoken: int = 0
    over: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """``id`` is the number of its record; ``stations`` the announcers that speak it; ``times`` 0 = until
    stopped; nothing begins at or after ``until_ms``; ``ended_ms`` 0 while it goes on; ``notice`` its line on
    the boards.
    """

    id: int
    text: str
    stations: tuple[str, ...]
    urgent: bool
    times: int
    every_ms: int
    at_ms: int
    until_ms: int
    by: str
    notice: int = 0
    heard: tuple[Heard, ...] = ()
    ended_ms: int = 0
    ended_by: str = ""

    def of(self, station: str) -> Heard:
        """What is known of one announcer."""
        return next((each for each in self.heard if each.station == station), Heard(station))

    def told(self, news: Heard) -> Broadcast:
        """With what one announcer told now."""
        others = tuple(each for each in self.heard if each.station != news.station)
        return replace(self, heard=(*others, news))

    @property
    def all_over(self) -> bool:
        """Whether every announcer has said that no more comes."""
        return all(self.of(station).over for station in self.stations)
