"""What is on this port? Asks harmless questions of the kinds of devices that we know, quickest first.

The order matters: a printer would print what it does not understand, so its own status query, which
every other device ignores, goes first. Bars and Modbus units are asked by their drivers' ``identify``,
which reads and changes nothing; only at the rates that they usually have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from devices.faults import DeviceLost, DeviceMisconfigured, DeviceRefused
from devices.links import Link, link_for
from devices.protocols.framed import BadFrame, build_frame, take_body
from devices.protocols.makes import LCD21
from devices.protocols.sdt import Command, Garbled, build_request, parse_sam_id, take_reply
from devices.registry import build

_ANSWER_SECONDS = 0.25
_BOX_SECONDS = 0.06
_BOXES = range(1, 33)
_BUS_RATES = (115200, 9600, 57600)
_BUS_ADDRESSES = range(1, 5)
_BUSES: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("callbox_modbus", "Modbus 呼叫器（离散输入）", {}),
    ("guide_lights", "Modbus 继电器模块", {"positions": {"relay-0": {"green": 0}}}),
    ("ledbar_onbon", "条屏（仰邦字库卡）", {}),
    ("ledbar", "条屏", {"make": "lcd21"}),
)
"""Drivers that are tried at a few addresses, with the options that are tried and printed."""
_REALTIME_STATUS = b"\x10\x04\x01"


@dataclass(frozen=True, slots=True)
class Found:
    """A device that answered: what it is in Chinese, the lines of TOML for it, what it said of itself."""

    what: str
    options: str
    detail: str


def probe(port: str, *, trying: Callable[[str], None] = lambda _what: None) -> Found | None:
    """The device on this port, or None when nothing that we know answers. Raises DeviceError of the port.

    ``trying`` hears what is being tried; silence at every rate takes about 20 s.
    """
    rates = (115200,) if "://" in port else (115200, 9600, 57600, 38400, 19200)
    for baud in rates:
        trying(f"{baud}")
        for question in _QUESTIONS:
            link = link_for(port, baud=baud)
            link.open()
            try:
                if found := question(link, port, baud):
                    return found
            finally:
                link.close()
        if baud in _BUS_RATES and (found := _by_drivers(port, baud)):
            return found
    return None


def _by_drivers(port: str, baud: int) -> Found | None:
    """The first driver of a bus whose ``identify`` is answered at an address, with all addresses that are."""
    for driver, what, options in _BUSES:
        key = "unit" if driver == "guide_lights" else "addresses"
        asked: dict[str, object] = {**options, "port": port, "baud": baud}
        answered = [
            one
            for one in _BUS_ADDRESSES
            if _identified(driver, {**asked, key: one if key == "unit" else [one]})
        ]
        if answered:
            lines = "\n".join(f"{word} = {_text(value)}" for word, value in options.items())
            place = f"unit = {answered[0]}" if key == "unit" else f"addresses = {answered}"
            toml = "\n".join(part for part in (_toml(driver, port, baud), place, lines) if part)
            return Found(what, toml, f"{len(answered)} 个应答")
    return None


def _identified(driver: str, options: dict[str, object]) -> bool:
    device = build(driver, options)
    try:
        device.open()
        device.identify()
    except (DeviceRefused, DeviceMisconfigured, DeviceLost):
        return False
    finally:
        device.close()
    return True


def _text(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_text(item)}" for key, item in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value)


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
