"""Colours: enough contrast for every pair in use, in every palette."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from assets.ui import palette


@pytest.mark.parametrize("name", palette.PALETTES)
def test_every_pair_in_use_has_its_contrast(name: str) -> None:
    assert palette.faint_pairs(palette.PALETTES[name]) == []


def test_a_faint_colour_is_named() -> None:
    faint = replace(palette.LIGHT, ink_soft="#8a93a6")
    assert any(words.startswith("ink_soft on paper") for words in palette.faint_pairs(faint))


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#ffffff", "#ffffff", 1.0)],
)
def test_ratio_is_that_of_wcag(one: str, other: str, wanted: float) -> None:
    assert palette.ratio(one, other) == pytest.approx(wanted, abs=0.01)
    assert palette.ratio(other, one) == palette.ratio(one, other)


def test_no_token_looks_like_a_handler_of_another() -> None:
    names = [*palette.colour_names(), *(field.name for field in fields(palette.TypeScale))]
    assert not [name for name in names if name.startswith("on_")]


def test_elder_type_is_a_third_larger_and_reads_at_sixty_centimetres() -> None:
    per_mm = palette.pixels_per_mm(1080, 1920, 21.5)
    cap_mm = palette.ELDER.small * 0.733 / per_mm
    assert cap_mm >= 7.3  # EN 301 549, 5.1.4: 0.7 degrees at 600 mm
    assert palette.ELDER.body == pytest.approx(palette.NORMAL.body * 1.3)


def test_blinking_is_slow_enough() -> None:
    assert palette.MEASURES.blink_hz <= 3
