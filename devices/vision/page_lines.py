"""Proposes outlines of a page from straight lines, for pages whose edge breaks up among other papers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

_LONGEST_LINES, _QUADS = 26, 10
_SAME_ANGLE, _SAME_PLACE = np.radians(2.5), 4.0
_PARALLEL, _ACROSS = np.radians(14), np.radians(62)
_APART = 60.0
"""Two opposite sides are at least this many pixels apart."""
_PROBES = 24

Array = np.ndarray[Any, Any]


def line_quads(grey: Array) -> Iterator[Array]:
    """The likeliest quadrilaterals of long lines in a grey picture of about 720 px, corners in any order."""
    lines = _lines(grey)
    if len(lines) < 4:
        return
    edges = cv2.dilate(cv2.Canny(grey, 15, 45), np.ones((3, 3), np.uint8)) > 0
    quads = _quads(lines, grey.shape)
    if len(quads) == 0:
        return
    cover = _cover(edges, quads)
    area = np.array([cv2.contourArea(quad) for quad in quads]) / grey.size
    order = np.argsort(-cover.min(axis=1) * cover.mean(axis=1) * np.sqrt(area))
    yield from quads[order[:_QUADS]]


def _lines(grey: Array) -> Array:
    """The longest straight lines as (angle 0–π, distance from the middle, length), pieces joined."""
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE).detect(grey)[0]
    if found is None:
        return np.zeros((0, 3))
    ends = found.reshape(-1, 2, 2) - np.array(grey.shape[::-1]) / 2
    along = ends[:, 1] - ends[:, 0]
    length = np.linalg.norm(along, axis=1)
    long = np.argsort(-length)[:160]
    along, length, middle = along[long], length[long], ends[long].mean(axis=1)
    angle = np.arctan2(along[:, 1], along[:, 0]) % np.pi
    place = -middle[:, 0] * np.sin(angle) + middle[:, 1] * np.cos(angle)
    joined: list[list[float]] = []
    for one_angle, one_place, one_length in zip(angle, place, length, strict=True):
        for line in joined:
            turn = abs((one_angle - line[0] + np.pi / 2) % np.pi - np.pi / 2)
            flipped = abs(one_angle - line[0]) > np.pi / 2
            if turn < _SAME_ANGLE and abs((-one_place if flipped else one_place) - line[1]) < _SAME_PLACE:
                line[2] += one_length
                break
        else:
            joined.append([float(one_angle), float(one_place), float(one_length)])
    joined.sort(key=lambda line: -line[2])
    return np.array(joined[:_LONGEST_LINES])


def _quads(lines: Array, shape: tuple[int, ...]) -> Array:
    """Corners of every pair of opposite sides with every pair across it, inside the picture: (n, 4, 2)."""
    angle, place = lines[:, 0], lines[:, 1]
    first, second = np.triu_indices(len(lines), 1)
    turn = _turn(angle[first], angle[second])
    flipped = np.abs(angle[first] - angle[second]) > np.pi / 2
    apart = np.abs(place[first] - np.where(flipped, -place[second], place[second]))
    wanted = (turn < _PARALLEL) & (apart > _APART)
    pairs = np.stack([first[wanted], second[wanted]], axis=1)
    if len(pairs) < 2:
        return np.zeros((0, 4, 2), np.float32)
    one, other = np.triu_indices(len(pairs), 1)
    across = _turn(angle[pairs[one, 0]], angle[pairs[other, 0]]) > _ACROSS
    one, other = pairs[one[across]], pairs[other[across]]
    corners = (
        np.stack(
            [
                _crossing(lines, one[:, 0], other[:, 0]),
                _crossing(lines, one[:, 0], other[:, 1]),
                _crossing(lines, one[:, 1], other[:, 1]),
                _crossing(lines, one[:, 1], other[:, 0]),
            ],
            axis=1,
        )
        + np.array(shape[1::-1]) / 2
    )
    inside = (corners > -4).all(axis=(1, 2)) & (corners < np.array(shape[1::-1]) + 4).all(axis=(1, 2))
    return corners[inside].astype(np.float32)


def _turn(one: Array, other: Array) -> Array:
    turned: Array = np.abs((one - other + np.pi / 2) % np.pi - np.pi / 2)
    return turned


def _crossing(lines: Array, one: Array, other: Array) -> Array:
    a, b = lines[one, 0], lines[other, 0]
    p, q = lines[one, 1], lines[other, 1]
    sine = np.sin(b - a)
    sine = np.where(np.abs(sine) < 1e-6, 1e-6, sine)
    return np.stack([(p * np.cos(b) - q * np.cos(a)) / sine, (p * np.sin(b) - q * np.sin(a)) / sine], axis=1)


def _cover(edges: Array, quads: Array) -> Array:
    """Share of each side that lies on an edge: (n, 4)."""
    share = np.linspace(0.04, 0.96, _PROBES, dtype=np.float32)[None, None, :, None]
    points = quads[:, :, None] * (1 - share) + np.roll(quads, -1, axis=1)[:, :, None] * share
    x = np.clip(points[..., 0].round().astype(np.int32), 0, edges.shape[1] - 1)
    y = np.clip(points[..., 1].round().astype(np.int32), 0, edges.shape[0] - 1)
    cover: Array = edges[y, x].mean(axis=2)
    return cover
