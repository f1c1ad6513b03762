"""Logo: the hall's own mark on a white plate, so that it looks as it was drawn on any colour.

Logo:
    widest: 132 * theme.u    # the width follows the picture; nothing at all while the hall has none
"""

from __future__ import annotations

import io
import logging
from typing import Final

from kivy.core.image import Image as CoreImage
from kivy.graphics import Color, Rectangle, SmoothRoundedRectangle
from kivy.graphics.texture import Texture
from kivy.properties import NumericProperty
from kivy.uix.widget import Widget

from assets.ui.theme import theme

log = logging.getLogger(__name__)

INSET: Final = 0.1
"""White at each side, as a share of the plate."""


class Logo(Widget):
    """See the module; follows ``theme.logo``. ``widest``: at most so many pixels wide."""

    widest = NumericProperty(0)

    def __init__(self, **options: object) -> None:
        self._texture: Texture | None = None
        options.setdefault("size_hint_x", None)
        super().__init__(**options)
        theme.bind(logo=self._load)
        for name in ("height", "pos", "widest"):
            self.fbind(name, self._place)
        self._load()

    def _load(self, *_: object) -> None:
        self._texture = _texture(theme.logo)
        self.canvas.clear()
        if self._texture is not None:
            with self.canvas:
                Color(1, 1, 1, 1)
                self._plate = SmoothRoundedRectangle()
                self._picture = Rectangle(texture=self._texture)
        self._place()

    def _place(self, *_: object) -> None:
        """A plate as tight as the white around the picture allows, in the middle of the height."""
        if self._texture is None:
            self.width = 0
            return
        wide, high = self._texture.size
        inset = min(self.height, self.widest or self.height) * INSET
        most = (self.widest or self.height * wide) - 2 * inset
        drawn = min(self.height - 2 * inset, most * high / wide)
        self.width = drawn * wide / high + 2 * inset
        self._plate.size = (self.width, drawn + 2 * inset)
        self._plate.pos = (self.x, self.center_y - drawn / 2 - inset)
        self._plate.radius = [inset * 1.4]
        self._picture.size = (drawn * wide / high, drawn)
        self._picture.pos = (self.x + inset, self.center_y - drawn / 2)


def _texture(png: bytes) -> Texture | None:
    """The picture, smooth when it is drawn smaller; None for none and for one that cannot be read."""
    if not png:
        return None
    try:
        texture = CoreImage(io.BytesIO(png), ext="png", mipmap=True).texture
    except Exception:  # noqa: BLE001 - whatever a picture's reader raises: a hall goes on without it
        log.warning("the hall's logo cannot be drawn")
        return None
    return texture
