"""LED bars on one serial wire, of any make that a frame template describes."""

from __future__ import annotations

from itertools import cycle
from time import monotonic
from typing import Annotated, Literal

import msgspec

from devices import link_faults
from devices.capabilities import LedBarCapabilities
from devices.faults import DeviceLost, DeviceRefused, Fault, Owner
from devices.frame_line import FrameLine, gap_seconds
from devices.links import Link, link_for
from devices.ports import Kind, Status
from devices.protocols.makes import BARS, BarMake, build_parts, encoded, parse_parts
from devices.protocols.own_make import OwnBar
from devices.signals import BarText, LedColour, Shown

_ANSWER_SECONDS = 0.05
_TRIES = 3
_MISSES = 3
_BEAT_BARS = 24
"""Bars looked after with one heartbeat, a second of wire at 9600: longer lines in turn."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``make`` is one that we know, ``own`` another that the file describes; ``baud`` 0 takes the make's."""

    port: str
    addresses: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=1, le=255)], ...], msgspec.Meta(min_length=1)
    ] = (1,)
    make: Literal["carpark", "bus", "lcd21"] = "carpark"
    own: OwnBar | None = None
    baud: Annotated[int, msgspec.Meta(ge=0, le=921600)] = 0


def build(options: Options) -> LedBarLine:
    """The driver, not yet opened."""
    make = options.own.make() if options.own else BARS[options.make]
    baud = options.baud or make.baud
    return LedBarLine(
        link_for(options.port, baud=baud), options.addresses, make, gap_seconds=gap_seconds(baud)
    )


class LedBarLine:
    """Bars behind one link; keeps the text of each and gives it again to a bar that lost it."""

    kind = Kind.LED_BAR

    def __init__(self, link: Link, addresses: tuple[int, ...], make: BarMake, *, gap_seconds: float) -> None:
        self._line = FrameLine(link, make.frame, gap_seconds=gap_seconds)
        self._make, self._addresses = make, addresses
        self._wanted: dict[int, BarText] = {}
        self._misses = dict.fromkeys(addresses, 0)
        self._turn = cycle(addresses)

    @property
    def capabilities(self) -> LedBarCapabilities:
        """Bars have no identity; how one is that cannot tell what it shows stays unknown."""
        tells = bool(self._make.ask)
        return LedBarCapabilities(
            can_status=tells,
            can_identify=False,
            addresses=self._addresses,
            columns=self._make.columns,
            colours=tuple(colour.value for colour in self._make.colours),
            hanzi=self._make.encoding != "ascii",
            read_back=tells,
        )

    def open(self) -> None:
        self._line.open()
        self._wanted.clear()
        self._misses = dict.fromkeys(self._addresses, 0)

    def close(self) -> None:
        self._line.close()

    def identify(self) -> str:
        """At least one bar must tell what it shows, where bars can."""
        if self._make.ask:
            answered = {address: self.shown(address) is not None for address in self._addresses}
            if not any(answered.values()):
                raise DeviceLost(link_faults.silent(self._line.name))
            self._misses = {address: 0 if answered[address] else _MISSES for address in self._addresses}
        return ""

    def heartbeat(self) -> Status:
        """Look after the next bars: one that shows something else is given its text again."""
        for _ in range(min(_BEAT_BARS, len(self._addresses))):
            self._look_after(next(self._turn))
        details = {"bad_frames": str(self._line.bad), "own_echoes": str(self._line.echoed)}
        if not self._make.ask:
            self._line.receive(0.0)
            return Status(None, details=details)
        missing = [address for address in self._addresses if self._misses[address] >= _MISSES]
        if len(missing) == len(self._addresses):
            raise DeviceLost(link_faults.silent(self._line.name))
        return Status(True, (_missing(missing),) if missing else (), details)

    def presence(self) -> str:
        return self._line.presence()

    def show(self, address: int, content: BarText) -> Shown:
        if address not in self._misses:
            raise DeviceRefused(_no_such_bar(address))
        self._wanted[address] = content
        for _ in range(_TRIES):
            self._send(address, content)
            if not self._make.ask:
                return Shown.UNKNOWN
            if self._same(self.shown(address), content):
                return Shown.CONFIRMED
        return Shown.UNKNOWN

    def shown(self, address: int) -> BarText | None:
        if not self._make.ask:
            return None
        for _ in range(_TRIES):
            self._line.send(build_parts(self._make, self._make.ask, address=address))
            heard, deadline = self._line.heard, monotonic() + _ANSWER_SECONDS
            while (left := deadline - monotonic()) > 0:
                for body in self._line.receive(left):
                    told = parse_parts(self._make, self._make.told, body)
                    if told is not None and told[0] == address:
                        self._misses[address] = 0
                        return BarText(told[2].rstrip(), told[1] or LedColour.RED)
            if self._line.heard == heard:
                break
        self._misses[address] += 1
        return None

    def _look_after(self, address: int) -> None:
        wanted = self._wanted.get(address)
        if not self._make.ask:
            if wanted is not None:
                self._send(address, wanted)
            return
        told = self.shown(address)
        while told is None and self._misses[address] < _MISSES:
            told = self.shown(address)
        if told is not None and wanted is not None and not self._same(told, wanted):
            self._send(address, wanted)

    def _send(self, address: int, content: BarText) -> None:
        body = build_parts(
            self._make, self._make.show, address=address, colour=content.colour, text=content.text
        )
        self._line.send(body)

    def _same(self, told: BarText | None, wanted: BarText) -> bool:
        if told is None:
            return False
        text = encoded(wanted.text, self._make.encoding, self._make.columns)
        colour = wanted.colour if wanted.colour in self._make.colours else told.colour
        return told == BarText(text.decode(self._make.encoding).rstrip(), colour)


def _missing(addresses: list[int]) -> Fault:
    names = "、".join(str(address) for address in addresses)
    return Fault("bar_missing", f"{names} 号条屏没有应答", "检查该条屏的电源、接线和地址", Owner.TECHNICIAN)


def _no_such_bar(address: int) -> Fault:
    return Fault("no_such_bar", f"配置里没有 {address} 号条屏", "核对配置里的 addresses", Owner.TECHNICIAN)
