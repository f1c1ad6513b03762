"""The theme that every widget follows: colours, sizes and spaces as Kivy properties, switched as one.

In kv:      ``#:import theme assets.ui.theme.theme``, then ``theme.ink``, ``theme.title``, ``120 * theme.u``,
            ``20 * theme.mm``; rules follow a switch by themselves.
In Python:  ``theme.colour("ink")`` → [r, g, b, a]; ``theme.bind(version=self.redraw)`` fires after a switch.
Switch:     ``theme.use(palette="contrast", scale="elder")``; ``theme.fit(1080, 1920, diagonal_inches=21.5)``.
The hall:   ``theme.brand("#0e5457", png)``: its own colour in the light palette, its logo (``theme.logo``).

- every colour of ``palette.Palette`` (``paper surface ink ink_soft accent call …``);
- every size of ``palette.TypeScale`` (``small body lead title display number``) in pixels of this window;
- every space of ``palette.Measures`` (``tight gap pad margin radius edge …``) in pixels of this window;
- ``u``: one design pixel (1.0 when the window has the design size); ``mm``: pixels to a millimetre;
- ``target``: side of the smallest touch target in pixels (20 mm).

One process has one Kivy window, and the theme belongs to it as Kivy's own Window does.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from math import ceil
from typing import Final

from kivy.event import EventDispatcher
from kivy.properties import ColorProperty, NumericProperty, ObjectProperty, StringProperty

from assets.ui import palette as tokens
from assets.ui.brand import palette_in

SECONDS: Final = frozenset({"blink_seconds", "blink_hz"})
"""Measures that are not lengths and so do not grow with the window."""


class Theme(EventDispatcher):
    """Tokens as properties. Change them only through ``use``, ``brand`` and ``fit``."""

    palette = StringProperty("light")
    scale = StringProperty("normal")
    own_colour = StringProperty("")
    logo = ObjectProperty(b"")
    u = NumericProperty(1.0)
    mm = NumericProperty(4.033889708995236)
    target = NumericProperty(81)
    version = NumericProperty(0)

    def __init__(self) -> None:
        super().__init__()
        colours = {name: ColorProperty(value) for name, value in asdict(tokens.LIGHT).items()}
        sizes = {**asdict(tokens.NORMAL), **asdict(tokens.MEASURES)}
        self.apply_property(**colours, **{name: NumericProperty(value) for name, value in sizes.items()})

    def use(self, *, palette: str | None = None, scale: str | None = None) -> None:
        """Switch colours or type sizes; KeyError for a name that does not exist."""
        wanted_palette, wanted_scale = palette or self.palette, scale or self.scale
        _, _ = tokens.PALETTES[wanted_palette], tokens.SCALES[wanted_scale]
        if (wanted_palette, wanted_scale) == (self.palette, self.scale):
            return
        self.palette, self.scale = wanted_palette, wanted_scale
        self._colour()
        self._measure()
        self.version += 1

    def brand(self, colour: str, logo: bytes) -> None:
        """The hall's own colour (#rrggbb, '' for ours) and logo (PNG, b'' for none); a colour that fails the
        checks is left out."""
        self.logo = logo
        if colour != self.own_colour:
            self.own_colour = colour
            self._colour()
            self.version += 1

    def fit(
        self,
        width: int,
        height: int,
        *,
        diagonal_inches: float = 21.5,
        design: tuple[int, int] = (1080, 1920),
    ) -> None:
        """Set ``u`` so that a screen designed for ``design`` fills this window, and ``mm`` for this panel."""
        self.u = min(width / design[0], height / design[1])
        self.mm = tokens.pixels_per_mm(width, height, diagonal_inches)
        self._measure()
        self.version += 1

    def colour(self, token: str) -> list[float]:
        """Red, green, blue, alpha of a colour token; AttributeError for an unknown one."""
        return list(getattr(self, token))

    def hex(self, token: str) -> str:
        """``#rrggbb`` of a colour token in the palette in use."""
        return str(getattr(palette_in(self.palette, self.own_colour), token))

    def size(self, level: str) -> float:
        """Pixels of a type level (``body`` …) in this window and scale."""
        return float(getattr(self, level))

    def _colour(self) -> None:
        for name, value in asdict(palette_in(self.palette, self.own_colour)).items():
            setattr(self, name, value)

    def _measure(self) -> None:
        scale = tokens.SCALES[self.scale]
        for field in fields(scale):
            setattr(self, field.name, getattr(scale, field.name) * self.u)
        for field in fields(tokens.MEASURES):
            value = getattr(tokens.MEASURES, field.name)
            setattr(self, field.name, value if field.name in SECONDS else value * self.u)
        self.target = ceil(tokens.TARGET_MM * self.mm)


theme: Final = Theme()
