"""Measures of a photographed page, and the gates that say to the citizen what to do better.

No single number tells blur: a card has few edges, a page of print many. ``sharpness`` is a ratio, the
steepest edges against the contrast that is there (VISION §2.2), so that it can be compared across documents.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from devices.vision.page import Outline, Pixels
from devices.vision.straighten import Paper

_WIDTH = 1200
"""Sharpness is measured at no more than this many pixels along the long side, whatever the camera's."""
_RIM = 0.03
_BLOCKS = 48


class Flaw(StrEnum):
    """What is wrong with a capture, the most hindering first."""

    NO_PAGE = "no_page"
    CUT_OFF = "cut_off"
    TOO_FAR = "too_far"
    TOO_COARSE = "too_coarse"
    DARK = "dark"
    BRIGHT = "bright"
    GLARE = "glare"
    BLURRED = "blurred"
    FLAT = "flat"
    CROOKED = "crooked"


SENTENCES = {
    Flaw.NO_PAGE: "没有看到材料，请把材料平放在拍摄区中间",
    Flaw.CUT_OFF: "材料没有拍全，请把四个角都放进拍摄区",
    Flaw.TOO_FAR: "材料太小，请放在拍摄区中间",
    Flaw.TOO_COARSE: "画面不够清楚，请把材料放近一些",
    Flaw.DARK: "光线太暗，请不要挡住灯光",
    Flaw.BRIGHT: "光线太亮，请避开直射的灯光",
    Flaw.GLARE: "有反光看不清字，请把材料放平或换个角度",
    Flaw.BLURRED: "画面模糊，请把材料放平，手拿开后稍等",
    Flaw.FLAT: "字迹看不清，请检查材料是否放反",
    Flaw.CROOKED: "材料放歪了，请摆正",
}


@dataclass(frozen=True, slots=True)
class Measures:
    """Everything that was measured of one picture of a page.

    ``sharpness`` steepest edge ÷ contrast per pixel; ``glare`` share of the page that is blown out where the
    lamp alone would not do it; ``level`` mean lightness 0–255; ``contrast`` its 95th − 1st percentile;
    ``area_share`` of the frame; ``inside`` all corners in the frame; ``dpi`` 0 when the paper's size is
    unknown; ``skew`` degrees.
    """

    sharpness: float
    glare: float
    level: float
    contrast: float
    area_share: float
    inside: bool
    dpi: float
    skew: float


@dataclass(frozen=True, slots=True)
class Limits:
    """When a page is good enough; the defaults of VISION §2.2, sharpness calibrated per kind of document."""

    sharpness: float
    least_area_share: float = 0.05
    least_dpi: float = 0.0
    levels: tuple[float, float] = (70.0, 235.0)
    contrast: float = 60.0
    glare: float = 0.02
    skew: float = 1.0


LIMITS = {
    Paper.ID_CARD: Limits(sharpness=0.15, least_dpi=150.0),
    Paper.A4: Limits(sharpness=0.16, least_dpi=100.0, least_area_share=0.1),
    Paper.FREE: Limits(sharpness=0.15),
}


def measure(page: Pixels, outline: Outline, *, dpi: float, skew: float) -> Measures:
    """Measure a rectified page (BGR), its rim left out: there the desk begins. About 30 ms for 1200 px."""
    scale = min(1.0, _WIDTH / max(page.shape[:2]))
    shown = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    rim = max(2, round(max(shown.shape[:2]) * _RIM))
    shown = shown[rim:-rim, rim:-rim]
    grey = cv2.cvtColor(shown, cv2.COLOR_BGR2GRAY)
    dark, light = (float(value) for value in np.percentile(grey[::3, ::3], (1, 95)))
    return Measures(
        sharpness=sharpness(grey),
        glare=_glare(shown),
        level=float(grey.mean()),
        contrast=light - dark,
        area_share=outline.area_share,
        inside=outline.inside,
        dpi=dpi,
        skew=skew,
    )


def sharpness(grey: Pixels) -> float:
    """Steepest edges (99.5th percentile of the gradient after a blur of one pixel) ÷ contrast, per pixel."""
    soft = cv2.GaussianBlur(grey, (0, 0), 1.0).astype(np.float32)
    across = cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=3) / 8
    down = cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3) / 8
    steep = float(np.percentile(cv2.magnitude(across, down)[::2, ::2], 99.5))
    dark, light = (float(value) for value in np.percentile(grey[::4, ::4], (0.5, 99)))
    return steep / max(light - dark, 8.0)


def flaws(measures: Measures | None, limits: Limits) -> tuple[Flaw, ...]:
    """PURE: what is wrong, the most hindering first; empty when the page is good."""
    if measures is None:
        return (Flaw.NO_PAGE,)
    found = {
        Flaw.CUT_OFF: not measures.inside,
        Flaw.TOO_FAR: measures.area_share < limits.least_area_share,
        Flaw.TOO_COARSE: 0.0 < measures.dpi < limits.least_dpi,
        Flaw.DARK: measures.level < limits.levels[0],
        Flaw.BRIGHT: measures.level > limits.levels[1] and measures.contrast < limits.contrast,
        Flaw.GLARE: measures.glare > limits.glare,
        Flaw.BLURRED: measures.sharpness < limits.sharpness,
        Flaw.FLAT: measures.contrast < limits.contrast,
        Flaw.CROOKED: abs(measures.skew) > limits.skew,
    }
    return tuple(flaw for flaw in Flaw if found.get(flaw))


def _glare(page: Pixels) -> float:
    """Share of blocks that are blown out although the light on the paper around does not make them so.

    Paper evenly near white is no glare: a plane is laid through the lightness of the blocks that are not
    blown out, and only blocks whose plane stays below white count.
    """
    height, width = page.shape[:2]
    blocks = (_BLOCKS, max(4, round(_BLOCKS * height / width)))
    value = cv2.resize(page.max(axis=2), blocks, interpolation=cv2.INTER_AREA).astype(np.float32)
    dull = cv2.resize(page.min(axis=2), blocks, interpolation=cv2.INTER_AREA).astype(np.float32)
    blown = (value >= 250) & (dull >= 220)
    if not blown.any() or blown.mean() > 0.6:
        return 0.0
    y, x = np.mgrid[0 : blocks[1], 0 : blocks[0]]
    terms = np.stack([np.ones(value.size), x.ravel() / blocks[0], y.ravel() / blocks[1]], axis=1)
    paper = ~blown.ravel() & (value.ravel() >= np.percentile(value, 25))
    if paper.sum() < 20:
        return 0.0
    plane, *_ = np.linalg.lstsq(terms[paper], value.ravel()[paper], rcond=None)
    expected = (terms @ plane).reshape(value.shape)
    return float((blown & (expected < 242)).mean())
