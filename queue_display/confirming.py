"""PURE: what is told of each call: by a screen when a frame that holds it is on the glass, by a voice when it
was spoken, by both why it was not.

A screen says: ``hear`` when a call came, ``draw`` when its picture was handed to the toolkit (with the calls
that the picture holds), ``flip`` when the frame is on the glass. What the picture holds counts, so a board
that comes back confirms the calls in force that it shows, though it never heard them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from contract.messages import Call, CallDrop, CallFate, CallKind
from queue_display.announcer import Reason, Story, Told
from queue_display.news import Now
from queue_display.passages import Became, Outcome

IN_FORCE_MS = 120_000
"""Older calls in a picture are not confirmed: nobody waits to know."""
HEARD_KEPT = 64
SHOWN_KEPT = 256


@dataclass(frozen=True, slots=True)
class Confirmed:
    """One thing to report."""

    call: str
    fate: CallFate
    why: CallDrop = CallDrop.NONE


@dataclass(frozen=True, slots=True)
class Glass:
    """The calls of one screen: ``heard``, not yet on the glass; ``drawn`` into the next frame; ``shown``."""

    heard: tuple[Call, ...] = ()
    drawn: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()


Step = tuple[Glass, tuple[Confirmed, ...]]


def hear(glass: Glass, call: Call) -> Step:
    """A call takes the place of an earlier one of its ticket; one that is taken back needs no glass."""
    gone = tuple(each for each in glass.heard if each.ticket == call.ticket)
    heard = tuple(each for each in glass.heard if each.ticket != call.ticket)
    if call.kind is not CallKind.RETRACT and call.call not in glass.shown:
        heard = (*heard, call)[-HEARD_KEPT:]
    told = tuple(
        Confirmed(each.call, CallFate.DROPPED, CallDrop.SUPERSEDED)
        for each in gone
        if each.call != call.call or call.kind is CallKind.RETRACT
    )
    return replace(glass, heard=heard), told


def draw(glass: Glass, held: Iterable[str], now: Now) -> Step:
    """The picture of the next frame holds these calls; a heard one that has expired is too late for it."""
    drawn = tuple(call for call in dict.fromkeys(held) if call and call not in glass.shown)
    stale = tuple(
        each for each in glass.heard if each.call not in drawn and 0 < each.expires_ms <= now.hall_ms
    )
    heard = tuple(each for each in glass.heard if each not in stale)
    told = tuple(Confirmed(each.call, CallFate.DROPPED, CallDrop.STALE) for each in stale)
    return replace(glass, heard=heard, drawn=drawn), told


def flip(glass: Glass) -> Step:
    """The frame is on the glass."""
    if not glass.drawn:
        return glass, ()
    told = tuple(Confirmed(call, CallFate.SHOWN) for call in glass.drawn)
    heard = tuple(each for each in glass.heard if each.call not in glass.drawn)
    return Glass(heard, (), (*glass.shown, *glass.drawn)[-SHOWN_KEPT:]), told


def in_force(called_ms: int, now: Now) -> bool:
    """Whether somebody may still wait to know that a call of this instant is shown."""
    return not now.hall_ms or now.hall_ms - called_ms < IN_FORCE_MS


# ---------------------------------------------------------------- the voice

_WHY = {
    Reason.LATE: CallDrop.STALE,
    Reason.EXPIRED: CallDrop.STALE,
    Reason.REPLACED: CallDrop.SUPERSEDED,
    Reason.RETRACTED: CallDrop.SUPERSEDED,
    Reason.ARRIVED: CallDrop.SUPERSEDED,
    Reason.SILENT: CallDrop.SILENT,
    Reason.SOUND_LOST: CallDrop.SOUND_LOST,
}


def of_voice(told: Told, *, muted: bool) -> Confirmed | None:
    """What a story of the announcer says of its call; only first readings count. ``muted``: the loudspeaker
    plays at volume 0."""
    utterance = told.utterance
    if utterance.reading > 1:
        return None
    if told.story is Story.FINISHED:
        if muted:
            return Confirmed(utterance.call, CallFate.DROPPED, CallDrop.MUTED)
        return Confirmed(utterance.call, CallFate.SPOKEN if utterance.parts else CallFate.CHIMED)
    why = _WHY.get(told.reason)
    if told.story is Story.DROPPED and why is not None:
        return Confirmed(utterance.call, CallFate.DROPPED, why)
    return None


# ---------------------------------------------------------------- broadcasts

_ENDED = {
    Outcome.STOPPED: CallDrop.STOPPED,
    Outcome.NO_GAP: CallDrop.NO_GAP,
    Outcome.NO_CLIPS: CallDrop.NO_CLIPS,
    Outcome.SOUND_LOST: CallDrop.SOUND_LOST,
}


def of_broadcast(became: Became, *, muted: bool) -> Confirmed:
    """A whole reading under the broadcast's name and its number, the end under the name alone."""
    heard = became.outcome is Outcome.HEARD
    name = f"{became.broadcast}-{became.reading}" if heard else became.broadcast
    why = _ENDED.get(became.outcome, CallDrop.MUTED if muted else CallDrop.NONE)
    return Confirmed(name, CallFate.DROPPED if why else CallFate.SPOKEN, why)
