"""A make of call box or LED bar that we do not know, described in a hall's own file: data, no code.

Bytes are hex. Example, a bar with ``55 AA length addr 21 text crc crc``::

    [ledbars.options.own]
    show = ["address", "21", "text"]
    [ledbars.options.own.frame]
    lead = "55AA"
    length = "byte"
    check = "crc16_modbus"
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from devices.ports import CallBoxKey
from devices.protocols.framed import Checksum, Covered, FrameTemplate, Length
from devices.protocols.makes import BarMake, Dialect
from devices.signals import LedColour

Hex = Annotated[str, msgspec.Meta(pattern="^([0-9A-Fa-f]{2})*$")]
Code = Annotated[str, msgspec.Meta(pattern="^[0-9A-Fa-f]{2}$")]
Part = Annotated[str, msgspec.Meta(pattern="^(address|colour|text|([0-9A-Fa-f]{2})+)$")]
Count = Annotated[int, msgspec.Meta(ge=1, le=255)]


class OwnFrame(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As FrameTemplate: ``lead`` and ``tail`` in hex, ``length`` without copies, marks or escapes is enough
    for most; ``escapes`` maps a byte to what stands for it."""

    lead: Hex = ""
    tail: Hex = ""
    check: Checksum = Checksum.SUM8
    covered: Covered = Covered.BODY
    length: Length = Length.NONE
    length_copies: Annotated[int, msgspec.Meta(ge=1, le=4)] = 1
    ahead: Annotated[int, msgspec.Meta(ge=0, le=8)] = 0
    mark: Hex = ""
    escapes: dict[Code, Hex] = {}
    shortest: Count = 2
    longest: Count = 64

    def __post_init__(self) -> None:
        if self.length is Length.NONE and self.shortest != self.longest and not self.tail:
            raise ValueError("a frame without length needs a tail, or shortest = longest")
        if self.shortest > self.longest:
            raise ValueError("shortest is more than longest")
        if not self.lead and self.length is not Length.NONE:
            raise ValueError("a frame with a length needs a lead")

    def template(self) -> FrameTemplate:
        """As the parser wants it."""
        return FrameTemplate(
            lead=bytes.fromhex(self.lead),
            checksum=self.check,
            tail=bytes.fromhex(self.tail),
            length=self.length,
            length_copies=self.length_copies,
            ahead=self.ahead,
            mark=bytes.fromhex(self.mark),
            covered=self.covered,
            escapes={int(byte, 16): bytes.fromhex(wire) for byte, wire in self.escapes.items()},
            shortest=self.shortest,
            longest=self.longest,
        )


class OwnBox(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call box: a body is address, command, data. ``keys`` maps codes to words."""

    frame: OwnFrame
    keys: dict[Code, CallBoxKey]
    poll: Code = "01"
    key: Code = "81"
    show: Code = "02"
    columns: Count = 8
    encoding: str = "ascii"

    def __post_init__(self) -> None:
        _check_encoding(self.encoding)

    def dialect(self) -> Dialect:
        """As the driver wants it."""
        return Dialect(
            frame=self.frame.template(),
            poll=int(self.poll, 16),
            key=int(self.key, 16),
            show=int(self.show, 16),
            keys={int(code, 16): word for code, word in self.keys.items()},
            columns=self.columns,
            encoding=self.encoding,
        )


class OwnBar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A LED bar: ``show``, ``ask`` and ``told`` list ``address``, ``colour``, ``text`` and hex bytes."""

    frame: OwnFrame
    show: tuple[Part, ...]
    ask: tuple[Part, ...] = ()
    told: tuple[Part, ...] = ()
    colours: dict[LedColour, Code] = {}
    columns: Count = 16
    encoding: str = "gbk"
    baud: int = 9600

    def __post_init__(self) -> None:
        _check_encoding(self.encoding)
        if bool(self.ask) != bool(self.told):
            raise ValueError("ask and told belong together")
        if "colour" in (*self.show, *self.told) and not self.colours:
            raise ValueError("colour stands in a layout, but there are no colours")

    def make(self) -> BarMake:
        """As the driver wants it."""
        return BarMake(
            frame=self.frame.template(),
            show=_layout(self.show),
            ask=_layout(self.ask),
            told=_layout(self.told),
            baud=self.baud,
            colours={word: int(code, 16) for word, code in self.colours.items()},
            columns=self.columns,
            encoding=self.encoding,
        )


def _layout(parts: tuple[str, ...]) -> tuple[str | bytes, ...]:
    words = ("address", "colour", "text")
    return tuple(part if part in words else bytes.fromhex(part) for part in parts)


def _check_encoding(name: str) -> None:
    try:
        "".encode(name)
    except LookupError:
        raise ValueError(f"there is no encoding {name}") from None
