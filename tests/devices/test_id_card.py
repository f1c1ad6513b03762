"""The four card layouts, the refusal of any other, and any 256 bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.cards import CardKind, Sex
from devices.protocols.id_card import NATIONS, BadCard, UnknownCard, parse_text
from devices.simulators import people
from devices.simulators.people import BY_WORD


def test_a_resident_with_a_character_beyond_the_first_plane() -> None:
    card = parse_text(BY_WORD["wang"].text, b"photo")
    assert (card.card_kind, card.name, card.sex) == (CardKind.RESIDENT, "王𠮷", Sex.MALE)
    assert (card.number, card.born, card.nation) == ("99999919910705333X", "19910705", "汉")
    assert (card.issuer, card.valid_from, card.valid_until) == ("示例县公安局", "20200101", "20400101")
    assert card.address == "示例省示例县示例镇幸福路1号"
    assert card.photo == b"photo"


def test_a_long_name_with_a_dot_and_a_validity_without_end() -> None:
    assert parse_text(BY_WORD["aynur"].text).name == "阿依努尔·买买提"
    assert parse_text(BY_WORD["aynur"].text).nation == "维吾尔"
    assert parse_text(BY_WORD["zhao"].text).valid_until == ""


def test_hk_macao_taiwan_has_a_pass_number_and_no_nation() -> None:
    card = parse_text(BY_WORD["chan"].text)
    assert (card.card_kind, card.name, card.pass_number) == (CardKind.HK_MACAO_TAIWAN, "陳大文", "H99999999")
    assert card.number.startswith("81")
    assert card.nation == ""


def test_a_foreigner_before_2023_is_not_read_as_a_resident() -> None:
    card = parse_text(BY_WORD["smith"].text)
    assert (card.card_kind, card.name, card.latin_name) == (
        CardKind.FOREIGNER_2017,
        "史安娜",
        "SMITH, ANNA MARIA",
    )
    assert (card.number, card.nation, card.sex, card.born) == (
        "GBR990199010199",
        "GBR",
        Sex.FEMALE,
        "19900101",
    )
    assert card.address == ""


def test_a_foreigner_of_2023_has_his_name_in_two_parts() -> None:
    card = parse_text(BY_WORD["ivanov"].text)
    assert card.card_kind is CardKind.FOREIGNER_2023
    assert card.latin_name == "IVANOV, KONSTANTIN ALEKSANDROVICH-PETROV"
    assert (card.name, card.nation, card.number) == ("伊万", "RUS", "999643198505051236")
    assert card.address == ""


def test_a_foreigner_without_a_chinese_name_is_called_by_the_latin_one() -> None:
    text = people.foreigner_2023(
        "DOE, JOHN", "", "999643198505051236", nation="USA", sex="1", born="19850505"
    )
    assert parse_text(text).name == "DOE, JOHN"


def test_an_unknown_flag_is_refused() -> None:
    with pytest.raises(UnknownCard):
        parse_text(BY_WORD["strange"].text)


@pytest.mark.parametrize(
    ("code", "sex"), [("0", Sex.UNKNOWN), ("1", Sex.MALE), ("2", Sex.FEMALE), ("9", Sex.UNSTATED)]
)
def test_every_sex_code_is_its_own(code: str, sex: Sex) -> None:
    text = people.foreigner_2023("DOE", "", "999643198505051236", nation="USA", sex=code, born="19850505")
    assert parse_text(text).sex is sex


def test_a_card_without_a_number_is_no_card() -> None:
    blank = " ".encode("utf-16-le") * 128
    with pytest.raises(BadCard):
        parse_text(blank)


def test_a_card_shows_nothing_of_its_holder() -> None:
    card = parse_text(BY_WORD["wang"].text)
    assert repr(card) == str(card) == "IdCard(resident, …)"


def test_there_are_56_nations_and_two_more_codes() -> None:
    assert len(NATIONS) == 58
    assert (NATIONS["01"], NATIONS["05"], NATIONS["56"]) == ("汉", "维吾尔", "基诺")


@pytest.mark.parametrize(
    "person", [person for person in people.PEOPLE if person.word not in ("smith", "ivanov")]
)
def test_made_up_numbers_have_right_check_digits(person: people.Person) -> None:
    number = person.text[122:158].decode("utf-16-le")
    assert people.with_check_digit(number[:17]) == number


def test_the_check_digit_follows_the_standard() -> None:
    assert people.with_check_digit("11010519491231002") == "11010519491231002X"


@given(text=st.binary(min_size=256, max_size=256), flag=st.sampled_from(["", "J", "I", "Y"]))
def test_any_256_bytes_are_read_or_refused(text: bytes, flag: str) -> None:
    block = text[:248] + flag.ljust(1).encode("utf-16-le") + text[250:]
    try:
        card = parse_text(block)
    except (BadCard, UnknownCard):
        return
    assert card.name
    assert 15 <= len(card.number) <= 18
