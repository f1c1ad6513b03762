"""Makes a flat, upright, evenly lit page of a photographed one; says at what resolution it was seen."""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np

from devices.vision.page import Corners, Pixels

_LONGEST_SIDE = 3508
"""A4 at 300 dpi: more is never kept."""
_SKEW_LIMIT, _SKEW_STEP = 8.0, 0.1


class Paper(StrEnum):
    """What lies there, as the page that asked for it expects it; FREE knows no size."""

    ID_CARD = "id_card"
    A4 = "a4"
    FREE = "free"


SIZES_MM = {Paper.ID_CARD: (85.6, 54.0), Paper.A4: (297.0, 210.0)}
"""Long and short side: ISO/IEC 7810 ID-1, ISO 216."""


def rectify(image: Pixels, corners: Corners, paper: Paper = Paper.FREE) -> Pixels:
    """The page within the corners as a rectangle of its true proportions, first corner upper left."""
    width, height = _size(corners, paper)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    warp = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    return cv2.warpPerspective(image, warp, (width, height), flags=cv2.INTER_CUBIC)


def effective_dpi(corners: Corners, paper: Paper) -> float:
    """Dots per inch at which the long side was seen; 0.0 for a paper of unknown size."""
    if paper not in SIZES_MM:
        return 0.0
    return max(_sides(corners)) / SIZES_MM[paper][0] * 25.4


def without_shadow(page: Pixels) -> Pixels:
    """Paper as white everywhere: divided by its own background. Not for cards, whose colour would go."""
    small = cv2.resize(page, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    planes = [cv2.medianBlur(cv2.dilate(plane, np.ones((9, 9), np.uint8)), 25) for plane in cv2.split(small)]
    ground = cv2.resize(cv2.merge(planes), page.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.divide(page, ground, scale=245)


def skew_degrees(page: Pixels) -> float:
    """By how much the lines of print run uphill, −8 to 8 degrees in steps of 0.1; 0.0 without any print."""
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    scale = min(1.0, 700 / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = cv2.adaptiveThreshold(small, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 25, 12)
    margin = max(4, min(ink.shape) // 25)
    y, x = np.nonzero(ink[margin:-margin, margin:-margin])
    if len(y) < 200:
        return 0.0
    chosen = np.random.default_rng(1).choice(len(y), min(len(y), 12_000), replace=False)
    y, x = y[chosen].astype(np.float32), x[chosen].astype(np.float32)
    coarse = _steepest(x, y, np.arange(-_SKEW_LIMIT, _SKEW_LIMIT + 0.01, 0.5))
    fine = _steepest(x, y, np.arange(coarse - 0.5, coarse + 0.51, _SKEW_STEP))
    return round(float(fine), 1)


def turned(page: Pixels, degrees: float) -> Pixels:
    """The page turned clockwise by so many degrees about its middle, paper-white where nothing was."""
    if degrees == 0.0:
        return page
    height, width = page.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    ground = [float(value) for value in np.percentile(page[::8, ::8].reshape(-1, 3), 90, axis=0)]
    return cv2.warpAffine(page, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=ground)


def _size(corners: Corners, paper: Paper) -> tuple[int, int]:
    across, down = _sides(corners)
    if paper in SIZES_MM:
        long, short = SIZES_MM[paper]
        shape = long / short if across >= down else short / long
    else:
        shape = across / down
    width, height = (across, across / shape) if across >= down else (down * shape, down)
    scale = min(1.0, _LONGEST_SIDE / max(width, height))
    return max(8, round(width * scale)), max(8, round(height * scale))


def _sides(corners: Corners) -> tuple[float, float]:
    """Longer of the two sides across, longer of the two down, in pixels."""
    lengths = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    return float(max(lengths[0], lengths[2])), float(max(lengths[1], lengths[3]))


def _steepest(x: Pixels, y: Pixels, degrees: Pixels) -> float:
    """The angle at which ink gathers most in rows: the largest sum of squared differences between rows."""
    best, found = -1.0, 0.0
    for angle in degrees:
        rows = (y + x * np.tan(np.radians(angle))).astype(np.int32)
        rows -= rows.min()
        profile = np.bincount(rows).astype(np.float64)
        sharp = float((np.diff(profile) ** 2).sum())
        if sharp > best:
            best, found = sharp, float(angle)
    return found
