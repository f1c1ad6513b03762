"""What is posted to the one thread of a voice (voice.py): by bus, loudspeaker, clips and whoever ends it."""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import Broadcast, Call, WindowState
from devices.health import Health


@dataclass(frozen=True, slots=True)
class Heard:
    """A call came at this monotonic instant."""

    call: Call
    at_ns: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The sound with this number ended; not ``heard`` when it was lost or broken off."""

    sound: int
    heard: bool


@dataclass(frozen=True, slots=True)
class Handed:
    """The first sample that is not silence was handed to the sound system."""

    call: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Got:
    """All sounds of this broadcast are here."""

    broadcast: str


class News:
    """Look at health, clips and time."""


class Stop:
    """End."""


Posted = Heard | WindowState | Broadcast | Ended | Handed | Got | Health | News | Stop
