"""Draws somebody who stands before a kiosk: a face of simple shapes that a face finder takes for one."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

_FINER = 2
_SKIN, _HAIR, _WALL = (224, 180, 152), (34, 28, 26), (196, 200, 204)


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the head is: middle and height as shares of the picture's height, the middle from its left edge.

    ``turned``: −1 to 1, how far the features have moved to one side, as on a head that looks aside.
    """

    across: float = 0.667
    down: float = 0.52
    height: float = 0.55
    turned: float = 0.0


def picture(size: tuple[int, int], *, there: bool = True, pose: Pose | None = None) -> Image.Image:
    """What a face camera of ``size`` sees, RGB."""
    width, height = size
    fine = (width * _FINER, height * _FINER)
    image = Image.new("RGB", fine, _WALL)
    _room(image)
    if there:
        _person(image, pose or Pose())
    small = image.resize(size, Image.Resampling.LANCZOS)
    return small.filter(ImageFilter.GaussianBlur(height / 400))


def _room(image: Image.Image) -> None:
    """The hall behind: a counter, a door."""
    draw = ImageDraw.Draw(image)
    width, height = image.size
    draw.rectangle((0, height * 0.82, width, height), fill=(150, 146, 140))
    draw.rectangle((width * 0.78, height * 0.2, width * 0.93, height * 0.82), fill=(168, 176, 186))
    draw.rectangle((width * 0.04, height * 0.55, width * 0.2, height * 0.82), fill=(136, 116, 92))


def _person(image: Image.Image, pose: Pose) -> None:
    head = _Head(image, pose)
    head.oval(0, 1.15, 0.75, 0.55, (58, 76, 110))
    head.box(-0.14, 0.25, 0.14, 0.75, (206, 160, 134))
    head.oval(0, -0.12, 0.40, 0.52, _HAIR)
    for side in (-1, 1):
        head.oval(side * 0.37, 0.03, 0.05, 0.1, (206, 160, 134))
    head.oval(0, 0.02, 0.36, 0.48, _SKIN)
    head.slice(-0.38, -0.55, 0.38, 0.12, _HAIR)
    head.oval(pose.turned * 0.3, -0.02, 0.31, 0.26, _SKIN)
    for side in (-1, 1):
        _eye(head, side * 0.155 + pose.turned * 0.25, pose.turned)
    nose, mouth = pose.turned * 0.4, pose.turned * 0.3
    head.shape([(nose - 0.02, -0.02), (nose + 0.02, -0.02), (nose + 0.065, 0.14), (nose - 0.065, 0.14)])
    for side in (-1, 1):
        head.oval(nose + side * 0.03, 0.135, 0.018, 0.012, (120, 78, 66))
    head.oval(mouth, 0.275, 0.12, 0.034, (176, 92, 88))
    head.stroke(mouth - 0.11, 0.272, mouth + 0.11, 0.272, 0.012, (110, 50, 50))


def _eye(head: _Head, across: float, turned: float) -> None:
    head.oval(across, -0.03, 0.075, 0.035, (242, 240, 236))
    head.oval(across + turned * 0.05, -0.03, 0.034, 0.034, (44, 30, 24))
    head.stroke(across - 0.09, -0.125, across + 0.09, -0.13, 0.03, (40, 32, 28))


class _Head:
    """Draws in shares of the head's height around its middle."""

    def __init__(self, image: Image.Image, pose: Pose) -> None:
        self._draw = ImageDraw.Draw(image)
        self._unit = pose.height * image.height
        self._middle = (pose.across * image.height, pose.down * image.height)

    def oval(self, x: float, y: float, a: float, b: float, fill: tuple[int, int, int]) -> None:
        self._draw.ellipse((*self._at(x - a, y - b), *self._at(x + a, y + b)), fill=fill)

    def box(self, x: float, y: float, to_x: float, to_y: float, fill: tuple[int, int, int]) -> None:
        self._draw.rectangle((*self._at(x, y), *self._at(to_x, to_y)), fill=fill)

    def slice(self, x: float, y: float, to_x: float, to_y: float, fill: tuple[int, int, int]) -> None:
        self._draw.pieslice((*self._at(x, y), *self._at(to_x, to_y)), 180, 360, fill=fill)

    def shape(self, points: list[tuple[float, float]]) -> None:
        self._draw.polygon([self._at(x, y) for x, y in points], fill=(206, 158, 130))

    def stroke(
        self, x: float, y: float, to_x: float, to_y: float, width: float, fill: tuple[int, int, int]
    ) -> None:
        self._draw.line((*self._at(x, y), *self._at(to_x, to_y)), fill=fill, width=round(width * self._unit))

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self._middle[0] + x * self._unit, self._middle[1] + y * self._unit
