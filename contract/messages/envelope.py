"""What every payload, every request and every answer shares."""

from __future__ import annotations

import msgspec

CONTRACT_VERSION = "1.0"


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A payload; ``v`` is the version of the contract that its sender was built with."""

    v: int = 1


class Refusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was not carried out: a code for programs and a Chinese sentence for the person."""

    code: str
    sentence: str


class Request(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A station asks; ``id`` is a ULID made before the first send: a repeat gets the first answer."""

    id: str


class Answer(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What comes back; ``refusal`` is None exactly when the request was carried out."""

    refusal: Refusal | None = None
    id: str = ""
