"""PURE: a hall's own colour: which ones may be had, what a free one misses, and the palette made of it.

``branded(LIGHT, "#0e5457")`` is the palette with that accent; '' leaves it as it is. Only the light palette
takes a colour: high contrast is for eyes that need it as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from assets.ui.palette import BODY, LIGHT, PALETTES, Palette, faint_pairs, luminance, ratio, rgb

COLOUR = re.compile(r"#[0-9a-f]{6}")
APART = 0.11
"""How far (in OKLab) a colour must be from that of calls, so that a call stands out on it."""
_WHITE, _BLACK = "#ffffff", "#000000"
_TINTS = (0.12, 0.10, 0.08, 0.06, 0.04)


@dataclass(frozen=True, slots=True)
class Checked:
    """A colour that passes every check in every palette; ``name`` for people."""

    colour: str
    name: str


CHECKED: tuple[Checked, ...] = (
    Checked("", "政务蓝"),
    Checked("#123a6b", "藏青"),
    Checked("#3f3a94", "靛蓝"),
    Checked("#5c2d82", "紫"),
    Checked("#0e5457", "青"),
    Checked("#1a5632", "松绿"),
    Checked("#4d4a16", "橄榄"),
    Checked("#5b4030", "赭石"),
    Checked("#2f4858", "石青灰"),
)
"""What the set-up offers; the first is the look without any."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Why a colour cannot be had: what was looked at, what it has, what it would need, and the nearest
    shade that passes ('' when none of its kind does)."""

    what: str
    have: float
    wanted: float
    instead: str = ""


TOO_LIGHT = "white text on it"
TOO_CALLING = "its distance from the colour of calls"


def missed(colour: str) -> Missed | None:
    """The first check that a colour fails; None for one that may be had. ``colour``: #rrggbb or ''."""
    found = _missed(colour) if colour else None
    return replace(found, instead=_darker(colour)) if found and found.what == TOO_LIGHT else found


def _missed(colour: str) -> Missed | None:
    have = ratio(_WHITE, colour)
    if have < BODY:
        return Missed(TOO_LIGHT, have, BODY)
    apart = _apart(colour, LIGHT.call)
    if apart < APART:
        return Missed(TOO_CALLING, apart, APART)
    faint = faint_pairs(_made(LIGHT, colour))
    if faint:
        words, _, numbers = faint[0].partition(": ")
        found, wanted = numbers.split(", wanted ")
        return Missed(words, float(found), float(wanted))
    return None


def branded(palette: Palette, colour: str) -> Palette:
    """The palette in a hall's colour; unchanged for '', for high contrast and for a colour that fails."""
    if palette is not LIGHT or not COLOUR.fullmatch(colour) or missed(colour) is not None:
        return palette
    return _made(palette, colour)


@cache
def palette_in(name: str, colour: str) -> Palette:
    """A palette by name in a hall's colour. KeyError for a name that does not exist."""
    return branded(PALETTES[name], colour)


def _made(palette: Palette, colour: str) -> Palette:
    soft = next((tint for part in _TINTS if _bears(tint := _mix(_WHITE, colour, part))), _WHITE)
    return replace(
        palette,
        accent=colour,
        accent_pressed=_mix(colour, _BLACK, 0.32),
        accent_soft=soft,
        accent_text=_text(colour, (soft, palette.paper, palette.stripe, palette.surface)),
        pressed=_mix(_WHITE, colour, 0.18),
        header=colour,
    )


def _bears(ground: str) -> bool:
    """Whether the second line of a tile can be read on this tint."""
    return ratio(LIGHT.ink_soft, ground) >= BODY


def _text(colour: str, grounds: tuple[str, ...]) -> str:
    """The colour as text: darker until it can be read on all these grounds."""
    shades = (_mix(colour, _BLACK, step / 20) for step in range(20))
    return next(s for s in (*shades, _BLACK) if min(ratio(s, ground) for ground in grounds) >= BODY)


def _darker(colour: str) -> str:
    """The nearest darker shade that passes and still has something of it; '' when there is none."""
    shades = (_mix(colour, _BLACK, step / 50) for step in range(1, 35))
    return next((shade for shade in shades if _missed(shade) is None), "")


def _mix(one: str, other: str, part: float) -> str:
    """``part`` of the other colour in the one."""
    mixed = (round(255 * (a + (b - a) * part)) for a, b in zip(rgb(one), rgb(other), strict=True))
    return "#" + "".join(f"{each:02x}" for each in mixed)


def _apart(one: str, other: str) -> float:
    """Distance of two colours as eyes see it (OKLab), without their lightness."""
    (_, a1, b1), (_, a2, b2) = _oklab(one), _oklab(other)
    return float(((a1 - a2) ** 2 + (b1 - b2) ** 2) ** 0.5)


def _oklab(colour: str) -> tuple[float, float, float]:
    """Björn Ottosson's OKLab: lightness and two axes of colour."""
    red, green, blue = (_linear(part) for part in rgb(colour))
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _linear(part: float) -> float:
    grey = "#" + f"{round(part * 255):02x}" * 3
    return luminance(grey)
