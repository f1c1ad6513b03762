"""Finds the sheet or card that lies under a document camera: its four corners, and how sure that is.

Many masks propose outlines; every proposal is moved onto the edges that are really there and judged by
how much of each side has a step in colour under it, so that a printed frame inside the paper loses
against the paper's own edge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from devices.vision.page_lines import line_quads

Pixels = np.ndarray[Any, Any]
"""Picture: rows × columns × BGR, bytes."""
Corners = np.ndarray[Any, Any]
"""(4, 2) float32 in pixels, clockwise from the one nearest the upper left."""

COPY_SIDE = 720
"""Outlines are looked for on a copy with this long side."""
_SAMPLES, _REACH = 48, 7
_ALONG = np.linspace(0.05, 0.95, _SAMPLES, dtype=np.float32)
_STEP = 5.0
"""Least step in colour (Lab) that counts as an edge; the noise of the picture raises it."""
_WEAKEST_SIDE, _MEAN_SIDE, _REAL_SIDE = 0.45, 0.7, 0.65
_SMALLEST_AREA, _SMALLEST_PICTURE = 0.04, 48
_FRAME_MARGIN, _SAME_PAPER = 0.14, 10.0
"""A printed frame lies within this share of the page from its edge; colours (Lab) this near are one paper."""
_PROPOSALS = 24
_SHARP_ANGLE = 0.55
"""Largest cosine at a corner: between 57 and 123 degrees."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A page in a picture. ``support`` is the share of its weakest side that has an edge under it, 0–1.

    ``area_share`` is how much of the picture it covers, ``inside`` whether all corners are in it.
    """

    corners: Corners
    support: float
    area_share: float
    inside: bool


def find_page(image: Pixels) -> Outline | None:
    """The page in a BGR picture of any size, or None. About 50 ms of one core."""
    height, width = image.shape[:2]
    if min(height, width) < _SMALLEST_PICTURE:
        return None
    scale = min(1.0, COPY_SIDE / max(height, width))
    small = (
        image if scale == 1.0 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    )
    field = _Field(small)
    best = _best(field, _distinct(_proposals(small)))
    if best is None:
        return None
    corners, support = best
    full = ((corners + 0.5) / scale - 0.5).astype(np.float32)
    inside = bool((full >= 0).all() and (full < (width, height)).all())
    share = float(cv2.contourArea(full)) / (width * height)
    return Outline(in_order(full), support, share, inside)


def in_order(corners: Corners) -> Corners:
    """The same corners clockwise on the screen, beginning with the one nearest the upper left."""
    centre = corners.mean(axis=0)
    around = np.argsort(np.arctan2(*(corners - centre).T[::-1]))
    turned = corners[around]
    first = int(np.argmin(turned.sum(axis=1)))
    return np.roll(turned, -first, axis=0).astype(np.float32)


# ---------------------------------------------------------------- proposals


def _proposals(small: Pixels) -> Iterator[Corners]:
    for mask in _masks(small):
        contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        for contour in sorted(contours, key=_box_area, reverse=True)[:6]:
            if _box_area(contour) >= _SMALLEST_AREA * mask.size:
                quad = _quad(cv2.convexHull(contour))
                if quad is not None:
                    yield quad
    yield from line_quads(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY))


def _masks(small: Pixels) -> Iterator[Pixels]:
    """Edges at three strengths, and regions by lightness, even lightness, both colours and saturation."""
    grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    lab = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2LAB), (5, 5), 0)
    kernel = np.ones((3, 3), np.uint8)
    for low, high in ((12, 36), (30, 90), (70, 180)):
        yield cv2.dilate(cv2.Canny(grey, low, high), kernel)
    saturation = cv2.cvtColor(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR), cv2.COLOR_BGR2HSV)[:, :, 1]
    for plane in (grey, _even_light(grey), lab[:, :, 1], lab[:, :, 2], saturation):
        _, mask = cv2.threshold(plane, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        for side in (mask, cv2.bitwise_not(mask)):
            yield cv2.morphologyEx(side, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))


def _even_light(grey: Pixels) -> Pixels:
    """Lightness without the lamp: divided by a very blurred copy."""
    tiny = cv2.resize(grey, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    light = cv2.resize(cv2.GaussianBlur(tiny, (0, 0), tiny.shape[1] / 6), grey.shape[::-1])
    return cv2.divide(grey, light, scale=160)


def _box_area(contour: Pixels) -> float:
    """Area of the upright box around a contour: an open line around a page counts as the page."""
    _, _, width, height = cv2.boundingRect(contour)
    return float(width * height)


def _quad(hull: Pixels) -> Corners | None:
    """Four corners of a convex outline: simplified until four are left."""
    length = cv2.arcLength(hull, True)
    for share in (0.01, 0.015, 0.02, 0.03, 0.045, 0.06, 0.08):
        simple = cv2.approxPolyDP(hull, share * length, True)
        if len(simple) == 4:
            return simple.reshape(4, 2).astype(np.float32)
        if len(simple) < 4:
            break
    return None


def _distinct(quads: Iterator[Corners]) -> list[Corners]:
    """Right-angled enough, and no two within three pixels of each other."""
    kept: list[Corners] = []
    for quad in map(in_order, quads):
        if _is_page_like(quad) and all(np.abs(quad - other).max() > 3.0 for other in kept):
            kept.append(quad)
    kept.sort(key=lambda quad: -float(cv2.contourArea(quad)))
    return kept[:_PROPOSALS]


def _is_page_like(quad: Corners) -> bool:
    sides = np.roll(quad, -1, axis=0) - quad
    lengths = np.linalg.norm(sides, axis=1)
    if lengths.min() < 24 or not cv2.isContourConvex(quad):
        return False
    unit = sides / lengths[:, None]
    cosines = np.abs((unit * np.roll(unit, 1, axis=0)).sum(axis=1))
    return bool(cosines.max() < _SHARP_ANGLE and lengths.max() / lengths.min() < 4.0)


# ---------------------------------------------------------------- judging


class _Field:
    """The colours of one picture, ready to be asked for steps across a line."""

    def __init__(self, small: Pixels) -> None:
        lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB)
        self.colours = cv2.GaussianBlur(lab, (0, 0), 1.0).astype(np.float32)
        self.height, self.width = small.shape[:2]
        fine = cv2.Laplacian(self.colours[:, :, 0], cv2.CV_32F)
        self.step = max(_STEP, 2.5 * float(np.median(np.abs(fine))))

    def across(self, starts: Corners, ends: Corners, first: int, last: int) -> Pixels:
        """Colours across lines: lines × samples along × pixels ``first`` to ``last`` outwards × Lab."""
        along = _ALONG[None, :, None]
        points = starts[:, None] * (1 - along) + ends[:, None] * along
        direction = (ends - starts) / np.maximum(np.linalg.norm(ends - starts, axis=1, keepdims=True), 1e-6)
        normal = np.stack([direction[:, 1], -direction[:, 0]], axis=1)
        offsets = np.arange(first, last + 1, dtype=np.float32)
        at = points[:, :, None] + normal[:, None, None] * offsets[None, None, :, None]
        flat = at.reshape(-1, len(offsets), 2)
        seen = cv2.remap(
            self.colours, flat[:, :, 0], flat[:, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return seen.reshape(*at.shape[:3], 3)


def _steps(profile: Pixels) -> Pixels:
    """How much the three pixels outside differ from the three inside, for all but the outer three pixels."""
    outside = profile[:, :, 4:-2] + profile[:, :, 5:-1] + profile[:, :, 6:]
    inside = profile[:, :, 2:-4] + profile[:, :, 1:-5] + profile[:, :, :-6]
    steps: Pixels = np.linalg.norm(outside - inside, axis=3) / 3
    return steps


def _best(field: _Field, quads: list[Corners]) -> tuple[Corners, float] | None:
    """The best-supported page, moved out from a printed frame to the paper's own edge."""
    best: tuple[float, Corners, float] | None = None
    for quad in quads:
        fitted = _fitted(field, quad)
        if fitted is None:
            continue
        corners, supports = fitted
        weakest, mean = float(supports.min()), float(supports.mean())
        share = float(cv2.contourArea(corners)) / (field.width * field.height)
        if weakest < _WEAKEST_SIDE or mean < _MEAN_SIDE or share < _SMALLEST_AREA:
            continue
        score = weakest * mean * share**0.3 * _one_paper(field, corners)
        if best is None or score > best[0]:
            best = (score, corners, weakest)
    return None if best is None else _grown(field, best[1], best[2])


def _one_paper(field: _Field, corners: Corners) -> float:
    """1.0 when the paper along all four sides has one tint, less when it is that of several sheets."""
    rim = field.across(corners, np.roll(corners, -1, axis=0), -12, -4)[..., 1:]
    tints = np.median(rim.reshape(4, -1, 2), axis=1)
    apart = np.linalg.norm(tints[:, None] - tints[None, :], axis=2).max()
    return float(np.exp(-max(0.0, apart - 8.0) / 16.0))


def _grown(field: _Field, corners: Corners, weakest: float) -> tuple[Corners, float]:
    """Each side moved outwards over paper of the same colour to a further edge, if there is one."""
    depth = float(np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1).min())
    reach = int(depth * _FRAME_MARGIN)
    if reach < 6:
        return corners, weakest
    starts, ends = corners, np.roll(corners, -1, axis=0)
    profile = field.across(starts, ends, -14, reach + 3)
    strong = _steps(profile)[:, :, 11 + _REACH // 2 :] > field.step
    wide = strong[:, :, :-2] | strong[:, :, 1:-1] | strong[:, :, 2:]
    moves = np.zeros(4)
    for side, share in enumerate(wide.mean(axis=1)):
        own = np.median(profile[side, :, :10], axis=(0, 1))
        for index in np.flatnonzero(share >= _REAL_SIDE)[::-1]:
            move = int(index) + 1 + _REACH // 2
            band = np.median(profile[side, :, 14 + 3 : 14 + max(4, move - 2)], axis=(0, 1))
            if float(np.linalg.norm(band - own)) < _SAME_PAPER:
                moves[side] = move
                break
    if not moves.any():
        return corners, weakest
    moved = _crossings(_shifted(corners, moves))
    fitted = None if moved is None else _fitted(field, moved)
    if fitted is None or float(fitted[1].min()) < _WEAKEST_SIDE:
        return corners, weakest
    return fitted[0], float(fitted[1].min())


def _shifted(corners: Corners, moves: Pixels) -> list[Pixels]:
    """The four sides as (point, direction), each moved outwards by so many pixels."""
    direction = np.roll(corners, -1, axis=0) - corners
    normal = np.stack([direction[:, 1], -direction[:, 0]], axis=1)
    normal = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    first = corners + normal * moves[:, None]
    return [np.stack([first[side], direction[side]]) for side in range(4)]


def _fitted(field: _Field, quad: Corners) -> tuple[Corners, Pixels] | None:
    """The quad moved onto the edges near it, and how much of each side has one; two rounds."""
    supports = np.zeros(4)
    for _ in range(2):
        moved = _moved(field, quad)
        if moved is None:
            return None
        lines, supports = moved
        corners = _crossings(lines)
        if corners is None or np.abs(corners - quad).max() > 40 or not _is_page_like(corners):
            return None
        quad = corners
    margin = 3.0
    if (quad < -margin).any() or (quad > (field.width + margin, field.height + margin)).any():
        return None
    return quad, supports


def _moved(field: _Field, quad: Corners) -> tuple[list[Pixels], Pixels] | None:
    """A line (point, direction) for each side through its strongest steps, with the share that agrees."""
    starts, ends = quad, np.roll(quad, -1, axis=0)
    steps = _steps(field.across(starts, ends, -_REACH - 3, _REACH + 3))
    peak = steps.argmax(axis=2)
    strong = np.take_along_axis(steps, peak[:, :, None], 2)[:, :, 0] > field.step
    along = _ALONG.astype(np.float64)
    lines: list[Pixels] = []
    supports = np.zeros(4)
    for side in range(4):
        if strong[side].sum() < 8:
            return None
        offsets = peak[side].astype(np.float64) - _REACH
        slope, middle, agree = _line_through(along, offsets, strong[side])
        supports[side] = agree.sum() / _SAMPLES
        direction = (ends[side] - starts[side]).astype(np.float64)
        length = np.linalg.norm(direction)
        normal = np.array([direction[1], -direction[0]]) / length
        first = starts[side] + normal * middle
        last = ends[side] + normal * (middle + slope)
        lines.append(np.stack([first, last - first]))
    return lines, supports


def _line_through(along: Pixels, offsets: Pixels, strong: Pixels) -> tuple[float, float, Pixels]:
    """Offset = middle + slope × along, through most of the strong samples: a finger does not pull it."""
    x, y = along[strong], offsets[strong]
    first, second = np.triu_indices(len(x), k=max(1, len(x) // 3))
    slopes = (y[second] - y[first]) / (x[second] - x[first])
    middles = y[first] - slopes * x[first]
    votes = (np.abs(y[None, :] - middles[:, None] - slopes[:, None] * x[None, :]) < 1.3).sum(axis=1)
    best = int(votes.argmax())
    near = np.abs(y - middles[best] - slopes[best] * x) < 1.3
    slope, middle = np.polyfit(x[near], y[near], 1) if near.sum() >= 2 else (slopes[best], middles[best])
    agree = strong & (np.abs(offsets - middle - slope * along) < 1.6)
    return float(slope), float(middle), agree


def _crossings(lines: list[Pixels]) -> Corners | None:
    """Corner ``i`` is where side ``i − 1`` meets side ``i``."""
    corners = []
    for before, after in zip((lines[3], *lines[:3]), lines, strict=True):
        system = np.stack([before[1], -after[1]], axis=1)
        if abs(float(np.linalg.det(system))) < 1e-6:
            return None
        share = np.linalg.solve(system, after[0] - before[0])[0]
        corners.append(before[0] + before[1] * share)
    return np.array(corners, np.float32)
