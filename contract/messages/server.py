"""The hall server itself: its presence, its time, its large things, and how far its journal had come."""

from __future__ import annotations

import msgspec

from contract.messages.envelope import Message
from contract.messages.stations import Presence


class BlobRef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A large thing to be fetched over HTTP from the hall: path on the server, digest, size in bytes."""

    path: str
    sha256: str
    size: int
    version: str = ""


class JournalAnchor(Message, frozen=True, kw_only=True, omit_defaults=True):
    """How far the hall's journal had come: record ``seq`` has this ``head`` (hash, hex); ``mac`` is made
    with a key that only the hall has.

    Retained, so that a broker or a listener elsewhere remembers what nobody on the hall's box can take back.
    A journal that ends before it, or has another hash there, is not the one that was.
    """

    seq: int
    head: str
    wall_ms: int
    mac: str


class ServerState(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Birth, beat (2 s) and last will of the hall server; carries hall time and the large things' digests.

    ``http`` is the base address for blobs; ``blobs`` maps ``catalogue``, ``clips`` … to their reference.
    ``ready_ms`` is 0 in a will, so a station must not set its time by it.
    """

    s: Presence
    boot: str
    at_ms: int = 0
    seq: int = 0
    hall_name: str = ""
    business_day: str = ""
    http: str = ""
    blobs: dict[str, BlobRef] = msgspec.field(default_factory=dict)
