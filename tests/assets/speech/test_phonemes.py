"""Readings: every syllable there is, the words that dictionaries get wrong, and what cannot be read."""

import pytest
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_tone3

from assets.speech.phonemes import VOCABULARY, Unpronounceable, language, phonemes, syllable, tokens
from assets.speech.polyphones import PHRASES, SURNAMES


def test_every_syllable_of_the_dictionary_is_in_the_models_vocabulary() -> None:
    forms = {
        to_tone3(form, neutral_tone_with_five=True)
        for forms in PINYIN_DICT.values()
        for form in forms.split(",")
    }
    assert len(forms) == 1549
    assert len(VOCABULARY) == 114
    assert all(tokens(syllable(form)) for form in forms)


@pytest.mark.parametrize(
    ("pinyin", "symbols"),
    [
        ("qing3", "ʨʰi↓ŋ"),
        ("hao4", "xau↘"),
        ("er4", "ɚ↘"),
        ("shi2", "ʂɨ↗"),
        ("zi4", "ʦɨ↘"),
        ("yu3", "y↓"),
        ("xue2", "ɕɥe↗"),
        ("jun1", "ʨy→n"),
        ("liu4", "ljou↘"),
        ("gui1", "kwei→"),
        ("wen2", "wə↗n"),
        ("yong3", "jʊ↓ŋ"),
        ("you3", "jou↓"),
        ("lüe4", "lɥe↘"),
        ("bo1", "pwo→"),
        ("de5", "tɤ"),
    ],
)
def test_pinyin_spelling_is_undone(pinyin: str, symbols: str) -> None:
    assert syllable(pinyin) == symbols


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        ("请您调档", "tiao2", "diao4"),
        ("办理还款", "hai2", "huan2"),
        ("朝阳", "zhao1", "chao2"),
        ("单县", "dan1", "shan4"),
        ("单先生", "dan1", "shan4"),
        ("仇女士", "chou2", "qiu2"),
        ("曾先生", "ceng2", "zeng1"),
        ("重庆", "zhong4", "chong2"),
        ("会计", "hui4", "kuai4"),
    ],
)
def test_words_with_two_readings(text: str, wrong: str, right: str) -> None:
    spoken = phonemes(text)
    assert syllable(right) in spoken
    assert syllable(wrong) not in spoken


def test_every_reading_of_our_own_table_is_a_syllable_for_each_character() -> None:
    for word, reading in {**PHRASES, **SURNAMES}.items():
        assert len(reading.split()) == len(word), word
        assert phonemes(word)


def test_digits_are_one_word_by_their_digits_and_letters_as_in_english() -> None:
    assert phonemes("零一二号") == "li↗ŋi→ɚ↘ xau↘"
    assert phonemes("幺") == "jau→"
    assert phonemes("A") == "ˈA"
    assert phonemes("please go to counter three") == "plˈiz ɡˌO tə kˈWntəɹ θɹˈi"


@pytest.mark.parametrize("text", ["A012", "第３号", "hello", "", "，", "ﻼ", "123"])
def test_what_cannot_be_read_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Unpronounceable, match=r"holds|not in the list|no reading"):
        phonemes(text)


def test_language_decides_the_voice() -> None:
    assert language("请到三号窗口办理") == language("A") == "zh"
    assert language("Ticket number A") == "en"


def test_a_window_number_is_one_word_and_the_sentence_has_the_words_of_people() -> None:
    words = phonemes("请到三十八号窗口办理").split(" ")
    assert words == [
        "".join(syllable(one) for one in word.split())
        for word in ("qing3 dao4", "san1 shi2 ba1 hao4", "chuang1 kou3", "ban4 li3")
    ]
    assert len(phonemes("请到贵宾接待室办理").split(" ")) == 5
