"""PURE: colours, type sizes and measures of every screen, and the arithmetic that checks them.

Use: ``PALETTES["light"].ink`` is ``"#14213d"``; ``ratio(ink, paper)`` is the WCAG contrast;
``SCALES["elder"].body`` is a size in design pixels; ``PAIRS`` lists which ink may stand on which ground and
the contrast each pair must have. Token names never start with ``on_`` (Kivy takes those for handlers).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

BODY = 7.0
"""Contrast that text needs."""
LARGE = 4.5
"""Contrast that a number as large as a hand needs."""
EDGE = 3.0
"""Contrast that the edge of a control, a focus ring or a symbol needs."""


@dataclass(frozen=True, slots=True)
class Palette:
    """One colour per meaning, each ``#rrggbb``; ``*_ink`` is the text that stands on the colour before it."""

    paper: str  # background of the window
    surface: str  # cards and tiles
    stripe: str  # every second row
    ink: str
    ink_soft: str  # second line, captions
    line: str  # edges of controls
    hairline: str  # separators that carry no meaning
    accent: str  # the one thing to do here
    accent_ink: str
    accent_pressed: str
    accent_soft: str  # tinted ground, chosen rows
    accent_text: str  # accent as text on paper and surface
    pressed: str  # a plain control under the finger
    header: str
    header_ink: str
    footer: str
    footer_ink: str
    call: str  # the number being called
    call_soft: str  # ground of the row just called
    call_ink: str  # text on a ground of ``call``
    good: str
    good_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    off: str  # ground of a control that cannot be used
    off_ink: str
    focus: str


LIGHT = Palette(
    paper="#eef2f8",
    surface="#ffffff",
    stripe="#f3f6fb",
    ink="#14213d",
    ink_soft="#3d4a66",
    line="#7485a6",
    hairline="#d3dbe9",
    accent="#0b4aa2",
    accent_ink="#ffffff",
    accent_pressed="#07336f",
    accent_soft="#dfe9f8",
    accent_text="#0b4590",
    pressed="#d3e1f6",
    header="#0b4aa2",
    header_ink="#ffffff",
    footer="#14213d",
    footer_ink="#ffffff",
    call="#9f1217",
    call_soft="#fdeeec",
    call_ink="#ffffff",
    good="#0b5a34",
    good_soft="#dff2e6",
    warn="#6b4200",
    warn_soft="#ffefcc",
    bad="#9a1219",
    bad_soft="#fbe4e1",
    off="#dde2ec",
    off_ink="#4a5570",
    focus="#c2410c",
)

CONTRAST = Palette(
    paper="#000000",
    surface="#000000",
    stripe="#1c1c1c",
    ink="#ffffff",
    ink_soft="#ffffff",
    line="#ffe600",
    hairline="#6a6a6a",
    accent="#ffe600",
    accent_ink="#000000",
    accent_pressed="#ffffff",
    accent_soft="#2e2a00",
    accent_text="#ffe600",
    pressed="#4a4400",
    header="#ffe600",
    header_ink="#000000",
    footer="#1c1c1c",
    footer_ink="#ffffff",
    call="#ffe600",
    call_soft="#332e00",
    call_ink="#000000",
    good="#7dffb0",
    good_soft="#00260f",
    warn="#ffd27a",
    warn_soft="#2b1d00",
    bad="#ffb3b3",
    bad_soft="#3a0000",
    off="#2a2a2a",
    off_ink="#d6d6d6",
    focus="#00e5ff",
)

PALETTES: dict[str, Palette] = {"light": LIGHT, "contrast": CONTRAST}

PAIRS: tuple[tuple[str, str, float], ...] = (
    *((ink, ground, BODY) for ink in ("ink", "ink_soft") for ground in ("paper", "surface", "stripe")),
    *(("ink", ground, BODY) for ground in ("accent_soft", "pressed", "call_soft", "good_soft", "warn_soft")),
    *(("accent_text", ground, BODY) for ground in ("paper", "surface", "stripe", "accent_soft")),
    ("ink_soft", "accent_soft", BODY),
    ("accent_ink", "accent", BODY),
    ("accent_ink", "accent_pressed", BODY),
    ("header_ink", "header", BODY),
    ("footer_ink", "footer", BODY),
    ("call", "surface", BODY),
    ("call", "paper", BODY),
    ("call", "call_soft", LARGE),
    ("call_ink", "call", BODY),
    ("good", "surface", BODY),
    ("good", "good_soft", BODY),
    ("warn", "surface", BODY),
    ("warn", "warn_soft", BODY),
    ("bad", "surface", BODY),
    ("bad", "bad_soft", LARGE),
    ("ink", "bad_soft", BODY),
    ("off_ink", "off", LARGE),
    ("line", "surface", EDGE),
    ("line", "paper", EDGE),
    ("accent", "paper", EDGE),
    ("accent", "surface", EDGE),
    ("focus", "paper", EDGE),
    ("focus", "surface", EDGE),
)
"""(ink, ground, least contrast): the pairs in use. A lint refuses text on a ground where it is too faint."""


def ratio(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``, 0 to 1."""
    red, green, blue = (_linear(part) for part in rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def rgb(colour: str) -> tuple[float, float, float]:
    """``#rrggbb`` as three parts from 0 to 1."""
    digits = colour.removeprefix("#")
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def faint_pairs(palette: Palette) -> list[str]:
    """The pairs of ``PAIRS`` that this palette does not satisfy, in words; empty when it is good."""
    found = []
    for ink, ground, least in PAIRS:
        have = ratio(getattr(palette, ink), getattr(palette, ground))
        if have < least:
            found.append(f"{ink} on {ground}: {have:.2f}, wanted {least}")
    return found


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


# ---------------------------------------------------------------- type and measures


@dataclass(frozen=True, slots=True)
class TypeScale:
    """Font sizes in design pixels of a 1080 px wide kiosk; a hall board has its own (see BOARD)."""

    small: float  # captions; the smallest text that may stand on a screen
    body: float
    lead: float  # buttons, rows
    title: float
    display: float
    number: float  # the ticket's number


NORMAL = TypeScale(small=32, body=36, lead=42, title=58, display=80, number=240)
ELDER_FACTOR = 1.3
ELDER = TypeScale(
    small=NORMAL.small * ELDER_FACTOR,
    body=NORMAL.body * ELDER_FACTOR,
    lead=NORMAL.lead * ELDER_FACTOR,
    title=NORMAL.title * ELDER_FACTOR,
    display=NORMAL.display * ELDER_FACTOR,
    number=NORMAL.number,
)
SCALES: dict[str, TypeScale] = {"normal": NORMAL, "elder": ELDER}


@dataclass(frozen=True, slots=True)
class Measures:
    """Spaces and radii in design pixels; motion in seconds."""

    hair: float = 2
    edge: float = 3  # width of a control's edge
    ring: float = 6  # width of the focus ring
    tight: float = 8
    gap: float = 16  # between controls: more than 3 mm on a 21.5 inch panel
    pad: float = 28  # inside a card
    margin: float = 48  # at the sides of a screen
    radius: float = 20
    radius_small: float = 12
    blink_seconds: float = 5.0
    blink_hz: float = 2.0


MEASURES = Measures()
TARGET_MM = 20.0
"""Side of the smallest touch target (FRONT_ENDS §5)."""
REPEAT_SECONDS = 0.3
"""A second tap on the same control within this time is not meant."""


def colour_names() -> tuple[str, ...]:
    """Names of all colours."""
    return tuple(field.name for field in fields(Palette))


def pixels_per_mm(width: int, height: int, diagonal_inches: float) -> float:
    """Pixels to a millimetre of a panel: 4.03 for 1080 × 1920 on 21.5 inches."""
    return float((width**2 + height**2) ** 0.5) / (diagonal_inches * 25.4)
