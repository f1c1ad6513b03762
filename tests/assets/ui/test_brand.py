"""A hall's own colour: whatever may be had keeps every contrast, in every palette, on every screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.ui import brand, palette
from tests.emblems import emblem

COLOURS = [each.colour for each in brand.CHECKED]
free = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


@pytest.mark.parametrize("colour", COLOURS)
def test_what_is_offered_passes_every_check(colour: str) -> None:
    assert brand.missed(colour) is None
    made = brand.branded(palette.LIGHT, colour)
    assert palette.faint_pairs(made) == []
    assert (made.accent == colour) is bool(colour)
    assert (made.call, made.focus, made.ink) == (
        palette.LIGHT.call,
        palette.LIGHT.focus,
        palette.LIGHT.ink,
    )


@given(colour=free)
def test_a_free_colour_is_readable_or_refused_with_what_it_misses(colour: str) -> None:
    found = brand.missed(colour)
    made = brand.branded(palette.LIGHT, colour)
    assert palette.faint_pairs(made) == []
    if found is None:
        assert made.accent == colour
    else:
        assert made == palette.LIGHT, "a colour that fails is left out"
        assert found.have < found.wanted
        if found.instead:
            assert brand.missed(found.instead) is None


@pytest.mark.parametrize(
    ("colour", "what", "instead"),
    [
        ("#00a0e9", brand.TOO_LIGHT, "#005d87"),
        ("#ffffff", brand.TOO_LIGHT, "#575757"),
        ("#e60012", brand.TOO_LIGHT, ""),
        ("#8b0000", brand.TOO_CALLING, ""),
    ],
)
def test_why_a_colour_cannot_be_had(colour: str, what: str, instead: str) -> None:
    found = brand.missed(colour)
    assert found is not None
    assert (found.what, found.instead) == (what, instead)


def test_high_contrast_takes_no_colour() -> None:
    assert brand.branded(palette.CONTRAST, "#0e5457") == palette.CONTRAST
    assert brand.palette_in("contrast", "#0e5457") == palette.CONTRAST


@pytest.mark.window
@pytest.mark.parametrize("colour", ["#0e5457", "#5b4030"])
def test_every_screen_in_a_halls_own_look_passes_the_lints(colour: str) -> None:
    from assets.ui import lints, pictures

    pictures.offscreen()
    from assets.ui.theme import theme

    shown = ("home", "guide", "number", "out-of-service", "board-call", "sign-calling", "home-papers")
    found: list[str] = []
    try:
        for package in ("kiosk.screens", "queue_display.screens"):
            for variant in pictures.variants(package):
                if variant.sample.name in shown:
                    theme.brand(colour, emblem(200, 120))
                    root = pictures.show(variant)
                    assert theme.hex("accent") == (colour if variant.palette == "light" else "#ffe600")
                    wrong = lints.findings(root, touch=variant.sample.touch)
                    found.extend(f"{variant.name}: {one}" for one in wrong)
    finally:
        theme.brand("", b"")
    assert found == []


@pytest.mark.window
def test_a_broken_logo_leaves_the_screen_as_it_is() -> None:
    from assets.ui import pictures

    pictures.offscreen()
    from assets.ui.theme import theme
    from assets.ui.widgets import Logo

    logo = Logo(height=100, widest=100)
    try:
        theme.brand("", emblem())
        assert logo.width == pytest.approx(100)
        theme.brand("", b"no picture at all")
        assert logo.width == 0
    finally:
        theme.brand("", b"")
    assert logo.width == 0
