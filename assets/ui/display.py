"""PURE: the ``[display]`` table of a station's file: where its window stands and how large the panel is."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Pixels = Annotated[int, msgspec.Meta(ge=240, le=16384)]


class Display(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A window. ``left`` and ``top`` place it on the X screen (both None: the X server decides).

    ``diagonal_inches`` is the panel's size, from which millimetres follow; ``cursor`` shows the pointer;
    ``palette`` and ``scale`` are what the screen starts with.
    """

    width: Pixels = 1080
    height: Pixels = 1920
    left: int | None = None
    top: int | None = None
    fullscreen: bool = False
    borderless: bool = True
    cursor: bool = False
    diagonal_inches: Annotated[float, msgspec.Meta(ge=5, le=200)] = 21.5
    palette: Literal["light", "contrast"] = "light"
    scale: Literal["normal", "elder"] = "normal"
