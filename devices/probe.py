"""What is on this port? Asks harmless questions of the kinds of devices that we know, quickest first.

The order matters: a printer would print what it does not understand, so its own status query, which
every other device ignores, goes first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from devices.links import Link, link_for
from devices.protocols.framed import BadFrame, build_frame, take_body
from devices.protocols.makes import LCD21
from devices.protocols.sdt import Command, Garbled, build_request, parse_sam_id, take_reply

_ANSWER_SECONDS = 0.25
_BOX_SECONDS = 0.06
_BOXES = range(1, 33)
_REALTIME_STATUS = b"\x10\x04\x01"


@dataclass(frozen=True, slots=True)
class Found:
    """A device that answered: what it is in Chinese, the lines of TOML for it, what it said of itself."""

    what: str
    options: str
    detail: str


def probe(port: str) -> Found | None:
    """The device on this port, or None when nothing that we know answers. Raises DeviceError of the port."""
    rates = (115200,) if "://" in port else (115200, 9600, 38400, 19200, 57600)
    for baud in rates:
        for question in _QUESTIONS:
            link = link_for(port, baud=baud)
            link.open()
            try:
                if found := question(link, port, baud):
                    return found
            finally:
                link.close()
    return None


def _printer(link: Link, port: str, baud: int) -> Found | None:
    link.write(_REALTIME_STATUS, 1.0)
    answer = link.read(16, _ANSWER_SECONDS)
    if not any(byte & 0x93 == 0x12 for byte in answer):
        return None
    return Found("号票打印机（ESC/POS）", _toml("escpos", port, baud), f"状态字节 {answer[:1].hex().upper()}")


def _reader(link: Link, port: str, baud: int) -> Found | None:
    buffer = bytearray()
    deadline = monotonic() + _ANSWER_SECONDS
    link.write(build_request(Command.SAM_ID), 1.0)
    while (left := deadline - monotonic()) > 0:
        buffer += link.read(256, left)
        try:
            reply = take_reply(buffer)
            if reply is not None:
                return Found(
                    "二代身份证读卡器（SDT）",
                    _toml("sdt", port, baud),
                    f"模块编号 {parse_sam_id(reply.data)}",
                )
        except Garbled:
            return Found("二代身份证读卡器（SDT）", _toml("sdt", port, baud), "没有给出模块编号")
    return None


def _call_boxes(link: Link, port: str, baud: int) -> Found | None:
    answered = [address for address in _BOXES if _box_answers(link, address)]
    if not answered:
        return None
    options = f"{_toml('callbox', port, baud)}\naddresses = {answered}"
    return Found("窗口呼叫器", options, f"{len(answered)} 个应答")


def _box_answers(link: Link, address: int) -> bool:
    asked = bytes((address, LCD21.poll))
    link.write(build_frame(LCD21.frame, asked), 1.0)
    buffer = bytearray()
    deadline = monotonic() + _BOX_SECONDS
    while (left := deadline - monotonic()) > 0:
        buffer += link.read(64, left)
        try:
            body = take_body(buffer, LCD21.frame)
        except BadFrame:
            continue
        if body is not None and body != asked:
            return body[0] == address
    return False


def _toml(driver: str, port: str, baud: int) -> str:
    rate = "" if "://" in port else f"\nbaud = {baud}"
    return f'driver = "{driver}"\nport = "{port}"{rate}'


_QUESTIONS: tuple[Callable[[Link, str, int], Found | None], ...] = (_printer, _reader, _call_boxes)
