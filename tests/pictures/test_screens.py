"""Every screen of every program, in every palette and type scale: found, drawn, and without findings."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = [pytest.mark.window, pytest.mark.timeout(400)]

PACKAGES = ("kiosk.screens", "queue_display.screens")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_screen_has_samples_with_names_of_their_own(package: str) -> None:
    from assets.ui import pictures

    names = [variant.name for variant in pictures.variants(package)]
    assert len(names) >= 4
    assert len(names) == len(set(names))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_lint_has_findings(package: str) -> None:
    from assets.ui import lints, pictures

    found = [
        f"{variant.name}: {finding}"
        for variant in pictures.variants(package)
        for finding in lints.findings(pictures.show(variant), touch=variant.sample.touch)
    ]
    assert found == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_picture_shows_something(package: str, tmp_path: Path) -> None:
    from PIL import Image

    from assets.ui import pictures

    variant = next(pictures.variants(package))
    path = pictures.render(pictures.show(variant), variant.sample.size, tmp_path / "x.png")
    with Image.open(path) as picture:
        assert picture.size == variant.sample.size
        colours = picture.convert("RGB").getcolors(maxcolors=1 << 24)
        assert colours is not None
        assert len(colours) > 50
        top = picture.getpixel((picture.width // 2, 5))
        bottom = picture.getpixel((picture.width // 2, picture.height - 5))
        assert top != bottom  # right way up: a header is not the background


@pytest.mark.parametrize("package", PACKAGES)
def test_a_screen_that_left_the_window_is_freed(package: str) -> None:
    import gc
    from weakref import ref

    from kivy.core.window import Window

    from assets.ui import pictures
    from tests import ui

    kept = []
    for sample in pictures.samples(package):
        widget = pictures.show(pictures.Variant(sample, "light", "normal"))
        Window.remove_widget(widget)
        gone = ref(widget)
        del widget
        ui.frames(1)
        gc.collect()
        if gone() is not None:
            kept.append(sample.name)
    assert kept == []
