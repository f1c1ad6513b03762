"""What a manager has spoken in sound zones: a text as sounds to be played, or that it is to stop."""

from __future__ import annotations

import msgspec

from contract.messages.envelope import Message
from contract.messages.server import BlobRef


class BroadcastPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One passage: the exact text of its clip, and the sound (a WAV file) where the hall has rendered one;
    without a sound the station needs a clip of its own with this text."""

    text: str
    sound: BlobRef | None = None


class Broadcast(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A broadcast (广播) to one announcer: void after ``expires_ms``, when no further passage may begin.

    An ordinary one waits for gaps between calls; an ``urgent`` one interrupts and holds calls back. It is
    read ``times`` times (0 = until stopped), ``every_ms`` apart; ``spoken`` readings were heard before, of a
    station that has started anew. ``stop`` ends the one of this name at once. What became of it is told by
    CallReports: ``{broadcast}-{n}`` for the n-th whole reading, ``{broadcast}`` for its end.
    """

    broadcast: str
    parts: tuple[BroadcastPart, ...] = ()
    urgent: bool = False
    times: int = 1
    every_ms: int = 0
    at_ms: int = 0
    expires_ms: int = 0
    spoken: int = 0
    stop: bool = False
