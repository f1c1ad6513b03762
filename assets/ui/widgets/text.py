"""Text: the label of every screen, and Icon, a symbol of the icon font.

    Text:
        text: "请选择要办理的业务"   # plain: escaped, rare characters of names drawn in a second font
        level: "title"              # small body lead title display number (theme), or set ``size_px``
        tone: "ink"                 # colour token
        weight: "bold"              # regular | medium | bold
        align: "left"               # left | center | right
        wrap: True                  # break lines at the widget's width; False: one line that shrinks to fit
        grow: True                  # height follows the text (with wrap, or to hug one line)
        hug: True                   # width follows the text (one line only)
        rich: True                  # ``text`` is markup made with fonts.markup() and strong()
        speak: "…"                  # what read-aloud says instead of the text

One line shrinks down to ``least`` (0.6) of its size and is then cut with …; ``cut`` says so and the overflow
lint refuses it. Text follows the theme by itself. It is drawn white and tinted: new colour, no new drawing.
"""

from __future__ import annotations

from functools import lru_cache

from kivy.clock import Clock
from kivy.core.text import Label as CoreLabel
from kivy.core.text.markup import MarkupLabel
from kivy.graphics import Color, Rectangle
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.widget import Widget

from assets.ui import fonts
from assets.ui.lines import even_lines, whole_lines
from assets.ui.theme import theme

LIFT = 0.06
"""Noto's line box stands deeper than its characters: lifted by this share of the size they look centred."""
STEP = 0.94
KEPT = 2
"""Drawings that a text keeps: its natural one and the one that fits, so that a new place draws nothing."""
REFERENCE = 64
"""Font size at which widths are measured."""


class Text(Widget):
    """Text that fits; see the module."""

    text = StringProperty("")
    level = StringProperty("body")
    size_px = NumericProperty(0)
    tone = StringProperty("ink")
    weight = StringProperty("regular")
    align = StringProperty("left")
    valign = StringProperty("middle")
    wrap = BooleanProperty(False)
    grow = BooleanProperty(False)
    hug = BooleanProperty(False)
    rich = BooleanProperty(False)
    least = NumericProperty(0.6)
    line_height = NumericProperty(1.0)
    max_lines = NumericProperty(0)
    speak = StringProperty("")

    texture = ObjectProperty(None, allownone=True)
    drawn_px = NumericProperty(0.0)
    """Font size in use after shrinking."""
    letters = True
    """False for symbols, which no text font draws."""
    cut = BooleanProperty(False)
    """True when not all of the text is shown."""

    def __init__(self, **options: object) -> None:
        self._redraw = Clock.create_trigger(self.render, -1)
        self._made_labels: dict[tuple[object, ...], CoreLabel] = {}
        super().__init__(**options)
        with self.canvas:
            self._colour = Color(*theme.colour(self.tone))
            self._box = Rectangle(size=(0, 0))
        for name in ("text", "level", "size_px", "weight", "wrap", "grow", "hug", "rich", "least"):
            self.fbind(name, self._redraw)
        for name in ("line_height", "max_lines", "align", "size"):
            self.fbind(name, self._redraw)
        for name in ("pos", "valign"):
            self.fbind(name, self._place)
        self.fbind("tone", self._retone)
        theme.bind(version=self._retheme)
        self._redraw()

    def spoken(self) -> str:
        """What read-aloud says."""
        return str(self.speak or self.text)

    def wanted_px(self) -> float:
        """Font size before shrinking."""
        return float(self.size_px or theme.size(self.level))

    def render(self, *_: object) -> None:
        """Draw the text anew; runs once before the next frame after any change."""
        size = self.wanted_px()
        if self.wrap:
            label = self._wrapped(size)
        else:
            label = self._line(size)
        self.texture = label.texture if label and self.text else None
        self._box.texture = self.texture
        self._box.size = self.texture.size if self.texture else (0, 0)
        if self.grow:
            self.height = label.texture.height if label and self.text else 0
        if self.hug:
            self.width = label.texture.width if label and self.text else 0
        self._tint()
        self._place()

    def _line(self, size: float) -> CoreLabel | None:
        """One line, shrunk to the width and height that the widget has."""
        label = self._made(size, (None, None))
        width, height = label.texture.size
        room = min(
            1.0 if self.hug or not width else self.width / width,
            1.0 if self.grow or not height else self.height / (height * 0.72),
        )
        if room >= 1.0:
            self.drawn_px, self.cut = size, False
            return label
        smallest = max(int(size * self.least), 1)
        shrunk = max(int(size * room), smallest)
        label = self._made(shrunk, (None, None))
        while label.texture.width > self.width + 1 and shrunk > smallest:  # widths are rounded by glyph
            shrunk -= 1
            label = self._made(shrunk, (None, None))
        self.drawn_px = shrunk
        self.cut = label.texture.width > self.width + 1
        if self.cut and self.width > 1:
            label = self._made(shrunk, (self.width, None), shorten=True)
        return label

    def _wrapped(self, size: float) -> CoreLabel | None:
        """Lines broken at the width; smaller until the height suffices, unless the height follows."""
        if self.width < size:
            return None
        label = self._broken(size)
        smallest = size * self.least
        while not self.grow and label.texture.height > self.height + 1 and size * STEP >= smallest:
            size *= STEP
            label = self._broken(size)
        self.drawn_px = size
        tall = not self.grow and label.texture.height > self.height + 1
        self.cut = tall or label.texture.width > self.width + 1
        return label

    def _broken(self, size: float) -> CoreLabel:
        """The text with our line breaks; Kivy's own break Chinese only at spaces when there are any."""
        if self.rich:
            return self._made(size, (self.width, None))
        font, bold = self._font_name(), self.weight == "bold"
        even = self.align == "center" or self.level in ("title", "display")
        broken = (even_lines if even else whole_lines)(
            self.text, self.width, lambda piece: advance(piece, font, bold) * size
        )
        return self._made(size, (None, None), text="\n".join(broken))

    def _made(
        self,
        size: float,
        room: tuple[float | None, float | None],
        *,
        shorten: bool = False,
        text: str | None = None,
    ) -> CoreLabel:
        text = self.text if text is None else text
        marked = self.rich or (self.letters and fonts.needs_markup(text))
        options = {
            "text": fonts.markup(text) if marked and not self.rich else text,
            "font_size": size,
            "font_name": self._font_name(),
            "bold": self.weight == "bold",
            "halign": self.align,
            "text_size": room,
            "line_height": self.line_height,
            "max_lines": int(self.max_lines),
            "shorten": shorten,
            "shorten_from": "right",
            "color": tuple(theme.colour(self.tone)) if self.rich else (1, 1, 1, 1),
        }
        key = (marked, *options.values())
        if key not in self._made_labels:
            label = (MarkupLabel if marked else CoreLabel)(**options)
            label.refresh()
            while len(self._made_labels) >= KEPT:
                del self._made_labels[next(iter(self._made_labels))]
            self._made_labels[key] = label
        return self._made_labels[key]

    def _font_name(self) -> str:
        return fonts.MEDIUM if self.weight == "medium" else fonts.SANS

    def _place(self, *_: object) -> None:
        width, height = self._box.size
        x = {"left": self.x, "right": self.right - width}.get(self.align, self.center_x - width / 2)
        lift = LIFT * self.drawn_px if self.valign == "middle" and not self.wrap else 0
        y = {"top": self.top - height, "bottom": self.y}.get(self.valign, self.center_y - height / 2 + lift)
        self._box.pos = (round(x), round(y))

    def _tint(self, *_: object) -> None:
        self._colour.rgba = (1, 1, 1, 1) if self.rich else theme.colour(self.tone)

    def _retone(self, *_: object) -> None:
        self._tint()
        if self.rich:
            self._redraw()

    def _retheme(self, *_: object) -> None:
        self._tint()
        self._redraw()


class Icon(Text):
    """One symbol: ``Icon: name: "printer"``; ``level`` or ``size_px`` says how large."""

    name = StringProperty("")
    letters = False

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.align = "center"
        self.fbind("name", self._rename)
        self._rename()

    def spoken(self) -> str:
        """Symbols are silent unless ``speak`` says something."""
        return str(self.speak)

    def _rename(self, *_: object) -> None:
        self.text = fonts.icon(self.name) if self.name else ""

    def _font_name(self) -> str:
        return fonts.ICONS


@lru_cache(maxsize=20_000)
def advance(piece: str, font: str, bold: bool) -> float:
    """Width of a word or character as a share of the font size."""
    label = CoreLabel(font_size=REFERENCE, font_name=font, bold=bold)
    return float(label.get_extents(piece)[0]) / REFERENCE


def strong(text: str, tone: str = "call") -> str:
    """Markup for a part of a ``rich`` text: bold, in a colour token of the theme in use."""
    return f"[b][color={theme.hex(tone)}]{fonts.markup(text)}[/color][/b]"
