"""Fuzz targets of wires and cards: whatever readers, printers, boxes, bars, scanners and cameras may say."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from typing import Any

import msgspec
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadCoilsResponse,
    ReadDiscreteInputsRequest,
    ReadDiscreteInputsResponse,
    WriteMultipleCoilsRequest,
    WriteMultipleCoilsResponse,
)

from devices.modbus_line import Codec, ModbusLine, NoAnswer, UnitRefused
from devices.protocols import apdu, escpos_bytes, framed, id_card, makes, onbon, scans, sdt
from devices.protocols import bank_card as bank
from devices.protocols import own_make as own
from devices.protocols import social_card as social
from devices.scripted import Expect, Give, ScriptedLink, Silence
from devices.simulators import modbus_units
from devices.vision.capture import decoded
from devices.vision.codes import read_codes
from devices.vision.frames import Freshness


@cache
def codec() -> Codec:
    """pymodbus's framer, as the drivers give it."""
    framer = FramerRTU(DecodePDU(False))
    return Codec(framer.buildFrame, framer.handleFrame, ModbusException)


MODBUS: tuple[tuple[Any, type[Any]], ...] = (
    (ReadCoilsRequest(address=0, count=3, dev_id=3), ReadCoilsResponse),
    (ReadDiscreteInputsRequest(address=0, count=6, dev_id=3), ReadDiscreteInputsResponse),
    (WriteMultipleCoilsRequest(address=0, bits=[True, False, True], dev_id=3), WriteMultipleCoilsResponse),
)
TEMPLATES = (makes.LCD_FRAME, makes.CARPARK_FRAME, makes.DIGITS_FRAME, makes.BUS_FRAME)


class GoesRound(Exception):
    """A parser took nothing from its buffer and asked to be called again."""


def _drain(take: Callable[[bytearray], object], data: bytes, broken: type[Exception]) -> list[object]:
    """Every frame of a buffer; a parser must always shorten it or ask for more."""
    buffer = bytearray(data)
    found: list[object] = []
    while True:
        before = len(buffer)
        try:
            frame = take(buffer)
        except broken:
            frame = None
            if len(buffer) >= before:
                raise GoesRound(data.hex()) from None
            continue
        if frame is None:
            return found
        if len(buffer) >= before:
            raise GoesRound(data.hex())
        found.append(frame)


# ---------------------------------------------------------------- ID cards


def sdt_reply(data: bytes) -> None:
    """Replies of a reader, and what they carry."""
    for reply in _drain(sdt.take_reply, data, sdt.Garbled):
        assert isinstance(reply, sdt.Reply)
        with suppress(sdt.Garbled):
            sdt.parse_base(reply.data)
        with suppress(sdt.Garbled):
            sdt.parse_sam_id(reply.data)


def sdt_request(data: bytes) -> None:
    """Requests, as the simulator hears them."""
    _drain(sdt.take_request, data, sdt.Garbled)


def id_card_text(data: bytes) -> None:
    """The 256 bytes of text of a card, whatever stands in them; nothing personal in what is raised."""
    text = (data + b" \x00" * 128)[:256]
    with suppress(id_card.BadCard, id_card.UnknownCard):
        card = id_card.parse_text(text)
        if repr(card) != f"IdCard({card.card_kind.value}, …)":
            raise AssertionError("personal data in the representation")


# ---------------------------------------------------------------- printers, frames


def escpos_replies(data: bytes) -> None:
    """Everything that a printer may say, cut at any place."""
    whole = escpos_bytes.Replies().feed(data)
    pieces, parser = [], escpos_bytes.Replies()
    step = 1 + (data[0] % 5 if data else 0)
    for at in range(0, len(data), step):
        pieces += parser.feed(data[at : at + step])
    if pieces != whole:
        raise AssertionError(f"cut differently: {pieces} != {whole}")
    for reply in whole:
        if isinstance(reply, escpos_bytes.RealTime):
            for query in escpos_bytes.Query:
                escpos_bytes.troubles(query, reply.value)
        elif isinstance(reply, escpos_bytes.Automatic):
            escpos_bytes.automatic_troubles(reply.value)


def frames(data: bytes) -> None:
    """Frames of every make of call box and bar, and what bars are told in them."""
    for template in (*TEMPLATES, onbon.FRAME):
        _drain(partial(_taken, template), data, framed.BadFrame)
    for make in makes.BARS.values():
        for layout in (make.show, make.told):
            makes.parse_parts(make, layout, data)


def _taken(template: framed.FrameTemplate, buffer: bytearray) -> bytes | None:
    return framed.take_body(buffer, template)


def onbon_packets(data: bytes) -> None:
    """Packets of LED cards and the texts in them; what is understood must build the same again."""
    for packet in _drain(onbon.take_packet, data, framed.BadFrame):
        assert isinstance(packet, onbon.Packet)
        again = onbon.take_packet(bytearray(onbon.build_packet(packet)))
        if again != packet:
            raise AssertionError(f"{again} != {packet}")
        with suppress(framed.BadFrame):
            onbon.parse_text(packet.data)
    with suppress(framed.BadFrame):
        onbon.parse_text(data)


def modbus_answers(data: bytes) -> None:
    """Anything as the answer of a Modbus unit, through pymodbus's framer, to three kinds of question."""
    for request, answer in MODBUS:
        link = ScriptedLink([Silence(), Expect(codec().build(request)), Give(data), Silence()])
        line = ModbusLine(link, codec(), baud=9600)
        with suppress(NoAnswer, UnitRefused):
            line.ask(request, answer, tries=1)


def modbus_requests(data: bytes) -> None:
    """Requests as the simulated units hear them."""
    buffer = bytearray(data)
    while modbus_units.take_request(buffer) is not None:
        pass
    if len(buffer) > 8 + 256 + 9:
        raise GoesRound(data.hex())


def own_make(data: bytes) -> None:
    """A make of bar described in a hall's file: it is told what is wrong, or its frames can be taken."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        described = msgspec.json.decode(data, type=own.OwnBar)
        make = described.make()
        with suppress(ValueError):
            framed.build_frame(make.frame, makes.build_parts(make, make.show, address=1, text="A012"))
        _drain(partial(_taken, make.frame), data, framed.BadFrame)


# ---------------------------------------------------------------- smart cards, codes, pictures


def tlv(data: bytes) -> None:
    """BER-TLV of cards, at any depth."""
    with suppress(apdu.BadAnswer):
        for tag, value in apdu.tlv(data):
            apdu.find(value, tag)
    with suppress(apdu.BadAnswer):
        apdu.find(data, 0x5A)


def _card(data: bytes) -> apdu.Transmit:
    """A card that answers with pieces of ``data``, for ever."""
    pieces = iter(data.split(b"\x90\x00"))
    return lambda _command: next(pieces, b"") + b"\x90\x00"


def social_card(data: bytes) -> None:
    """A 社保卡 that answers anything; nothing of it in the representation."""
    expected = (
        apdu.BadAnswer,
        social.NotSocialCard,
        social.PinWanted,
        social.ReadingRefused,
    )
    with suppress(*expected):
        card = social.read(_card(data))
        if repr(card) != f"SocialCard({card.version}, …)":
            raise AssertionError("personal data in the representation")


def bank_card(data: bytes) -> None:
    """A bank card that answers anything: no number comes out unmasked."""
    with suppress(apdu.BadAnswer, bank.NotBankCard):
        card = bank.read(_card(data))
        if "*" not in card.masked_number:
            raise AssertionError("a number that is not masked")


def serial_scans(data: bytes) -> None:
    """A scanner's bytes in pieces, with and without terminator."""
    for terminated in (True, False):
        scanner, now = scans.SerialScans(terminated=terminated), 0.0
        step = 1 + (data[0] % 7 if data else 0)
        for at in range(0, len(data), step):
            scanner.feed(data[at : at + step], now)
            now += 0.02
            _taken_scans(scanner, now)
        _taken_scans(scanner, now + 1.0)
        if scanner.waiting:
            raise AssertionError("something is kept for ever")


def _taken_scans(scanner: scans.SerialScans, now: float) -> None:
    for _ in range(600):
        try:
            scan = scanner.take(now)
        except scans.BadScan:
            continue
        if scan is None:
            return
        if not scan.text.isascii() or not scan.text.isprintable() or len(scan.text) > scans.LONGEST:
            raise AssertionError("a code that nobody may see")
    raise GoesRound("scans")


def key_burst(data: bytes) -> None:
    """Keys of a keyboard scanner mixed with typing: every key is released or in a scan, once."""
    burst, now, typed, out = scans.KeyBurst(), 0.0, 0, 0
    for byte in data:
        now += 0.01 if byte & 0x80 else 0.2
        key = scans.KeyBurst.ENTER if byte & 0x1F == 13 else chr(32 + byte % 95)
        typed += 1
        found = burst.press(key, now)
        out += len(found.released) + (len(found.scan.text) + 1 if found.scan else 0)
        if found.flaw:
            return
    late = burst.due(now + 1.0)
    if not late.flaw and out + len(late.released) != typed:
        raise AssertionError(f"{typed} keys in, {out + len(late.released)} out")


def camera_picture(data: bytes) -> None:
    """A camera's JPEG, whole or not: it cannot be decoded, or it is judged and searched for codes."""
    try:
        image = decoded(data)
    except ValueError:
        return
    if image.size <= 400_000:
        Freshness().judge(image)
        read_codes(image)
