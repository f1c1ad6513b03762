"""What differs between two descriptions, field by field, in the words of the forms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from hall_server.hall_file import HallFile
from hall_server.setup.editing import Days, Options, name_of, options, rows_of, shown
from hall_server.setup.fields import Field, Section
from hall_server.setup.sections import NAMED_BY, SECTIONS, field_of

_NEW, _GONE, _ORDER = "新增", "删除", "顺序"


@dataclass(frozen=True, slots=True)
class Told:
    """One difference: ``section`` title, ``name`` of the row ('' for a single form), ``field`` label."""

    section: str
    name: str
    field: str
    before: str
    after: str

    @property
    def subject(self) -> str:
        """For the audit log."""
        return "·".join(part for part in (self.section, self.name, self.field) if part)


def differences(old: HallFile, new: HallFile) -> tuple[Told, ...]:
    """Every difference that people can edit, in the order of the forms."""
    names = (options(old), options(new))
    found: list[Told] = []
    done: set[str] = set()
    for section in SECTIONS:
        if section.table in NAMED_BY:
            if section.table not in done:
                found.extend(_rows(old, new, section, names))
            done.add(section.table)
        else:
            parts = [_single(file, section.table) for file in (old, new)]
            found.extend(_fields(section.title, "", section.fields, parts, names))
    return tuple(found)


def _single(file: HallFile, table: str) -> Any:
    return getattr(file, table) if table else Days(holidays=file.holidays)


def _rows(old: HallFile, new: HallFile, section: Section, names: tuple[Options, Options]) -> Iterable[Told]:
    table = section.table
    before, after = _keyed(old, table), _keyed(new, table)
    for key, part in before.items():
        if key not in after:
            yield Told(
                section.title, name_of(table, part, names[0]), _GONE, _summary(table, part, names[0]), ""
            )
    fields = [f for name in _names(table) if (f := field_of(table, name))]
    for key, part in after.items():
        name = name_of(table, part, names[1])
        if key not in before:
            yield Told(section.title, name, _NEW, "", _summary(table, part, names[1]))
        else:
            yield from _fields(section.title, name, fields, [before[key], part], names)
    stay = [[key for key in side if key in before and key in after] for side in (before, after)]
    if stay[0] != stay[1]:
        lists = [
            "、".join(name_of(table, side[key], names[0]) for key in keys)
            for side, keys in zip((before, after), stay, strict=True)
        ]
        yield Told(section.title, "", _ORDER, *lists)


def _names(table: str) -> Iterable[str]:
    return dict.fromkeys(f.name for section in SECTIONS if section.table == table for f in section.fields)


def _fields(
    title: str, name: str, fields: Iterable[Field], parts: list[Any], names: tuple[Options, Options]
) -> Iterable[Told]:
    for field in fields:
        values = [getattr(part, field.name) for part in parts]
        if values[0] != values[1]:
            texts = [shown(field, value, of) for value, of in zip(values, names, strict=True)]
            yield Told(title, name, field.label, *texts)


def _summary(table: str, part: msgspec.Struct, names: Options) -> str:
    asked = [f for name in _names(table) if (f := field_of(table, name)) and f.name != NAMED_BY[table]]
    defaults = {f.name: f.default for f in msgspec.structs.fields(part)}
    told = [
        f"{f.label} {shown(f, value, names)}"
        for f in asked
        if (value := getattr(part, f.name)) != defaults[f.name] and value not in ("", (), None)
    ]
    return "；".join(told)


def _keyed(file: HallFile, table: str) -> dict[str, Any]:
    """Rows by what identifies them; lines of the rota have nothing but themselves."""
    by = {"rota": "", "calling": "group", "pronunciations": "written", "broadcasts": "title"}.get(table, "id")
    found: dict[str, Any] = {}
    for row in rows_of(file, table):
        key = str(getattr(row, by)) if by else msgspec.json.encode(row).decode()
        while key in found:
            key += "'"
        found[key] = row
    return found
