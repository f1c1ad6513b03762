"""Fonts of every screen: Noto Sans SC, the icon font, and a font for the rare characters of names.

Use:
- ``fonts.register()`` once, after ``window.prepare`` (``window.open_window`` does it);
- ``fonts.SANS`` (regular and bold), ``fonts.MEDIUM``, ``fonts.ICONS`` are ``font_name`` values;
- ``fonts.icon("printer")`` → the one-character string of a Material Design icon (pictogrammers.com names);
- ``fonts.markup(text)`` → text safe for Kivy markup: escaped, and each run of characters that Noto lacks
  wrapped in ``[font=…]``; ``fonts.needs_markup(text)`` tells whether such a run is there.

Kivy has no font fallback: text that is not passed through here shows boxes for rare characters. The kit's
Text does it by itself.
"""

from __future__ import annotations

import difflib
import re
from functools import cache
from typing import Final

from kivy.core.text import LabelBase
from kivy.utils import escape_markup

from assets import fetched, glyphs

SANS: Final = glyphs.FONTS[0].name
MEDIUM: Final = "NotoSansSC-Medium"
ICONS: Final = "Icons"

_ICON = re.compile(r'\.mdi-([a-z0-9-]+)::before\s*{\s*content:\s*"\\([0-9A-Fa-f]+)"')


@cache
def register() -> None:
    """Make the fonts known to Kivy, also as its default. Raises AssetMissing with what to run."""
    for font in glyphs.FONTS:
        regular = str(glyphs.font_file(font.name))
        LabelBase.register(font.name, fn_regular=regular, fn_bold=str(glyphs.font_file(font.name, bold=True)))
    regular, bold = str(glyphs.font_file(SANS)), str(glyphs.font_file(SANS, bold=True))
    LabelBase.register("Roboto", fn_regular=regular, fn_bold=bold)
    medium = str(fetched("fonts", "NotoSansSC-Medium.ttf"))
    LabelBase.register(MEDIUM, fn_regular=medium, fn_bold=bold)
    LabelBase.register(ICONS, fn_regular=str(fetched("icons", "materialdesignicons.ttf")))


def icon(name: str) -> str:
    """The character of a Material Design icon. Raises KeyError naming near ones."""
    names = _icons()
    if name not in names:
        near = ", ".join(difflib.get_close_matches(name, names, n=3)) or "no icon is named alike"
        raise KeyError(f"icon {name!r}: did you mean {near}?")
    return names[name]


def needs_markup(text: str) -> bool:
    """True when the main font does not draw all of the text."""
    return not text.isascii() and any(name != SANS for name, _ in glyphs.runs(text))


def markup(text: str) -> str:
    """The text as Kivy markup: everything escaped, rare runs in the rare font, unknown characters as 〓."""
    return "".join(_wrapped(name, piece) for name, piece in glyphs.runs(text))


def _wrapped(name: str, piece: str) -> str:
    escaped = str(escape_markup(piece))
    return escaped if name == SANS else f"[font={name}]{escaped}[/font]"


@cache
def _icons() -> dict[str, str]:
    css = fetched("icons", "materialdesignicons.css").read_text(encoding="utf-8")
    return {name: chr(int(code, 16)) for name, code in _ICON.findall(css)}
