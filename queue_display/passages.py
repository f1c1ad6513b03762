"""PURE: the broadcasts (广播) of one sound zone: what is due, what is over, and what became of each.

A broadcast is spoken passage by passage. An ordinary one takes the gaps between calls, so a call waits for
one passage at most, and goes on where it was. An urgent one goes before everything, begins again after each
reading, and holds calls back until it is stopped or over. All times are hall time in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from contract.messages import Broadcast

REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Broadcasting:
    """One broadcast as far as it has come.

    ``ready``: its sounds are here; ``passage`` is the next one of ``passages``; ``spoken`` counts whole
    readings of ``times`` (0 = until stopped); none begins before ``due_ms``.
    """

    broadcast: str
    urgent: bool
    passages: int
    times: int
    every_ms: int
    at_ms: int
    expires_ms: int
    ready: bool = False
    passage: int = 0
    spoken: int = 0
    due_ms: int = 0

    @property
    def begun(self) -> bool:
        """Whether a reading of it stands half spoken."""
        return self.passage > 0


@dataclass(frozen=True, slots=True)
class Passage:
    """One sound of a broadcast, as it is played; ``opens`` a reading."""

    broadcast: str
    urgent: bool
    index: int
    opens: bool


class Outcome(StrEnum):
    """What became of a broadcast here. heard: one whole reading; the others are its end: over with at least
    one reading, or without any: stopped, no gap between calls, its sounds never came, no sound at all."""

    HEARD = "heard"
    OVER = "over"
    STOPPED = "stopped"
    NO_GAP = "no_gap"
    NO_CLIPS = "no_clips"
    SOUND_LOST = "sound_lost"


@dataclass(frozen=True, slots=True)
class Became:
    """To be counted, logged and reported; ``reading`` counts the whole readings so far."""

    broadcast: str
    outcome: Outcome
    reading: int


@dataclass(frozen=True, slots=True)
class Programme:
    """The broadcasts that are not over, in the order in which they go; ``seen`` are those that ever came."""

    going: tuple[Broadcasting, ...] = ()
    seen: tuple[str, ...] = ()

    @property
    def holds_calls(self) -> bool:
        """An urgent one is on: nothing else is said."""
        return any(each.urgent and each.ready for each in self.going)

    def find(self, broadcast: str) -> Broadcasting | None:
        """The one with this name that is not over."""
        return next((each for each in self.going if each.broadcast == broadcast), None)

    def urgent_due(self, now_ms: int) -> Broadcasting | None:
        """The urgent one whose passage goes next, before everything."""
        return _due((each for each in self.going if each.urgent), now_ms)

    def ordinary_due(self, now_ms: int) -> Broadcasting | None:
        """The ordinary one that may take a gap; one that has begun is ended first."""
        ordinary = [each for each in self.going if not each.urgent]
        return _due(sorted(ordinary, key=lambda each: not each.begun), now_ms)


NOTHING_ON = Programme()
Changed = tuple[Programme, tuple[Became, ...]]


def taken(programme: Programme, broadcast: Broadcast) -> Programme:
    """A broadcast came; one that came before is not taken twice."""
    if broadcast.broadcast in programme.seen or not broadcast.parts:
        return programme
    going = Broadcasting(
        broadcast=broadcast.broadcast,
        urgent=broadcast.urgent,
        passages=len(broadcast.parts),
        times=broadcast.times,
        every_ms=broadcast.every_ms,
        at_ms=broadcast.at_ms,
        expires_ms=broadcast.expires_ms,
        spoken=broadcast.spoken,
    )
    seen = (*programme.seen, broadcast.broadcast)[-REMEMBERED:]
    return Programme((*programme.going, going), seen)


def ready(programme: Programme, broadcast: str) -> Programme:
    """Its sounds are here."""
    found = programme.find(broadcast)
    return _with(programme, replace(found, ready=True)) if found is not None else programme


def stopped(programme: Programme, broadcast: str) -> Changed:
    """Somebody stopped it; nothing of it is said any more, even if it comes again or for the first time."""
    found, new = programme.find(broadcast), broadcast not in programme.seen
    seen = (*(each for each in programme.seen if each != broadcast), broadcast)[-REMEMBERED:]
    if found is None:
        return replace(programme, seen=seen), (Became(broadcast, Outcome.STOPPED, 0),) if new else ()
    outcome = Outcome.OVER if found.spoken else Outcome.STOPPED
    return replace(_without(programme, broadcast), seen=seen), (_became(found, outcome),)


def played(programme: Programme, passage: Passage, *, heard: bool, now_ms: int) -> Changed:
    """A passage has ended; one that was not heard is said again."""
    found = programme.find(passage.broadcast)
    if found is None or not heard:
        return programme, ()
    if found.passage + 1 < found.passages:
        return _with(programme, replace(found, passage=found.passage + 1)), ()
    found = replace(found, passage=0, spoken=found.spoken + 1, due_ms=now_ms + found.every_ms)
    told = (_became(found, Outcome.HEARD),)
    if found.times and found.spoken >= found.times:
        return _without(programme, found.broadcast), (*told, _became(found, Outcome.OVER))
    behind = _without(programme, found.broadcast)
    return replace(behind, going=(*behind.going, found)), told


def without_expired(programme: Programme, now_ms: int, *, works: bool) -> Changed:
    """Nothing of a broadcast begins at or after its expiry; why it was never heard whole."""
    over = [each for each in programme.going if now_ms >= each.expires_ms]
    if not over:
        return programme, ()
    told = tuple(_became(each, _why(each, works=works)) for each in over)
    return replace(programme, going=tuple(e for e in programme.going if e not in over)), told


def passage_of(going: Broadcasting) -> Passage:
    """What is to be played of it now."""
    return Passage(going.broadcast, going.urgent, going.passage, opens=not going.begun)


def _why(over: Broadcasting, *, works: bool) -> Outcome:
    if over.spoken:
        return Outcome.OVER
    if not works:
        return Outcome.SOUND_LOST
    return Outcome.NO_GAP if over.ready else Outcome.NO_CLIPS


def _due(candidates: Iterable[Broadcasting], now_ms: int) -> Broadcasting | None:
    return next((each for each in candidates if each.ready and (each.begun or now_ms >= each.due_ms)), None)


def _with(programme: Programme, changed: Broadcasting) -> Programme:
    going = tuple(changed if each.broadcast == changed.broadcast else each for each in programme.going)
    return replace(programme, going=going)


def _without(programme: Programme, broadcast: str) -> Programme:
    return replace(programme, going=tuple(e for e in programme.going if e.broadcast != broadcast))


def _became(going: Broadcasting, outcome: Outcome) -> Became:
    return Became(going.broadcast, outcome, going.spoken)
