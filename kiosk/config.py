"""PURE: what a kiosk's file says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from assets.ui.display import Display
from contract.station_file import StationSection
from contract.topics import Identifier
from devices.ports import Kind


class KioskSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[kiosk]``: ``zones`` that this kiosk offers, by id; empty means all of the hall."""

    zones: tuple[Identifier, ...] = ()


class KioskStation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kiosk's file; each table of ``devices`` has a ``driver`` and that driver's own options."""

    station: StationSection
    display: Display = Display()
    kiosk: KioskSection = KioskSection()
    devices: Mapping[str, Mapping[str, Any]] = {}


PLACES: Mapping[str, Kind] = {
    "reader": Kind.ID_CARD_READER,
    "card": Kind.CARD_READER,
    "printer": Kind.TICKET_PRINTER,
    "camera": Kind.CAMERA,
    "face": Kind.CAMERA,
    "scanner": Kind.SCANNER,
    "speaker": Kind.SPEAKER,
    "lights": Kind.GUIDE_LIGHT,
}
"""Names of the tables in ``devices`` and what must be there."""
