"""One call of a number: the event that the voice follows."""

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
