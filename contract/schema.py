"""Mappings (TOML, JSON) to typed frozen values and back: strict for configuration, tolerant on the wire.

Configuration is checked whole: every mistake that can be found is collected, each with the file, the
path, the value and what was wanted. On the wire unknown fields are ignored, and whatever does not fit
raises BrokenPayload and nothing else.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
import tomllib
import types
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import inspect as shape

T = TypeVar("T")

SECRET_MARK = "••••"
PAYLOAD_LIMIT_BYTES = 65536
LARGEST_NUMBER = 2**53 - 1
"""Beyond it JSON numbers mean different things to different readers (RFC 8259 §6)."""
_LONG_NUMBER = re.compile(rb"[0-9]{16}")
_SECRET_WORDS = ("password", "secret", "person_key", "token")

Secret = Annotated[str, msgspec.Meta(extra={"secret": True})]
"""Type of a configuration text that must never be printed or logged."""


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration: where, what stands there, what was wanted, and a hint or ''."""

    path: str
    value: str
    wanted: str
    hint: str = ""

    def sentence(self, source: str) -> str:
        """For the person who wrote the file."""
        where = f"{source}: " + (self.path or "(whole file)") + (f" = {self.value}" if self.value else "")
        return f"{where}: {self.wanted}" + (f"; {self.hint}" if self.hint else "")


class ConfigError(Exception):
    """The configuration cannot be used; ``str()`` is one sentence a line, all mistakes that were found."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.sentence(source) for problem in problems))
        self.source = source
        self.problems = tuple(problems)


class BrokenPayload(Exception):
    """These bytes are not the message that was expected; ``str()`` says why."""


# ---------------------------------------------------------------- configuration


def load_toml(path: Path | str, kind: type[T]) -> T:
    """Read and check a configuration file whole. Raises ConfigError."""
    source = str(path)
    try:
        raw = tomllib.loads(Path(path).read_bytes().decode("utf-8"))
    except OSError as error:
        raise ConfigError(source, [Problem("", "", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(source, [Problem("", "", f"is not UTF-8 text at byte {error.start}")]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(source, [Problem("", "", f"is not TOML: {error}")]) from error
    return check(raw, kind, source=source)


def check(raw: object, kind: type[T], *, source: str, at: str = "") -> T:
    """Turn a mapping into ``kind``, strictly; ``at`` is its path within ``source``. Raises ConfigError.

    For parts whose type is known late, such as the options of a driver: keep them as a mapping in the
    file's own type and check them here when the driver's type is known.
    """
    problems: list[Problem] = []
    _walk(raw, kind, at, problems)
    if problems:
        raise ConfigError(source, problems)
    return msgspec.convert(raw, kind)


def masked(config: object) -> str:
    """The effective configuration as indented JSON with secrets masked; for logs and ``--show-config``."""
    return json.dumps(_plain(config), ensure_ascii=False, indent=2)


def _walk(value: object, hint: Any, path: str, problems: list[Problem]) -> None:
    """Compare ``value`` with the type ``hint`` and note each mistake with its path."""
    hint = _narrowed(value, hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if _is_record(hint) and isinstance(value, Mapping):
        _walk_record(value, hint, path, problems)
    elif origin in (list, tuple, frozenset, set, Sequence) and isinstance(value, list):
        fixed = origin is tuple and not (len(arguments) == 2 and arguments[1] is Ellipsis)
        if fixed or not arguments:
            _leaf(value, hint, path, problems)
        else:
            for index, item in enumerate(value):
                _walk(item, arguments[0], _item_path(path, index, item), problems)
    elif origin in (dict, Mapping) and isinstance(value, Mapping) and arguments:
        for key, item in value.items():
            _walk(item, arguments[1], _join(path, str(key)), problems)
    else:
        _leaf(value, hint, path, problems)


def _walk_record(value: Mapping[str, object], kind: type, path: str, problems: list[Problem]) -> None:
    """A table: unknown keys, missing keys, each known key, then the record's own ``__post_init__``."""
    before = len(problems)
    fields = {field.encode_name: field for field in _fields(kind)}
    hints = _hints(kind)
    for key, item in value.items():
        if key in fields:
            _walk(item, hints[fields[key].name], _join(path, key), problems)
        else:
            problems.append(_unknown(path, key, item, [name for name in fields if name not in value], fields))
    for key, field in fields.items():
        if field.required and key not in value:
            wanted = f"is missing; wanted {_words(field.type)}"
            problems.append(Problem(_join(path, key), "", wanted))
    if len(problems) == before:
        _leaf(value, kind, path, problems, show=False)


def _unknown(path: str, key: str, item: object, free: list[str], known: Mapping[str, object]) -> Problem:
    near = difflib.get_close_matches(key, free, 1, 0.6) or difflib.get_close_matches(key, known, 1, 0.6)
    hint = f'did you mean "{near[0]}"?' if near else "known here: " + (", ".join(known) or "nothing")
    return Problem(_join(path, key), _shown(key, item), "there is no such setting", hint)


def _leaf(value: object, hint: Any, path: str, problems: list[Problem], *, show: bool = True) -> None:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        described = shape.type_info(hint)
        shown = _shown(path.rpartition(".")[2], value, described) if show else ""
        wanted = f"wanted {_words(described)}" if show else str(error).partition(" - at `$")[0]
        problems.append(Problem(path, shown, wanted, _choice_hint(value, described)))


def _choice_hint(value: object, described: shape.Type) -> str:
    near = difflib.get_close_matches(str(value), _choices(described), 1, 0.6)
    return f'did you mean "{near[0]}"?' if near else ""


def _choices(described: shape.Type) -> list[str]:
    if isinstance(described, shape.Metadata):
        return _choices(described.type)
    if isinstance(described, shape.UnionType):
        return [choice for part in described.types for choice in _choices(part)]
    if isinstance(described, shape.EnumType):
        return [str(member.value) for member in described.cls]
    if isinstance(described, shape.LiteralType):
        return [str(value) for value in described.values]
    return []


def _words(described: shape.Type) -> str:
    """A type in the words of somebody who edits a file."""
    match described:
        case shape.Metadata(type=inner):
            return _words(inner)
        case shape.UnionType(types=parts):
            return " or ".join(_words(part) for part in parts if not isinstance(part, shape.NoneType))
        case shape.EnumType() | shape.LiteralType():
            return "one of " + ", ".join(f'"{choice}"' for choice in _choices(described))
        case shape.BoolType():
            return "true or false"
        case shape.IntType():
            return "a whole number" + _bounds(described)
        case shape.FloatType():
            return "a number" + _bounds(described)
        case shape.StrType(pattern=pattern):
            return "a text" + (f" that matches {pattern}" if pattern else "") + _lengths(described)
        case shape.StructType() | shape.DataclassType() | shape.DictType():
            return "a table"
        case shape.VarTupleType(item_type=item) | shape.ListType(item_type=item):
            return f"a list, each {_words(item)}" + _lengths(described)
        case shape.TupleType(item_types=items):
            return f"a list of {len(items)} values"
        case shape.TimeType():
            return "a time such as 17:30:00"
        case shape.DateType():
            return "a date such as 2026-11-21"
        case _:
            return f"a {type(described).__name__.removesuffix('Type').lower()}"


def _bounds(described: shape.IntType | shape.FloatType) -> str:
    low = f"≥ {described.ge}" if described.ge is not None else ""
    low = f"> {described.gt}" if described.gt is not None else low
    high = f"≤ {described.le}" if described.le is not None else ""
    high = f"< {described.lt}" if described.lt is not None else high
    parts = [part for part in (low, high) if part]
    return f" ({', '.join(parts)})" if parts else ""


def _lengths(described: shape.StrType | shape.VarTupleType | shape.ListType) -> str:
    parts = []
    if described.min_length is not None:
        parts.append(f"at least {described.min_length}")
    if described.max_length is not None:
        parts.append(f"at most {described.max_length}")
    return f" ({', '.join(parts)} long)" if parts else ""


def _narrowed(value: object, hint: Any) -> Any:
    """Strip Annotated around a table or list, and pick the only table or list of ``X | None``."""
    if get_origin(hint) is Annotated and not isinstance(value, str | int | float | bool):
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, types.UnionType):
        parts = [part for part in get_args(hint) if part is not types.NoneType]
        if len(parts) == 1:
            return _narrowed(value, parts[0]) if value is not None else hint
    return hint


def _is_record(hint: Any) -> bool:
    return isinstance(hint, type) and (issubclass(hint, msgspec.Struct) or dataclasses.is_dataclass(hint))


@cache
def _fields(kind: type) -> tuple[shape.Field, ...]:
    described = shape.type_info(kind)
    if not isinstance(described, shape.StructType | shape.DataclassType):
        raise TypeError(f"{kind!r} is not a record")
    return described.fields


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _item_path(path: str, index: int, item: object) -> str:
    """An entry of a list is named by its id where it has one, as the person who wrote it would."""
    if isinstance(item, Mapping):
        for key in ("id", "code", "name"):
            name = item.get(key)
            if isinstance(name, str) and name:
                return f'{path}[{index} "{name}"]'
    return f"{path}[{index}]"


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _is_secret(name: str, described: shape.Type | None = None) -> bool:
    if isinstance(described, shape.Metadata) and (described.extra or {}).get("secret"):
        return True
    lowered = name.lower()
    return any(word in lowered for word in _SECRET_WORDS) and not lowered.endswith("_file")


def _shown(name: str, value: object, described: shape.Type | None = None) -> str:
    if _is_secret(name, described):
        return SECRET_MARK
    text = json.dumps(_plain(value), ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "…"


def _plain(value: object) -> object:
    if isinstance(value, msgspec.Struct) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        return {
            field.encode_name: SECRET_MARK
            if _is_secret(field.name, field.type) and getattr(value, field.name)
            else _plain(getattr(value, field.name))
            for field in _fields(type(value))
        }
    if isinstance(value, Mapping):
        return {
            str(key): SECRET_MARK if _is_secret(str(key)) and item else _plain(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return msgspec.to_builtins(value, enc_hook=str)


# ---------------------------------------------------------------- the wire


def encode(message: msgspec.Struct) -> bytes:
    """One JSON object, UTF-8."""
    return msgspec.json.encode(message)


def decode(kind: type[T], payload: bytes, *, limit_bytes: int = PAYLOAD_LIMIT_BYTES) -> T:
    """Read a message; unknown fields are ignored. Raises BrokenPayload, and nothing else."""
    if len(payload) > limit_bytes:
        raise BrokenPayload(f"{kind.__name__}: {len(payload)} bytes are more than {limit_bytes}")
    try:
        message: T = _DECODERS(kind).decode(payload)
        if _LONG_NUMBER.search(payload) and _beyond_json(msgspec.to_builtins(message)):
            raise BrokenPayload(f"{kind.__name__}: a number is beyond {LARGEST_NUMBER}")
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
        raise BrokenPayload(f"{kind.__name__}: {error}") from error
    return message


def _beyond_json(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_beyond_json, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_beyond_json, value))
    return isinstance(value, int) and abs(value) > LARGEST_NUMBER


def _decoder(kind: type) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


_DECODERS: Callable[[type], msgspec.json.Decoder[Any]] = cache(_decoder)
