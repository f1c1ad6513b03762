"""Lints: what a screen must satisfy however it is drawn; run over every sample of every program by the tests.

    for variant in pictures.variants("kiosk.screens"):
        found = lints.findings(pictures.show(variant), touch=variant.sample.touch)

overflow  text that is cut or larger than its place; a part that leaves its parent
glyph     a character that no font of ours draws
contrast  text or symbol too faint on the ground it stands on (7:1 body, 4.5:1 large, 3:1 symbols)
small     text smaller than the theme's smallest on a screen that is read from near
target    a control smaller than 20 mm
gap       two controls nearer than 3 mm, or overlapping
reach     a control above the lower 70 % of a standing panel
speech    a control that read-aloud cannot say
focus     a control that the arrow keys cannot reach
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from kivy.uix.widget import Widget

from assets import glyphs
from assets.ui import palette
from assets.ui.theme import theme
from assets.ui.widgets.focus import next_in
from assets.ui.widgets.panel import ground_of
from assets.ui.widgets.press import Press, presses
from assets.ui.widgets.text import Icon, Text

REACH = 0.70
GAP_MM = 3.0
LARGE_PX = 56.0
"""Text of this size counts as large (18 pt bold and more at reading distance)."""
INK = 0.72
"""Share of a line box that Noto's characters fill: a place this high holds the line."""
ROUNDING = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with which part of a screen."""

    rule: str
    place: str
    words: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.place}: {self.words}"


def findings(root: Widget, *, touch: bool = True) -> list[Finding]:
    """Everything that is wrong with a laid-out screen; ``touch`` False for screens that nobody touches."""
    texts = [each for each in root.walk(restrict=True) if isinstance(each, Text) and _shown(each)]
    found = [*_overflow(texts), *_outside(root), *_glyphs(texts), *_contrast(texts)]
    if touch:
        controls = presses(root)
        found += [*_small(texts), *_targets(controls), *_gaps(controls), *_reach(controls)]
        found += [*_speech(controls), *_focus(controls)]
    return found


def _shown(text: Text) -> bool:
    return bool(text.text) and text.opacity > 0 and text.width > 1 and text.height > 1


# ---------------------------------------------------------------- everywhere


def _overflow(texts: Iterable[Text]) -> Iterator[Finding]:
    for each in texts:
        if each.cut:
            yield _finding("overflow", each, "is cut")
        elif each.texture is None:
            yield _finding("overflow", each, f"was not drawn in {each.width:.0f} × {each.height:.0f}")
        elif each.texture.width > each.width + ROUNDING or each.texture.height * INK > each.height + ROUNDING:
            have = f"{each.texture.width} × {each.texture.height}"
            yield _finding("overflow", each, f"{have} does not fit {each.width:.0f} × {each.height:.0f}")


def _outside(root: Widget) -> Iterator[Finding]:
    for parent in root.walk(restrict=True):
        for child in parent.children:
            if child.width <= 1 or child.height <= 1 or not child.opacity:
                continue
            over = max(
                parent.x - child.x, parent.y - child.y, child.right - parent.right, child.top - parent.top
            )
            if over > ROUNDING:
                yield _finding("overflow", child, f"leaves its parent by {over:.0f} px")


def _glyphs(texts: Iterable[Text]) -> Iterator[Finding]:
    for each in texts:
        missing = glyphs.missing(each.text) if each.letters else ""
        if missing:
            yield _finding("glyph", each, f"no font draws {missing}")


def _contrast(texts: Iterable[Text]) -> Iterator[Finding]:
    for each in texts:
        ground = ground_of(each)
        have = palette.ratio(theme.hex(each.tone), theme.hex(ground))
        least = _least(each)
        if have < least:
            yield _finding("contrast", each, f"{each.tone} on {ground} is {have:.1f}, wanted {least}")


def _least(text: Text) -> float:
    if isinstance(text, Icon):
        return palette.EDGE
    large = text.drawn_px >= LARGE_PX * theme.u and text.weight == "bold"
    return palette.LARGE if large or text.disabled else palette.BODY


# ---------------------------------------------------------------- screens that are touched


def _small(texts: Iterable[Text]) -> Iterator[Finding]:
    least = palette.NORMAL.small * theme.u - 0.5
    for each in texts:
        if not isinstance(each, Icon) and each.drawn_px < least:
            yield _finding("small", each, f"{each.drawn_px:.0f} px, wanted {least:.0f}")


def _targets(controls: Iterable[Press]) -> Iterator[Finding]:
    for each in controls:
        if min(each.width, each.height) < theme.target - 1:
            yield _finding("target", each, f"{each.width:.0f} × {each.height:.0f} px, wanted {theme.target}")


def _gaps(controls: Sequence[Press]) -> Iterator[Finding]:
    for one, other in combinations(controls, 2):
        (ax, ay), (bx, by) = one.to_window(one.x, one.y), other.to_window(other.x, other.y)
        across = max(bx - (ax + one.width), ax - (bx + other.width))
        along = max(by - (ay + one.height), ay - (by + other.height))
        if max(across, along) < GAP_MM * theme.mm - 1:
            far = max(across, along) / theme.mm
            yield _finding("gap", one, f"{far:.1f} mm from {_name(other)}, wanted {GAP_MM}")


def _reach(controls: Iterable[Press]) -> Iterator[Finding]:
    from kivy.core.window import Window

    if Window.height <= Window.width:
        return
    limit = Window.height * REACH
    for each in controls:
        top = each.to_window(each.x, each.top)[1]
        if top > limit + 1:
            yield _finding("reach", each, f"ends {top / Window.height:.0%} high, wanted {REACH:.0%}")


def _speech(controls: Iterable[Press]) -> Iterator[Finding]:
    for each in controls:
        if not each.spoken().strip():
            yield _finding("speech", each, "says nothing")


def _focus(controls: Sequence[Press]) -> Iterator[Finding]:
    if not controls:
        return
    reached = {id(controls[0])}
    edge = [controls[0]]
    while edge:
        here = edge.pop()
        for right, up in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            other = next_in(controls, here, right, up)
            if other is not None and id(other) not in reached:
                reached.add(id(other))
                edge.append(other)
    for each in controls:
        if id(each) not in reached:
            yield _finding("focus", each, "no arrow key leads here")


def _finding(rule: str, widget: Widget, words: str) -> Finding:
    return Finding(rule, _name(widget), words)


def _name(widget: Widget) -> str:
    """Class names from the screen down, and what it says."""
    names: list[str] = []
    place = widget
    while place is not None and place is not place.parent and len(names) < 4:
        names.append(type(place).__name__)
        place = place.parent
    said = (getattr(widget, "name", "") or getattr(widget, "text", ""))[:20]
    return "/".join(reversed(names)) + (f" “{said}”" if said else "")
