"""A description edited field by field: forms out of it, typed words back in, rows added, moved, removed."""

from __future__ import annotations

import datetime
import hashlib
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from contract.messages import StationKind
from contract.schema import ConfigError, Problem, check
from hall_server.hall_file import HallFile, ItemFile
from hall_server.logos import size_of
from hall_server.setup.fields import Field, Section, Widget
from hall_server.setup.sections import NAMED_BY
from hall_server.setup.words import wanted

Typed = Mapping[str, Sequence[str]]
"""What a form sent: name -> values."""
NEW = "new"
OTHER = "other"


class Days(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The list of holidays as a record, so that it is edited like every other form."""

    holidays: tuple[datetime.date, ...] = ()


class NoSuchRow(Exception):
    """The row was removed meanwhile."""


@dataclass(frozen=True, slots=True)
class Options:
    """What rows may be chosen from: list -> {id: name}."""

    lists: Mapping[str, Mapping[str, str]]

    def name(self, of: str, value: str) -> str:
        """The name of a row, or its id when there is no such row."""
        return self.lists.get(of, {}).get(value, value)


def options(file: HallFile, items: tuple[ItemFile, ...] = ()) -> Options:
    """The rows of a description by name."""
    groups: dict[str, str] = {}
    for service in file.services:
        if not service.group:
            groups[service.id] = service.name
            continue
        members = "、".join(s.name for s in file.services if s.group == service.group)
        groups[service.group] = f"{service.group}（{members}）"
    return Options(
        {
            "zones": {zone.id: zone.name for zone in file.zones},
            "services": {service.id: service.name for service in file.services},
            "windows": {window.id: window.label for window in file.windows},
            "groups": groups,
            "kiosks": {s.id: s.name or s.id for s in file.stations if s.kind is StationKind.KIOSK},
            "departments": {name: name for name in dict.fromkeys(item.department for item in items)},
        }
    )


# ---------------------------------------------------------------- out


def record_of(table: str) -> type[msgspec.Struct]:
    """The struct of one form of a table."""
    if not table:
        return Days
    hint = typing.get_type_hints(HallFile)[table]
    found: type[msgspec.Struct] = (typing.get_args(hint) or (hint,))[0]
    return found


def rows_of(file: HallFile, table: str) -> tuple[Any, ...]:
    """The rows of a list."""
    found: tuple[Any, ...] = getattr(file, table)
    return found


def record(file: HallFile, section: Section, row: int | None) -> msgspec.Struct:
    """What a form edits. Raises NoSuchRow."""
    if not section.table:
        return Days(holidays=file.holidays)
    if row is None:
        found: msgspec.Struct = getattr(file, section.table)
        return found
    part: msgspec.Struct = _rows_with(file, section.table, row)[row]
    return part


def as_typed(section: Section, part: msgspec.Struct) -> dict[str, list[str]]:
    """The values of a form as a browser would send them."""
    return {field.name: _texts(getattr(part, field.name)) for field in section.fields}


def blank(section: Section) -> dict[str, list[str]]:
    """A form for a new row: what is as by default."""
    kinds = {f.encode_name: f for f in msgspec.structs.fields(record_of(section.table))}
    found = {}
    for field in section.fields:
        default = kinds[field.name].default
        found[field.name] = [] if default is msgspec.NODEFAULT else _texts(default)
    return found


def _texts(value: Any) -> list[str]:
    if value is None or isinstance(value, bytes):
        return []
    if isinstance(value, bool):
        return ["yes"] if value else []
    if isinstance(value, tuple):
        return [str(part) for part in value]
    if isinstance(value, float) and value.is_integer():
        return [str(int(value))]
    return [str(getattr(value, "value", value))]


def name_of(table: str, part: Any, names: Options | None = None) -> str:
    """How people call a row."""
    text = str(getattr(part, NAMED_BY[table]))
    if table in ("calling", "kiosks") and names:
        return names.name("groups" if table == "calling" else table, text)
    if table == "rota":
        hours = f"{part.begins}–{part.ends}"
        return f"{text} {hours}" if text else hours
    return text or str(part.id)


def shown(field: Field, value: Any, names: Options) -> str:
    """A value in words."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, bytes) and value:
        return _pictured(value)
    if value is None or value in ("", (), b"") or (field.unset == "无" and value == 0):
        return field.unset
    if isinstance(value, tuple):
        return "、".join(_one(field, str(part), names) for part in value)
    texts = _texts(value)
    return f"{_one(field, texts[0], names)}{f' {field.unit}' if field.unit else ''}"


def _pictured(png: bytes) -> str:
    """A picture in words: two that look alike differ in their mark."""
    try:
        size = size_of(png)
    except (OSError, ValueError, SyntaxError):
        return "图片（不能显示）"
    return f"图案 {size.width}×{size.height}（{hashlib.sha256(png).hexdigest()[:8]}）"


def _one(field: Field, text: str, names: Options) -> str:
    chosen = next((choice.label for choice in field.choices if choice.value == text), "")
    return chosen or (names.name(field.of, text) if field.of else text)


# ---------------------------------------------------------------- in


def put(file: HallFile, section: Section, row: int | None, typed: Typed) -> HallFile:
    """The description with what was typed into a form; ``row`` one beyond the last adds one.

    Raises ConfigError whose paths are names of fields; NoSuchRow.
    """
    kept: dict[str, Any] = {}
    rows = rows_of(file, section.table) if row is not None else ()
    if row is None or row < len(rows):
        kept = msgspec.to_builtins(record(file, section, row), builtin_types=(datetime.date,))
    hints = typing.get_type_hints(record_of(section.table))
    for field in section.fields:
        if field.widget is Widget.PICTURE:
            continue
        kept.pop(field.name, None)
        value = _value(field, _typed(field, typed), hints[field.name])
        if value is not None:
            kept[field.name] = value
    part = check(kept, record_of(section.table), source=section.title)
    if not section.table:
        return msgspec.structs.replace(file, holidays=tuple(sorted(set(kept.get("holidays", ())))))
    if row is None:
        return msgspec.structs.replace(file, **{section.table: part})
    return msgspec.structs.replace(file, **{section.table: (*rows[:row], part, *rows[row + 1 :])})


def _typed(field: Field, typed: Typed) -> list[str]:
    """What was typed into a field; a colour is one of those offered, or ``other`` with one of his own."""
    texts = [text.strip() for text in typed.get(field.name, ())]
    if field.widget is Widget.COLOUR and texts[:1] == [OTHER]:
        own = [text.strip().lower() for text in typed.get(f"{field.name}-{OTHER}", ())][:1]
        return own if own and own[0] else [OTHER]
    return texts


def _value(field: Field, texts: list[str], hint: Any) -> Any:
    """What was typed as its type wants it; what does not fit stays text and is refused by the check. None: as
    by default, which for a required field is a mistake."""
    match field.widget:
        case Widget.TICK:
            return bool(texts)
        case Widget.SOME:
            chosen = [text for text in texts if text]
            return chosen if chosen or not field.required else None
        case Widget.LINES:
            lines = [line.strip() for line in "\n".join(texts).splitlines() if line.strip()]
            return [_day(line) for line in lines] if field.name == "holidays" else lines
    text = texts[0] if texts else ""
    if field.widget is Widget.NUMBER:
        return _number(text, whole=hint is int or "int" in str(hint)) if text else None
    if not text and (field.required or field.widget is Widget.CLOCK):
        return None
    return text


def _number(text: str, *, whole: bool) -> Any:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return text


def _day(text: str) -> Any:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return text


def mistakes(section: Section, error: ConfigError) -> dict[str, str]:
    """Field -> what is wrong with it, from the check of one form."""
    found: dict[str, str] = {}
    for problem in error.problems:
        name = problem.path.partition("[")[0].partition(".")[0]
        found.setdefault(name, mistake(section.field(name), problem))
    return found


def mistake(field: Field | None, problem: Problem) -> str:
    """One mistake for the person at the form."""
    if problem.wanted.startswith("is missing"):
        return "没有填写" if field is None or field.widget is not Widget.SOME else "至少选一个"
    if field is not None and field.wrong and "matches" in problem.wanted:
        return field.wrong
    return f"“{problem.value.strip(chr(34))}”{wanted(problem)}" if problem.value else wanted(problem)


# ---------------------------------------------------------------- rows


def moved(file: HallFile, table: str, row: int, by: int) -> HallFile:
    """A row up (-1) or down (1); at the end it stays. Raises NoSuchRow."""
    rows = list(_rows_with(file, table, row))
    rows.insert(max(0, min(len(rows) - 1, row + by)), rows.pop(row))
    return msgspec.structs.replace(file, **{table: tuple(rows)})


def removed(file: HallFile, table: str, row: int) -> HallFile:
    """Without a row. Raises NoSuchRow."""
    rows = _rows_with(file, table, row)
    return msgspec.structs.replace(file, **{table: (*rows[:row], *rows[row + 1 :])})


def copied(file: HallFile, table: str, row: int) -> HallFile:
    """With a row once more behind it, under a free id. Raises NoSuchRow."""
    rows = _rows_with(file, table, row)
    twin = msgspec.structs.replace(rows[row], **_apart(table, rows, rows[row]))
    return msgspec.structs.replace(file, **{table: (*rows[: row + 1], twin, *rows[row + 1 :])})


def _apart(table: str, rows: tuple[Any, ...], row: Any) -> dict[str, Any]:
    """What a copy must not have in common with its row."""
    if table in ("rota", "calling", "pronunciations", "broadcasts", "kiosks"):
        return {}
    name = NAMED_BY[table]
    changes: dict[str, Any] = {"id": _free_id(row.id, {r.id for r in rows})}
    changes[name] = f"{getattr(row, name)}（复制）"
    if table == "windows":
        changes |= {"callbox": 0, "ledbar": 0}
    if table == "services":
        used = {r.prefix for r in rows}
        changes["prefix"] = next((a for a in map(chr, range(65, 91)) if a not in used), row.prefix)
    return changes


def _rows_with(file: HallFile, table: str, row: int) -> tuple[Any, ...]:
    rows = rows_of(file, table)
    if not 0 <= row < len(rows):
        raise NoSuchRow
    return rows


def _free_id(text: str, used: set[str]) -> str:
    """w01 becomes the next free one of w01, w02, …; shebao becomes shebao-2."""
    stem = text.rstrip("0123456789") if text[-1:].isdigit() else f"{text[:28]}-"
    width, first = len(text) - len(stem), int(text[len(stem) :] or 1) if text[-1:].isdigit() else 1
    return next(
        free for n in range(first + 1, 100_000) if (free := f"{stem}{n:0{max(width, 1)}}") not in used
    )
