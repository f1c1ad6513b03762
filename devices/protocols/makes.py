"""Makes of call boxes and LED bars as data: frame, place of address and text, codes of keys and colours.

Frames are published ones (DEVICES §4.3). Where only the frame is published, the codes in it are ours and
a hall states its own: a make is data, in this table or in a hall's own file (``frame_options.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from devices.ports import CallBoxKey
from devices.protocols.framed import Checksum, Covered, FrameTemplate, Length
from devices.signals import LedColour

LCD_FRAME = FrameTemplate(
    lead=b"\xff\x68",
    length=Length.BYTE,
    length_copies=2,
    mark=b"\x68",
    checksum=Checksum.SUM8,
    tail=b"\x16",
)
"""``FF 68 L L 68 addr cmd data… sum 16``, L counting addr to before sum."""

CARPARK_FRAME = FrameTemplate(
    lead=b"\x3a",
    ahead=1,
    length=Length.WORD_LOW_FIRST,
    checksum=Checksum.SUM8,
    covered=Covered.ALL,
    tail=b"\x0a",
    shortest=1,
    longest=128,
)
"""``3A colour lo hi info sum 0A``: lo hi is the length of info, sum that of all bytes before it."""

DIGITS_FRAME = FrameTemplate(lead=b"", checksum=Checksum.SUM8, covered=Covered.BODY, shortest=3, longest=3)
"""``id hi lo sum``, four bytes without lead or tail: ``05 03 E7 EF`` shows 999 on bar 5."""

BUS_FRAME = FrameTemplate(lead=b"\xaa", checksum=Checksum.NONE, tail=b"\xff", shortest=1, longest=64)
"""``AA … FF`` at 4800 baud: no length, no check; GBK has no FF, so nothing needs an escape."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A make of call box: its frame, its command bytes, its key codes and the width of its display.

    The frame is published; command bytes and key codes differ between makes and firmware: a hall
    states its own in the driver's options where ours do not fit. A body is address, command, data.
    """

    frame: FrameTemplate
    poll: int
    key: int
    show: int
    keys: Mapping[int, CallBoxKey]
    columns: int
    encoding: str = "ascii"


KEYS: Mapping[int, CallBoxKey] = {
    0x01: CallBoxKey.NEXT,
    0x02: CallBoxKey.RECALL,
    0x03: CallBoxKey.ARRIVED,
    0x04: CallBoxKey.FINISH,
    0x05: CallBoxKey.NO_SHOW,
    0x06: CallBoxKey.PAUSE,
}

LCD21 = Dialect(frame=LCD_FRAME, poll=0x01, key=0x81, show=0x02, keys=KEYS, columns=8)
"""21-key LCD call box."""

DIALECTS: Mapping[str, Dialect] = {"lcd21": LCD21}
NO_KEY = 0


@dataclass(frozen=True, slots=True)
class BarMake:
    """A make of LED bar. ``show`` is the body of the frame that shows a text, in order: ``address``,
    ``colour``, ``text``, or fixed bytes. ``ask`` and ``told`` are the bodies of a question for what is
    shown and of its answer; empty where the bar cannot tell. ``columns`` are half-width characters.
    ``size`` of text to be filled up with blanks, 0 = as long as it is.
    """

    frame: FrameTemplate
    show: tuple[str | bytes, ...]
    baud: int
    ask: tuple[str | bytes, ...] = ()
    told: tuple[str | bytes, ...] = ()
    colours: Mapping[LedColour, int] = field(default_factory=dict)
    columns: int = 16
    encoding: str = "gbk"


COLOURS: Mapping[LedColour, int] = {LedColour.GREEN: 0, LedColour.YELLOW: 1, LedColour.RED: 2}

BARS: Mapping[str, BarMake] = {
    "carpark": BarMake(frame=CARPARK_FRAME, show=("colour", "text"), baud=9600, colours=COLOURS),
    "bus": BarMake(frame=BUS_FRAME, show=("address", "text"), baud=4800),
    "lcd21": BarMake(
        frame=LCD_FRAME,
        show=("address", b"\x12", "colour", "text"),
        ask=("address", b"\x13"),
        told=("address", b"\x93", "colour", "text"),
        baud=9600,
        colours=COLOURS,
    ),
}
"""``carpark`` and ``bus`` are published; ``lcd21`` is the call box's frame with commands of our own, for
bars on a line of call boxes that can tell what they show."""


def build_parts(
    make: BarMake,
    layout: tuple[str | bytes, ...],
    *,
    address: int,
    colour: LedColour = LedColour.RED,
    text: str = "",
) -> bytes:
    """The body that a layout describes; characters that the bar lacks become ？, what is too long is cut."""
    values = {
        "address": bytes((address,)),
        "colour": bytes((make.colours[colour],)) if colour in make.colours else b"",
        "text": encoded(text, make.encoding, make.columns),
    }
    return b"".join(part if isinstance(part, bytes) else values[part] for part in layout)


def parse_parts(
    make: BarMake, layout: tuple[str | bytes, ...], body: bytes
) -> tuple[int, LedColour | None, str] | None:
    """Address (0 where the layout has none), colour and text of a body; None when it is another one."""
    address, colour, text = 0, None, ""
    colours = {code: word for word, code in make.colours.items()}
    for part in layout:
        if isinstance(part, bytes):
            if not body.startswith(part):
                return None
            body = body[len(part) :]
        elif part == "text":
            text, body = body.decode(make.encoding, "replace"), b""
        elif not body:
            return None
        elif part == "colour":
            colour, body = colours.get(body[0]), body[1:]
        else:
            address, body = body[0], body[1:]
    return None if body else (address, colour, text)


def encoded(text: str, encoding: str, columns: int) -> bytes:
    """Text in the bar's encoding, at most ``columns`` half-width characters, never half a Hanzi."""
    found, used = b"", 0
    for character in text:
        code = character.encode(encoding, "ignore") or "？".encode(encoding, "ignore") or b"?"
        used += len(code)
        if used > columns:
            break
        found += code
    return found
