"""A draft carried over onto what somebody else published meanwhile: row by row, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from hall_server.hall_file import OF_THE_BOX, HallFile

_KEYS = {
    "zones": "id",
    "services": "id",
    "windows": "id",
    "boards": "id",
    "calling": "group",
    "pronunciations": "written",
    "broadcasts": "title",
    "kiosks": "id",
}
_WHOLE = ("rota", "holidays")
_GONE = object()


@dataclass(frozen=True, slots=True)
class Rebased:
    """``file`` has both sides' changes; where both changed the same, ours stands and ``both`` names it as
    (table, row, field)."""

    file: HallFile
    both: tuple[tuple[str, str, str], ...]


def rebase(base: HallFile, ours: HallFile, theirs: HallFile) -> Rebased:
    """Our changes since ``base``, made to ``theirs``."""
    both: list[tuple[str, str, str]] = []
    changes: dict[str, Any] = {}
    for table in ours.__struct_fields__:
        if table in OF_THE_BOX:
            continue
        sides = [getattr(file, table) for file in (base, ours, theirs)]
        if table in _KEYS:
            changes[table] = _rows(table, sides, both)
        elif table in _WHOLE:
            changes[table] = _set(*sides)
        else:
            changes[table] = _record(table, "", sides, both)
    return Rebased(msgspec.structs.replace(theirs, **changes), tuple(both))


def _record(table: str, row: str, sides: list[Any], both: list[tuple[str, str, str]]) -> Any:
    changes = {}
    for name in sides[2].__struct_fields__:
        was, mine, other = (getattr(side, name) for side in sides)
        if mine in (was, other):
            continue
        changes[name] = mine
        if other != was:
            both.append((table, row, name))
    return msgspec.structs.replace(sides[2], **changes)


def _rows(table: str, sides: list[Any], both: list[tuple[str, str, str]]) -> tuple[Any, ...]:
    base, ours, theirs = ({getattr(row, _KEYS[table]): row for row in side} for side in sides)
    merged: dict[str, Any] = {}
    for key in _order(base, ours, theirs):
        was, mine, other = (side.get(key, _GONE) for side in (base, ours, theirs))
        if _GONE not in (was, mine, other):
            kept = _record(table, key, [was, mine, other], both)
        elif mine is not _GONE and other is not _GONE:
            kept = mine
            if mine != other:
                both.append((table, key, ""))
        else:
            kept = _one_sided(was, mine, other)
            if was is not _GONE and kept is not _GONE:
                both.append((table, key, ""))
        if kept is not _GONE:
            merged[key] = kept
    return tuple(merged.values())


def _one_sided(was: object, mine: object, other: object) -> object:
    """A row that at least one side does not have: gone when that side took it away and the other left it."""
    if was is _GONE:
        return other if mine is _GONE else mine
    left = other if mine is _GONE else mine
    return _GONE if left is _GONE or left == was else left


def _order(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Theirs, unless only we moved rows; rows of one side alone stand behind the one they stood behind."""
    moved = [k for k in ours if k in base] != [k for k in base if k in ours]
    first, second = (ours, theirs) if moved else (theirs, ours)
    found = list(first)
    before = ""
    for key in second:
        if key not in first:
            found.insert(found.index(before) + 1 if before in found else 0 if not before else len(found), key)
        before = key
    return found


def _set(base: tuple[Any, ...], ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Lines without a name: theirs, without those that we took away, with those that we added."""
    kept = [line for line in theirs if line in ours or line not in base]
    return (*kept, *(line for line in ours if line not in base and line not in kept))
