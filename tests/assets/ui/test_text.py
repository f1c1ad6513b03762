"""Text: escaped, rare characters drawn, fitted, cut only when it must be."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.window


def drawn(text: str, **options: object):  # type: ignore[no-untyped-def]
    """A laid-out Text in a place of 600 × 80."""
    from kivy.uix.floatlayout import FloatLayout

    from assets.ui.widgets import Text
    from tests import ui

    box = FloatLayout()
    label = Text(text=text, **{"size_hint": (None, None), "size": (600, 80), **options})
    box.add_widget(label)
    ui.mount(box)
    return label


def bytes_of(text: str, **options: object) -> bytes:
    return bytes(drawn(text, **options).texture.pixels)


def test_markup_of_citizens_is_text_not_markup() -> None:
    plain, marked = drawn("[b]张[/b]"), drawn("张")
    assert plain.texture.width > marked.texture.width * 2


def test_escaping_holds_beside_rare_characters() -> None:
    from assets import glyphs
    from assets.ui import fonts

    assert fonts.markup("[𠮷]") == f"&bl;[font={glyphs.FONTS[1].name}]𠮷[/font]&br;"


def test_a_rare_character_is_drawn_and_not_a_box() -> None:
    one, other, tofu = bytes_of("𠮷"), bytes_of("𡈽"), bytes_of("〓")
    assert len({one, other, tofu}) == 3
    from assets.ui import fonts

    assert not fonts.needs_markup("王小明，请到3号窗口")
    assert fonts.needs_markup("王𠮷")


def test_a_line_shrinks_to_its_place() -> None:
    label = drawn("请到企业与许可综合受理窗口办理", level="title")
    assert 0.6 * label.wanted_px() <= label.drawn_px < label.wanted_px()
    assert label.texture.width <= 600
    assert not label.cut


@pytest.mark.parametrize("width", range(280, 320))
def test_a_line_that_nearly_fits_is_never_cut(width: int) -> None:
    label = drawn("A023", size_px=133, weight="bold", size=(width, 200))
    assert not label.cut
    assert label.texture.width <= width + 1


def test_a_line_that_cannot_shrink_enough_says_that_it_is_cut() -> None:
    label = drawn("请到企业与许可综合受理窗口办理" * 3, level="title")
    assert label.cut
    assert label.texture.width <= 600


def test_wrapped_text_grows_and_breaks_between_chinese_words() -> None:
    label = drawn("20 秒后将返回首页，您已填写的内容会被清除，请尽快继续", wrap=True, grow=True)
    lines = round(label.height / (label.drawn_px * 1.45))
    assert lines == 2
    assert label.texture.width <= 600


def test_colour_follows_the_theme_without_a_new_drawing() -> None:
    from assets.ui.theme import theme
    from tests import ui

    label = drawn("请", tone="ink")
    before = label.texture
    assert list(label._colour.rgba) == pytest.approx(theme.colour("ink"))
    label.tone = "call"
    ui.frames()
    assert label.texture is before
    assert list(label._colour.rgba) == pytest.approx(theme.colour("call"))


def test_an_unknown_icon_names_near_ones() -> None:
    from assets.ui import fonts

    with pytest.raises(KeyError, match="printer"):
        fonts.icon("printerr")
    assert len(fonts.icon("printer")) == 1
