"""ESC/POS commands and replies as bytes, against DEVICES §3.2 and against python-escpos' own encoder."""

from __future__ import annotations

import warnings

import pytest
from escpos.printer import Dummy
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from devices.protocols import escpos_bytes as escpos
from devices.protocols.escpos_bytes import (
    Automatic,
    HanziSet,
    Info,
    Query,
    RealTime,
    Replies,
    Transmitted,
    Trouble,
)


@pytest.mark.parametrize(
    ("name", "answers", "wanted"),
    [
        ("healthy", "12 12 12 12", set()),
        ("near end", "12 12 12 1E", {Trouble.PAPER_NEAR_END}),
        ("paper out", "1A 32 12 7E", {Trouble.OFFLINE, Trouble.PAPER_OUT, Trouble.PAPER_NEAR_END}),
        ("cover open", "1A 16 12 12", {Trouble.OFFLINE, Trouble.COVER_OPEN}),
        ("offline", "1A 12 12 12", {Trouble.OFFLINE}),
        ("cutter", "1A 52 1A 12", {Trouble.OFFLINE, Trouble.CUTTER}),
        ("hot head", "1A 52 52 12", {Trouble.OFFLINE, Trouble.HEAD_HOT}),
        ("dead", "1A 52 32 12", {Trouble.OFFLINE, Trouble.UNRECOVERABLE}),
        ("feed key", "12 1A 12 12", {Trouble.FEEDING}),
        ("jam", "1A 52 16 12", {Trouble.OFFLINE, Trouble.MECHANICAL}),
    ],
)
def test_status_table(name: str, answers: str, wanted: set[Trouble]) -> None:
    found: set[Trouble] = set()
    for query, value in zip(Query, bytes.fromhex(answers), strict=True):
        found |= escpos.troubles(query, value)
    assert found == wanted, name


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("10 00 00 00", set()),
        ("38 00 00 00", {Trouble.OFFLINE, Trouble.COVER_OPEN}),
        ("18 08 00 00", {Trouble.OFFLINE, Trouble.CUTTER}),
        ("18 40 00 00", {Trouble.OFFLINE, Trouble.HEAD_HOT}),
        ("10 00 03 00", {Trouble.PAPER_NEAR_END}),
        ("18 00 0F 00", {Trouble.OFFLINE, Trouble.PAPER_NEAR_END, Trouble.PAPER_OUT}),
    ],
)
def test_automatic_status_table(value: str, wanted: set[Trouble]) -> None:
    assert escpos.automatic_troubles(bytes.fromhex(value)) == wanted


def test_replies_are_told_apart_in_one_stream() -> None:
    stream = bytes.fromhex("12 38 00 00 00 00 13 11 5F") + b"XP-80T\x00" + bytes.fromhex("7E 03")
    wanted = [
        RealTime(0x12),
        Automatic(bytes.fromhex("38 00 00 00")),
        Transmitted(0x00),
        Info("XP-80T"),
        RealTime(0x7E),
        Transmitted(0x03),
    ]
    assert Replies().feed(stream) == wanted
    apart = Replies()
    assert [reply for byte in stream for reply in apart.feed(bytes((byte,)))] == wanted


def test_half_an_automatic_status_does_not_swallow_an_answer() -> None:
    assert Replies().feed(bytes.fromhex("38 00 12")) == [Transmitted(0x00), RealTime(0x12)]


def test_an_endless_name_is_noise() -> None:
    replies = Replies()
    replies.feed(b"_" + b"A" * 200)
    assert replies.feed(b"\x12")[-1] == RealTime(0x12)


@given(st.binary())
def test_noise_never_breaks_the_reader(data: bytes) -> None:
    replies = Replies()
    replies.feed(data)
    replies.clear()
    assert replies.feed(b"\x12") == [RealTime(0x12)]


@pytest.mark.parametrize(
    ("built", "wanted"),
    [
        (escpos.ask(Query.PAPER), "10 04 04"),
        (escpos.scale(3), "1D 21 22"),
        (escpos.HANZI_ON, "1B 74 00 1C 26"),
        (escpos.CUT, "1D 56 42 00"),
        (escpos.RECOVER, "10 05 01"),
        (escpos.CLEAR, "10 05 02"),
        (escpos.PAPER_PROOF, "1D 72 01"),
        (escpos.feed(300), "1B 4A FF 1B 4A 2D"),
        (escpos.feed(0), ""),
    ],
)
def test_commands_as_in_the_manuals(built: bytes, wanted: str) -> None:
    assert built == bytes.fromhex(wanted)


def test_qr_as_python_escpos_makes_it() -> None:
    other = Dummy(profile="default")
    other.qr("https://hall.example/t/1", ec=1, size=6, native=True)
    mine = escpos.qr(b"https://hall.example/t/1", 6)
    assert mine == other.output.removesuffix(b"\n")


def test_raster_as_python_escpos_makes_it() -> None:
    picture = Image.new("1", (64, 40), 255)
    for dot in range(40):
        picture.putpixel((dot, dot), 0)
        picture.putpixel((63, dot), 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = Dummy()
        other.image(picture)
    rows = ImageChops.invert(picture).tobytes()
    assert escpos.raster(rows, 8) == other.output


def test_raster_leaves_the_white_out() -> None:
    ink = b"\xff" + bytes(71)
    picture = ink * 24 + bytes(72) * 100 + ink * 24
    data = escpos.raster(picture, 72)
    head = b"\x1dv0\x00\x01\x00"
    assert (
        data
        == head
        + b"\x18\x00"
        + b"\xff" * 24
        + head
        + b"\x64\x00"
        + bytes(100)
        + head
        + b"\x18\x00"
        + b"\xff" * 24
    )


def test_raster_of_a_long_picture_comes_in_pieces() -> None:
    data = escpos.raster(b"\xff" * 2000, 1)
    assert data.count(b"\x1dv0\x00") == 3
    assert len(data) == 2000 + 3 * 8


@given(
    st.integers(1, 6),
    st.lists(st.sampled_from([0x00, 0x10, 0x04, 0x05, 0x14, 0x01, 0x02, 0xFF]), max_size=300),
)
def test_no_picture_holds_a_real_time_command(width: int, dots: list[int]) -> None:
    rows = bytes(dots[: len(dots) // width * width])
    data = escpos.raster(rows, width)
    assert not any(mark in data for mark in (b"\x10\x04", b"\x10\x05", b"\x10\x14"))
    assert not any(
        mark in escpos.inline_picture(bytes(dots[: len(dots) // 3 * 3]))[5:]
        for mark in (b"\x10\x04", b"\x10\x05")
    )


@pytest.mark.parametrize("scale", [0, 9])
def test_scale_beyond_the_printer_is_a_mistake(scale: int) -> None:
    with pytest.raises(ValueError, match="1 to 8"):
        escpos.scale(scale)


def test_inline_picture_wants_whole_columns() -> None:
    assert escpos.inline_picture(b"\x01\x02\x03" * 12)[:5] == b"\x1b*\x21\x0c\x00"
    with pytest.raises(ValueError, match="three a column"):
        escpos.inline_picture(b"\x01")


@pytest.mark.parametrize("char", "㐂𠮷龦䶮𬭁¥ñ€")
def test_what_gbk_lacks_is_drawn(char: str) -> None:
    assert escpos.two_bytes(char, HanziSet.GBK) is None


@pytest.mark.parametrize(
    ("char", "code"),
    [("中", "D6D0"), ("，", "A3AC"), ("·", "A1A4"), ("—", "A1AA"), ("￥", "A3A4"), ("囍", "87D6")],
)
def test_two_byte_codes(char: str, code: str) -> None:
    assert escpos.two_bytes(char, HanziSet.GBK) == bytes.fromhex(code)


def test_the_older_set_has_less() -> None:
    assert escpos.two_bytes("囍", HanziSet.GB2312) is None
    assert escpos.two_bytes("中", HanziSet.GB2312) == b"\xd6\xd0"
    assert escpos.two_bytes("中", HanziSet.NONE) is None


@given(st.characters())
def test_every_code_is_two_bytes_that_no_command_begins_with(char: str) -> None:
    code = escpos.two_bytes(char, HanziSet.GBK)
    assert code is None or (len(code) == 2 and 0x81 <= code[0] <= 0xFE and 0x40 <= code[1] <= 0xFE)
    assert code is None or code.decode("gbk") == char
