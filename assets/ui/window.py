"""Sets everything that Kivy reads once, before its window exists.

Use, first thing in a program, before any other Kivy import::

    window.prepare(Display(width=1080, height=1920), title="1号自助机")
    from kiosk.app import KioskApp  # may import kivy.core.window now

``prepare`` raises RuntimeError when Kivy's window is already open: then the options would silently not count.
Afterwards: no argument parsing by Kivy, no config file, no log file, Kivy's log lines go to Python's
``logging``; Escape and F1 are ours; no multitouch dots; one event per tap; frames are drawn when something
changed (``KIVY_CLOCK=interrupt``); no multisampling (SmoothLine and SmoothRoundedRectangle do that work).
"""

from __future__ import annotations

import os
import sys

from assets.ui.display import Display

ENVIRONMENT = {
    "KIVY_NO_ARGS": "1",
    "KIVY_NO_CONFIG": "1",
    "KIVY_NO_FILELOG": "1",
    "KIVY_LOG_MODE": "PYTHON",
    "KIVY_CLOCK": "interrupt",
    "KCFG_KIVY_LOG_LEVEL": "warning",
    "KIVY_METRICS_DENSITY": "1",
    "KIVY_METRICS_FONTSCALE": "1",
    "KIVY_DPI": "96",
}


_OPENED: list[Display] = []


def prepare(display: Display, *, title: str = "Banshi") -> None:
    """Set environment and Config for this display; call once, before Kivy's window module is imported."""
    if "kivy.core.window" in sys.modules:
        raise RuntimeError("window.prepare must come before kivy.core.window is imported")
    os.environ.update(ENVIRONMENT)
    # A configuration object exists from here on.
    from kivy.config import Config

    for section, option, value in _options(display, title):
        Config.set(section, option, value)
    # SDL already reports touches: a second provider would deliver each finger twice.
    Config.remove_option("input", "%(name)s")
    Config.set("input", "mouse", "mouse,disable_on_activity,disable_multitouch")


def open_window(display: Display, *, design: tuple[int, int] | None = None, follow_size: bool = True) -> None:
    """Import Kivy's window, fit the theme to it, paint the background; after ``prepare``.

    ``design`` is the size for which the screens were drawn; theme.u scales them to this window, also when
    its size changes, unless whoever draws sets the scale himself (``follow_size`` False: pictures).
    """
    from kivy.core.window import Window

    from assets.ui import fonts
    from assets.ui.theme import theme

    fonts.register()
    theme.use(palette=display.palette, scale=display.scale)
    drawn = design or (display.width, display.height)

    def refit(*_: object) -> None:
        theme.fit(*Window.size, diagonal_inches=display.diagonal_inches, design=drawn)

    def repaint(*_: object) -> None:
        Window.clearcolor = theme.colour("paper")

    # fbind keeps these functions alive, bind would not.
    if follow_size:
        Window.fbind("size", refit)
    theme.fbind("version", repaint)
    refit()
    _OPENED.append(display)


def opened() -> bool:
    """Whether ``open_window`` was called in this process."""
    return bool(_OPENED)


def _options(display: Display, title: str) -> list[tuple[str, str, str]]:
    placed = display.left is not None and display.top is not None
    options: tuple[tuple[str, str, object], ...] = (
        ("kivy", "exit_on_escape", 0),
        ("kivy", "window_title", title),
        ("kivy", "log_enable", 0),
        ("kivy", "log_level", "warning"),
        ("kivy", "desktop", 0),
        ("kivy", "keyboard_mode", "system"),
        ("kivy", "pause_on_minimize", 0),
        ("graphics", "width", display.width),
        ("graphics", "height", display.height),
        ("graphics", "fullscreen", "auto" if display.fullscreen else 0),
        ("graphics", "borderless", int(display.borderless)),
        ("graphics", "resizable", 0),
        ("graphics", "show_cursor", int(display.cursor)),
        ("graphics", "multisamples", 0),
        ("graphics", "maxfps", 30),
        ("graphics", "allow_screensaver", 0),
        ("graphics", "position", "custom" if placed else "auto"),
        ("graphics", "left", display.left or 0),
        ("graphics", "top", display.top or 0),
    )
    return [(section, option, str(value)) for section, option, value in options]
