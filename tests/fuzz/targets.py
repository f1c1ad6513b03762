"""What is fuzzed: one function a parser, bytes in, nothing out; anything that it raises is a finding.

A target catches only what its parser promises to raise. Its seeds are good inputs: mutations begin there.
Hypothesis (tests/fuzz/test_targets.py) runs each shortly in CI; ``python -m tests.fuzz`` runs them long.
"""

from __future__ import annotations

import json
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
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

from contract import catalogue, messages, topics
from contract.schema import BrokenPayload, ConfigError, check, decode, encode, masked
from devices.modbus_line import Codec, ModbusLine, NoAnswer, UnitRefused
from devices.protocols import apdu, escpos_bytes, framed, id_card, makes, onbon, scans, sdt
from devices.protocols import bank_card as bank
from devices.protocols import own_make as own
from devices.protocols import social_card as social
from devices.scripted import Expect, Give, ScriptedLink, Silence
from devices.signals import LedColour
from devices.simulators import modbus_units
from devices.simulators.people import PEOPLE
from devices.vision.capture import decoded
from devices.vision.codes import read_codes
from devices.vision.frames import Freshness
from hall_server import config as hall_config
from hall_server.hall_checks import problems_of
from hall_server.hall_file import HallFile, ItemFile

HALL = Path(__file__).parents[2] / "assets" / "halls" / "demo" / "hall.toml"

Target = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """A target and the good inputs that mutations begin with."""

    run: Target
    seeds: tuple[bytes, ...]


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
    for template in (*_TEMPLATES, onbon.FRAME):
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
    for request, answer in _MODBUS:
        link = ScriptedLink([Silence(), Expect(_codec().build(request)), Give(data), Silence()])
        line = ModbusLine(link, _codec(), baud=9600)
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


# ---------------------------------------------------------------- messages and files


_PAYLOADS = tuple(
    kind
    for kind in vars(messages).values()
    if isinstance(kind, type) and issubclass(kind, messages.Message) and kind is not messages.Message
)


def contract_decode(data: bytes) -> None:
    """Any bytes as any message; what decodes must encode and decode to the same."""
    kind = _PAYLOADS[data[0] % len(_PAYLOADS)] if data else _PAYLOADS[0]
    with suppress(BrokenPayload):
        message = decode(kind, data[1:])
        again = decode(kind, encode(message))
        if again != message and "NaN" not in repr(message):
            raise AssertionError(f"{message} != {again}")


def contract_catalogue(data: bytes) -> None:
    """A catalogue as a kiosk gets it."""
    with suppress(BrokenPayload):
        catalogue.read_catalogue(data)


def topic_text(data: bytes) -> None:
    """Topics as a broker may deliver them."""
    text = data.decode("utf-8", "replace")
    filter_, _, topic = text.partition("\n")
    topics.covers(filter_, topic)
    topics.carries_state(text)


def hall_toml(data: bytes) -> None:
    """A hall's file: either it can be used, or every mistake is told; it prints with secrets masked."""
    try:
        raw = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return
    with suppress(ConfigError):
        file = check(raw, HallFile, source="fuzz")
        masked(file)
        list(problems_of(file, _items()))


def hall_toml_whole(data: bytes) -> None:
    """The same with its item list, through the loader of the program."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hall.toml"
        file.write_bytes(data)
        (Path(folder) / "items.json").write_bytes(b"[]")
        with suppress(ConfigError):
            hall_config.load(file)


@cache
def _items() -> tuple[ItemFile, ...]:
    return msgspec.json.decode((HALL.parent / "items.json").read_bytes(), type=tuple[ItemFile, ...])


# ---------------------------------------------------------------- seeds


def _sdt_seeds() -> tuple[bytes, ...]:
    sam = sdt.build_reply(sdt.Said.OK, sdt.build_sam_id("05.03-20190101-0000000001-0000000002"))
    base = sdt.build_reply(sdt.Said.OK, sdt.build_base(b" \x00" * 128, bytes(1024)))
    return (sdt.build_reply(sdt.Said.FOUND, bytes(4)), sam, base, b"\xaa\xaa" + sam[:-1])


def _hall_seeds() -> tuple[bytes, ...]:
    text = HALL.read_bytes()
    cut = text.find(b"[[windows]]", text.find(b"[[windows]]") + 1)
    return (text, text[:cut], b'catalogue = "items.json"\n[hall]\nid = "a"\nname = "b"\n')


def _message_seeds() -> tuple[bytes, ...]:
    window = messages.WindowState(
        window="w01", label="1号窗口", name="综合", zone="综合", status=messages.WindowStatus.OPEN, seq=3
    )
    index = _PAYLOADS.index(messages.WindowState)
    return (bytes((index,)) + encode(window), *(bytes((at,)) + b"{}" for at in range(len(_PAYLOADS))))


def _replies() -> tuple[bytes, ...]:
    return (b"\x12", b"\x1a\x32\x7e", b"\x10\x00\x00\x00\x12", b"_XP-80T\x00\x38\x00\x00\x00", b"\x00\x03")


def _frames() -> tuple[bytes, ...]:
    body = bytes.fromhex("038101")
    return tuple(framed.build_frame(template, body) for template in _TEMPLATES)


def _pictures() -> tuple[bytes, ...]:
    plain = np.random.default_rng(7).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    jpeg = cv2.imencode(".jpg", plain)[1].tobytes()
    return (jpeg, jpeg[: len(jpeg) // 2])


def _onbon_seeds() -> tuple[bytes, ...]:
    text = onbon.build_text("A012请到1号窗口", address=1, colour=LedColour.RED, area=onbon.Area(), columns=16)
    ping = onbon.build_packet(onbon.Packet(1, onbon.HOST, onbon.Command.PING, 1, b"\xa5\x5a"), checked=False)
    return (text, ping, text[25:-3])


def _modbus_seeds() -> tuple[bytes, ...]:
    return (
        modbus_units.sealed(bytes.fromhex("03 01 01 05")),
        modbus_units.sealed(bytes.fromhex("03 02 01 05")),
        b"\x00\xf8" + modbus_units.sealed(bytes.fromhex("03 0F 00 00 00 03")),
        modbus_units.sealed(bytes.fromhex("03 81 02")),
    )


@cache
def _codec() -> Codec:
    framer = FramerRTU(DecodePDU(False))
    return Codec(framer.buildFrame, framer.handleFrame, ModbusException)


_MODBUS: tuple[tuple[Any, type[Any]], ...] = (
    (ReadCoilsRequest(address=0, count=3, dev_id=3), ReadCoilsResponse),
    (ReadDiscreteInputsRequest(address=0, count=6, dev_id=3), ReadDiscreteInputsResponse),
    (WriteMultipleCoilsRequest(address=0, bits=[True, False, True], dev_id=3), WriteMultipleCoilsResponse),
)
_TEMPLATES = (makes.LCD_FRAME, makes.CARPARK_FRAME, makes.DIGITS_FRAME, makes.BUS_FRAME)
_OWN = (
    b'{"show": ["address", "21", "text"], "frame": {"lead": "55AA", "tail": "0D", "length": "byte", '
    b'"check": "crc16_modbus", "escapes": {"7D": "7D5D"}}}'
)
_FOUND = (
    "6F 04 88 02 FF 01 90 00",
    "D0 01 00 00 00 00 00 00 4F 00 00 DC 08 11 32 00 90 00 F1 12 39 10 84 08 A0 00 40"
    + " 00" * 38
    + " 9F 38 05 00 09 35 F5 00 00 04 CD 00 00 00 FF FF A8 00 00 00 28 00",
)
"""What broke a parser once."""
_CARD_SEEDS = (
    *(bytes.fromhex(found) for found in _FOUND),
    bytes.fromhex("6F 10 84 08 A0 00 00 03 33 01 01 01 A5 04 9F 38 01 00 90 00 77 0A 94 04 08 01 01 00 90 00")
    + bytes.fromhex("70 0E 5A 08 62 28 48 00 00 00 12 34 5F 24 03 30 12 31"),
    bytes.fromhex("90 00 01 08 11 00 00 00 00 00 00 00 90 00 08 12")
    + b"999999199107053330"
    + b"\x90\x00\x09\x04\xcd\xf5",
)


TARGETS: Mapping[str, Fuzzed] = {
    "sdt_reply": Fuzzed(sdt_reply, _sdt_seeds()),
    "sdt_request": Fuzzed(sdt_request, tuple(sdt.build_request(command) for command in sdt.Command)),
    "id_card_text": Fuzzed(id_card_text, tuple(person.text for person in PEOPLE)),
    "escpos_replies": Fuzzed(escpos_replies, _replies()),
    "frames": Fuzzed(frames, _frames()),
    "onbon_packets": Fuzzed(onbon_packets, _onbon_seeds()),
    "modbus_answers": Fuzzed(modbus_answers, _modbus_seeds()),
    "modbus_requests": Fuzzed(modbus_requests, tuple(_codec().build(request) for request, _ in _MODBUS)),
    "own_make": Fuzzed(own_make, (_OWN,)),
    "tlv": Fuzzed(tlv, _CARD_SEEDS),
    "social_card": Fuzzed(social_card, _CARD_SEEDS),
    "bank_card": Fuzzed(bank_card, _CARD_SEEDS),
    "serial_scans": Fuzzed(
        serial_scans, (b"BANSHI:1:T:20261123:A012:9F3C2A71\r", b"\r\nA\x00\r", b"x" * 600)
    ),
    "camera_picture": Fuzzed(camera_picture, _pictures()),
    "key_burst": Fuzzed(key_burst, (bytes(range(256)), b"\xff" * 12 + b"\x8d")),
    "contract_decode": Fuzzed(contract_decode, _message_seeds()),
    "contract_catalogue": Fuzzed(contract_catalogue, (json.dumps({"hall_name": "a"}).encode(),)),
    "topic_text": Fuzzed(topic_text, (b"hall/1/+/st/+/up/#\nhall/1/demo/st/kiosk-1/up/state",)),
    "hall_toml": Fuzzed(hall_toml, _hall_seeds()),
    "hall_toml_whole": Fuzzed(hall_toml_whole, _hall_seeds()),
}
