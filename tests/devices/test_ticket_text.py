"""Tickets in the printer's own type, read back by an interpreter that knows nothing of the encoder."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets import glyphs
from devices.printing.profiles import PROFILES, Profile
from devices.printing.text import text_job
from devices.protocols.escpos_bytes import HanziSet
from devices.simulators.escpos_machine import DRAWN
from devices.simulators.thermal_paper import Type, rom_character
from devices.tickets import Align, Feed, Line, Qr, Rule, Ticket
from tests.devices.desk import Result, show

WIDE, NARROW, OLD, BARE = (PROFILES[name] for name in ("80mm", "58mm", "80mm-gb2312", "58mm-bare"))


def printed(ticket: Ticket, profile: Profile = WIDE) -> Result:
    job = text_job(ticket, profile)
    result = show(job.data, dots=profile.dots, rom=profile.hanzi.value)
    assert not result.unknown
    assert not result.wrapped_lines
    assert abs(result.ticket.rows - job.rows) <= 8 * len(ticket)
    return result


def text_of(line: str, profile: Profile = WIDE) -> str:
    return printed((Line(line),), profile).ticket.text


@pytest.mark.parametrize(
    "line",
    [
        "您前面还有 3 人",
        "，：（）《》￥",
        "买买提·吐尔逊",
        "No.A012 3号窗口 ~!@#",
        "囍镕堃喆",
        "①②③Ⅰ㎡℃—…“”",
    ],
)
def test_text_arrives_as_it_was_written(line: str) -> None:
    assert text_of(line) == line


def test_rare_characters_are_drawn_one_by_one_among_the_text() -> None:
    assert text_of("王𠮷㐂䶮·李") == f"王{DRAWN * 3}·李"


def test_an_older_rom_gets_more_pictures() -> None:
    assert text_of("囍镕", OLD) == DRAWN * 2
    assert text_of("办事", OLD) == "办事"


def test_the_half_width_yen_is_no_gb18030_rubbish() -> None:
    assert text_of("¥12") == "￥12"


def test_a_drawn_character_looks_like_the_roms() -> None:
    rom = rom_character("中", 2, type_=Type())
    drawn = printed((Line("中"),), PROFILES["80mm-no-hanzi"]).picture.crop((0, 0, 24, 24))
    same = sum(a == b for a, b in zip(rom.getdata(), drawn.getdata(), strict=True))
    assert same > 0.85 * 24 * 24


def test_control_characters_are_stripped() -> None:
    assert text_of("A\x1b@0\x1d\x00\x07\x7f\x8512\r") == "A@012"


def test_scale_enlarges_hanzi_and_ascii_alike() -> None:
    small, large = (printed((Line("中A", scale),)).picture.getbbox() for scale in (1, 3))
    assert large is not None
    assert small is not None
    assert large[2] == pytest.approx(3 * small[2], abs=3)
    assert large[3] - large[1] == 3 * (small[3] - small[1])


def test_a_number_too_wide_for_the_paper_gets_smaller() -> None:
    result = printed((Line("AB012345", 6, Align.CENTER),), NARROW)
    assert result.ticket.text == "AB012345"


def test_a_scaled_line_with_a_rare_character_is_one_picture() -> None:
    result = printed((Line("王𠮷", 2, Align.CENTER),))
    assert result.ticket.text == ""
    box = result.picture.getbbox()
    assert box is not None
    assert 80 <= box[2] - box[0] <= 100
    assert abs((box[0] + box[2]) - 576) < 12


def test_a_printer_without_inline_pictures_gets_the_line_drawn() -> None:
    assert text_of("王𠮷", BARE) == ""
    assert text_of("王吉", BARE) == "王吉"


def test_centre_left_and_hang() -> None:
    left = printed((Line("事项：" + "一" * 30, hang=6),)).ticket.text
    assert [row.startswith(" " * 6) for row in left.splitlines()] == [False, True]
    box = printed((Line("中中", align=Align.CENTER),)).picture.getbbox()
    assert box is not None
    assert abs(box[0] + box[2] - 576) <= 4


def test_native_qr_holds_its_text() -> None:
    result = printed((Qr("https://hall.example/t/中"),))
    assert result.ticket.codes == ("https://hall.example/t/中",)


def test_a_printer_without_native_qr_gets_a_picture_of_it() -> None:
    native = printed((Qr("HALL-A012"),)).picture
    drawn = printed((Qr("HALL-A012"),), OLD).picture
    assert printed((Qr("HALL-A012"),), OLD).ticket.codes == ()
    first, second = native.getbbox(), drawn.getbbox()
    assert native.crop(first).tobytes() == drawn.crop(second).tobytes()
    assert first is not None
    assert second is not None
    assert abs(first[0] - second[0]) <= 1


def test_a_huge_qr_shrinks_to_the_paper() -> None:
    box = printed((Qr("x" * 400, 16),), NARROW).picture.getbbox()
    assert box is not None
    assert box[2] - box[0] <= 384


def test_rule_goes_from_edge_to_edge() -> None:
    box = printed((Rule(), Feed(2))).picture.getbbox()
    assert box is not None
    assert (box[0], box[2]) == (0, 576)


def test_what_nobody_can_draw_is_marked() -> None:
    assert text_of("a\ue000b") == "a〓b"


def in_rom(cluster: str) -> bool:
    """By Python's own codec: one printable ASCII byte or two bytes of GBK."""
    return len(cluster) == 1 and (" " <= cluster <= "~" or len(cluster.encode("gbk", "ignore")) == 2)


def seen(text: str) -> list[str]:
    """What should be seen of a text: characters with their marks, the undrawable as 〓."""
    whole = "".join(piece for _, piece in glyphs.runs(text)).replace("\n", " ").replace("\t", " ")
    found: list[str] = []
    for char in whole:
        if found and unicodedata.category(char).startswith("M"):
            found[-1] += char
        else:
            found.append({"¥": "￥", "–": "-", "•": "·", "\u00a0": " "}.get(char, char))
    return [cluster for cluster in found if cluster != " "]


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.text(st.sampled_from("王𠮷㐂䶮中A1，·é¥ \u0301"), max_size=40)),
    st.sampled_from([1, 2, 6]),
    st.sampled_from(["80mm", "58mm", "58mm-bare"]),
)
def test_any_text_prints_and_every_drawable_character_appears(text: str, scale: int, name: str) -> None:
    profile = PROFILES[name]
    result = printed((Line(text, scale),), replace(profile, hanzi=HanziSet.GBK))
    wanted = seen(text)
    if all(map(in_rom, wanted)) or (profile.inline_pictures and (scale == 1 or result.ticket.text.strip())):
        shown = result.ticket.text.replace("\n", "").replace(" ", "")
        assert shown == "".join(cluster if in_rom(cluster) else DRAWN for cluster in wanted)
    else:
        assert result.ticket.text.strip() == ""
        assert (result.picture.getbbox() is not None) == any(cluster.strip() for cluster in wanted)
