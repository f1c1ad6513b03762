"""PURE: a hall's own look as pages need it: where its style sheet and its logo are, what is in the sheet."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from assets.ui.brand import branded
from assets.ui.palette import LIGHT
from hall_server.hall_file import BrandingPart

_TOKENS = {
    "--accent": "accent",
    "--accent-dark": "accent_pressed",
    "--accent-soft": "accent_soft",
    "--accent-text": "accent_text",
}


@dataclass(frozen=True, slots=True)
class OwnLook:
    """Addresses for every page, '' where there is nothing of the hall's own."""

    style: str = ""
    logo: str = ""


def look_of(part: BrandingPart) -> OwnLook:
    """The look of a description. The addresses change with what they lead to."""
    return OwnLook(
        f"/brand.css?v={part.colour[1:]}" if part.colour else "",
        f"/logo.png?v={mark(part.logo)}" if part.logo else "",
    )


@lru_cache(8)
def mark(content: bytes) -> str:
    """What tells a picture from another one in an address."""
    return hashlib.sha256(content).hexdigest()[:16]


def style(colour: str, place: str = ":root") -> str:
    """The pages' colours in a hall's own one; our own for one that fails the checks."""
    palette = branded(LIGHT, colour)
    tokens = "".join(f" {name}: {getattr(palette, token)};" for name, token in _TOKENS.items())
    return f"{place} {{{tokens} }}\n"
