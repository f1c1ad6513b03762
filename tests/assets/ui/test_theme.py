"""The theme: every token follows a switch, sizes follow the window."""

from __future__ import annotations

from dataclasses import fields

import pytest

from assets.ui import palette

pytestmark = pytest.mark.window


@pytest.fixture
def theme():  # type: ignore[no-untyped-def]
    from assets.ui.theme import Theme

    return Theme()


def test_every_colour_follows_a_switch_and_tells_once(theme) -> None:  # type: ignore[no-untyped-def]
    told: list[int] = []

    def tell(_theme: object, version: int) -> None:
        told.append(version)

    theme.bind(version=tell)
    theme.use(palette="contrast")
    for name in palette.colour_names():
        wanted = [*palette.rgb(getattr(palette.CONTRAST, name)), 1]
        assert theme.colour(name) == pytest.approx(wanted), name
        assert theme.hex(name) == getattr(palette.CONTRAST, name)
    assert len(told) == 1
    theme.use(palette="contrast")
    assert len(told) == 1


def test_type_follows_scale_and_window(theme) -> None:  # type: ignore[no-untyped-def]
    theme.fit(540, 960)
    theme.use(scale="elder")
    for field in fields(palette.TypeScale):
        assert theme.size(field.name) == pytest.approx(getattr(palette.ELDER, field.name) / 2)
    assert theme.blink_seconds == palette.MEASURES.blink_seconds


def test_a_target_is_twenty_millimetres_on_every_panel(theme) -> None:  # type: ignore[no-untyped-def]
    for inches, wanted in ((21.5, 81), (27, 65), (32, 55)):
        theme.fit(1080, 1920, diagonal_inches=inches)
        assert theme.target == wanted


def test_an_unknown_name_changes_nothing(theme) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(KeyError):
        theme.use(palette="night")
    assert theme.palette == "light"
