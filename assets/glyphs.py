"""Which font draws which character: screens and tickets split their text here, by coverage.

A name such as 王𠮷㐂 needs two fonts. ``runs`` answers with pieces that one font each can draw.
Coverage is read from the fonts' own character maps once per process (about 10 ms, no cache file).
"""

from __future__ import annotations

import struct
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from assets import AssetMissing, fetched

GETA = "〓"
"""What stands for a character that no font can draw: the printers' traditional mark."""

_KEPT_CONTROLS = "\n\t"
_UCS4_PLATFORMS = ((3, 10), (0, 4), (0, 6))


@dataclass(frozen=True, slots=True)
class Font:
    """A face by the name that screens register it under; ``bold`` is the same coverage, heavier."""

    name: str
    regular: str
    bold: str


FONTS: tuple[Font, ...] = (
    Font("NotoSansSC", "NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"),
    Font("HanaMinB", "HanaMinB.ttf", "HanaMinB.ttf"),
)
"""In order of preference: the modern face, then the one with all of the extensions B to F."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The code points a font draws, as sorted ranges."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __contains__(self, char: str) -> bool:
        point = ord(char)
        at = bisect_right(self.starts, point) - 1
        return at >= 0 and point <= self.ends[at]


def runs(text: str) -> list[tuple[str, str]]:
    """``text`` as (font name, piece) in order; the pieces hold what can be seen and nothing else.

    Characters that draw nothing (variation selectors, zero-width, direction marks, controls except
    newline and tab) are left out; one that no font has becomes 〓. A combining mark stays with its base.
    """
    found: list[tuple[str, str]] = []
    for char in visible(text):
        name, drawn = _choose(char, found[-1][0] if found else FONTS[0].name)
        if found and found[-1][0] == name:
            found[-1] = (name, found[-1][1] + drawn)
        else:
            found.append((name, drawn))
    return found


def missing(text: str) -> str:
    """The visible characters of ``text`` that no font has, each once, in order."""
    return "".join(
        dict.fromkeys(char for char in visible(text) if char not in _KEPT_CONTROLS and not font_of(char))
    )


def visible(text: str) -> str:
    """``text`` composed (NFC) and without the characters that draw nothing."""
    return "".join(filter(_is_visible, unicodedata.normalize("NFC", text)))


@cache
def font_of(char: str) -> str:
    """The name of the first font that draws ``char``, or ''."""
    return next((font.name for font in FONTS if char in coverage(font.name)), "")


@cache
def coverage(name: str) -> Coverage:
    """What the font of this name draws. A font of second choice that is not installed draws nothing."""
    try:
        return _read_coverage(font_file(name))
    except AssetMissing:
        if name == FONTS[0].name:
            raise
        return Coverage((), ())


def font_file(name: str, *, bold: bool = False) -> Path:
    """Where the face lies. Raises AssetMissing with what to run, KeyError for an unknown name."""
    font = {each.name: each for each in FONTS}[name]
    return fetched("fonts", font.bold if bold else font.regular)


def _choose(char: str, current: str) -> tuple[str, str]:
    if char in _KEPT_CONTROLS or (unicodedata.combining(char) and char in coverage(current)):
        return current, char
    name = font_of(char)
    return (name, char) if name else (FONTS[0].name, GETA)


def _is_visible(char: str) -> bool:
    category = unicodedata.category(char)
    if category in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return char in _KEPT_CONTROLS
    return not (0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF or ord(char) == 0x034F)


def _read_coverage(path: Path) -> Coverage:
    """Ranges of the font's UCS-4 map (format 12). Raises ValueError for a font without one."""
    with path.open("rb") as file:
        table = _find_map(file)
        file.seek(table)
        form, _, _, _, count = struct.unpack(">HHIII", file.read(16))
        if form != 12:
            raise ValueError(f"{path}: its UCS-4 character map has format {form}, wanted 12")
        groups = [
            (start + (glyph == 0), end)
            for start, end, glyph in struct.iter_unpack(">III", file.read(count * 12))
            if end > start or glyph
        ]
    return _joined(groups)


def _find_map(file: BinaryIO) -> int:
    """Offset of the UCS-4 subtable in an sfnt file."""
    tables = struct.unpack(">4xH6x", file.read(12))[0]
    directory = {tag: at for tag, _, at, _ in struct.iter_unpack(">4sIII", file.read(tables * 16))}
    start: int = directory[b"cmap"]
    file.seek(start)
    count = struct.unpack(">2xH", file.read(4))[0]
    records = {(plat, enc): at for plat, enc, at in struct.iter_unpack(">HHI", file.read(count * 8))}
    wanted = next((records[key] for key in _UCS4_PLATFORMS if key in records), None)
    if wanted is None:
        raise ValueError(f"{file.name}: no UCS-4 character map")
    return start + int(wanted)


def _joined(groups: list[tuple[int, int]]) -> Coverage:
    starts: list[int] = []
    ends: list[int] = []
    for start, end in groups:
        if ends and start == ends[-1] + 1:
            ends[-1] = end
        else:
            starts.append(start)
            ends.append(end)
    return Coverage(tuple(starts), tuple(ends))


def all_points(name: str) -> list[int]:
    """Every code point of the font, for tests over whole blocks."""
    ranges = coverage(name)
    return list(chain.from_iterable(range(a, b + 1) for a, b in zip(ranges.starts, ranges.ends, strict=True)))
