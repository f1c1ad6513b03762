"""Draws how long people wait under each calling rule: green lane and everybody else, side by side, as PNG."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

GREEN, BLUE, RED, INK, GREY, LINE = "#1b8a5a", "#3b6fb6", "#b3261e", "#1a1a1a", "#6b7280", "#e2e5ea"
WIDTH, LEFT, GAP, RIGHT, ROW, HEAD = 2200, 360, 60, 200, 62, 180
ROOM = 0.83  # of a column; the rest is for the figures behind the bars


@dataclass(frozen=True, slots=True)
class Line:
    """One rule: p95 and worst of green and of normal people, minutes; whether it meets the bar."""

    rule: str
    green: tuple[float, float]
    normal: tuple[float, float]
    met: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """All rules under one share of green. ``green_limit`` 0 = no bar for green."""

    title: str
    lines: Sequence[Line]
    green_limit: float
    normal_limit: float


def draw(panels: Sequence[Panel], to: Path) -> None:
    """Write the picture."""
    heights = [HEAD + ROW * len(panel.lines) + 60 for panel in panels]
    image = Image.new("RGB", (WIDTH, sum(heights) + 40), "#ffffff")
    pen = _Pen(ImageDraw.Draw(image))
    top = 20
    for panel, height in zip(panels, heights, strict=True):
        pen.panel(panel, top)
        top += height
    image.save(to, optimize=True)


class _Pen:
    """Text, axes and bars in pixels."""

    def __init__(self, on: ImageDraw.ImageDraw) -> None:
        self.on = on

    def text(self, x: float, y: float, text: str, size: int, colour: str = INK, anchor: str = "ls") -> None:
        """A line of text, its base line at y."""
        self.on.text((x, y), text, fill=colour, font=ImageFont.load_default(size), anchor=anchor)

    def panel(self, panel: Panel, top: int) -> None:
        """Two columns: green on a logarithmic axis, normal on a linear one."""
        column = (WIDTH - LEFT - GAP - RIGHT) / 2
        first, second = LEFT, LEFT + column + GAP
        self.text(30, top + 50, panel.title, 40)
        bottom = top + HEAD + ROW * len(panel.lines)
        far = max(line.green[1] for line in panel.lines)
        longest = max(line.normal[1] for line in panel.lines)

        def log(minutes: float) -> float:
            return first + ROOM * column * math.log(max(minutes, 1)) / math.log(far)

        def linear(minutes: float) -> float:
            return second + ROOM * column * minutes / longest

        ticks = [t for t in (1, 5, 20, 60, 240, 600) if t <= far]
        self.axis("green lane, minutes (logarithmic)", log, ticks, top, bottom, first)
        step = 60 if longest < 500 else 120
        self.axis("everybody else, minutes", linear, range(0, int(longest) + 1, step), top, bottom, second)
        for i, line in enumerate(panel.lines):
            y = top + HEAD + ROW * i
            self.text(30, y + 40, line.rule, 30)
            self.bar(y, log, first, line.green, GREEN)
            self.bar(y, linear, second, line.normal, BLUE)
            self.text(
                WIDTH - 40, y + 40, "meets Q7" if line.met else "no", 30, INK if line.met else GREY, "rs"
            )
        if panel.green_limit:
            self.limit(log(panel.green_limit), top, bottom, f"bar {panel.green_limit:.0f}")
        self.limit(linear(panel.normal_limit), top, bottom, f"bar {panel.normal_limit:.0f}")

    def axis(
        self, title: str, at: Callable[[float], float], ticks: Sequence[int], top: int, bottom: int, x: float
    ) -> None:
        """Title, grid and figures of one column."""
        self.text(x, top + 104, title, 28, GREY)
        for tick in ticks:
            self.on.line((at(tick), top + HEAD - 12, at(tick), bottom), fill=LINE, width=2)
            self.text(at(tick), bottom + 34, str(tick), 26, GREY, "ms")

    def bar(
        self, y: int, at: Callable[[float], float], x: float, values: tuple[float, float], colour: str
    ) -> None:
        """p95 as a bar, the worst as a line with an end, both in figures."""
        high, worst = values
        middle = y + 30
        self.on.rectangle((x, y + 12, max(at(high), x + 3), y + 48), fill=colour)
        self.on.line((at(high), middle, at(worst), middle), fill=colour, width=3)
        self.on.line((at(worst), y + 16, at(worst), y + 44), fill=colour, width=5)
        self.text(at(worst) + 12, y + 40, f"{high:.0f} / {worst:.0f}", 24)

    def limit(self, x: float, top: int, bottom: int, text: str) -> None:
        """The bar to be met, dashed."""
        for y in range(top + HEAD - 24, bottom, 24):
            self.on.line((x, y, x, min(y + 14, bottom)), fill=RED, width=4)
        self.text(x, top + HEAD - 32, text, 26, RED, "ms")
