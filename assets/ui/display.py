"""PURE: the ``[display]`` table of a station's file: where its window stands and how large the panel is."""

from __future__ import annotations

import msgspec


class Display(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A window. ``left`` and ``top`` place it on the X screen (both None: the X server decides).

    ``diagonal_inches`` is the panel's size, from which millimetres follow; ``cursor`` shows the pointer;
    ``palette`` and ``scale`` are what the screen starts with.
    """

    width: int = 1080
    height: int = 1920
    left: int | None = None
    top: int | None = None
    fullscreen: bool = False
    borderless: bool = True
    cursor: bool = False
    diagonal_inches: float = 21.5
    palette: str = "light"
    scale: str = "normal"
