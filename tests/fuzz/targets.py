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

import msgspec

from contract import catalogue, messages, topics
from contract.schema import BrokenPayload, ConfigError, check, decode, encode, masked
from devices.protocols import escpos_bytes, framed, id_card, makes, sdt
from devices.simulators.people import PEOPLE
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


def box_frames(data: bytes) -> None:
    """Frames of every make of call box."""
    for make in makes.DIALECTS.values():
        _drain(lambda buffer, frame=make.frame: framed.take_body(buffer, frame), data, framed.BadFrame)  # type: ignore[misc]


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
    return tuple(framed.build_frame(make.frame, body) for make in makes.DIALECTS.values())


TARGETS: Mapping[str, Fuzzed] = {
    "sdt_reply": Fuzzed(sdt_reply, _sdt_seeds()),
    "sdt_request": Fuzzed(sdt_request, tuple(sdt.build_request(command) for command in sdt.Command)),
    "id_card_text": Fuzzed(id_card_text, tuple(person.text for person in PEOPLE)),
    "escpos_replies": Fuzzed(escpos_replies, _replies()),
    "box_frames": Fuzzed(box_frames, _frames()),
    "contract_decode": Fuzzed(contract_decode, _message_seeds()),
    "contract_catalogue": Fuzzed(contract_catalogue, (json.dumps({"hall_name": "a"}).encode(),)),
    "topic_text": Fuzzed(topic_text, (b"hall/1/+/st/+/up/#\nhall/1/demo/st/kiosk-1/up/state",)),
    "hall_toml": Fuzzed(hall_toml, _hall_seeds()),
    "hall_toml_whole": Fuzzed(hall_toml_whole, _hall_seeds()),
}
