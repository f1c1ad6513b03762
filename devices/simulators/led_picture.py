"""What bars and lights look like, as PNG: each LED a dot, lit or dark."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from assets import glyphs
from devices.signals import Flash, LedColour, Light

DOTS_HIGH = 16
_PITCH = 6
_MARGIN = 14
_LABEL = 26
_BACK, _PANEL, _DARK, _INK = (38, 44, 52), (12, 12, 14), (40, 36, 36), (214, 220, 228)
_LIT = {
    LedColour.RED: (255, 64, 48),
    LedColour.GREEN: (64, 230, 96),
    LedColour.YELLOW: (255, 190, 48),
}
_DULL = {
    LedColour.RED: (74, 26, 24),
    LedColour.GREEN: (22, 62, 34),
    LedColour.YELLOW: (74, 58, 20),
}
_WORDS = {LedColour.RED: "红", LedColour.GREEN: "绿", LedColour.YELLOW: "黄"}
_RATES = {Flash.OFF: "灭", Flash.STEADY: "常亮", Flash.SLOW: "慢闪", Flash.QUICK: "快闪"}
_PLACES = {"card": "证件口", "paper": "出票口", "camera": "摄像头", "scanner": "扫码口"}
_LEVEL = 100


def bars_picture(bars: Sequence[tuple[str, str, LedColour]], columns: int) -> bytes:
    """Bars under one another: label, text, colour; ``columns`` half-width characters of eight dots."""
    wide = columns * DOTS_HIGH // 2
    width = wide * _PITCH + 2 * _MARGIN
    each = _LABEL + DOTS_HIGH * _PITCH + _MARGIN
    image = Image.new("RGB", (width, each * len(bars) + _MARGIN), _BACK)
    draw = ImageDraw.Draw(image)
    for index, (label, text, colour) in enumerate(bars):
        top = index * each + _MARGIN // 2
        draw.text((_MARGIN, top), label, font=_font("NotoSansSC", 17), fill=_INK)
        _draw_bar(draw, dots_of(text, wide), (_MARGIN, top + _LABEL), wide, _LIT[colour])
    return _png(image)


def dots_of(text: str, wide: int) -> Image.Image:
    """The text in 16 rows of dots: Hanzi 16 wide, Latin letters 8, as a bar's character ROM has them."""
    image = Image.new("L", (wide, DOTS_HIGH))
    draw = ImageDraw.Draw(image)
    left = 0
    for character in text:
        half = len(character.encode("gbk", "ignore")) == 1
        font = _font(glyphs.font_of(character), 14 if half else 16)
        cell = DOTS_HIGH // 2 if half else DOTS_HIGH
        room = draw.textlength(character, font=font)
        draw.text((left + (cell - room) / 2, 14), character, font=font, fill=255, anchor="ls")
        left += cell
    return image.point(lambda value: 255 if value > _LEVEL else 0)


def lights_picture(lights: Mapping[str, Light], colours: Mapping[str, Sequence[LedColour]]) -> bytes:
    """Positions beside one another: its lamps, the one that burns bright, its name and how it burns."""
    cell = 132
    image = Image.new("RGB", (max(1, len(colours)) * cell + 2 * _MARGIN, 132), _BACK)
    draw = ImageDraw.Draw(image)
    for index, (position, has) in enumerate(colours.items()):
        light = lights[position]
        left = _MARGIN + index * cell
        for place, colour in enumerate(has):
            on = light.flash is not Flash.OFF and light.colour is colour
            middle = (left + cell * (place + 1) / (len(has) + 1), 44)
            _lamp(draw, middle, (_LIT if on else _DULL)[colour], burning=on)
        words = _RATES[light.flash] + (_WORDS[light.colour] if light.flash is not Flash.OFF else "")
        for text, height in ((_PLACES.get(position, position), 88), (words, 112)):
            draw.text((left + cell / 2, height), text, font=_font("NotoSansSC", 17), fill=_INK, anchor="mm")
    return _png(image)


def _draw_bar(
    draw: ImageDraw.ImageDraw, dots: Image.Image, at: tuple[int, int], wide: int, lit: tuple[int, int, int]
) -> None:
    left, top = at
    draw.rectangle((left - 4, top - 4, left + wide * _PITCH + 3, top + DOTS_HIGH * _PITCH + 3), fill=_PANEL)
    for row in range(DOTS_HIGH):
        for column in range(wide):
            x, y = left + column * _PITCH, top + row * _PITCH
            colour = lit if dots.getpixel((column, row)) else _DARK
            draw.ellipse((x + 0.5, y + 0.5, x + _PITCH - 1, y + _PITCH - 1), fill=colour)


def _lamp(
    draw: ImageDraw.ImageDraw, middle: tuple[float, float], colour: tuple[int, int, int], *, burning: bool
) -> None:
    x, y = middle
    if burning:
        for radius, share in ((28, 0.25), (24, 0.5)):
            glow = tuple(
                int(back + (front - back) * share) for back, front in zip(_BACK, colour, strict=True)
            )
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=glow)
    draw.ellipse((x - 19, y - 19, x + 19, y + 19), fill=colour, outline=_PANEL, width=2)


@lru_cache(maxsize=16)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(glyphs.font_file(name), size)


def _png(image: Image.Image) -> bytes:
    kept = io.BytesIO()
    image.save(kept, "PNG", optimize=True)
    return kept.getvalue()
