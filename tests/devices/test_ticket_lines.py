"""Lines are broken as Chinese is broken."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.printing.lines import Glyph, fits_unbroken, width_of, wrap


def glyphs(text: str) -> list[Glyph]:
    return [Glyph(char, 1 if char.isascii() else 2) for char in text]


def broken(text: str, width: int, *, hang: int = 0, even: bool = False) -> list[str]:
    return ["".join(g.text for g in row) for row in wrap(glyphs(text), width, hang=hang, even=even)]


def test_a_hanzi_counts_two_columns() -> None:
    assert broken("一二三四五六七八九十甲乙", 16) == ["一二三四五六七八", "九十甲乙"]


def test_closing_marks_stay_with_their_word() -> None:
    assert broken("请在休息区等候，注意", 14) == ["请在休息区等", "候，注意"]


def test_opening_marks_go_with_their_word() -> None:
    assert broken("办理身份（居民）证", 10) == ["办理身份", "（居民）证"]


def test_words_and_numbers_are_not_torn() -> None:
    assert broken("请于2026-11-21到3号窗口办理", 12) == ["请于", "2026-11-21到", "3号窗口办理"]


def test_a_word_longer_than_the_line_is_torn() -> None:
    assert broken("A" * 25, 10) == ["A" * 10, "A" * 10, "A" * 5]


def test_blanks_at_a_break_are_dropped() -> None:
    assert broken("您前面还有 123 人", 10) == ["您前面还有", "123 人"]


def test_hanging_rows_are_shorter() -> None:
    rows = broken("办理事项：一二三四五六七八九十甲乙丙丁", 16, hang=10)
    assert rows == ["办理事项：一二三", "四五六", "七八九", "十甲乙", "丙丁"]


def test_the_last_row_is_no_widow() -> None:
    assert broken("一二三四五六七八九", 16) == ["一二三四五六", "七八九"]


def test_even_rows() -> None:
    assert broken("社会保险费缴纳业务", 16, even=True) == ["社会保险费", "缴纳业务"]


def test_even_rows_end_with_a_phrase() -> None:
    text = "请在休息区等候，注意呼叫及大屏显示信息"
    assert broken(text, 32, even=True) == ["请在休息区等候，", "注意呼叫及大屏显示信息"]


def test_even_rows_break_before_a_bracket() -> None:
    assert broken("综合受理（含食品经营）", 16, even=True) == ["综合受理", "（含食品经营）"]


def test_what_fits() -> None:
    assert fits_unbroken(glyphs("A012号"), 4)
    assert not fits_unbroken(glyphs("A012号"), 3)
    assert wrap([], 10) == [()]


@given(st.text(st.sampled_from("一二三，。（）ab 1-"), max_size=60), st.integers(4, 40), st.booleans())
def test_nothing_is_lost_and_nothing_sticks_out(text: str, width: int, even: bool) -> None:
    rows = wrap(glyphs(text), width, even=even)
    assert "".join(g.text for row in rows for g in row).replace(" ", "") == text.replace(" ", "")
    assert all(width_of(row) <= width for row in rows)
