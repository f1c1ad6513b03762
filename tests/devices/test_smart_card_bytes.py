"""APDUs, TLV and the files of 社保卡 and bank cards as bytes; any bytes end in a value or one known error."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.cards import BankCard, SocialCard
from devices.protocols import bank_card, social_card
from devices.protocols.apdu import BadAnswer, exchange, find, select_name, tlv
from devices.simulators.smart_cards import CARDS, Card

KNOWN = (
    BadAnswer,
    social_card.NotSocialCard,
    social_card.PinWanted,
    social_card.ReadingRefused,
    bank_card.NotBankCard,
)


def test_the_environment_is_selected_as_the_papers_say() -> None:
    wanted = "00 A4 04 00 0F 73 78 31 2E 73 68 2E C9 E7 BB E1 B1 A3 D5 CF"
    assert select_name(social_card.ENVIRONMENT) == bytes.fromhex(wanted)


def test_detours_are_followed() -> None:
    answers = {
        "00b2080000": bytes.fromhex("6c14"),
        "00b2080014": bytes.fromhex("6110"),
        "00c0000010": bytes.fromhex("0102 9000"),
    }
    sent: list[str] = []

    def transmit(command: bytes) -> bytes:
        sent.append(command.hex())
        return answers[command.hex()]

    assert exchange(transmit, bytes.fromhex("00b2080000")) == (b"\x01\x02", 0x9000)
    assert sent == list(answers)


@pytest.mark.parametrize("answer", ["", "90", "6105"])
def test_half_answers_and_endless_detours_are_bad(answer: str) -> None:
    with pytest.raises(BadAnswer):
        exchange(lambda _: bytes.fromhex(answer), bytes(5))


def test_values_are_found_at_any_depth_and_with_long_tags() -> None:
    data = bytes.fromhex("6F0F 8402AABB A509 5F2403311231 500141".replace(" ", ""))
    assert [tag for tag, _ in tlv(data)] == [0x6F]
    assert find(data, 0x5F24) == bytes.fromhex("311231")
    assert find(data, 0x9F38) is None


def test_sex_and_birthday_do_not_move_with_the_names_extension() -> None:
    fields = {
        0x01: bytes.fromhex("999999" + "FF" * 13),
        0x08: b"999999196803124820",
        0x09: "张秀兰".encode("gbk").ljust(30, b"\0"),
        0x4E: bytes(20),
        0x0A: b"\x02",
        0x0D: bytes.fromhex("19680312"),
    }
    card = social_card.parse(fields)
    assert (card.name, card.sex, card.born) == ("张秀兰", "female", "19680312")
    assert social_card.parse({**fields, 0x0A: b"2"}).sex == "female"
    assert social_card.parse({**fields, 0x0A: b"7"}).sex == "unknown", "any other sign is not a woman"


def test_a_name_cut_inside_a_character_is_joined_before_it_is_read() -> None:
    coded = ("买" * 14 + "㐂" + "买" * 2).encode("gb18030")
    fields = {0x01: bytes(16), 0x08: b"1", 0x09: coded[:30], 0x4E: coded[30:].ljust(20, b"\0")}
    assert social_card.parse(fields).name == "买" * 14 + "㐂" + "买" * 2


@pytest.mark.parametrize(
    ("number", "masked"),
    [("6299990000000001234", "629999*********1234"), ("6299990000001", "629999***0001"), ("629", "***")],
)
def test_masks(number: str, masked: str) -> None:
    assert bank_card.mask(number) == masked


def test_a_month_that_is_none_is_not_told() -> None:
    assert bank_card._until(bytes.fromhex("5F2403271231")) == "2712"
    assert bank_card._until(bytes.fromhex("570B6299991234567890D2712F")) == "2712"
    for wrong in ("5F2403FFFFFF", "5F2403271331", "5F240100", "57086299991234567890", ""):
        assert bank_card._until(bytes.fromhex(wrong)) == ""


@given(st.lists(st.binary(max_size=300), max_size=60))
def test_any_answers_end_in_a_card_or_a_known_error(answers: list[bytes]) -> None:
    for read in (social_card.read, bank_card.read):
        waiting = list(answers)
        with suppress(*KNOWN):
            read(lambda _, waiting=waiting: waiting.pop() if waiting else b"\x6a\x82")  # type: ignore[misc]


@given(
    st.sampled_from([kind for kind in CARDS if kind.word != "foreign"]),
    st.integers(0, 30),
    st.binary(min_size=0, max_size=80),
)
def test_one_spoilt_answer_ends_in_a_card_or_a_known_error(kind: object, at: int, spoilt: bytes) -> None:
    card: Card = kind.make()  # type: ignore[attr-defined]
    asked = 0

    def transmit(command: bytes) -> bytes:
        nonlocal asked
        asked += 1
        answer = card.answer(command)
        return spoilt if asked == at else answer

    with suppress(*KNOWN):
        try:
            found: SocialCard | BankCard = social_card.read(transmit)
        except social_card.NotSocialCard:
            found = bank_card.read(transmit)
        assert isinstance(found, SocialCard | BankCard)
