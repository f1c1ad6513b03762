"""What guide sheets may say: reasons that occurred, papers of the item, nothing that a clerk wrote."""

from __future__ import annotations

import pytest

from hall_server.hall.model import Outcome
from hall_server.reports.advice import advise, missing_materials
from hall_server.reports.returns import Unserved
from hall_server.reports.samples import NO_CELLS
from hall_server.reports.summary import DaySummary

PAPERS = ("居民户口簿", "证件照(可现场采集)", "父母居民身份证", "居民身份证")


def day(*unserved: Unserved) -> DaySummary:
    return DaySummary("20261121", True, 1, 1439, NO_CELLS, (), {}, {}, {}, {}, unserved=unserved)


def missing(note: str, item: str = "i") -> Unserved:
    return Unserved(item, Outcome.MISSING_MATERIAL.value, note)


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("缺户口簿", ("居民户口簿",)),
        ("证件照没带，户口簿也没有", ("居民户口簿", "证件照(可现场采集)")),
        ("父母身份证未带", ("父母居民身份证",)),
        ("父母居民身份证未带", ("父母居民身份证",)),
        ("缺本人身份证", ("居民身份证",)),
        ("张三材料不齐", ()),
        ("", ()),
    ],
)
def test_only_papers_of_the_item_are_found_in_a_note(note: str, found: tuple[str, ...]) -> None:
    assert missing_materials(note, PAPERS) == found


def test_the_most_frequent_reasons_are_told_and_rare_ones_are_not() -> None:
    unserved = [missing("张三缺户口簿")] * 3 + [missing("李四说不清")] * 5 + [missing("无证件照")]
    unserved += [Unserved("i", Outcome.ELSEWHERE.value, "")] * 2
    unserved += [Unserved("i", Outcome.SYSTEM_FAULT.value, "")] * 9
    found = advise([day(*unserved[:6]), day(*unserved[6:])], {"i": PAPERS})["i"]
    assert found.sentence == "最近常见退回原因：材料不全—缺居民户口簿；须回原单位"
    assert found.endings == 20
    assert "张三" not in found.sentence


def test_without_a_named_paper_the_reason_stands_alone() -> None:
    assert (
        advise([day(missing("?"), missing("?"))], {"i": PAPERS})["i"].sentence == "最近常见退回原因：材料不全"
    )


def test_one_case_says_nothing_and_other_items_are_left_out() -> None:
    found = advise([day(missing("缺户口簿"), missing("缺户口簿", "other"))], {"i": PAPERS})
    assert found["i"].sentence == ""
    assert set(found) == {"i"}
