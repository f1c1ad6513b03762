"""Line breaks of Chinese text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assets.ui.lines import NOT_FIRST, NOT_LAST, break_lines, even_lines, whole_lines


def measure(text: str) -> float:
    return float(sum(1 if ord(character) > 0x2000 else 0.5 for character in text))


def test_chinese_breaks_anywhere_but_not_before_a_comma() -> None:
    assert break_lines("请携带身份证，提前准备", 6, measure) == ["请携带身份", "证，提前准备"]


def test_a_number_with_its_unit_is_not_torn_at_the_space() -> None:
    assert break_lines("20 秒后将返回首页", 6, measure) == ["20 秒后将返", "回首页"]


def test_words_and_numbers_stay_whole() -> None:
    assert break_lines("号码A0123请到", 4, measure) == ["号码", "A0123请", "到"]


def test_a_word_wider_than_the_line_is_taken_apart() -> None:
    assert break_lines("ABCDEFGH", 2, measure) == ["ABCD", "EFGH"]


def test_a_short_remark_in_brackets_stays_whole() -> None:
    assert break_lines("转移登记(二手房)", 7, measure) == ["转移登记", "(二手房)"]


def test_given_breaks_are_kept() -> None:
    assert break_lines("一\n\n二", 9, measure) == ["一", "", "二"]


@given(st.text(alphabet="办事大厅，。（）“”A1 请到", max_size=60), st.integers(3, 12))
def test_nothing_is_lost_and_lines_fit(text: str, width: int) -> None:
    lines = break_lines(text, width, measure)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for line in lines:
        clusters = sum(character in NOT_FIRST or character in NOT_LAST for character in line)
        assert measure(line) <= width or clusters, line


def test_a_title_is_broken_evenly() -> None:
    assert break_lines("请把身份证放在感应区", 9, measure) == ["请把身份证放在感应", "区"]
    assert even_lines("请把身份证放在感应区", 9, measure) == ["请把身份证", "放在感应区"]


def test_a_single_character_never_stands_alone() -> None:
    assert whole_lines("灵活就业人员参保登记", 9, measure) == ["灵活就业人", "员参保登记"]
    assert whole_lines("灵活就业人员参保登记了", 9, measure) == ["灵活就业人员参保登", "记了"]


@given(st.text(alphabet="办事大厅，。（）“”A1 请到", max_size=60), st.integers(3, 12))
def test_even_lines_are_as_few_and_lose_nothing(text: str, width: int) -> None:
    even, greedy = even_lines(text, width, measure), break_lines(text, width, measure)
    assert len(even) == len(greedy)
    assert "".join(even).replace(" ", "") == text.replace(" ", "")
