"""Draws what a document camera sees: a desk with a made-up form on it, a little different in each picture."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

import assets

WIDTH, HEIGHT = 960, 720
_PAPER = (560, 640)
_INK = (38, 42, 52)
_LINES = (
    ("申请人", "示例 · 张某某"),
    ("联系电话", "000-0000-0000"),
    ("申请事项", "个体工商户设立登记"),
    ("经营场所", "示例县示例镇幸福路1号"),
    ("材料清单", "申请书一份、场所证明一份"),
    ("申请日期", "二〇二六年十一月二十一日"),
)


@cache
def jpegs(count: int = 8, *, width: int = WIDTH, dark: bool = False, quality: int = 82) -> tuple[bytes, ...]:
    """``count`` pictures of the same desk as JPEG: sensor noise and a slow drift, as a real camera has."""
    scene = _scene()
    if width != WIDTH:
        scene = scene.resize((width, HEIGHT * width // WIDTH), Image.Resampling.LANCZOS)
    base = np.asarray(scene, dtype=np.int16)
    grain = (np.random.default_rng(20181).normal(0.0, 3.0, size=(*base.shape[:2], 1))).astype(np.int16)
    if dark:
        base, grain = base // 64, grain // 4
    pictures = []
    for index in range(count):
        drift = np.roll(base, index % 3 - 1, axis=1)
        seen = np.clip(drift + np.roll(grain, index * 97, axis=1), 0, 255)
        pictures.append(_encoded(seen.astype(np.uint8), quality))
    return tuple(pictures)


def _encoded(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], quality: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality)
    return out.getvalue()


def _scene() -> Image.Image:
    desk = _desk()
    paper = _form().rotate(-4.0, resample=Image.Resampling.BICUBIC, expand=True)
    place = ((WIDTH - paper.width) // 2, (HEIGHT - paper.height) // 2 + 12)
    shadow = Image.new("RGBA", desk.size)
    shadow.paste((20, 12, 6, 120), (place[0] + 10, place[1] + 14), paper.getchannel("A"))
    desk.paste(
        shadow.filter(ImageFilter.GaussianBlur(12)), (0, 0), shadow.filter(ImageFilter.GaussianBlur(12))
    )
    desk.paste(paper, place, paper)
    return desk.convert("RGB")


def _desk() -> Image.Image:
    """Wood: bands of brown along the grain, and a lamp from the upper left."""
    grain = np.random.default_rng(7).normal(0.0, 1.0, size=(HEIGHT, 1)).cumsum(axis=0)
    grain = np.sin(grain * 0.35) * 9.0 + np.random.default_rng(8).normal(0.0, 2.0, size=(HEIGHT, WIDTH))
    light = np.linspace(1.12, 0.82, WIDTH)[None, :] * np.linspace(1.05, 0.92, HEIGHT)[:, None]
    wood = (np.array([150, 112, 78])[None, None, :] + grain[:, :, None]) * light[:, :, None]
    return Image.fromarray(np.clip(wood, 0, 255).astype(np.uint8)).convert("RGBA")


def _form() -> Image.Image:
    paper = Image.new("RGBA", _PAPER, (246, 245, 240, 255))
    draw = ImageDraw.Draw(paper)
    title, text, small = _font(38, bold=True), _font(22), _font(16)
    draw.text((_PAPER[0] // 2, 58), "示例申请表", font=title, fill=_INK, anchor="mm")
    draw.text((_PAPER[0] // 2, 98), "（样张，不具效力）", font=small, fill=(150, 60, 60), anchor="mm")
    for row, (label, value) in enumerate(_LINES):
        top = 140 + row * 58
        draw.rectangle((44, top, _PAPER[0] - 44, top + 58), outline=(120, 124, 132))
        draw.line((164, top, 164, top + 58), fill=(120, 124, 132))
        draw.text((104, top + 29), label, font=text, fill=_INK, anchor="mm")
        draw.text((180, top + 29), value, font=text, fill=(40, 60, 130), anchor="lm")
    draw.ellipse((372, 500, 492, 620), outline=(196, 40, 44), width=5)
    draw.text((432, 560), "样 章", font=text, fill=(196, 40, 44), anchor="mm")
    draw.text((60, 560), "申请人签字：________", font=text, fill=_INK, anchor="lm")
    return paper


def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The hall's face where it was fetched; else Pillow's own, which draws Hanzi as boxes."""
    try:
        return ImageFont.truetype(
            assets.fetched("fonts", f"NotoSansSC-{'Bold' if bold else 'Regular'}.ttf"), size
        )
    except (assets.AssetMissing, OSError):
        return ImageFont.load_default(size)
