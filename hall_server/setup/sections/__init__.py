"""PURE: every form of the set-up pages as data: sections and fields with their Chinese words.

A field that is not written here cannot be edited in pages. Names are those of hall_file.py, which has the
limits; several sections may show different fields of the same table.
"""

from __future__ import annotations

from hall_server.setup.fields import Field, Section
from hall_server.setup.sections import (
    booking,
    branding,
    calling,
    house,
    services,
    stations,
    voice,
    watching,
    windows,
)

SECTIONS: tuple[Section, ...] = (
    house.HALL,
    branding.BRANDING,
    house.ZONES,
    services.SERVICES,
    services.NUMBERS,
    services.QUOTAS,
    windows.WINDOWS,
    windows.SKILLS,
    windows.ROTA,
    windows.HOLIDAYS,
    calling.CALLING,
    calling.GREEN,
    booking.APPOINTMENTS,
    booking.BOOKING,
    calling.NOSHOW,
    calling.POSTPONING,
    watching.LIMITS,
    watching.LAMPS,
    voice.VOICE,
    voice.PRONUNCIATIONS,
    voice.BROADCASTS,
    stations.BOARDS,
    stations.KIOSKS,
    house.NOTICES,
)
"""In the order of the pages."""
BY_KEY = {section.key: section for section in SECTIONS}
NAMED_BY = {
    "zones": "name",
    "services": "name",
    "windows": "label",
    "boards": "title",
    "calling": "group",
    "pronunciations": "written",
    "broadcasts": "title",
    "kiosks": "id",
    "rota": "name",
}


def section_of(table: str, field: str) -> Section | None:
    """The first section that asks for a field of a table."""
    fits = (s for s in SECTIONS if s.table == table and (not field or s.field(field)))
    return next(fits, None)


def field_of(table: str, name: str) -> Field | None:
    """The field of a table, wherever it is asked for."""
    section = section_of(table, name)
    return section.field(name) if section and name else None
