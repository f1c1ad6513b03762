"""PURE: a handwritten signature as strokes; packed for storage, drawn as SVG or PNG, judged for being one.

An image alone is no reliable signature: who submits it binds the digest of the strokes to that of the
document (VISION §7.1). Widths follow the pen's speed: slow is thick, as with ink.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from PIL import Image, ImageDraw

LEAST_STROKES, LEAST_POINTS, LEAST_SHARE = 2, 40, 0.12
"""Less is a slip of the finger. 王一 has few strokes: the points and the size tell it from a dot."""
MOST_POINTS = 20_000
_MAGIC = b"BSG1"
_HEAD = struct.Struct(">4sHHH")
_FINER = 3
_THIN, _THICK = 0.006, 0.016
"""Width of the line as a share of the canvas height, at speed and at rest."""
_FAST = 2.2
"""Canvas heights a second at which the line is thinnest."""
_PIECES = 6


class Flaw(StrEnum):
    """Why strokes are no signature."""

    EMPTY = "empty"
    TOO_LITTLE = "too_little"
    TOO_SMALL = "too_small"
    TOO_MUCH = "too_much"


SENTENCES = {
    Flaw.EMPTY: "请在框内签名",
    Flaw.TOO_LITTLE: "笔画太少，请完整签名",
    Flaw.TOO_SMALL: "签名太小，请写大一些",
    Flaw.TOO_MUCH: "笔画太多，请重新签名",
}


class Unpackable(Exception):
    """The bytes are no packed signature."""


@dataclass(frozen=True, slots=True)
class Point:
    """``x`` and ``y`` in canvas pixels from the upper left, ``ms`` since pen-down of the first stroke."""

    x: int
    y: int
    ms: int


Stroke = tuple[Point, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Signature:
    """Strokes on a canvas of ``width`` × ``height`` pixels. Personal: its representation shows only sizes."""

    width: int
    height: int
    strokes: tuple[Stroke, ...]

    def __repr__(self) -> str:
        return f"Signature({len(self.strokes)} strokes, {self.points} points)"

    @property
    def points(self) -> int:
        """Of all strokes."""
        return sum(len(stroke) for stroke in self.strokes)

    @property
    def digest(self) -> str:
        """SHA-256 of the packed form, in hex: what is bound to the document."""
        return hashlib.sha256(pack(self)).hexdigest()


def flaw(signature: Signature) -> Flaw | None:
    """Why these strokes are no signature, or None when they may be one."""
    if not signature.points:
        return Flaw.EMPTY
    if signature.points > MOST_POINTS:
        return Flaw.TOO_MUCH
    if len(signature.strokes) < LEAST_STROKES or signature.points < LEAST_POINTS:
        return Flaw.TOO_LITTLE
    left, top, right, bottom = _box(signature)
    wide, high = (right - left) / signature.width, (bottom - top) / signature.height
    return Flaw.TOO_SMALL if max(wide, high) < LEAST_SHARE else None


# ---------------------------------------------------------------- packed


def pack(signature: Signature) -> bytes:
    """Compact and exact: differences as variable-length numbers, deflated. 513 points take about 1.5 kB."""
    body = bytearray()
    before = Point(0, 0, 0)
    for stroke in signature.strokes:
        _put(body, len(stroke))
        for point in stroke:
            for value, last in ((point.x, before.x), (point.y, before.y), (point.ms, before.ms)):
                _put(body, _zigzag(value - last))
            before = point
    head = _HEAD.pack(_MAGIC, signature.width, signature.height, len(signature.strokes))
    return head + zlib.compress(bytes(body), 9)


def unpack(data: bytes) -> Signature:
    """The signature again. Raises Unpackable."""
    try:
        magic, width, height, count = _HEAD.unpack_from(data)
        if magic != _MAGIC:
            raise Unpackable("not a signature")
        inflate = zlib.decompressobj()
        body = inflate.decompress(data[_HEAD.size :], MOST_POINTS * 12)
        if not inflate.eof:
            raise Unpackable("too long or cut short")
        return Signature(width, height, _strokes(body, count))
    except (struct.error, zlib.error, IndexError) as error:
        raise Unpackable("damaged") from error


def _strokes(body: bytes, count: int) -> tuple[Stroke, ...]:
    at, x, y, ms = 0, 0, 0, 0
    strokes: list[Stroke] = []
    for _ in range(count):
        length, at = _take(body, at)
        if length > MOST_POINTS:
            raise Unpackable("too long")
        points = []
        for _ in range(length):
            values = []
            for _ in range(3):
                value, at = _take(body, at)
                values.append(_unzigzag(value))
            x, y, ms = x + values[0], y + values[1], ms + values[2]
            points.append(Point(x, y, ms))
        strokes.append(tuple(points))
    if at != len(body):
        raise Unpackable("bytes left over")
    return tuple(strokes)


def _put(body: bytearray, value: int) -> None:
    while value > 0x7F:
        body.append(value & 0x7F | 0x80)
        value >>= 7
    body.append(value)


def _take(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 35:
            raise Unpackable("a number without end")


def _zigzag(value: int) -> int:
    return value * 2 if value >= 0 else -value * 2 - 1


def _unzigzag(value: int) -> int:
    return value // 2 if value % 2 == 0 else -(value // 2) - 1


# ---------------------------------------------------------------- drawn


def svg(signature: Signature, *, ink: str = "#1c2430") -> str:
    """SVG of the strokes alone, cropped to them: one filled dot or smooth line of the pen's width each."""
    left, top, right, bottom = _box(signature)
    margin = signature.height * _THICK * 2
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left - margin:.1f} {top - margin:.1f} '
        f'{right - left + 2 * margin:.1f} {bottom - top + 2 * margin:.1f}" '
        f'fill="none" stroke="{ink}" stroke-linecap="round" stroke-linejoin="round">'
    )
    parts = [head]
    for stroke in signature.strokes:
        for first, last, control_one, control_two, width in _curves(stroke, signature.height):
            parts.append(
                f'<path d="M{first[0]:.1f} {first[1]:.1f}C{control_one[0]:.1f} {control_one[1]:.1f} '
                f'{control_two[0]:.1f} {control_two[1]:.1f} {last[0]:.1f} {last[1]:.1f}" '
                f'stroke-width="{width:.1f}"/>'
            )
    return "".join(parts) + "</svg>"


def png(signature: Signature, *, height: int = 240) -> bytes:
    """PNG with a clear ground, cropped to the strokes, ``height`` pixels high; dark ink, grey and alpha."""
    left, top, right, bottom = _box(signature)
    margin = signature.height * _THICK * 2
    scale = height * _FINER / max(1.0, bottom - top + 2 * margin)
    size = (max(1, round((right - left + 2 * margin) * scale)), height * _FINER)
    ink = Image.new("L", size, 0)
    draw = ImageDraw.Draw(ink)
    for stroke in signature.strokes:
        for curve in _curves(stroke, signature.height):
            _paint(draw, curve, scale, (left - margin, top - margin))
    small = ink.resize((max(1, size[0] // _FINER), height), Image.Resampling.LANCZOS)
    picture = Image.new("LA", small.size, (28, 0))
    picture.putalpha(small)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


_At = tuple[float, float]
_Curve = tuple[_At, _At, _At, _At, float]


def _curves(stroke: Stroke, height: int) -> list[_Curve]:
    """Bézier pieces through the points (Catmull-Rom), each with its width; a dot has no length."""
    places = [(float(point.x), float(point.y)) for point in stroke]
    widths = _widths(stroke, height)
    if len(places) == 1:
        return [(places[0], places[0], places[0], places[0], height * _THICK)]
    curves = []
    for index in range(len(places) - 1):
        before, first = places[max(0, index - 1)], places[index]
        last, after = places[index + 1], places[min(len(places) - 1, index + 2)]
        one = (first[0] + (last[0] - before[0]) / 6, first[1] + (last[1] - before[1]) / 6)
        two = (last[0] - (after[0] - first[0]) / 6, last[1] - (after[1] - first[1]) / 6)
        curves.append((first, last, one, two, widths[index + 1]))
    return curves


def _widths(stroke: Stroke, height: int) -> list[float]:
    """Width at each point: the pen's speed, smoothed, between thick and thin."""
    widths = [height * (_THICK + _THIN) / 2]
    for before, point in pairwise(stroke):
        far = ((point.x - before.x) ** 2 + (point.y - before.y) ** 2) ** 0.5
        speed = far / height / max(0.001, (point.ms - before.ms) / 1000)
        wanted = height * (_THICK - (_THICK - _THIN) * min(1.0, speed / _FAST))
        widths.append(widths[-1] * 0.85 + wanted * 0.15)
    return widths


def _paint(draw: ImageDraw.ImageDraw, curve: _Curve, scale: float, origin: _At) -> None:
    first, last, one, two, width = curve
    half = max(0.5, width * scale / 2)
    far = ((last[0] - first[0]) ** 2 + (last[1] - first[1]) ** 2) ** 0.5 * scale
    pieces = max(_PIECES, int(far / max(1.0, half / 2)))
    for step in range(pieces + 1):
        t = step / pieces
        u = 1 - t
        weights = (u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t)
        x = sum(weight * each[0] for weight, each in zip(weights, (first, one, two, last), strict=True))
        y = sum(weight * each[1] for weight, each in zip(weights, (first, one, two, last), strict=True))
        x, y = (x - origin[0]) * scale, (y - origin[1]) * scale
        draw.ellipse((x - half, y - half, x + half, y + half), fill=255)


def _box(signature: Signature) -> tuple[float, float, float, float]:
    points: Sequence[Point] = [point for stroke in signature.strokes for point in stroke]
    if not points:
        return 0.0, 0.0, float(signature.width), float(signature.height)
    xs, ys = [point.x for point in points], [point.y for point in points]
    return float(min(xs)), float(min(ys)), float(max(xs)), float(max(ys))
