"""Qr: a QR code drawn sharp: dark on white in every palette, with its quiet zone.

Qr:
    data: "http://…"
    size_hint: None, None
    size: 360 * theme.u, 360 * theme.u
"""

from __future__ import annotations

import qrcode
from kivy.graphics import Color, Rectangle
from kivy.graphics.texture import Texture
from kivy.properties import StringProperty
from kivy.uix.widget import Widget

QUIET = 4


class Qr(Widget):
    """A square code in the middle of the widget; nothing for empty data."""

    data = StringProperty("")
    speak = StringProperty("")

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        with self.canvas:
            Color(1, 1, 1, 1)
            self._square = Rectangle(size=(0, 0))
        self.fbind("data", self._encode)
        for name in ("pos", "size"):
            self.fbind(name, self._place)
        self._encode()

    def _encode(self, *_: object) -> None:
        self._square.texture = _texture(self.data) if self.data else None
        self._place()

    def _place(self, *_: object) -> None:
        """As large as whole pixels a module allow, in the middle."""
        texture = self._square.texture
        modules = texture.size[0] if self.data else 0
        side = max(int(min(self.size)) // modules, 1) * modules if modules else 0
        self._square.size = (side, side)
        self._square.pos = (round(self.center_x - side / 2), round(self.center_y - side / 2))


def _texture(data: str) -> Texture:
    code = qrcode.QRCode(border=QUIET, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(data)
    matrix = code.get_matrix()
    texture = Texture.create(size=(len(matrix), len(matrix)), colorfmt="luminance")
    texture.mag_filter = "nearest"
    pixels = bytes(0 if dark else 255 for line in reversed(matrix) for dark in line)
    texture.blit_buffer(pixels, colorfmt="luminance", bufferfmt="ubyte")
    return texture
