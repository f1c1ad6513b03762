"""Draws what a camera of the hall sees: a desk with something on it, or somebody before the kiosk.

Every picture differs a little from the one before, by sensor noise and a slow drift, as those of a real
camera do. The person is drawn, nobody's likeness.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from devices.simulators import documents, drawn_person

WIDTH, HEIGHT = 960, 720
STILL_WIDTH = 2592
"""A 5-megapixel module: 2592 × 1944."""
SCENES: Mapping[str, str] = {
    "form": "申请表",
    "id_card": "身份证（样张）",
    "licence": "营业执照（样张）",
    "phone": "手机上的预约码",
    "phone_dark": "手机上的预约码（深色）",
    "empty": "空桌面",
    "person": "有人站在前面",
    "nobody": "前面没有人",
}
APPOINTMENT = "BANSHI:1:APPT:20261123-0007:9F3C2A71"
"""What the phone's code says: an invented appointment."""

_LAID: Mapping[str, tuple[Callable[[], Image.Image], float, float]] = {
    "form": (documents.form, 0.86, -4.0),
    "id_card": (documents.id_card, 0.62, 3.0),
    "licence": (documents.licence, 0.9, -2.5),
    "phone": (lambda: documents.phone(APPOINTMENT), 0.9, 5.0),
    "phone_dark": (lambda: documents.phone(APPOINTMENT, dark=True), 0.9, -3.0),
}
"""What lies on the desk, its long side as a share of the desk's height, degrees by which it is turned."""

Pixels = np.ndarray[Any, Any]


@cache
def jpegs(
    scene: str = "form", count: int = 8, *, width: int = WIDTH, dark: bool = False, quality: int = 85
) -> tuple[bytes, ...]:
    """``count`` pictures of a scene as JPEG, 4:3 and ``width`` wide. Raises KeyError for an unknown scene."""
    image = _scene(scene, width)
    base = np.asarray(image, dtype=np.int16)
    grain = (np.random.default_rng(20181).normal(0.0, 3.0, size=(*base.shape[:2], 1))).astype(np.int16)
    if dark:
        base, grain = base // 64, grain // 4
    pictures = []
    for index in range(count):
        drift = np.roll(base, index % 3 - 1, axis=1)
        seen = np.clip(drift + np.roll(grain, index * 97, axis=1), 0, 255)
        pictures.append(_encoded(seen.astype(np.uint8), quality))
    return tuple(pictures)


def _encoded(pixels: Pixels, quality: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality)
    return out.getvalue()


def _scene(scene: str, width: int) -> Image.Image:
    if scene not in SCENES:
        raise KeyError(scene)
    height = width * HEIGHT // WIDTH
    if scene in ("person", "nobody"):
        return drawn_person.picture((width, height), there=scene == "person")
    desk = _desk(width, height)
    if scene in _LAID:
        draw, share, degrees = _LAID[scene]
        _lay(desk, draw(), share, degrees)
    return desk.convert("RGB")


def _lay(desk: Image.Image, paper: Image.Image, share: float, degrees: float) -> None:
    """Put a paper in the middle of the desk, with its shadow."""
    scale = share * desk.height / max(paper.size)
    size = (round(paper.width * scale), round(paper.height * scale))
    turned = paper.resize(size, Image.Resampling.LANCZOS).rotate(
        degrees, resample=Image.Resampling.BICUBIC, expand=True
    )
    place = ((desk.width - turned.width) // 2, (desk.height - turned.height) // 2)
    unit = desk.width / WIDTH
    shadow = Image.new("RGBA", desk.size)
    shadow.paste(
        (20, 12, 6, 120),
        (place[0] + round(8 * unit), place[1] + round(10 * unit)),
        turned.getchannel("A"),
    )
    soft = shadow.filter(ImageFilter.BoxBlur(10 * unit))
    desk.paste(soft, (0, 0), soft)
    desk.paste(turned, place, turned)


def _desk(width: int, height: int) -> Image.Image:
    """Wood: bands of brown along the grain, and a lamp from the upper left."""
    grain = np.random.default_rng(7).normal(0.0, 1.0, size=(HEIGHT, 1)).cumsum(axis=0)
    grain = np.sin(grain * 0.35) * 9.0 + np.random.default_rng(8).normal(0.0, 2.0, size=(HEIGHT, WIDTH))
    light = np.linspace(1.12, 0.82, WIDTH)[None, :] * np.linspace(1.05, 0.92, HEIGHT)[:, None]
    wood = (np.array([150, 112, 78])[None, None, :] + grain[:, :, None]) * light[:, :, None]
    small = Image.fromarray(np.clip(wood, 0, 255).astype(np.uint8)).convert("RGBA")
    return small if small.size == (width, height) else small.resize((width, height), Image.Resampling.BICUBIC)
