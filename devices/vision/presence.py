"""Is somebody before the kiosk? Motion first, a face only when something moved or was there; nothing is kept.

Frames live in this process's memory for as long as one look takes. What leaves is a word, and where the
face is in shares of the picture, so that a page can say "come closer".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from devices.vision.faces import Face, FaceFinder
from devices.vision.page import Pixels

_COPY = (160, 120)
_CHANGED = 18
"""Levels of grey by which a pixel must differ, after the whole picture's change of light was taken out."""
HOLD_SECONDS, TOUCH_SECONDS = 9.0, 30.0
"""Presence lasts so long after the last face, and after the last touch."""


class Guidance(StrEnum):
    """What to say to the person, one thing at a time."""

    NOBODY = "nobody"
    SEVERAL = "several"
    CLOSER = "closer"
    BACK = "back"
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    LOOK_STRAIGHT = "look_straight"
    GOOD = "good"


SENTENCES = {
    Guidance.NOBODY: "请站到屏幕前",
    Guidance.SEVERAL: "请一次一人",
    Guidance.CLOSER: "请靠近一些",
    Guidance.BACK: "请退后一些",
    Guidance.LEFT: "请向左移一点",
    Guidance.RIGHT: "请向右移一点",
    Guidance.UP: "请把头抬高一点",
    Guidance.DOWN: "请把头放低一点",
    Guidance.LOOK_STRAIGHT: "请正对屏幕",
    Guidance.GOOD: "很好，请保持不动",
}


class Change(StrEnum):
    """What a look has brought."""

    NONE = "none"
    CAME = "came"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Region:
    """The part of the picture that is looked at for motion, in shares; a mirror or a door is left out."""

    left: float = 0.15
    top: float = 0.25
    right: float = 0.85
    bottom: float = 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """One look: is somebody there, what changed, how much moved (share of the region), the nearest face."""

    present: bool
    change: Change
    motion: float
    face: Face | None


class Presence:
    """Folds pictures, one at a time, into presence. ``now`` is monotonic seconds.

    While nothing moves and nobody is there a look costs the motion alone.
    """

    def __init__(
        self, faces: FaceFinder, *, region: Region | None = None, least_motion: float = 0.04
    ) -> None:
        self._faces = faces
        self._region = region or Region()
        self._least = least_motion
        self._before: Pixels | None = None
        self._present = False
        self._until = 0.0

    def look(self, image: Pixels, now: float) -> Look:
        """Take in the next picture (BGR or grey)."""
        motion = self._motion(image)
        face: Face | None = None
        if self._present or motion >= self._least:
            found = self._faces.find(image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))
            face = nearest(found)
            if face is not None:
                self._until = max(self._until, now + HOLD_SECONDS)
        return Look(*self._decided(now), motion, face)

    def touched(self, now: float) -> None:
        """Somebody touched the screen: he is there, seen or not."""
        self._until = max(self._until, now + TOUCH_SECONDS)

    def forget(self) -> None:
        """Drop the last picture: the camera rests."""
        self._before = None

    def _decided(self, now: float) -> tuple[bool, Change]:
        present = now < self._until
        change = Change.NONE if present == self._present else Change.CAME if present else Change.LEFT
        self._present = present
        return present, change

    def _motion(self, image: Pixels) -> float:
        small = cv2.resize(image, _COPY, interpolation=cv2.INTER_AREA)
        grey = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
        left, right = (round(share * _COPY[0]) for share in (self._region.left, self._region.right))
        top, bottom = (round(share * _COPY[1]) for share in (self._region.top, self._region.bottom))
        seen = cv2.blur(grey[top:bottom, left:right], (3, 3)).astype(np.float32)
        before, self._before = self._before, seen
        if before is None:
            return 0.0
        light = float(np.median(seen)) / max(1.0, float(np.median(before)))
        return float((np.abs(seen - before * light) > _CHANGED).mean())


def nearest(faces: Sequence[Face]) -> Face | None:
    """PURE: the largest face."""
    return max(faces, key=lambda face: face.height, default=None)


def guidance(faces: Sequence[Face]) -> Guidance:
    """PURE: the one thing that would help most.

    Left and right are the person's own: a camera sees them the other way round.
    """
    if not faces:
        return Guidance.NOBODY
    face = max(faces, key=lambda each: each.height)
    if sum(each.height > 0.6 * face.height for each in faces) > 1:
        return Guidance.SEVERAL
    if face.height < 0.22:
        return Guidance.CLOSER
    if face.height > 0.62:
        return Guidance.BACK
    across, down = face.left + face.width / 2, face.top + face.height / 2
    if abs(across - 0.5) > 0.14:
        return Guidance.LEFT if across < 0.5 else Guidance.RIGHT
    if abs(down - 0.5) > 0.18:
        return Guidance.DOWN if down < 0.5 else Guidance.UP
    return Guidance.LOOK_STRAIGHT if abs(turn(face)) > 0.18 else Guidance.GOOD


def turn(face: Face) -> float:
    """PURE: how far the nose stands from the middle between the eyes, as a share of their distance."""
    (right, _), (left, _), (nose, _) = face.points[:3]
    return (nose - (left + right) / 2) / max(abs(left - right), 1e-6)
