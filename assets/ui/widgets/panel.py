"""Panel: a box with a ground, and everything that has a ground.

    Panel:
        fill: "surface"     # colour token; "" draws nothing (no transparent rectangles)
        edge: "line"        # colour token of the edge; "" none
        rounding: theme.radius   # 0 = square
        corners: "all"      # all | top | bottom: which ones are round
        orientation: "vertical"  # it is a BoxLayout

``ground_of(widget)`` answers which colour token a widget stands on: the contrast lint asks it.
"""

from __future__ import annotations

from kivy.graphics import Color, Rectangle, SmoothLine, SmoothRoundedRectangle
from kivy.properties import NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from assets.ui.theme import theme


class Ground(Widget):
    """Mixin: draws ``fill`` and ``edge`` behind the widget, opaque, and follows the theme."""

    fill = StringProperty("")
    edge = StringProperty("")
    edge_width = NumericProperty(0)
    rounding = NumericProperty(0)
    corners = StringProperty("all")

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        for name in ("fill", "edge", "edge_width", "rounding", "corners"):
            self.fbind(name, self.paint)
        for name in ("pos", "size"):
            self.fbind(name, self._follow)
        theme.bind(version=self.paint)
        self._body: Rectangle | SmoothRoundedRectangle | None = None
        self._edge: SmoothLine | None = None
        self.paint()

    def ground(self) -> str:
        """The colour token in use."""
        return str(self.fill)

    def paint(self, *_: object) -> None:
        """Draw the ground anew."""
        group = self.canvas.before
        group.remove_group("ground")
        self._body = self._edge = None
        with group:
            fill = self.ground()
            if fill:
                Color(*theme.colour(fill), group="ground")
                kind = SmoothRoundedRectangle if self.rounding else Rectangle
                self._body = kind(group="ground")
            if self.edge:
                Color(*theme.colour(self.edge), group="ground")
                self._edge = SmoothLine(width=self._line_width() / 2, group="ground")
        self._follow()

    def _line_width(self) -> float:
        return float(self.edge_width or theme.edge)

    def _follow(self, *_: object) -> None:
        if self._body is not None:
            self._body.pos, self._body.size = self.pos, self.size
            if self.rounding:
                radius = min(self.rounding, self.width / 2, self.height / 2)
                top, bottom = (0 if self.corners == one else radius for one in ("bottom", "top"))
                self._body.radius = [top, top, bottom, bottom]
        if self._edge is not None:
            inset = self._line_width() / 2
            box = (self.x + inset, self.y + inset, self.width - 2 * inset, self.height - 2 * inset)
            self._edge.rounded_rectangle = (*box, max(self.rounding - inset, 1))


class Panel(Ground, BoxLayout):
    """A box with a ground."""


def ground_of(widget: Widget) -> str:
    """Colour token of the nearest ground under a widget; ``paper`` when none is painted."""
    place = widget
    while place is not None and place is not place.parent:
        if isinstance(place, Ground) and place.ground():
            return place.ground()
        place = place.parent
    return "paper"
