"""The hall's catalogue as kiosks read it: one JSON document, fetched as the blob ``catalogue``.

Published by the hall server in ``ServerState.blobs["catalogue"]``; a kiosk works from its cached copy
when the server is away. Unknown fields are ignored and every field added later has a default.
"""

from __future__ import annotations

import msgspec

from contract.schema import decode


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of the catalogue."""


class Zone(Part, frozen=True, kw_only=True, omit_defaults=True):
    """A zone (专区); ``icon`` is the name of a Material Design icon, such as ``shield-account``."""

    id: str
    name: str
    icon: str = ""


class Service(Part, frozen=True, kw_only=True, omit_defaults=True):
    """A queue (业务队列) that items map to; ``prefix`` is the letter of its numbers, ``items`` are codes."""

    id: str
    name: str
    zone: str
    prefix: str
    items: tuple[str, ...] = ()


class Material(Part, frozen=True, kw_only=True, omit_defaults=True):
    """One paper: ``needed`` in every situation, ``copies`` to bring, ``may_be_missing`` = 容缺受理."""

    name: str
    needed: bool = True
    copies: int = 0
    may_be_missing: bool = False
    source: str = ""


class SituationOption(Part, frozen=True, kw_only=True, omit_defaults=True):
    """One possible reply; ``adds`` names the materials that it makes needed."""

    label: str
    adds: tuple[str, ...] = ()


class Situation(Part, frozen=True, kw_only=True, omit_defaults=True):
    """One question of the guide sheet (一次性告知单)."""

    question: str
    options: tuple[SituationOption, ...]


class Item(Part, frozen=True, kw_only=True, omit_defaults=True):
    """An item (事项) and what its guide sheet says; ``handling`` is 即办 or 承诺; ``often_returned`` says why
    people lately went away without result, '' = nothing of note."""

    code: str
    name: str
    department: str
    zone: str
    service: str
    handling: str = ""
    statutory_days: int = 0
    promised_days: int = 0
    fee: str = ""
    service_minutes: int = 0
    terminal: bool = False
    appointment: bool = False
    materials: tuple[Material, ...] = ()
    situations: tuple[Situation, ...] = ()
    often_returned: str = ""


class Catalogue(Part, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that a kiosk needs to lead a citizen to a queue; ``no_show_text`` is the 过号 rule."""

    hall_name: str
    zones: tuple[Zone, ...] = ()
    services: tuple[Service, ...] = ()
    items: tuple[Item, ...] = ()
    notices: tuple[str, ...] = ()
    no_show_text: str = ""


def read_catalogue(document: bytes) -> Catalogue:
    """Parse a fetched catalogue. Raises contract.schema.BrokenPayload."""
    return decode(Catalogue, document, limit_bytes=16 * 1024 * 1024)
