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
from functools import cache
from pathlib import Path

import cv2
import msgspec
import numpy as np

from contract import catalogue, messages, topics
from contract.schema import BrokenPayload, ConfigError, check, decode, encode, masked
from devices.protocols import framed, onbon, sdt
from devices.signals import LedColour
from devices.simulators import modbus_units
from devices.simulators.people import PEOPLE
from hall_server import config as hall_config
from hall_server.hall_checks import problems_of
from hall_server.hall_file import HallFile, ItemFile
from tests.fuzz.wires import (
    MODBUS,
    TEMPLATES,
    bank_card,
    camera_picture,
    codec,
    escpos_replies,
    frames,
    id_card_text,
    key_burst,
    modbus_answers,
    modbus_requests,
    onbon_packets,
    own_make,
    sdt_reply,
    sdt_request,
    serial_scans,
    social_card,
    tlv,
)

HALL = Path(__file__).parents[2] / "assets" / "halls" / "demo" / "hall.toml"

Target = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """A target and the good inputs that mutations begin with."""

    run: Target
    seeds: tuple[bytes, ...]


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
    return tuple(framed.build_frame(template, body) for template in TEMPLATES)


_HUGE = bytes.fromhex(
    "ffd8ffe000104a46494600010100200100010000ffdb0043000201010101010201010102010203010102020202027a04"
    "0302020202060605060608060609070709070606080b08090a0a0a0a0a06080b0c0b0a0c090a0a2d0affdb0043010202"
    "02020202000000000202070ad80a0affdb004301020202020202050303050a0706070a0a0a0a0a0a0a0a0a0a0a0a0a0a"
    "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0affc0001108f3cfffbf03012200021101031101c4001f000000000000"
    "000000f6f3f4f8f9faffda000c030100021103110101ff11030000ff7a040302"
)
"""A JPEG whose header says 53,000 × 65,000 pixels: broke OpenCV, and with it a camera."""


def _pictures() -> tuple[bytes, ...]:
    plain = np.random.default_rng(7).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    jpeg = cv2.imencode(".jpg", plain)[1].tobytes()
    return (jpeg, jpeg[: len(jpeg) // 2], _HUGE)


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
    "modbus_requests": Fuzzed(modbus_requests, tuple(codec().build(request) for request, _ in MODBUS)),
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
