"""A hall's logo: what may be one, made small and harmless; the dots of it for ticket printers.

Only PNG comes here: the set-up page draws an SVG in the browser, where no script in it runs, and sends dots.
What is kept is drawn anew from the dots, so that nothing else that lay in the file goes on.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from contract.branding import Raster

LARGEST_UPLOAD_BYTES = 1024 * 1024
LARGEST_BYTES = 24_000
"""Of what is kept: a cell of a workbook holds it as text."""
LEAST_PX, MOST_PX, KEPT_PX = 64, 4096, 240
NARROWEST, WIDEST = 0.75, 2.0
"""Width by height: a mark beside the hall's name, not the name once more."""
TICKET_DOTS = (240, 96)
_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = (b"<svg", b"<?xml", b"<!doctype svg")


class NotALogo(Exception):
    """It cannot be the logo; ``str()`` is the sentence for the manager."""


@dataclass(frozen=True, slots=True)
class Size:
    """In dots."""

    width: int
    height: int


def taken(upload: bytes) -> bytes:
    """The logo of an upload as the PNG that is kept. Raises NotALogo."""
    if len(upload) > LARGEST_UPLOAD_BYTES:
        raise NotALogo(f"图片超过 {LARGEST_UPLOAD_BYTES // 1024 // 1024} MB，请缩小后再上传")
    image = _drawn(_opened(upload))
    box = image.getchannel("A").getbbox()
    if box is None:
        raise NotALogo("图片是全透明的，什么也看不见")
    image = image.crop(box)
    _refuse_shape(image)
    image.thumbnail((KEPT_PX, KEPT_PX), Image.Resampling.LANCZOS)
    return _small(image)


def why_not(png: bytes) -> str:
    """What keeps a picture in a description from being the logo, '' when nothing does."""
    try:
        if len(png) > LARGEST_BYTES:
            raise NotALogo(f"图片超过 {LARGEST_BYTES} 字节，请在“标志与颜色”页面重新上传")
        image = _drawn(_opened(png))
        if image.getchannel("A").getbbox() is None:
            raise NotALogo("图片是全透明的，什么也看不见")
        _refuse_shape(image)
    except NotALogo as why:
        return str(why)
    return ""


def size_of(png: bytes) -> Size:
    """Of a logo that was taken."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        return Size(*image.size)


def ticket_dots(png: bytes) -> Raster:
    """The logo in black and white, small enough for the narrowest paper."""
    image = _drawn(_opened(png))
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    grey = white.convert("L")
    grey = grey.resize(_within(grey.size, TICKET_DOTS), Image.Resampling.LANCZOS)
    level = _level(grey)
    dots = grey.point([255 * (value <= level) for value in range(256)], "1")
    return Raster(width=dots.width, height=dots.height, rows=dots.tobytes())


# ---------------------------------------------------------------- helpers


def _opened(content: bytes) -> Image.Image:
    """A PNG of a size that can be drawn; its head is read, nothing else."""
    if content.lstrip()[:13].lower().startswith(_SVG):
        raise NotALogo("请在“标志与颜色”页面上传 SVG，浏览器会先把它画成 PNG；这里只收 PNG")
    if not content.startswith(_PNG):
        raise NotALogo("不是 PNG 或 SVG 图片，请换一个文件")
    wide, high = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    if not LEAST_PX <= min(wide, high) <= max(wide, high) <= MOST_PX:
        raise NotALogo(f"图片为 {wide}×{high} 像素，边长应在 {LEAST_PX} 到 {MOST_PX} 像素之间")
    try:
        return Image.open(io.BytesIO(content), formats=("PNG",))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise NotALogo("PNG 图片已损坏，请重新导出") from error


def _drawn(image: Image.Image) -> Image.Image:
    try:
        return image.convert("RGBA")
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise NotALogo("PNG 图片已损坏，请重新导出") from error


def _refuse_shape(image: Image.Image) -> None:
    shape = image.width / image.height
    if not NARROWEST <= shape <= WIDEST:
        much = "太宽" if shape > WIDEST else "太高"
        raise NotALogo(
            f"图案{much}（{image.width}×{image.height}）：宽应为高的 {NARROWEST} 到 {WIDEST:g} 倍。"
            "请只用图案部分，大厅名称另有显示"
        )
    if min(image.size) < LEAST_PX // 2:
        raise NotALogo("除去透明边缘后图案太小，请换一张更大的图片")


def _small(image: Image.Image) -> bytes:
    """As PNG; with fewer colours, then smaller, until it is small enough."""
    for side in (KEPT_PX, 200, 160, 128):
        fitted = image.copy()
        fitted.thumbnail((side, side), Image.Resampling.LANCZOS)
        for drawn in (fitted, fitted.quantize(128, Image.Quantize.FASTOCTREE)):
            out = io.BytesIO()
            drawn.save(out, "PNG", optimize=True)
            if out.tell() <= LARGEST_BYTES:
                return out.getvalue()
    raise NotALogo("图片细节太多，请用更简单的图案")


def _within(size: tuple[int, int], most: tuple[int, int]) -> tuple[int, int]:
    share = min(most[0] / size[0], most[1] / size[1])
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _level(grey: Image.Image) -> int:
    """Where black ends: the grey that parts the picture's dots best (Otsu)."""
    counts = grey.histogram()
    total, all_light = sum(counts), sum(value * count for value, count in enumerate(counts))
    best, level, dark, dark_light = -1.0, 127, 0, 0
    for value, count in enumerate(counts[:-1]):
        dark, dark_light = dark + count, dark_light + value * count
        if not 0 < dark < total:
            continue
        apart = dark_light / dark - (all_light - dark_light) / (total - dark)
        between = dark * (total - dark) * apart * apart
        if between > best:
            best, level = between, value
    return level
