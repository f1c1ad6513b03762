"""Tickets as pictures: what is on them, where it stands, and that the raster commands carry it unchanged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageChops

from assets import glyphs
from devices.printing.picture import em_of, glyph_picture, picture, picture_job, qr_modules
from devices.tickets import Align, Feed, Line, Qr, Rule, Ticket, TicketPart
from tests.devices.desk import show

WIDTHS = (384, 576)
SAMPLE: Ticket = (
    Line("示例县政务服务中心", align=Align.CENTER, bold=True),
    Rule(),
    Line("A012", 6, Align.CENTER, bold=True),
    Line("取号姓名：王𠮷㐂䶮·买买提*", hang=10),
    Qr("https://hall.example/t/1"),
    Feed(2),
)


def box_of(part: TicketPart, dots: int = 576) -> tuple[int, int, int, int]:
    box = picture((part,), dots).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("dots", WIDTHS)
def test_the_commands_carry_the_picture_unchanged(dots: int) -> None:
    job = picture_job(SAMPLE, dots)
    result = show(job.data, dots=dots)
    drawn = picture(SAMPLE, dots).point(lambda value: 255 * bool(value))
    assert not result.unknown
    assert result.ticket.rows == job.rows == drawn.height
    assert ImageChops.logical_xor(result.picture, drawn).getbbox() is None


def test_white_costs_little() -> None:
    full = 576 // 8 * picture(SAMPLE, 576).height
    assert len(picture_job(SAMPLE, 576).data) < 0.8 * full


@pytest.mark.parametrize("dots", WIDTHS)
def test_the_number_is_at_least_three_times_the_text(dots: int) -> None:
    number = box_of(Line("A012", 6, bold=True), dots)
    text = box_of(Line("A012"), dots)
    assert number[3] - number[1] >= 3 * (text[3] - text[1])
    assert number[2] <= dots


@pytest.mark.parametrize("char", "𠮷㐂䶮龦𬭁𬎆·é〓")
def test_rare_characters_have_ink_of_their_own(char: str) -> None:
    cell = glyph_picture(char, 24, 24)
    assert cell.getbbox() is not None
    assert cell.tobytes() != glyph_picture("□", 24, 24).tobytes()


def test_a_mark_stands_on_its_letter() -> None:
    plain, marked = box_of(Line("x")), box_of(Line("x\u0301"))
    assert marked[1] < plain[1]
    assert marked[2] <= plain[2] + 4


def test_centred_lines_are_in_the_middle() -> None:
    left, _, right, _ = box_of(Line("中中中", 2, Align.CENTER))
    assert abs(left + right - 576) <= 6


def test_long_lines_wrap_and_hang() -> None:
    one, two = (picture((Line("事项：" + "一" * count, hang=6),), 384) for count in (10, 20))
    assert two.height == 2 * one.height
    hanging = two.crop((0, one.height, 384, two.height)).getbbox()
    assert hanging is not None
    left = box_of(Line("一"), 384)[0]
    assert abs(hanging[0] - left - 6 * em_of(384) / 2) <= 2


def test_qr_modules_are_where_they_belong() -> None:
    rows = qr_modules("https://hall.example/t/1")
    left, top, right, bottom = box_of(Qr("https://hall.example/t/1", 6))
    assert (right - left, bottom - top) == (6 * len(rows), 6 * len(rows))
    code = picture((Qr("https://hall.example/t/1", 6),), 576).crop((left, top, right, bottom))
    seen = [[bool(code.getpixel((6 * x + 3, 6 * y + 3))) for x in range(len(rows))] for y in range(len(rows))]
    assert seen == rows


def test_a_qr_code_has_its_quiet_zone() -> None:
    paper = picture((Line("一" * 20), Qr("A" * 300, 8), Line("一" * 20)), 384)
    code = picture((Qr("A" * 300, 8),), 384)
    box = code.getbbox()
    assert box is not None
    assert box[0] >= 2
    assert box[1] >= 2
    assert paper.height > code.height


def test_an_empty_ticket_is_paper() -> None:
    assert picture((), 384).size == (384, 1)
    assert picture((Line(""),), 384).getbbox() is None


def test_wide_and_narrow_paper_have_their_own_type_size() -> None:
    assert [em_of(dots) for dots in WIDTHS] == [23, 28]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=50), st.integers(-1, 9), st.booleans(), st.sampled_from(WIDTHS))
def test_any_text_is_drawn(text: str, scale: int, bold: bool, dots: int) -> None:
    paper = picture((Line(text, scale, bold=bold),), dots)
    visible = "".join(piece for _, piece in glyphs.runs(text))
    assert paper.width == dots
    if any(char.isalnum() for char in visible):
        assert paper.getbbox() is not None
    if not visible.strip():
        assert paper.getbbox() is None


def test_the_rarest_characters_do_not_fade_beside_bold_neighbours() -> None:
    """Their face has one thin weight; its bold is drawn."""
    for em in (24, 28, 56, 84):
        thin, bold = (sum(glyph_picture("𠮷", em, em, bold=bold).getdata()) for bold in (False, True))
        neighbour = sum(glyph_picture("吉", em, em, bold=True).getdata())
        assert bold > 1.2 * thin
        assert 0.7 < bold / neighbour < 1.5, em
