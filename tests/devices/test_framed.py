"""Frames described as data: the published call-box frame, resync, and any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols.framed import LCD21, BadFrame, Checksum, FrameTemplate, build_frame, take_body

FRAME = LCD21.frame
DIGITS = FrameTemplate(
    lead=b"\x3a", length_copies=1, mark=b"", checksum=Checksum.XOR8, tail=b"\x0a", shortest=1, longest=20
)


def test_the_published_frame() -> None:
    assert build_frame(FRAME, b"\x03\x81\x01") == bytes.fromhex("FF 68 03 03 68 03 81 01 85 16")


@pytest.mark.parametrize("template", [FRAME, DIGITS])
@given(data=st.binary(min_size=2, max_size=20), noise=st.binary(max_size=20))
def test_a_frame_behind_noise_is_found(template: FrameTemplate, data: bytes, noise: bytes) -> None:
    quiet = noise.replace(template.lead[:1], b"")
    buffer = bytearray(quiet + build_frame(template, data))
    assert take_body(buffer, template) == data
    assert not buffer


@given(data=st.binary(min_size=2, max_size=20), position=st.integers(0), mask=st.integers(1, 255))
def test_one_wrong_byte_never_passes(data: bytes, position: int, mask: int) -> None:
    frame = bytearray(build_frame(FRAME, data))
    frame[position % len(frame)] ^= mask
    try:
        body = take_body(frame, FRAME)
    except BadFrame:
        return
    assert body is None


@given(data=st.binary(min_size=2, max_size=20))
def test_a_good_frame_inside_a_broken_one_is_still_found(data: bytes) -> None:
    broken = build_frame(FRAME, bytes(40))[:11]
    buffer = bytearray(broken + build_frame(FRAME, data) + bytes(40))
    for _ in range(5):
        try:
            body = take_body(buffer, FRAME)
        except BadFrame:
            continue
        assert body == data
        return
    pytest.fail("lost the good frame")


@given(stream=st.binary(max_size=300))
def test_any_bytes_neither_crash_nor_go_round(stream: bytes) -> None:
    buffer = bytearray(stream + FRAME.lead * 3)
    for _ in range(len(buffer) + 1):
        try:
            if take_body(buffer, FRAME) is None:
                return
        except BadFrame:
            continue
    pytest.fail("the parser goes round in circles")


def test_a_body_that_does_not_fit_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        build_frame(FRAME, bytes(65))
