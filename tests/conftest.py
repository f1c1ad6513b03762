"""What holds for all tests: Kivy is told before anything imports it; window tests draw into memory."""

from __future__ import annotations

import os

import pytest

from assets.ui.window import ENVIRONMENT

os.environ.update(ENVIRONMENT)
os.environ["SDL_VIDEODRIVER"] = "offscreen"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked ``window`` finds Kivy's window open."""
    if item.get_closest_marker("window"):
        from assets.ui import pictures

        pictures.offscreen()
