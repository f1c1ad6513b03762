"""One call of a number: the event that the voice follows, and what became of it at each station."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from contract.messages.envelope import Message


class CallKind(StrEnum):
    """What a call message asks of screens and voice."""

    CALL = "call"
    RECALL = "recall"
    RETRACT = "retract"


class Speech(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One sentence to be spoken as joined clips; each part is the exact text of one clip."""

    lang: str
    parts: tuple[str, ...]


class Call(Message, frozen=True, kw_only=True, omit_defaults=True):
    """One call: never retained, void after ``expires_ms``; the voice follows these, pictures follow states.

    ``call`` identifies the call (a recall has its own id and the same ``ticket``).
    """

    call: str
    kind: CallKind
    board: str
    ticket: str
    number: str
    window: str
    window_label: str
    zone: str
    service: str
    at_ms: int
    expires_ms: int
    recalls: int = 0
    say: tuple[Speech, ...] = ()
    silent: bool = False


class CallFate(StrEnum):
    """What became of a call at one station.

    shown: a frame that holds it is on the glass. spoken: the last sample of its first reading was played.
    chimed: the chime alone, because its clips are not there. dropped: none of these.
    """

    SHOWN = "shown"
    SPOKEN = "spoken"
    CHIMED = "chimed"
    DROPPED = "dropped"


class CallDrop(StrEnum):
    """Why a station dropped a call: too late to be of use, another one in its place (or its person came),
    a call that asks for silence, a loudspeaker set to volume 0, sound lost under it, hall time not known.
    Of a broadcast: no gap between calls was long enough, its clips never came, somebody stopped it."""

    NONE = ""
    STALE = "stale"
    SUPERSEDED = "superseded"
    SILENT = "silent"
    MUTED = "muted"
    SOUND_LOST = "sound_lost"
    NO_TIME = "no_time"
    NO_GAP = "no_gap"
    NO_CLIPS = "no_clips"
    STOPPED = "stopped"


class CallReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one call; ``call`` is its identifier, which holds ticket and count. ``at_ms``: when, in
    hall time as the station knows it, 0 = it knows none."""

    call: str
    fate: CallFate
    why: CallDrop = CallDrop.NONE
    at_ms: int = 0


class CallReports(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A station confirms calls (回报): one report for each call, several in one message when many come.

    The station is that of the topic. A later report on a call counts when it is better news than the first.
    """

    reports: tuple[CallReport, ...]
