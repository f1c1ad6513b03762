"""Every call has a wording of clips, and no clip holds an ASCII digit."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.speech.phonemes import phonemes, tokens
from assets.speech.wording import (
    PLEASE_FIRST,
    WORDINGS,
    call_parts,
    call_parts_english,
    cardinal,
    likely_parts,
    window_words,
)

LABELS = st.one_of(
    st.integers(1, 99).map(lambda number: f"{number}号窗口"),
    st.integers(1, 60).map(lambda number: f"综窗{number:02d}"),
    st.sampled_from(
        ["咨询台", "导办台", "3楼305室", "A区3号窗口", "２号窗口", "出件窗口", "12 号窗口", "1208室"]
    ),
)
NUMBERS = st.from_regex(r"[A-Z]{0,2}[0-9]{3,5}", fullmatch=True)


def test_the_usual_wording_is_three_clips() -> None:
    assert call_parts("A012", "3号窗口") == ("A", "零一二号", "请到三号窗口办理")
    assert call_parts(number="A012", window_label="3号窗口", wording="number-first", one="幺") == (
        "A",
        "零幺二号",
        "请到三号窗口办理",
    )


def test_a_hall_may_say_please_first() -> None:
    parts = call_parts("B110", "咨询台", wording=PLEASE_FIRST, one="幺")
    assert parts == ("请", "B", "幺幺零号", "到咨询台")


@pytest.mark.parametrize(
    ("label", "spoken"),
    [
        ("3号窗口", "三号窗口"),
        ("16号窗口", "十六号窗口"),
        ("03号窗口", "三号窗口"),
        ("综窗12", "综窗十二"),
        ("咨询台", "咨询台"),
        ("305室", "三零五室"),
        ("2楼20号窗口", "二楼二十号窗口"),
        ("", "窗口"),
    ],
)
def test_a_window_is_named_as_people_say_it(label: str, spoken: str) -> None:
    assert window_words(label) == spoken


def test_cardinals() -> None:
    wanted = {0: "零", 9: "九", 10: "十", 16: "十六", 20: "二十", 99: "九十九", 100: "一百", 105: "一百零五"}
    wanted |= {110: "一百一十", 1001: "一千零一", 1010: "一千零一十", 2020: "二千零二十"}
    assert {value: cardinal(value) for value in wanted} == wanted


def test_letters_stand_apart_and_a_han_prefix_together() -> None:
    assert call_parts("AB1000", "1号窗口")[:3] == ("A", "B", "一零零零号")
    assert call_parts("税务012", "1号窗口")[:2] == ("税务", "零一二号")


@pytest.mark.parametrize("number", ["", "-", "1A", "A1B2"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="cannot be spoken"):
        call_parts(number, "1号窗口")


def test_an_unknown_wording_and_an_unknown_one_are_refused() -> None:
    with pytest.raises(ValueError, match="number-first, please-first"):
        call_parts("A001", "1号窗口", wording="loud")
    with pytest.raises(ValueError, match="neither"):
        call_parts("A001", "1号窗口", one="1")


@given(number=NUMBERS, label=LABELS, wording=st.sampled_from(WORDINGS), one=st.sampled_from("一幺"))
def test_no_clip_of_any_call_holds_a_digit_and_each_can_be_pronounced(
    number: str, label: str, wording: str, one: str
) -> None:
    parts = call_parts(number, label, wording=wording, one=one)
    for part in (*parts, *call_parts_english(number, label)):
        assert not re.search(r"[0-9０-９]", part)
        assert tokens(phonemes(part))
    digits = re.sub(r"\D", "", number)
    spoken = "".join(part for part in parts if part.endswith("号") and "窗" not in part).rstrip("号")
    assert [("零一二三四五六七八九".index(sign)) for sign in spoken.replace("幺", "一")] == [
        int(digit) for digit in digits
    ]
    other = {"一": "幺", "幺": "一"}[one]
    assert other not in spoken


def test_english_calls() -> None:
    assert call_parts_english("A012", "3号窗口") == (
        "Ticket number A",
        "zero one two",
        "please go to counter three",
    )
    assert call_parts_english("B007", "2楼16号窗口")[-1] == "please go to counter sixteen"
    assert call_parts_english("B007", "咨询台")[-1] == "please go to the information desk"
    assert call_parts_english("B007", "305室")[-1] == "please go to room three zero five"
    assert call_parts_english("B007", "贵宾区")[-1] == "please go to the counter on the screen"


def test_the_likely_clips_begin_with_one_whole_call() -> None:
    windows = [f"{number}号窗口" for number in range(1, 13)]
    parts = likely_parts(["A", "B"], windows, 200, english=True)
    assert parts[:3] == call_parts("A001", "1号窗口")
    assert len(parts) == len(set(parts))
    for prefix in "AB":
        for number in (1, 57, 200):
            for window in windows:
                assert set(call_parts(f"{prefix}{number:03d}", window)) <= set(parts)
                assert set(call_parts_english(f"{prefix}{number:03d}", window)) <= set(parts)
