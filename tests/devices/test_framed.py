"""Frames described as data: every published frame as a vector, resync, and any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols.framed import (
    BadFrame,
    Checksum,
    Covered,
    FrameTemplate,
    Length,
    build_frame,
    crc16,
    take_body,
)
from devices.protocols.makes import (
    BARS,
    BUS_FRAME,
    CARPARK_FRAME,
    DIGITS_FRAME,
    LCD_FRAME,
    build_parts,
    encoded,
    parse_parts,
)
from devices.signals import LedColour

FRAME = LCD_FRAME
TEMPLATES = {
    "lcd": LCD_FRAME,
    "carpark": CARPARK_FRAME,
    "bus": BUS_FRAME,
    "word": FrameTemplate(
        lead=b"\x55\xaa", length=Length.WORD_HIGH_FIRST, checksum=Checksum.CRC16_MODBUS, tail=b"\x0d\x0a"
    ),
    "xor": FrameTemplate(lead=b"\x02", length=Length.BYTE, checksum=Checksum.XOR8, tail=b"\x03"),
    "escaped": FrameTemplate(
        lead=b"\xa5",
        lead_copies=8,
        checksum=Checksum.CRC16_ARC,
        tail=b"\x5a",
        escapes={0xA5: b"\xa6\x02", 0xA6: b"\xa6\x01", 0x5A: b"\x5b\x02", 0x5B: b"\x5b\x01"},
        any_check=b"\xff\xff",
    ),
}


# ---------------------------------------------------------------- published vectors (DEVICES §4.3)


def test_the_published_frame_of_a_call_box() -> None:
    assert build_frame(FRAME, b"\x03\x81\x01") == bytes.fromhex("FF 68 03 03 68 03 81 01 85 16")


def test_the_published_frame_of_a_digit_bar() -> None:
    wire = bytes.fromhex("05 03 E7 EF")
    assert build_frame(DIGITS_FRAME, b"\x05" + (999).to_bytes(2, "big")) == wire
    assert take_body(bytearray(wire), DIGITS_FRAME) == b"\x05\x03\xe7"


def test_the_published_frame_of_a_car_park_bar() -> None:
    make = BARS["carpark"]
    body = build_parts(make, make.show, address=1, colour=LedColour.RED, text="A012")
    wire = build_frame(make.frame, body)
    assert wire == bytes.fromhex("3A 02 04 00 41 30 31 32 14 0A")
    assert wire[-2] == sum(wire[:-2]) % 256
    assert parse_parts(make, make.show, body) == (0, LedColour.RED, "A012")


def test_the_published_frame_of_a_bus_bar() -> None:
    make = BARS["bus"]
    assert make.baud == 4800
    wire = build_frame(make.frame, build_parts(make, make.show, address=3, text="请到3号"))
    assert (wire[0], wire[-1]) == (0xAA, 0xFF)
    body = take_body(bytearray(b"\x00" + wire), make.frame)
    assert body is not None
    assert parse_parts(make, make.show, body) == (3, None, "请到3号")


def test_the_known_sums_of_both_crcs() -> None:
    assert crc16(b"123456789", 0) == 0xBB3D
    assert crc16(b"123456789", 0xFFFF) == 0x4B37


# ---------------------------------------------------------------- any template


@pytest.mark.parametrize("name", TEMPLATES)
@given(data=st.binary(min_size=2, max_size=20), noise=st.binary(max_size=20))
def test_a_frame_behind_noise_is_found(name: str, data: bytes, noise: bytes) -> None:
    template = TEMPLATES[name]
    if name == "bus":
        data = data.replace(b"\xff", b"")[:20].ljust(2, b"0")
    quiet = noise.replace(template.lead[:1], b"")
    buffer = bytearray(quiet + build_frame(template, data))
    assert take_body(buffer, template) == data
    assert not buffer


@pytest.mark.parametrize("name", TEMPLATES)
@given(data=st.binary(min_size=2, max_size=20), cut=st.integers(0, 60))
def test_a_frame_in_two_pieces_is_found(name: str, data: bytes, cut: int) -> None:
    template = TEMPLATES[name]
    if name == "bus":
        data = data.replace(b"\xff", b"").ljust(2, b"0")
    wire = build_frame(template, data)
    cut %= len(wire)
    buffer = bytearray(wire[:cut])
    assert take_body(buffer, template) is None
    buffer += wire[cut:]
    assert take_body(buffer, template) == data


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name not in ("bus", "escaped")])
@given(data=st.binary(min_size=2, max_size=20), position=st.integers(0), mask=st.integers(1, 255))
def test_one_wrong_byte_never_passes(name: str, data: bytes, position: int, mask: int) -> None:
    frame = bytearray(build_frame(TEMPLATES[name], data))
    frame[position % len(frame)] ^= mask
    try:
        body = take_body(frame, TEMPLATES[name])
    except BadFrame:
        return
    assert body is None


@given(data=st.binary(min_size=2, max_size=20), position=st.integers(8), mask=st.integers(1, 255))
def test_one_wrong_byte_of_an_escaped_frame_never_passes_as_another(
    data: bytes, position: int, mask: int
) -> None:
    template = TEMPLATES["escaped"]
    frame = bytearray(build_frame(template, data))
    frame[position % (len(frame) - 8) + 8 if position % len(frame) < 8 else position % len(frame)] ^= mask
    while True:
        try:
            body = take_body(frame, template)
        except BadFrame:
            continue
        assert body is None or body == data
        return


@pytest.mark.parametrize("name", ["lcd", "word", "escaped"])
@given(data=st.binary(min_size=2, max_size=20))
def test_a_good_frame_inside_a_broken_one_is_still_found(name: str, data: bytes) -> None:
    template = TEMPLATES[name]
    broken = build_frame(template, bytes(40))[:17]
    buffer = bytearray(broken + build_frame(template, data) + bytes(40))
    for _ in range(9):
        try:
            body = take_body(buffer, template)
        except BadFrame:
            continue
        assert body == data
        return
    pytest.fail("lost the good frame")


@pytest.mark.parametrize("name", [*TEMPLATES, "digits"])
@given(stream=st.binary(max_size=300))
def test_any_bytes_neither_crash_nor_go_round(name: str, stream: bytes) -> None:
    template = TEMPLATES.get(name, DIGITS_FRAME)
    buffer = bytearray(stream + template.lead * 3)
    for _ in range(len(buffer) + 1):
        try:
            if take_body(buffer, template) is None:
                return
        except BadFrame:
            continue
    pytest.fail("the parser goes round in circles")


def test_an_unchecked_frame_passes_where_the_make_allows_it() -> None:
    wire = b"\xa5" * 8 + b"hello" + b"\xff\xff" + b"\x5a"
    assert take_body(bytearray(wire), TEMPLATES["escaped"]) == b"hello"
    with pytest.raises(BadFrame):
        take_body(bytearray(wire.replace(b"\xff\xff", b"\xff\xfe")), TEMPLATES["escaped"])


def test_a_body_that_does_not_fit_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        build_frame(FRAME, bytes(65))


def test_what_the_check_covers_is_data_too() -> None:
    alone = FrameTemplate(lead=b"\x3a", checksum=Checksum.SUM8, shortest=2, longest=2)
    whole = FrameTemplate(lead=b"\x3a", checksum=Checksum.SUM8, covered=Covered.ALL, shortest=2, longest=2)
    assert build_frame(alone, b"\x01\x02")[-1] == 0x03
    assert build_frame(whole, b"\x01\x02")[-1] == 0x3D


@given(text=st.text(max_size=30), columns=st.integers(0, 20))
def test_text_is_never_cut_within_a_hanzi(text: str, columns: int) -> None:
    code = encoded(text, "gbk", columns)
    assert len(code) <= columns
    assert "\ufffd" not in code.decode("gbk")


def test_a_character_that_a_bar_lacks_is_a_question_mark() -> None:
    assert encoded("王𠮷A", "gbk", 16).decode("gbk") == "王？A"
