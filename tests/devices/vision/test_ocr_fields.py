"""Lines of print to fields: what the checks contradict is never sure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.person import born_of, check_character, is_citizen_number
from devices.protocols.numbers import credit_check, is_credit_code
from devices.simulators.documents import FACES, LICENCES
from devices.vision.ocr.fields import GROUPS, id_card, id_card_parts, licence, rows
from devices.vision.ocr.reading import Document, Field, Line, Reading

FACE = FACES[0]


def parts(**changes: str) -> dict[str, Line]:
    """What is read of a card, in its places."""
    year, month, day = FACE.born
    read = {
        "name": FACE.name,
        "sex": FACE.sex,
        "nation": FACE.nation,
        "born": f"{year}年{month}月{day}日",
        "address": FACE.address,
        "number": FACE.number,
    } | changes
    return {name: Line(text, 0.99) for name, text in read.items()}


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize("number", [face.number for face in FACES])
def test_made_up_numbers_check_and_no_single_digit_can_be_changed(number: str) -> None:
    assert is_citizen_number(number)
    for place in range(17):
        for digit in "0123456789":
            if digit != number[place]:
                assert not is_citizen_number(number[:place] + digit + number[place + 1 :])


def test_a_number_with_an_impossible_birth_date_is_none() -> None:
    first = "99999920010230051"
    assert born_of(first) is None
    assert not is_citizen_number(first + check_character(first))
    assert not is_citizen_number("")
    assert not is_citizen_number("９" * 18)


@pytest.mark.parametrize("code", [face.code for face in LICENCES] + ["91350100M000100Y43"])
def test_credit_codes_check_and_neighbours_do_not(code: str) -> None:
    """The last one is a published example of GB 32100-2015."""
    assert is_credit_code(code)
    assert credit_check(code[:17]) == code[17]
    assert not is_credit_code(code[:8] + ("B" if code[8] == "A" else "A") + code[9:])
    assert not is_credit_code(code.lower())


def test_there_are_56_groups() -> None:
    assert len(GROUPS) == len(set(GROUPS)) == 56


# ---------------------------------------------------------------- ID card


def test_a_card_that_agrees_with_itself_is_sure() -> None:
    fields = id_card(parts())
    assert {name: each.text for name, each in fields.items()} == {
        "name": "张秀兰",
        "sex": "女",
        "nation": "汉",
        "born": "19680312",
        "address": FACE.address,
        "number": FACE.number,
    }
    assert all(each.sure for each in fields.values())


@pytest.mark.parametrize(
    ("changed", "text", "doubtful"),
    [
        ("number", FACE.number[:-1] + "7", {"number", "sex", "born"}),
        ("sex", "男", {"sex"}),
        ("born", "1968年3月13日", {"born"}),
        ("nation", "维吾爾", {"nation"}),
    ],
)
def test_what_contradicts_is_doubtful(changed: str, text: str, doubtful: set[str]) -> None:
    fields = id_card(parts(**{changed: text}))
    assert {name for name, each in fields.items() if not each.sure} == doubtful


def test_letters_that_look_like_digits_are_mended_and_then_checked() -> None:
    looks = FACE.number.replace("0", "O").replace("1", "l")
    assert id_card(parts(number=looks[:17] + FACE.number[17]))["number"] == Field(FACE.number, 0.99, True)
    with_x = next(face for face in FACES if face.number.endswith("X"))
    assert id_card(parts(number=with_x.number.lower()))["number"].sure


def test_a_group_that_was_misread_a_little_is_proposed_but_not_sure() -> None:
    assert id_card(parts(nation="民族维吾尓"))["nation"] == Field("维吾尔", 0.99, False)
    assert id_card(parts(nation="土家族"))["nation"] == Field("土家", 0.99, True)


def test_a_rare_name_with_a_low_score_is_doubtful() -> None:
    read = parts() | {"name": Line("王龚", 0.86)}
    assert not id_card(read)["name"].sure


def test_missing_places_are_missing_fields() -> None:
    assert id_card({}) == {}
    assert "number" not in id_card(parts(number="没有号码"))


def test_labels_find_the_places_of_a_card_that_lies_askew() -> None:
    lines = [
        Line("姓名", 1, 0.05, 0.1, 0.1, 0.06),
        Line("张秀兰", 1, 0.2, 0.1, 0.2, 0.06),
        Line("性别女", 1, 0.05, 0.24, 0.2, 0.06),
        Line("民族汉", 1, 0.3, 0.25, 0.2, 0.06),
        Line("出生", 1, 0.05, 0.37, 0.1, 0.06),
        Line("1968 年3月 12日", 1, 0.2, 0.37, 0.3, 0.06),
        Line("住址", 1, 0.05, 0.5, 0.1, 0.06),
        Line("示例省示例县示例镇幸福", 1, 0.2, 0.5, 0.4, 0.06),
        Line("路1号2单元301室", 1, 0.2, 0.58, 0.3, 0.06),
        Line("公民身份号码", 1, 0.05, 0.87, 0.2, 0.06),
        Line(FACE.number, 1, 0.35, 0.87, 0.5, 0.06),
    ]
    fields = id_card(id_card_parts(lines[::-1]))
    assert {name: each.text for name, each in fields.items()} == {
        name: each.text for name, each in id_card(parts()).items()
    }


# ---------------------------------------------------------------- licence


def test_a_licence_by_its_labels() -> None:
    face = LICENCES[0]
    lines = [
        Line("统一社会信用代码", 1, 0.08, 0.3, 0.2, 0.03),
        Line(face.code.replace("0", "O"), 1, 0.08, 0.35, 0.3, 0.03),
        Line("名 称", 1, 0.08, 0.45, 0.1, 0.03),
        Line(face.name, 1, 0.25, 0.451, 0.4, 0.03),
        Line(f"法定代表人：{face.person}", 1, 0.08, 0.55, 0.3, 0.03),
        Line("成立日期", 1, 0.08, 0.65, 0.1, 0.03),
        Line("2019年3月15日", 0.5, 0.25, 0.65, 0.2, 0.03),
    ]
    fields = licence(lines)
    assert fields["code"] == Field(face.code, 1, True)
    assert fields["name"] == Field(face.name, 1, True)
    assert fields["person"].text == face.person
    assert fields["founded"] == Field("20190315", 0.5, False)


def test_a_code_that_does_not_check_is_shown_as_doubtful() -> None:
    assert licence([Line("91999999MA0DEMA016", 1)])["code"] == Field("91999999MA0DEMA016", 1, False)
    assert licence([]) == {}


# ---------------------------------------------------------------- readings


def test_rows_run_from_left_to_right() -> None:
    lines = [
        Line("c", 1, 0.1, 0.3, 0.1, 0.05),
        Line("b", 1, 0.5, 0.11, 0.1, 0.05),
        Line("a", 1, 0.1, 0.1, 0.1, 0.05),
    ]
    assert [line.text for line in rows(lines)] == ["a", "b", "c"]


def test_a_reading_shows_nothing_of_itself() -> None:
    fields = id_card(parts())
    reading = Reading(Document.ID_CARD, fields, tuple(parts().values()))
    assert repr(reading) == "Reading(id_card, 6 fields, 6 lines)"
    assert reading.sure
    assert not Reading(Document.FREE).sure
    for each in (*fields.values(), *reading.lines):
        assert "张" not in repr(each)
        assert "9999" not in repr(each)


@given(st.lists(st.builds(Line, st.text(max_size=40), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))))
def test_no_print_breaks_the_fields(lines: list[Line]) -> None:
    found = id_card(id_card_parts(lines)) | licence(lines)
    number = found.get("number")
    assert number is None or not number.sure or is_citizen_number(number.text)
    for name in ("name", "sex", "nation", "born", "address", "number"):
        for line in lines:
            id_card({name: line})
