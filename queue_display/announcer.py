"""PURE: calls in, utterances out: in order, never two at once, none stale, for one sound zone (广播区).

First readings go strictly in the order of the calls. A translation or a second reading follows only
while no first reading waits; a second reading only while the call is fresh. So a busy hall hears each
number once and in time, a quiet one twice (VOICE.md §7). Broadcasts take the gaps between calls, urgent ones
everything (passages.py). All times are hall time in milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from contract.messages import Broadcast, Call, CallKind
from queue_display import passages
from queue_display.passages import NOTHING_ON, Became, Passage, Programme

_REMEMBERED = 512
_LONG_AGO = -(10**12)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a hall chose: how old a call may be when its reading begins, when a chime, how many readings;
    after how long an ordinary broadcast goes before translations and second readings."""

    late_ms: int = 45_000
    second_fresh_ms: int = 12_000
    chime_after_ms: int = 2_000
    readings: int = 2
    patience_ms: int = 20_000


@dataclass(frozen=True, slots=True)
class Utterance:
    """One reading of one call in one language; ``reading`` counts from 1.

    ``parts`` are texts of clips; none = the chime alone. ``following`` may be spoken after it, when time
    allows. ``final``: it is not repeated when its sound is lost.
    """

    call: str
    ticket: str
    number: str
    lang: str
    parts: tuple[str, ...]
    at_ms: int
    expires_ms: int
    reading: int = 1
    final: bool = False
    following: tuple[Utterance, ...] = ()


class Story(StrEnum):
    """What became of a reading."""

    QUEUED = "queued"
    STARTED = "started"
    FINISHED = "finished"
    REPEATED = "repeated"
    DROPPED = "dropped"


class Reason(StrEnum):
    """Why a reading was dropped."""

    NONE = ""
    LATE = "late"
    EXPIRED = "expired"
    SECOND_STALE = "second_stale"
    REPLACED = "replaced"
    RETRACTED = "retracted"
    ARRIVED = "arrived"
    SILENT = "silent"
    DUPLICATE = "duplicate"
    SOUND_LOST = "sound_lost"


# ---------------------------------------------------------------- events and effects


@dataclass(frozen=True, slots=True)
class Called:
    """A call, recall or retraction came from the hall."""

    call: Call


@dataclass(frozen=True, slots=True)
class Arrived:
    """The person of this call stands at the window."""

    call: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """The reading that was playing has ended; not ``heard`` when the sound was lost under it."""

    heard: bool


@dataclass(frozen=True, slots=True)
class Sound:
    """The loudspeaker works, or not any more."""

    works: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A broadcast came from the hall, or that one is to stop."""

    broadcast: Broadcast


@dataclass(frozen=True, slots=True)
class Fetched:
    """All sounds of this broadcast are here."""

    broadcast: str


Event = Called | Arrived | Spoken | Sound | Tick | Announced | Fetched


@dataclass(frozen=True, slots=True)
class Speak:
    """Play this now; with the chime in front when the zone was quiet."""

    utterance: Utterance
    chime: bool


@dataclass(frozen=True, slots=True)
class Told:
    """To be counted and logged."""

    story: Story
    utterance: Utterance
    reason: Reason = Reason.NONE


@dataclass(frozen=True, slots=True)
class SpeakPassage:
    """Play this passage now; with the chime in front when it opens a reading."""

    passage: Passage


@dataclass(frozen=True, slots=True)
class Silence:
    """Break off what is playing; ``Spoken`` follows."""


Effect = Speak | Told | SpeakPassage | Silence | Became


@dataclass(frozen=True, slots=True)
class State:
    """What waits: ``first`` in order of the calls; ``later`` translations before second readings; broadcasts
    in ``programme``. ``cut``: what is playing is being broken off."""

    rules: Rules = Rules()
    works: bool = False
    playing: Utterance | Passage | None = None
    first: tuple[Utterance, ...] = ()
    later: tuple[Utterance, ...] = ()
    quiet_since_ms: int = _LONG_AGO
    seen: tuple[str, ...] = ()
    programme: Programme = NOTHING_ON
    cut: bool = False

    @property
    def waiting(self) -> int:
        """First readings that wait."""
        return len(self.first)


def step(state: State, event: Event, now_ms: int) -> tuple[State, tuple[Effect, ...]]:
    """The one rule: what happened, then what is out of date, then what is to be spoken."""
    state, told = _happened(state, event, now_ms)
    state, stale = _without_stale(state, now_ms)
    state, spoken = _next(state, now_ms)
    return state, (*told, *stale, *spoken)


def _happened(state: State, event: Event, now_ms: int) -> tuple[State, tuple[Effect, ...]]:
    match event:
        case Called(call):
            return _called(state, call)
        case Arrived(call):
            return _without(state, lambda waiting: waiting.call == call, Reason.ARRIVED)
        case Spoken(heard):
            return _spoken(state, heard, now_ms)
        case Sound(works):
            return replace(state, works=works), ()
        case Announced(broadcast):
            return _announced(state, broadcast)
        case Fetched(broadcast):
            return replace(state, programme=passages.ready(state.programme, broadcast)), ()
        case Tick():
            return state, ()


def _called(state: State, call: Call) -> tuple[State, tuple[Effect, ...]]:
    if call.kind is CallKind.RETRACT:
        return _without(state, lambda waiting: waiting.ticket == call.ticket, Reason.RETRACTED)
    utterance = _utterance(call, state.rules)
    if call.call in state.seen:
        return state, (Told(Story.DROPPED, utterance, Reason.DUPLICATE),)
    state = replace(state, seen=(*state.seen, call.call)[-_REMEMBERED:])
    place = next((at for at, waiting in enumerate(state.first) if waiting.ticket == call.ticket), None)
    state, told = _without(state, lambda waiting: waiting.ticket == call.ticket, Reason.REPLACED)
    if call.silent:
        return state, (*told, Told(Story.DROPPED, utterance, Reason.SILENT))
    at = len(state.first) if place is None else place
    first = (*state.first[:at], utterance, *state.first[at:])
    return replace(state, first=first), (*told, Told(Story.QUEUED, utterance))


def _announced(state: State, broadcast: Broadcast) -> tuple[State, tuple[Effect, ...]]:
    if not broadcast.stop:
        return replace(state, programme=passages.taken(state.programme, broadcast)), ()
    programme, became = passages.stopped(state.programme, broadcast.broadcast)
    state, playing = replace(state, programme=programme), state.playing
    if isinstance(playing, Passage) and playing.broadcast == broadcast.broadcast:
        state, silence = _silence(state)
        return state, (*became, *silence)
    return state, became


def _silence(state: State) -> tuple[State, tuple[Effect, ...]]:
    """Once for each sound."""
    return (state, ()) if state.cut else (replace(state, cut=True), (Silence(),))


def _utterance(call: Call, rules: Rules) -> Utterance:
    """The first reading in the first language, with the readings that may follow it."""
    spoken = [
        Utterance(call.call, call.ticket, call.number, say.lang, say.parts, call.at_ms, call.expires_ms)
        for say in call.say
    ] or [Utterance(call.call, call.ticket, call.number, "", (), call.at_ms, call.expires_ms)]
    seconds = [replace(spoken[0], reading=reading) for reading in range(2, rules.readings + 1)]
    return replace(spoken[0], following=(*spoken[1:], *(second for second in seconds if second.parts)))


def _spoken(state: State, heard: bool, now_ms: int) -> tuple[State, tuple[Effect, ...]]:
    ended = state.playing
    if ended is None:
        return state, ()
    cut, state = state.cut, replace(state, playing=None, cut=False, quiet_since_ms=now_ms)
    if isinstance(ended, Passage):
        programme, became = passages.played(state.programme, ended, heard=heard, now_ms=now_ms)
        return replace(state, programme=programme, quiet_since_ms=_LONG_AGO), became
    if heard:
        later = (*state.later, *ended.following)
        in_order = sorted(later, key=lambda waiting: waiting.reading)
        return replace(state, later=tuple(in_order)), (Told(Story.FINISHED, ended),)
    if ended.reading > 1 or ended.final:
        return state, (Told(Story.DROPPED, ended, Reason.SOUND_LOST),)
    again = replace(ended, final=not cut)
    return replace(state, first=(again, *state.first)), (Told(Story.REPEATED, again),)


def _without(
    state: State, gone: Callable[[Utterance], bool], reason: Reason
) -> tuple[State, tuple[Effect, ...]]:
    """Nothing of these waits any more; one that is playing ends by itself and has no sequel."""
    playing = state.playing
    if isinstance(playing, Utterance) and gone(playing):
        playing = replace(playing, final=True, following=())
    told = tuple(
        Told(Story.DROPPED, waiting, reason) for waiting in (*state.first, *state.later) if gone(waiting)
    )
    first = tuple(waiting for waiting in state.first if not gone(waiting))
    later = tuple(waiting for waiting in state.later if not gone(waiting))
    return replace(state, playing=playing, first=first, later=later), told


def _without_stale(state: State, now_ms: int) -> tuple[State, tuple[Effect, ...]]:
    told: list[Effect] = []

    def kept(waiting: Utterance) -> bool:
        reason = _stale(waiting, state.rules, now_ms)
        if reason:
            told.append(Told(Story.DROPPED, waiting, reason))
        return not reason

    first, later = tuple(filter(kept, state.first)), tuple(filter(kept, state.later))
    programme, became = passages.without_expired(state.programme, now_ms, works=state.works)
    if not told and not became:
        return state, ()
    return replace(state, first=first, later=later, programme=programme), (*told, *became)


def _stale(waiting: Utterance, rules: Rules, now_ms: int) -> Reason:
    age = now_ms - waiting.at_ms
    if waiting.reading > 1 and age >= rules.second_fresh_ms:
        return Reason.SECOND_STALE
    if now_ms >= waiting.expires_ms:
        return Reason.EXPIRED
    if age > rules.late_ms:
        return Reason.LATE
    return Reason.NONE


def _next(state: State, now_ms: int) -> tuple[State, tuple[Effect, ...]]:
    """An urgent broadcast, first readings, what waits its turn: one at a time."""
    if not state.works:
        return state, ()
    urgent = state.programme.urgent_due(now_ms)
    if state.playing is not None:
        breaks = urgent is not None and not (isinstance(state.playing, Passage) and state.playing.urgent)
        return _silence(state) if breaks else (state, ())
    if urgent is not None:
        return _say(state, passages.passage_of(urgent))
    if state.programme.holds_calls:
        return state, ()
    if state.first:
        return _read(replace(state, first=state.first[1:]), state.first[0], now_ms)
    ordinary = state.programme.ordinary_due(now_ms)
    if ordinary is not None and (
        not state.later or ordinary.begun or now_ms - _since(ordinary) >= state.rules.patience_ms
    ):
        return _say(state, passages.passage_of(ordinary))
    if state.later:
        return _read(replace(state, later=state.later[1:]), state.later[0], now_ms)
    return state, ()


def _since(ordinary: passages.Broadcasting) -> int:
    return max(ordinary.at_ms, ordinary.due_ms)


def _say(state: State, passage: Passage) -> tuple[State, tuple[Effect, ...]]:
    return replace(state, playing=passage), (SpeakPassage(passage),)


def _read(state: State, chosen: Utterance, now_ms: int) -> tuple[State, tuple[Effect, ...]]:
    chime = not chosen.parts or now_ms - state.quiet_since_ms > state.rules.chime_after_ms
    return replace(state, playing=chosen), (Told(Story.STARTED, chosen), Speak(chosen, chime))
