"""Numbers, names and keys of citizens; every person here is made up."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from contract import person as citizen
from devices.cards import CardKind, IdCard, Sex
from kiosk import identity

NUMBER = "11010519491231002X"  # the example number of GB 11643-1999
CARD = IdCard(
    card_kind=CardKind.RESIDENT,
    name="张三丰",
    number=NUMBER,
    sex=Sex.MALE,
    nation="汉",
    born="19491231",
    address="示例市示例路1号",
    issuer="示例市公安局",
    valid_from="20160101",
    valid_until="",
)


def test_the_example_of_the_standard_checks() -> None:
    assert citizen.check_character(NUMBER[:17]) == "X"
    assert citizen.is_citizen_number(NUMBER)
    assert not citizen.is_citizen_number("110105194912310021")


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "1",
        "11010519491331002X",
        "11010519491200002X",
        "1101051949123100２X",
        "11010519491231002XX",
        "11010519491231002x",
    ],
)
def test_what_is_not_a_number(wrong: str) -> None:
    assert not citizen.is_citizen_number(wrong)


@pytest.mark.parametrize("born", ["20230229", "19000229", "20260431", "20261301", "00000101", "20260100"])
def test_a_birth_date_must_be_in_the_calendar(born: str) -> None:
    first17 = f"110105{born}002"
    assert not citizen.is_citizen_number(first17 + citizen.check_character(first17))


def test_nobody_is_born_after_today() -> None:
    born = date(2024, 2, 29)
    first17 = f"110105{born:%Y%m%d}002"
    number = first17 + citizen.check_character(first17)
    assert citizen.born_of(number) == born
    assert citizen.is_citizen_number(number)
    assert citizen.is_citizen_number(number, today=born)
    assert not citizen.is_citizen_number(number, today=date(2024, 2, 28))


def test_every_single_digit_error_is_noticed() -> None:
    for place in range(17):
        for digit in "0123456789":
            other = NUMBER[:place] + digit + NUMBER[place + 1 :]
            assert (citizen.check_character(other[:17]) == "X") is (other == NUMBER)


def test_one_person_has_one_spelling() -> None:
    assert citizen.normalise("110105491231002") == NUMBER
    assert citizen.normalise(" 11010519491231002x ") == NUMBER
    assert citizen.normalise("E12345678") == "E12345678"


def test_one_person_has_one_key_and_each_hall_another() -> None:
    key = citizen.person_key(b"hall one", "resident", NUMBER)
    assert len(key) == 64
    assert citizen.person_key(b"hall one", "resident", "110105491231002") == key
    assert citizen.person_key(b"hall two", "resident", NUMBER) != key
    assert citizen.person_key(b"hall one", "foreigner_2023", NUMBER) != key
    assert NUMBER not in key


def test_masks() -> None:
    assert citizen.mask_number("110101199003071234") == "110101********1234"
    assert citizen.mask_number("123") == "********"
    assert citizen.mask_name("张三丰") == "张*"
    assert citizen.mask_name("𬎆明") == "𬎆*"
    assert citizen.mask_name(" ") == "*"


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        ("19661121", "2026-11-21", 60),
        ("19661122", "2026-11-21", 59),
        ("19660228", "20260301", 60),
        ("19661121", "20261121b", 60),
        ("19660230", "20261121", None),
        ("", "2026-11-21", None),
        ("19661121", "", None),
        ("1966112x", "2026-11-21", None),
    ],
)
def test_age(born: str, day: str, age: int | None) -> None:
    assert identity.age_on(born, day) == age


def test_what_leaves_the_kiosk_names_nobody() -> None:
    person = identity.person_of(CARD, b"hall", elder_age=60, day="2026-11-21")
    assert person.flags == ("age60",)
    assert person.masked_name == "张*"
    told = repr(person)
    for secret in (CARD.name, CARD.number, CARD.born, CARD.address):
        assert secret not in told
    young = identity.person_of(
        dataclasses.replace(CARD, born="19900307"), b"hall", elder_age=60, day="2026-11-21"
    )
    assert young.flags == ()


def test_a_reading_that_cannot_be_right_is_not_used() -> None:
    assert identity.is_plausible(CARD)
    assert identity.is_plausible(CARD, "20261121b")
    assert not identity.is_plausible(CARD, "1949-12-30")
    assert not identity.is_plausible(dataclasses.replace(CARD, name=" "))
    assert not identity.is_plausible(dataclasses.replace(CARD, number="110105194912310021"))


def test_validity() -> None:
    assert not identity.is_expired(CARD, "2026-11-21")
    ended = dataclasses.replace(CARD, valid_until="20261120")
    assert identity.is_expired(ended, "2026-11-21")
    assert not identity.is_expired(ended, "2026-11-20")
    assert identity.is_expired(ended, "20261121b")
