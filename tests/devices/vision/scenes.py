"""Scenes of a document camera with known corners: desks, documents, tilt, light, shadow, finger."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from PIL import Image

from devices.simulators import documents

Pixels = np.ndarray[Any, Any]

BACKGROUNDS = ("dark desk", "light desk", "wood", "clutter")
DOCUMENTS = ("card", "licence", "form")
WIDTH, HEIGHT = 1280, 960
FOCAL = 1400.0


@dataclass(frozen=True, slots=True)
class Scene:
    """``image`` BGR; ``corners`` (4, 2) in pixels, clockwise from the document's own top left."""

    image: Pixels
    corners: Pixels


@cache
def document(kind: str) -> Pixels:
    """RGBA pixels of one document."""
    if kind == "card":
        return np.asarray(documents.id_card())
    return np.asarray(documents.licence() if kind == "licence" else documents.form())


def scene(kind: str, background: str, seed: int, *, finger: bool = False, tilt: float = 12.0) -> Scene:
    """One scene; ``tilt`` is the most degrees by which the camera looks from aside."""
    chance = np.random.default_rng((seed, DOCUMENTS.index(kind), BACKGROUNDS.index(background)))
    desk = _desk(background, chance)
    corners = _place(kind, chance, tilt)
    lit = _laid(desk, document(kind), corners, chance)
    if finger:
        lit = _with_finger(lit, corners, chance)
    return Scene(_seen(lit, chance), corners)


def _place(kind: str, chance: Any, tilt: float) -> Pixels:
    """Where the four corners fall: a plane turned in the desk and tilted by a pinhole camera."""
    height, width = document(kind).shape[:2]
    long_side = chance.uniform(0.52, 0.74) * HEIGHT * (1.0 if kind == "form" else 1.15)
    scale = long_side / max(width, height)
    half = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) * scale / 2
    turn = np.radians(chance.uniform(-14, 14))
    flat = half @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    pitch, yaw = np.radians(chance.uniform(-tilt, tilt, 2))
    points = np.c_[flat, np.zeros(4)]
    rotate_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    rotate_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    turned = points @ rotate_x.T @ rotate_y.T
    seen = turned[:, :2] * (FOCAL / (FOCAL + turned[:, 2:]))
    centre = np.array([WIDTH, HEIGHT]) / 2 + chance.uniform(-25, 25, 2)
    placed: Pixels = (seen - (seen.max(0) + seen.min(0)) / 2 + centre).astype(np.float32)
    return placed


def _laid(desk: Pixels, paper: Pixels, corners: Pixels, chance: Any) -> Pixels:
    """The document on the desk with its soft shadow, and a lamp that lights one side more; float RGB."""
    height, width = paper.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = cv2.getPerspectiveTransform(source, corners)
    seen = cv2.warpPerspective(paper, warp, (WIDTH, HEIGHT), flags=cv2.INTER_AREA).astype(np.float32)
    alpha = seen[:, :, 3:] / 255.0
    shift = np.array([[1, 0, chance.uniform(2, 9)], [0, 1, chance.uniform(2, 9)]], np.float32)
    shadow = cv2.GaussianBlur(cv2.warpAffine(alpha, shift, (WIDTH, HEIGHT)), (0, 0), 6)[:, :, None]
    ground = desk * (1 - 0.4 * shadow * (1 - alpha))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    angle = chance.uniform(0, 2 * np.pi)
    along = (np.cos(angle) * (x / WIDTH - 0.5) + np.sin(angle) * (y / HEIGHT - 0.5))[:, :, None]
    light = 1.0 + along * chance.uniform(0.15, 0.5)
    laid: Pixels = (ground * (1 - alpha) + seen[:, :, :3] * alpha) * light * 0.92
    return laid


def _with_finger(lit: Pixels, corners: Pixels, chance: Any) -> Pixels:
    """A finger that holds the paper at one of its sides."""
    side = int(chance.integers(4))
    share = chance.uniform(0.3, 0.7)
    tip = corners[side] * (1 - share) + corners[(side + 1) % 4] * share
    inward = corners.mean(0) - tip
    inward /= np.linalg.norm(inward)
    start, end = tip - inward * 220, tip + inward * 45
    skin = lit.copy()
    cv2.line(skin, _at(start), _at(end), (206, 158, 132), 64, cv2.LINE_AA)
    turn = float(np.degrees(np.arctan2(inward[1], inward[0])))
    cv2.ellipse(skin, (_at(end), (40.0, 50.0), turn), (228, 188, 170), -1)
    return cv2.GaussianBlur(skin, (0, 0), 0.6)


def _seen(lit: Pixels, chance: Any) -> Pixels:
    """What the sensor makes of it: a little blur, noise, JPEG; BGR bytes."""
    soft = cv2.GaussianBlur(lit, (0, 0), 0.8)
    noisy = soft + chance.normal(0, 3.0, soft.shape)
    pixels = np.clip(noisy, 0, 255).astype(np.uint8)[:, :, ::-1]
    _, coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 88])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))


def _desk(background: str, chance: Any) -> Pixels:
    if background == "dark desk":
        ground = np.full((HEIGHT, WIDTH, 3), (44, 46, 52), np.float32)
    elif background == "light desk":
        ground = np.full((HEIGHT, WIDTH, 3), (214, 212, 206), np.float32)
    else:
        ground = _wood(chance)
    ground = ground + chance.normal(0, 2.0, (HEIGHT, WIDTH, 1)).astype(np.float32)
    return _with_papers(ground, chance) if background == "clutter" else ground


def _wood(chance: Any) -> Pixels:
    grain = chance.normal(0, 1, (HEIGHT, 1)).cumsum(0)
    grain = np.sin(grain * 0.35) * 12 + chance.normal(0, 3, (HEIGHT, WIDTH))
    wood: Pixels = (np.array([150, 112, 78])[None, None] + grain[:, :, None]).astype(np.float32)
    return wood


def _with_papers(ground: Pixels, chance: Any) -> Pixels:
    """Other sheets, some with lines of print, lying about under the one that is meant."""
    for _ in range(5):
        width, height = chance.uniform(180, 520, 2)
        pixels = np.full((int(height), int(width), 4), 255, np.uint8)
        pixels[:, :, :3] = chance.uniform(170, 250, 3)
        for top in range(24, int(height) - 20, 26):
            pixels[top : top + 5, 20 : int(width * chance.uniform(0.5, 0.9)), :3] = 90
        sheet = Image.fromarray(pixels).rotate(chance.uniform(0, 360), expand=True)
        canvas = Image.new("RGBA", (WIDTH, HEIGHT))
        canvas.paste(sheet, (int(chance.uniform(-200, WIDTH - 200)), int(chance.uniform(-200, HEIGHT - 200))))
        layer = np.asarray(canvas).astype(np.float32)
        alpha = layer[:, :, 3:] / 255
        ground = ground * (1 - alpha) + layer[:, :, :3] * alpha
    return ground


def _at(point: Pixels) -> tuple[int, int]:
    return int(point[0]), int(point[1])


def overlap(mine: Pixels, truth: Pixels) -> float:
    """Intersection over union of two convex outlines."""
    common, _ = cv2.intersectConvexConvex(mine.astype(np.float32), truth.astype(np.float32))
    union = cv2.contourArea(mine.astype(np.float32)) + cv2.contourArea(truth.astype(np.float32)) - common
    return float(common / union) if union > 0 else 0.0
