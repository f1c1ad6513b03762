"""Codes as a camera sees them: turned, small, tilted, blurred, dark, inverted, curved, on a phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from devices.simulators import documents

Pixels = np.ndarray[Any, Any]

TICKET = "BANSHI:1:T:20261123:A012:9F3C2A71D04E5B6C"
"""41 characters: version 3 at level M."""
APPOINTMENT = "BANSHI:1:APPT:" + "7F3A" * 52 + "AB"
"""224 characters: version 11."""
WIDTH, HEIGHT = 640, 480


@dataclass(frozen=True, slots=True)
class Condition:
    """What is hard about a scene; ``pixels`` of ticket's and appointment's code, border apart."""

    pixels: tuple[int, int] = (200, 270)
    tilt: float = 0.0
    blur: float = 0.0
    motion: int = 0
    dark: bool = False
    inverted: bool = False
    curved: bool = False
    phone: bool = False


CONDITIONS: Mapping[str, Condition] = {
    "any rotation": Condition(),
    "110 px (appointment 148)": Condition(pixels=(110, 148)),
    "80 px (appointment 108)": Condition(pixels=(80, 108)),
    "tilt 50 degrees": Condition(tilt=50.0),
    "blur sigma 1": Condition(blur=1.0),
    "blur sigma 2": Condition(blur=2.0),
    "motion 9 px": Condition(motion=9),
    "dark and noisy": Condition(dark=True),
    "inverted": Condition(inverted=True),
    "phone screen": Condition(phone=True),
    "curved": Condition(curved=True),
}


def code_scene(text: str, condition: Condition, seed: int) -> Pixels:
    """A grey picture of 640 × 480 with one code in it."""
    chance = np.random.default_rng(seed)
    pixels = condition.pixels[0 if text == TICKET else 1]
    if condition.phone:
        drawn = documents.phone(text, dark=bool(seed % 2)).convert("RGB")
        drawn.thumbnail((330, 460))
        code = np.asarray(drawn.convert("L"))
    else:
        code = np.asarray(documents.qr_code(text, pixels=pixels, inverted=condition.inverted))
    if condition.curved:
        code = _bent(code)
    degrees = chance.uniform(-8, 8) if condition.phone else chance.uniform(0, 360)
    placed = _placed(code, float(degrees), condition.tilt, chance)
    return _photographed(placed, condition, chance)


def _placed(code: Pixels, degrees: float, tilt: float, chance: Any) -> Pixels:
    """The code on a grey table, turned and tilted."""
    height, width = code.shape
    half = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    turn, lean = np.radians(degrees), np.radians(tilt)
    flat = half @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    depth = flat[:, 1] * np.sin(lean)
    seen = np.stack([flat[:, 0], flat[:, 1] * np.cos(lean)], axis=1) * (900 / (900 + depth))[:, None]
    corners = seen - (seen.max(0) + seen.min(0)) / 2 + (WIDTH / 2, HEIGHT / 2) + chance.uniform(-20, 20, 2)
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    table = np.full((HEIGHT, WIDTH), chance.uniform(110, 170), np.float32)
    there = cv2.warpPerspective(np.ones_like(code, np.float32), warp, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
    lit = cv2.warpPerspective(code.astype(np.float32), warp, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    placed: Pixels = table * (1 - there) + (20 + lit * 0.85) * there
    return placed


def _photographed(image: Pixels, condition: Condition, chance: Any) -> Pixels:
    noise = 4.0
    if condition.blur:
        image = cv2.GaussianBlur(image, (0, 0), condition.blur)
    if condition.motion:
        kernel = np.zeros((condition.motion, condition.motion), np.float32)
        kernel[condition.motion // 2] = 1 / condition.motion
        image = cv2.filter2D(image, -1, kernel)
    if condition.dark:
        image, noise = image * 0.22 + 6, 7.0
    return np.asarray(np.clip(image + chance.normal(0, noise, image.shape), 0, 255).astype(np.uint8))


def _bent(code: Pixels) -> Pixels:
    """Paper round a finger: the sides run away."""
    height, width = code.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    middle = (width - 1) / 2
    angle = np.arcsin(np.clip((x - middle) / middle, -0.999, 0.999))
    source = middle + angle / (np.pi / 2) * middle
    blend = 0.55 * source + 0.45 * x
    return cv2.remap(code, blend, y, cv2.INTER_LINEAR, borderValue=255)
