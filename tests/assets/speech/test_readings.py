"""A hall's table of pronunciations: what is spoken for a clip whose text stays its key."""

import pytest

from assets.speech.phonemes import Unpronounceable, language, phonemes, syllable
from assets.speech.readings import reading, script, wish, wished
from assets.speech.wording import call_parts

TABLE = (("重", "zhong4"), ("重庆", "chong2 qing4"), ("3号窗口", "三号台"), ("受理区", "受里区"))


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("请到重庆窗口办理", "请到{chong2 qing4}窗口办理"),
        ("请到重点窗口办理", "请到{zhong4}点窗口办理"),
        ("请到受理区五号窗口办理", "请到受里区五号窗口办理"),
        (call_parts("A012", "3号窗口")[-1], "请到三号台办理"),
        ("请到四号窗口办理", ""),
        ("A", ""),
    ],
)
def test_the_longest_written_word_is_replaced_once(text: str, spoken: str) -> None:
    assert reading(text, TABLE) == spoken
    assert wished(wish(text, spoken)) == (text, spoken)


def test_pinyin_in_braces_is_read_as_it_stands() -> None:
    assert phonemes("{chong2 qing4}").replace(" ", "") == syllable("chong2") + syllable("qing4")
    assert phonemes("请到{zhong4}号") != phonemes("请到{chong2}号") == phonemes("请到{chong2}号")
    assert language("请到{chong2 qing4}窗口办理") == "zh"
    assert script(" lü4 shi1 ") == "{lü4 shi1}"
    assert script("VIP 室") == "VIP 室"


@pytest.mark.parametrize("spoken", ["chongg2", "hao", "3号", "℃"])
def test_what_cannot_be_spoken_is_refused(spoken: str) -> None:
    with pytest.raises(Unpronounceable):
        phonemes(script(spoken))
