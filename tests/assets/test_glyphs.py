"""Which font draws which character."""

from __future__ import annotations

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from assets import glyphs


@pytest.mark.parametrize("font", glyphs.FONTS, ids=lambda font: font.name)
def test_coverage_is_what_fonttools_reads(font: glyphs.Font) -> None:
    regular = set(TTFont(glyphs.font_file(font.name)).getBestCmap())
    assert set(glyphs.all_points(font.name)) == regular
    assert regular <= set(TTFont(glyphs.font_file(font.name, bold=True)).getBestCmap())


def test_a_rare_name_is_split_by_coverage() -> None:
    assert glyphs.runs("王𠮷㐂") == [("NotoSansSC", "王"), ("HanaMinB", "𠮷"), ("NotoSansSC", "㐂")]


def test_uyghur_name_stays_in_one_piece() -> None:
    assert glyphs.runs("买买提·吐尔逊") == [("NotoSansSC", "买买提·吐尔逊")]


def test_what_draws_nothing_is_left_out() -> None:
    assert glyphs.runs("葛\U000e0100\u200d城\x07市") == [("NotoSansSC", "葛城市")]


def test_a_mark_is_composed_with_its_base() -> None:
    assert glyphs.runs("e\u0301") == [("NotoSansSC", "é")]


def test_what_no_font_has_is_named_and_marked() -> None:
    assert glyphs.missing("a\ue000b\ue000") == "\ue000"
    assert glyphs.runs("a\ue000") == [("NotoSansSC", "a〓")]


@pytest.mark.parametrize(
    ("first", "last", "gaps"),
    [
        (0x4E00, 0x9FA5, 0),
        (0x3400, 0x4DB5, 0),
        (0x20000, 0x2A6D6, 0),
        (0x2A700, 0x2B734, 0),
        (0x2CEB0, 0x2EBE0, 0),
    ],
)
def test_blocks_of_gb18030_2022(first: int, last: int, gaps: int) -> None:
    lost = [point for point in range(first, last + 1) if not glyphs.font_of(chr(point))]
    assert len(lost) <= gaps, [hex(point) for point in lost[:20]]


def test_without_the_second_font_its_characters_are_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gone = glyphs.Font("Gone", "no-such.ttf", "no-such.ttf")
    monkeypatch.setattr(glyphs, "FONTS", (glyphs.FONTS[0], gone))
    glyphs.font_of.cache_clear()
    try:
        assert glyphs.missing("王𠮷") == "𠮷"
    finally:
        glyphs.font_of.cache_clear()
        glyphs.coverage.cache_clear()


def test_a_font_without_ucs4_map_is_refused(tmp_path: Path) -> None:
    font = TTFont(glyphs.font_file("HanaMinB"))
    font["cmap"].tables = [table for table in font["cmap"].tables if table.format != 12]
    path = tmp_path / "old.ttf"
    font.save(path, reorderTables=False)
    with pytest.raises(ValueError, match=r"old\.ttf.*no UCS-4"):
        glyphs._read_coverage(path)


@given(st.text())
def test_every_text_is_either_drawn_or_marked(text: str) -> None:
    pieces = glyphs.runs(text)
    joined = "".join(piece for _, piece in pieces)
    marked = "".join(glyphs.GETA if char in glyphs.missing(text) else char for char in glyphs.visible(text))
    assert joined == marked
    assert all(char in glyphs.coverage(name) or char in "\n\t" for name, piece in pieces for char in piece)
