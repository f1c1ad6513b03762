"""PURE: decides from outlines of successive pictures when the hand is away and the page lies still."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from devices.vision.page import Outline

STILL_SHARE = 0.005
"""No corner moves further than this share of the page's longest side."""
STILL_PICTURES = 5


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """What was seen so far: the last outline and for how many pictures it has been still."""

    outline: Outline | None = None
    still: int = 0

    @property
    def steady(self) -> bool:
        """Time to take the picture."""
        return self.still >= STILL_PICTURES


def watch(before: Watched, outline: Outline | None) -> Watched:
    """Take in the outline found in the next picture; one that is lost or not whole starts the count anew."""
    if outline is None or not outline.inside:
        return Watched()
    if before.outline is None or movement(before.outline, outline) > STILL_SHARE:
        return Watched(outline, 1)
    return Watched(outline, before.still + 1)


def movement(before: Outline, after: Outline) -> float:
    """How far the corner that moved most went, as a share of the longest side."""
    sides = np.linalg.norm(np.roll(after.corners, -1, axis=0) - after.corners, axis=1)
    moved = np.linalg.norm(after.corners - before.corners, axis=1)
    return float(moved.max() / max(float(sides.max()), 1.0))
