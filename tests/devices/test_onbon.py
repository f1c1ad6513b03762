"""Onbon cards: the maker's and dealers' published frames, byte by byte; escapes; what a card refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols import onbon
from devices.protocols.framed import BadFrame
from devices.protocols.onbon import Area, Command, Packet, build_packet, build_text, parse_text, take_packet
from devices.signals import LedColour

LEAD = "A5 A5 A5 A5 A5 A5 A5 A5 "
WELCOME = LEAD + (
    "FE FF 00 80 00 00 00 00 00 00 FE 02 2C 00 A3 06 01 00 00 00 01 23 00 00 00 80 00 00 80 80 20 00 "
    "00 00 00 0A 00 00 00 00 02 01 01 00 02 0A 08 00 00 00 BB B6 D3 AD B9 E2 C1 D9 3C 49 5A"
)
"""A 6K3 card, 128 × 32 dots: 欢迎光临, to every card."""
ACKNOWLEDGED = "A5 " + LEAD + "00 80 FE FF 00 00 00 00 00 00 FE 02 05 00 A0 00 00 00 00 14 AC 5A"
FORMAT = LEAD + "01 00 00 80 00 00 00 00 00 00 FE 02 05 00 A1 00 01 00 00 2C F8 5A"
MISPRINTED = LEAD + (
    "01 00 00 80 00 00 00 00 00 00 FE 02 32 00 A3 06 01 2D 00 00 01 29 00 00 00 00 00 00 80 00 20 00 00 "
    "00 00 02 00 00 00 00 02 02 03 00 04 05 0E 00 00 00 30 31 32 33 34 35 51 52 53 54 54 56 27 42 A8 7D 5A"
)


def test_the_published_text_frame_is_built_byte_by_byte() -> None:
    area = Area(width=128, height=32)
    built = build_text("欢迎光临", address=onbon.BROADCAST, colour=None, area=area, columns=16)
    assert built == bytes.fromhex(WELCOME)


def test_the_published_text_frame_is_understood() -> None:
    packet = take_packet(bytearray.fromhex(WELCOME))
    assert packet is not None
    assert (packet.to, packet.sender, packet.command) == (onbon.BROADCAST, onbon.HOST, Command.SHOW)
    assert parse_text(packet.data) == ("欢迎光临", None, Area(128, 32))


def test_the_published_answers_are_understood() -> None:
    found = take_packet(bytearray.fromhex(ACKNOWLEDGED))
    assert found == Packet(onbon.HOST, onbon.BROADCAST, Command.ACKNOWLEDGED, 0, b"")
    found = take_packet(bytearray.fromhex(FORMAT))
    assert found is not None
    assert found.command == 0xA100
    assert build_packet(found) == bytes.fromhex(FORMAT)


def test_a_printed_frame_whose_check_is_wrong_is_refused_until_it_is_unchecked() -> None:
    with pytest.raises(BadFrame):
        take_packet(bytearray.fromhex(MISPRINTED))
    packet = take_packet(bytearray.fromhex(MISPRINTED.replace("A8 7D 5A", "FF FF 5A")))
    assert packet is not None
    assert packet.data.endswith(b"012345QRSTTV'B")


@pytest.mark.parametrize(
    ("plain", "escaped"), [(0xA5, "A6 02"), (0xA6, "A6 01"), (0x5A, "5B 02"), (0x5B, "5B 01")]
)
def test_the_four_escapes(plain: int, escaped: str) -> None:
    wire = build_packet(Packet(1, 2, Command.PING, 1, bytes((plain,))))
    assert bytes.fromhex(escaped) in wire[8:-1]
    assert bytes((plain,)) not in wire[8:-1] or plain in (0xA6, 0x5B)
    assert take_packet(bytearray(wire)) == Packet(1, 2, Command.PING, 1, bytes((plain,)))


@given(data=st.binary(max_size=200), checked=st.booleans(), noise=st.binary(max_size=20))
def test_any_content_goes_through_behind_noise(data: bytes, checked: bool, noise: bytes) -> None:
    packet = Packet(7, onbon.HOST, Command.SHOW, 1, data)
    buffer = bytearray(noise.replace(b"\xa5", b"") + build_packet(packet, checked=checked))
    assert take_packet(buffer) == packet


@given(text=st.text(max_size=30), colour=st.sampled_from(LedColour))
def test_any_text_comes_out_as_the_bar_can_show_it(text: str, colour: LedColour) -> None:
    wire = build_text(text, address=3, colour=colour, area=Area(), columns=16)
    packet = take_packet(bytearray(wire))
    assert packet is not None
    shown, seen, area = parse_text(packet.data)
    assert (seen, area) == (colour, Area())
    assert "\\" not in shown
    assert len(shown.encode("gbk")) <= 16


@given(data=st.binary(max_size=80))
def test_any_bytes_as_a_text_command_are_a_bad_frame_or_a_text(data: bytes) -> None:
    try:
        parse_text(data)
    except BadFrame:
        return
