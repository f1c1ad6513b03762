"""Plays a byte script against a driver: what must be written, what can be read, what the calls give.

A script is ``tests/devices/bytes/<driver>.script``; no port, no time, no code. Lines::

    options {"addresses": [5]}      the driver's options (JSON); the port is the script
    open · close                    of the driver
    > 05 03 E7 EF                   the next bytes that must be written
    < 06                            the next bytes that can be read
    silence · unplug                a read that runs into its deadline; the plug is pulled until the next open
    call show 5 {"text": "999"} = "unknown"    a method, its arguments and its result, all JSON
    call show 7 {"text": "1"} ! no_such_bar    or the code of the fault with which it is refused
    call heartbeat.ok = null                   or a part of the result
    call poll 0.0 = {"text": "A012"}           values in the method's order, those by name too

Steps of bytes stand before the call that makes them; in the end all must be used up.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest

from contract.schema import check
from devices.faults import DeviceError
from devices.scripted import Expect, Give, ScriptedLink, Silence, Unplug

_PLAIN: dict[str, type[Silence] | type[Unplug]] = {"silence": Silence, "unplug": Unplug}


@dataclass(slots=True)
class Played:
    """A driver before its script."""

    driver: Any
    link: ScriptedLink


def play(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line of a script; fails with the line's number."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    options: dict[str, Any] = next(
        (json.loads(line[8:]) for line in lines if line.startswith("options ")), {}
    )
    played = _built(file.stem, options, monkeypatch)
    for number, line in enumerate(lines, start=1):
        if line and not line.startswith(("#", "options ")):
            try:
                _line(played, line)
            except AssertionError as error:
                raise AssertionError(f"{file.name}, line {number}: {line}: {error}") from error
    assert played.link.finished, "bytes are left over"


def _built(driver: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Played:
    module = import_module(f"devices.drivers.{driver}")
    link = ScriptedLink([])
    monkeypatch.setattr(module, "link_for", lambda *_arguments, **_options: link)
    checked = check({"port": "script", **options}, module.Options, source=driver)
    return Played(module.build(checked), link)


def _line(played: Played, line: str) -> None:
    word, _, rest = line.partition(" ")
    match word:
        case ">":
            played.link.then(Expect(bytes.fromhex(rest)))
        case "<":
            played.link.then(Give(bytes.fromhex(rest)))
        case "silence" | "unplug":
            played.link.then(_PLAIN[word]())
        case "open" | "close":
            getattr(played.driver, word)()
        case "call":
            _call(played, rest)
        case _:
            raise AssertionError("no such word")


def _call(played: Played, text: str) -> None:
    asked, sign, wanted = _parted(text)
    path, _, arguments = asked.partition(" ")
    name, _, part = path.partition(".")
    method = getattr(played.driver, name)
    try:
        positional, named = _converted(method, arguments)
        result = method(*positional, **named)
    except DeviceError as error:
        refused = error.fault.code
    else:
        refused, value = "", getattr(result, part) if part else result
    if sign == "!":
        assert refused == wanted
    else:
        assert not refused, refused
        assert msgspec.to_builtins(value) == json.loads(wanted), value


def _parted(text: str) -> tuple[str, str, str]:
    for sign in (" = ", " ! "):
        asked, found, wanted = text.rpartition(sign)
        if found:
            return asked, sign.strip(), wanted.strip()
    raise AssertionError("wanted = RESULT or ! FAULT")


def _converted(method: Any, text: str) -> tuple[list[Any], dict[str, Any]]:
    """The JSON values of a line in the method's order, as what it takes: by place, and those by name."""
    decoder, at, values = json.JSONDecoder(), 0, []
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        values.append(value)
        at = end + (len(text[end:]) - len(text[end:].lstrip()))
    hints = get_type_hints(method)
    wanted = list(signature(method).parameters.values())
    assert len(values) <= len(wanted), f"takes no more than {len(wanted)} values"
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for parameter, value in zip(wanted, values, strict=False):
        converted = msgspec.convert(value, hints[parameter.name])
        if parameter.kind is Parameter.KEYWORD_ONLY:
            named[parameter.name] = converted
        else:
            positional.append(converted)
    return positional, named
