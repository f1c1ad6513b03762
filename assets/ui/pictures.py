"""Pictures of screens: any widget drawn to a PNG, and every screen of a program found by itself.

A module under ``kiosk/screens`` or ``queue_display/screens`` that draws something has a function

    def samples() -> tuple[Sample, ...]:
        return (Sample("home", lambda: HomeScreen(state)), Sample("home-paper-out", …))

and thereby is in the picture book, in the lints and in the tests. ``Sample.build`` returns a fresh widget.

    main("kiosk.screens", ["--out", "DIR"])     # what ``python -m kiosk pictures`` calls; prints each file
    main("kiosk.screens", ["--lint"])           # prints what lints.py finds; exit status 1 if anything
    render(widget, (1080, 1920), Path("x.png")) # after window.prepare and window.open_window

A picture is taken after two frames were flipped and nothing is waiting to be drawn; nothing sleeps.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assets.ui import window
from assets.ui.display import Display
from assets.ui.palette import PALETTES, SCALES

Build = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture of a screen: ``build`` makes a fresh widget, ``size`` is the window it was designed for."""

    name: str
    build: Build
    size: tuple[int, int] = (1080, 1920)
    scales: tuple[str, ...] = tuple(SCALES)
    diagonal_inches: float = 21.5
    touch: bool = True
    """False for a screen that nobody touches: boards and signs have no targets and no reach."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A sample in one palette and one type scale."""

    sample: Sample
    palette: str
    scale: str

    @property
    def name(self) -> str:
        """File name without the ending."""
        return f"{self.sample.name}.{self.palette}.{self.scale}"


def samples(package: str) -> list[Sample]:
    """Samples of all modules of a package. Raises LookupError for a module that has none."""
    found: list[Sample] = []
    for info in pkgutil.iter_modules(importlib.import_module(package).__path__):
        module = importlib.import_module(f"{package}.{info.name}")
        given = getattr(module, "samples", None)
        if given is None:
            raise LookupError(f"{package}.{info.name} has no samples(): a screen must be able to show itself")
        found.extend(given())
    return found


def variants(package: str) -> Iterator[Variant]:
    """Every sample × palette × scale."""
    for sample in samples(package):
        for palette in PALETTES:
            for scale in sample.scales:
                yield Variant(sample, palette, scale)


def show(variant: Variant) -> object:
    """Put a variant on the window alone, laid out and drawn; returns its widget."""
    from kivy.core.window import Window

    from assets.ui.theme import theme

    sample = variant.sample
    theme.use(palette=variant.palette, scale=variant.scale)
    theme.fit(*sample.size, diagonal_inches=sample.diagonal_inches, design=sample.size)
    for child in list(Window.children):
        Window.remove_widget(child)
    widget = sample.build()
    place(widget, sample.size)
    return widget


def place(widget: object, size: tuple[int, int]) -> None:
    """Lay a widget out at this size on the window and wait until two frames were flipped."""
    from kivy.core.window import Window

    if Window.size != size:
        Window.size = size
    if widget.parent is None:  # type: ignore[attr-defined]
        Window.add_widget(widget)
    widget.size_hint = (None, None)  # type: ignore[attr-defined]
    widget.size = size  # type: ignore[attr-defined]
    widget.pos = (0, 0)  # type: ignore[attr-defined]
    frames(2)


def frames(count: int, *, root: object = None, most: int = 60) -> None:
    """Step Kivy until ``count`` frames were flipped and ``root`` is at rest; RuntimeError if it never is."""
    from kivy.base import EventLoop
    from kivy.clock import Clock
    from kivy.core.window import Window

    flipped = 0

    def seen(*_: object) -> None:
        nonlocal flipped
        flipped += 1

    if EventLoop.status != "started":
        EventLoop.start()
    Window.bind(on_flip=seen)
    before: object = None
    try:
        for _ in range(most):
            Window.canvas.ask_update()
            Clock.tick()
            Clock.tick_draw()
            EventLoop.dispatch_input()
            Window.dispatch("on_draw")
            Window.dispatch("on_flip")
            now = _outline(root if root is not None else Window)
            if flipped >= count and now == before:
                return
            before = now
        raise RuntimeError(f"the screen did not come to rest within {most} frames")
    finally:
        Window.unbind(on_flip=seen)


def _outline(root: object) -> tuple[object, ...]:
    """Place, size and texture of everything under ``root``: equal twice means that drawing is at rest."""
    return tuple(
        (*each.pos, *each.size, id(getattr(each, "texture", None)))
        for child in root.children  # type: ignore[attr-defined]
        for each in child.walk()
    )


def render(widget: object, size: tuple[int, int], path: Path) -> Path:
    """Draw a widget at this size into a PNG on the theme's paper; returns the path."""
    from kivy.graphics import ClearBuffers, ClearColor, Fbo
    from PIL import Image

    from assets.ui.theme import theme

    place(widget, size)
    canvas = widget.canvas  # type: ignore[attr-defined]
    parent = widget.parent.canvas  # type: ignore[attr-defined]
    at = parent.indexof(canvas)
    parent.remove(canvas)
    buffer = Fbo(size=size, with_stencilbuffer=True)
    with buffer:
        ClearColor(*theme.colour("paper"))
        ClearBuffers()
    buffer.add(canvas)
    buffer.draw()
    pixels = buffer.texture.pixels
    buffer.remove(canvas)
    parent.insert(at, canvas)
    picture = Image.frombytes("RGBA", size, pixels).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(path)
    return path


def main(package: str, arguments: Sequence[str]) -> int:
    """Command line of ``pictures``: every screen of a package into a folder. Needs no display."""
    parser = argparse.ArgumentParser(prog="pictures", description="Draw every screen to PNG files.")
    parser.add_argument("--out", type=Path, help="folder for the pictures")
    parser.add_argument("--lint", action="store_true", help="print what is wrong with the screens")
    parser.add_argument("--only", default="", help="only samples whose name begins so")
    options = parser.parse_args(arguments)
    if not options.out and not options.lint:
        parser.error("say --out DIR, --lint or both")
    offscreen()
    wrong = 0
    for variant in variants(package):
        if variant.sample.name.startswith(options.only):
            widget = show(variant)
            wrong += _lint(variant, widget) if options.lint else 0
            if options.out:
                path = render(widget, variant.sample.size, options.out / f"{variant.name}.png")
                sys.stdout.write(f"{path}\n")
    return 1 if wrong else 0


def _lint(variant: Variant, widget: object) -> int:
    from assets.ui import lints

    found = lints.findings(widget, touch=variant.sample.touch)
    sys.stdout.writelines(f"{variant.name}: {finding}\n" for finding in found)
    return len(found)


def offscreen(size: tuple[int, int] = (1080, 1920)) -> None:
    """Open Kivy's window where no display is: SDL draws into memory; a later call changes nothing.

    Raises RuntimeError when somebody imported Kivy's window before.
    """
    if window.opened():
        return
    os.environ["SDL_VIDEODRIVER"] = "offscreen"
    display = Display(width=size[0], height=size[1])
    window.prepare(display, title="pictures")
    window.open_window(display, follow_size=False)
