"""Digit bars (数码管) on one serial wire: ``id hi lo sum``, nothing comes back."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from devices.capabilities import LedBarCapabilities
from devices.faults import DeviceRefused, Fault, Owner
from devices.frame_line import FrameLine, gap_seconds
from devices.links import Link, link_for
from devices.ports import Kind, Status
from devices.protocols.makes import DIGITS_FRAME
from devices.signals import BarText, Shown

_LARGEST = 0xFFFF


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``addresses`` are the bars' ids."""

    port: str
    addresses: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=0, le=255)], ...], msgspec.Meta(min_length=1)
    ] = (1,)
    baud: int = 9600


def build(options: Options) -> DigitBars:
    """The driver, not yet opened."""
    link = link_for(options.port, baud=options.baud)
    return DigitBars(link, options.addresses, gap_seconds=gap_seconds(options.baud))


class DigitBars:
    """Shows the number in a text: of ``A012请到3号窗口`` the bar can only say 12."""

    kind = Kind.LED_BAR

    def __init__(self, link: Link, addresses: tuple[int, ...], *, gap_seconds: float) -> None:
        self._line = FrameLine(link, DIGITS_FRAME, gap_seconds=gap_seconds)
        self._addresses = addresses
        self._wanted: dict[int, BarText] = {}

    @property
    def capabilities(self) -> LedBarCapabilities:
        """Five digits of one colour; nobody knows whether they are shown."""
        return LedBarCapabilities(
            can_status=False, can_identify=False, addresses=self._addresses, columns=5, hanzi=False
        )

    def open(self) -> None:
        self._wanted.clear()
        self._line.open()

    def close(self) -> None:
        self._line.close()

    def identify(self) -> str:
        """Bars have no identity."""
        return ""

    def heartbeat(self) -> Status:
        """Says every number again: a bar cannot tell that it lost its power."""
        self._line.receive(0.0)
        for address, content in self._wanted.items():
            self._send(address, content)
        return Status(None)

    def presence(self) -> str:
        return self._line.presence()

    def show(self, address: int, content: BarText) -> Shown:
        if address not in self._addresses:
            raise DeviceRefused(_no_such_bar(address))
        self._wanted[address] = content
        self._send(address, content)
        return Shown.UNKNOWN

    def shown(self, address: int) -> BarText | None:  # noqa: ARG002 - the port's shape
        return None

    def _send(self, address: int, content: BarText) -> None:
        found = re.search(r"\d+", content.text)
        number = min(int(found.group()), _LARGEST) if found else 0
        self._line.send(bytes((address,)) + number.to_bytes(2, "big"))


def _no_such_bar(address: int) -> Fault:
    return Fault("no_such_bar", f"配置里没有 {address} 号数码屏", "核对配置里的 addresses", Owner.TECHNICIAN)
