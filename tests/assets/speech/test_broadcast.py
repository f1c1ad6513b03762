"""A manager's text as it is said: no digit and no Latin word is left, no passage is long, none is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.speech.broadcast import LONGEST_PASSAGE, has_blank, in_words, passages
from assets.speech.phonemes import language, phonemes, tokens
from assets.speech.readings import reading
from assets.speech.spelling import spelled

TEXTS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "请到",
                "3号窗口",
                "A012号",
                "17:30",
                "9:05-11:00",
                "12345",
                "119",
                "50%",
                "3.5",
                "2个人",
                "WiFi",
            ]
        ),
        st.sampled_from(["，", "。", "！", "、", "：", "；", "（", "）", " ", "\n", "/", "-", "2026年"]),
        st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x5FFF), max_size=40),
        st.from_regex(r"[0-9]{1,12}", fullmatch=True),
    ),
    max_size=12,
).map("".join)


def heard(text: str) -> str:
    return "".join(filter(str.isalnum, text))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("今天17:30下班，9:05再来", "今天十七点三十分下班，九点零五分再来"),
        ("13:00-14:30停电", "十三点至十四点三十分停电"),
        ("2026年11月2日", "二零二六年十一月二日"),
        ("请拨打12345或119", "请拨打幺二三四五或幺幺九"),
        ("电话0791-88881111", "电话零七九幺八八八八幺幺幺幺"),
        ("2个人交120元", "两个人交一百二十元"),
        ("占50%，共3.5公里", "占百分之五十，共三点五公里"),
        ("A012号请到1-3号窗口", "A 零幺二号请到一至三号窗口"),
        ("到305室", "到三零五室"),
        ("赣A12345的车主", "赣A 幺二三四五的车主"),
        ("连接WiFi", "连接W I F I"),
        ("先生/女士", "先生、女士"),
    ],
)
def test_numbers_and_letters_are_said_as_in_a_hall(written: str, said: str) -> None:
    assert in_words(written, one="幺") == said


def test_a_text_is_spoken_by_sentences_and_a_long_one_in_breaths() -> None:
    text = "紧急通知！大厅发生险情，请大家不要惊慌，听从工作人员指挥，从最近的安全出口有序撤离。"
    assert passages(text) == (
        "紧急通知！",
        "大厅发生险情，请大家不要惊慌，听从工作人员指挥，",
        "从最近的安全出口有序撤离。",
    )
    assert passages("。，！") == ()


@given(TEXTS)
def test_whatever_is_typed_is_said_whole_in_short_passages_that_the_voice_can_speak(text: str) -> None:
    said = passages(text, one="幺")
    assert heard("".join(said)) == heard(in_words(text, one="幺"))
    for part in said:
        assert len(part) <= LONGEST_PASSAGE
        assert 0 < len(tokens(phonemes(part))) <= 510
        assert language(part) == "zh"
        assert spelled(part)


def test_a_blank_is_seen_until_somebody_fills_it_in() -> None:
    assert has_blank("请＿＿＿先生到导办台")
    assert has_blank("请__到导办台")
    assert not has_blank("请王先生到导办台")


def test_pinyin_shows_the_reading_that_the_hall_will_hear() -> None:
    assert spelled("一位会计还款") == "yī wèi kuàijì huánkuǎn"
    assert spelled(reading("到重庆路。", (("重庆路", "chong2 qing4 lu4"),))) == "dào chóngqìnglù。"
