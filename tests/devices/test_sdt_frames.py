"""SDT frames: the published vectors, the resync rule, and any bytes at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols.sdt import (
    LONGEST,
    PREAMBLE,
    Command,
    Garbled,
    Said,
    build_base,
    build_reply,
    build_request,
    build_sam_id,
    parse_base,
    parse_sam_id,
    take_reply,
    take_request,
)


@pytest.mark.parametrize(
    ("command", "published"),
    [
        (Command.RESET, "00 03 10 FF EC"),
        (Command.STATUS, "00 03 11 FF ED"),
        (Command.SAM_ID, "00 03 12 FF EE"),
        (Command.FIND, "00 03 20 01 22"),
        (Command.SELECT, "00 03 20 02 21"),
        (Command.READ_BASE, "00 03 30 01 32"),
        (Command.READ_BASE_AND_PRINTS, "00 03 30 10 23"),
        (Command.READ_NEWEST_ADDRESS, "00 03 30 03 30"),
    ],
)
def test_requests_are_the_published_bytes(command: Command, published: str) -> None:
    assert build_request(command) == PREAMBLE + bytes.fromhex(published)


@pytest.mark.parametrize(
    ("reply", "length", "end"),
    [
        (build_reply(Said.FOUND, bytes(4)), 15, 0x97),
        (build_reply(Said.OK, bytes(8)), 19, 0x9C),
        (build_reply(Said.NOT_FOUND), 11, 0x84),
        (build_reply(Said.NOT_SELECTED), 11, 0x85),
        (build_reply(Said.READ_FAILED), 11, 0x45),
    ],
)
def test_replies_are_the_published_bytes(reply: bytes, length: int, end: int) -> None:
    assert (len(reply), reply[-1]) == (length, end)


def test_a_base_read_is_1295_bytes_with_the_published_head() -> None:
    frame = build_reply(Said.OK, build_base(bytes(256), bytes(1024)))
    assert len(frame) == 1295
    assert frame[5:14] == bytes.fromhex("05 08 00 00 90 01 00 04 00")
    reply = take_reply(bytearray(frame))
    assert reply is not None
    assert parse_base(reply.data) == (bytes(256), bytes(1024))


def test_the_sam_id_reads_as_on_the_label() -> None:
    raw = bytes.fromhex("0500 0300 151B3401 01000000 02000000".replace(" ", ""))
    assert parse_sam_id(raw) == "05.03-20192021-0000000001-0000000002"
    assert build_sam_id("05.03-20192021-0000000001-0000000002") == raw


@pytest.mark.parametrize("wrong", [b"", bytes(16), b"\xff" * 16, bytes(15)])
def test_no_sam_id_is_not_a_sam_id(wrong: bytes) -> None:
    with pytest.raises(Garbled):
        parse_sam_id(wrong)


def test_a_reply_shows_no_data() -> None:
    reply = take_reply(bytearray(build_reply(Said.OK, "张三".encode("utf-16-le"))))
    assert repr(reply) == "Reply(90, 4 bytes)"


noise = st.binary(max_size=40).filter(lambda data: b"\xaa\x96" not in data)


@given(before=noise, data=st.binary(max_size=300), sizes=st.lists(st.integers(1, 50), min_size=1))
def test_a_frame_behind_noise_is_found_however_it_is_cut(
    before: bytes, data: bytes, sizes: list[int]
) -> None:
    stream = before + b"\xaa\xaa" + build_reply(Said.OK, data)
    buffer = bytearray()
    found = None
    offset = turn = 0
    while offset < len(stream):
        assert found is None
        size = sizes[turn % len(sizes)]
        buffer += stream[offset : offset + size]
        offset, turn = offset + size, turn + 1
        found = take_reply(buffer)
    assert found is not None
    assert found.data == data
    assert take_reply(buffer) is None


@pytest.mark.parametrize("length", [0, 3, LONGEST + 1, 0xFFFF])
def test_a_length_that_no_reply_has_is_noise(length: int) -> None:
    buffer = bytearray(PREAMBLE + length.to_bytes(2, "big") + build_reply(Said.FOUND, bytes(4)))
    reply = take_reply(buffer)
    assert reply is not None
    assert reply.said == Said.FOUND


@given(data=st.binary(max_size=300), position=st.integers(0), mask=st.integers(1, 255))
def test_one_wrong_byte_never_passes(data: bytes, position: int, mask: int) -> None:
    frame = bytearray(build_reply(Said.OK, data))
    frame[position % len(frame)] ^= mask
    try:
        reply = take_reply(frame)
    except Garbled:
        return
    assert reply is None


@given(stream=st.binary(max_size=400), tail=st.binary(max_size=20))
def test_any_bytes_neither_crash_nor_grow_the_buffer(stream: bytes, tail: bytes) -> None:
    buffer = bytearray(stream + PREAMBLE + tail)
    for take in (take_reply, take_request):
        for _ in range(len(buffer) + 1):
            try:
                if take(buffer) is None:
                    break
            except Garbled:
                continue
        else:
            pytest.fail("the parser goes round in circles")
    assert len(buffer) <= len(PREAMBLE) + 2 + LONGEST


@given(data=st.binary(max_size=1400))
def test_base_data_of_any_kind_is_taken_or_refused(data: bytes) -> None:
    try:
        text, photo = parse_base(data)
    except Garbled:
        return
    assert len(text) == 256
    assert len(photo) <= len(data) - 260
