"""Boards and signs on panels of other sizes than those they were drawn for."""

from __future__ import annotations

import pytest

from assets.ui.display import Display
from queue_display.config import BoardDisplay, SignDisplay, design

pytestmark = pytest.mark.window

BOARDS = (BoardDisplay(width=1280, height=720), BoardDisplay(width=1024, height=768))
SIGNS = (SignDisplay(width=1024, height=600), SignDisplay(width=1920, height=1080))
BARS = (SignDisplay(width=1920, height=360), SignDisplay(width=1280, height=360))


def panels() -> list[tuple[str, Display]]:
    kinds = (("hall_board", BOARDS), ("window_sign", SIGNS), ("window_sign", BARS))
    return [(screen, display) for screen, displays in kinds for display in displays]


@pytest.mark.parametrize(("screen", "display"), panels())
def test_nothing_overflows_on_another_panel(screen: str, display: Display) -> None:
    import importlib

    from assets.ui import lints
    from assets.ui.theme import theme
    from tests import ui

    drawn_for = design(display)
    found = []
    for sample in importlib.import_module(f"queue_display.screens.{screen}").samples():
        widget = sample.build()
        ui.mount(widget, (display.width, display.height))
        theme.fit(display.width, display.height, diagonal_inches=display.diagonal_inches, design=drawn_for)
        ui.frames()
        found += [f"{sample.name}: {each}" for each in lints.findings(widget, touch=False)]
    assert found == []
