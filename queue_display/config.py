"""PURE: what the file of a board and of a window sign says."""

from __future__ import annotations

import msgspec

from assets.ui.display import Display, Pixels
from contract.station_file import StationSection
from contract.topics import Identifier


class BoardDisplay(Display, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[display]`` of a board: lying, 55 inches."""

    width: Pixels = 1920
    height: Pixels = 1080
    diagonal_inches: float = 55.0


class SignDisplay(Display, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[display]`` of a window sign: lying, 21.5 inches; a bar of 1920 × 540 is laid out as such."""

    width: Pixels = 1280
    height: Pixels = 720


BOARD_DESIGN = (1920, 1080)
SIGN_DESIGN = (1280, 720)
BAR_DESIGN = (1920, 540)
BAR_RATIO = 2.6
"""A sign wider than this share of its height is laid out as a bar."""


def design(display: Display) -> tuple[int, int]:
    """The size that the screens of this window were drawn for; they are scaled from it."""
    if isinstance(display, BoardDisplay):
        return BOARD_DESIGN
    return BAR_DESIGN if display.width > display.height * BAR_RATIO else SIGN_DESIGN


class BoardSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[board]``: which board of the hall this screen is; ``names`` shows masked names (张*) too."""

    board: Identifier = "hall"
    names: bool = False


class SignSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[sign]``: over which window this screen hangs; ``names`` shows the masked name (张*) too."""

    window: Identifier
    names: bool = False


class BoardStation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of a hall or zone board."""

    station: StationSection
    board: BoardSection = BoardSection()
    display: BoardDisplay = BoardDisplay()


class SignStation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of a window sign."""

    station: StationSection
    sign: SignSection
    display: SignDisplay = SignDisplay()
