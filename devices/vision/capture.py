"""From a burst of pictures to one good page: the sharpest, found, straightened, judged."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from devices.vision.page import Corners, Outline, Pixels, find_page, in_order
from devices.vision.quality import LIMITS, SENTENCES, Flaw, Measures, flaws, measure, sharpness
from devices.vision.straighten import Paper, effective_dpi, rectify, skew_degrees, turned, without_shadow

_LEAST_TURN = 0.2
JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Captured:
    """A page as it will be handed in, or why not. ``page`` is BGR and None when none was found.

    ``flaws`` is empty when the page is good; ``sentence`` is for the citizen, '' when all is well. Holds
    what the citizen showed: never log it, drop it when he leaves. Its representation shows nothing of it.
    """

    page: Pixels | None
    outline: Outline | None
    measures: Measures | None
    flaws: tuple[Flaw, ...]
    chosen: int

    @property
    def good(self) -> bool:
        """May it be used as it is?"""
        return self.page is not None and not self.flaws

    @property
    def sentence(self) -> str:
        """What the citizen should do about the most hindering flaw."""
        return SENTENCES[self.flaws[0]] if self.flaws else ""

    def jpeg(self) -> bytes:
        """The page as JPEG without any metadata. Raises ValueError when there is none."""
        if self.page is None:
            raise ValueError("there is no page")
        return cv2.imencode(".jpg", self.page, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()

    def __repr__(self) -> str:
        return f"Captured({[flaw.value for flaw in self.flaws]}, …)"


def decoded(jpeg: bytes) -> Pixels:
    """Pixels (BGR) of a JPEG. Raises ValueError when it is none."""
    if not jpeg.startswith(b"\xff\xd8") or _promised_pixels(jpeg) > _LARGEST_PIXELS:
        raise ValueError("not a picture that can be")
    try:
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise ValueError("not a picture that can be") from error
    if image is None:
        raise ValueError("not a picture")
    return image


def _promised_pixels(jpeg: bytes) -> int:
    """The most that any frame header says; a broken one promises gigabytes and OpenCV would make room."""
    sizes = (struct.unpack(">HH", found.group(1)) for found in _FRAME_HEADER.finditer(jpeg))
    return max((height * width for height, width in sizes), default=0)


_FRAME_HEADER = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]..[\x08-\x10](.{4})", re.DOTALL)
_LARGEST_PIXELS = 64_000_000


def sharpest(images: Sequence[Pixels], outline: Outline | None) -> int:
    """Which picture of a burst is the sharpest within the page's box. Raises ValueError without any."""
    if not images:
        raise ValueError("an empty burst")
    measured = [sharpness(cv2.cvtColor(_boxed(image, outline), cv2.COLOR_BGR2GRAY)) for image in images]
    return int(np.argmax(measured))


def capture(
    images: Sequence[Pixels], paper: Paper = Paper.FREE, *, corners: Corners | None = None
) -> Captured:
    """The page in a burst of pictures (BGR, of one size). ``corners``: those that the citizen dragged.

    Cards keep their colours; sheets lose their shadows and are turned upright to their lines of print.
    Raises ValueError for an empty burst.
    """
    outline = find_page(images[-1]) if corners is None and images else None
    chosen = sharpest(images, outline)
    image = images[chosen]
    if corners is None:
        outline = find_page(image)
    else:
        outline = _dragged(image, corners)
    if outline is None:
        return Captured(None, None, None, flaws(None, LIMITS[paper]), chosen)
    page = rectify(image, outline.corners, paper)
    skew = 0.0
    if paper is not Paper.ID_CARD:
        page, skew = _upright(page)
    measures = measure(page, outline, dpi=effective_dpi(outline.corners, paper), skew=skew)
    if paper is not Paper.ID_CARD:
        page = without_shadow(page)
    return Captured(page, outline, measures, flaws(measures, LIMITS[paper]), chosen)


def _upright(page: Pixels) -> tuple[Pixels, float]:
    """The page along its lines of print, and the skew that is left."""
    skew = skew_degrees(page)
    if abs(skew) < _LEAST_TURN:
        return page, skew
    straight = turned(page, skew)
    return straight, skew_degrees(straight)


def _dragged(image: Pixels, corners: Corners) -> Outline:
    ordered = in_order(np.asarray(corners, np.float32))
    height, width = image.shape[:2]
    inside = bool((ordered >= 0).all() and (ordered < (width, height)).all())
    return Outline(ordered, 1.0, float(cv2.contourArea(ordered)) / (width * height), inside)


def _boxed(image: Pixels, outline: Outline | None) -> Pixels:
    if outline is None:
        return image
    left, top = np.maximum(outline.corners.min(axis=0), 0).astype(int)
    right, bottom = outline.corners.max(axis=0).astype(int)
    box = image[top:bottom, left:right]
    return box if box.size else image
