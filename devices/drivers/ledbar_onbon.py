"""LED bars with an Onbon BX font card (仰邦字库卡) on a serial wire or behind TCP."""

from __future__ import annotations

from itertools import cycle
from time import monotonic
from typing import Annotated

import msgspec

from devices import link_faults
from devices.capabilities import LedBarCapabilities
from devices.faults import DeviceLost, DeviceRefused, Fault, Owner
from devices.frame_line import gap_seconds, until_quiet
from devices.links import Link, link_for
from devices.ports import Kind, Status
from devices.protocols import onbon
from devices.protocols.framed import BadFrame
from devices.signals import BarText, LedColour, Shown

_TRIES = 2
_MISSES = 3
_BEAT_BARS = 16
_WRITE_SECONDS = 1.0


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``addresses`` are the cards' numbers; size in dots; ``columns`` half-width characters of one line.

    ``checked`` False sends FF FF in place of the CRC, for a card that refuses ours. ``colours`` empty sends
    no colour: for a bar of one colour.
    """

    port: str
    addresses: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=1, le=0xFFFD)], ...], msgspec.Meta(min_length=1)
    ] = (1,)
    baud: int = 57600
    width: Annotated[int, msgspec.Meta(ge=16, le=2048)] = 128
    height: Annotated[int, msgspec.Meta(ge=8, le=512)] = 16
    columns: Annotated[int, msgspec.Meta(ge=2, le=128)] = 16
    colours: tuple[LedColour, ...] = (LedColour.RED, LedColour.GREEN, LedColour.YELLOW)
    checked: bool = True
    answer_seconds: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.2


def build(options: Options) -> OnbonBars:
    """The driver, not yet opened."""
    return OnbonBars(link_for(options.port, baud=options.baud), options)


class OnbonBars:
    """Cards behind one link: each answers what it was sent, none can say what it shows."""

    kind = Kind.LED_BAR

    def __init__(self, link: Link, options: Options) -> None:
        self._link, self._options = link, options
        self._area = onbon.Area(options.width, options.height)
        self._gap = gap_seconds(options.baud)
        self._buffer = bytearray()
        self._wanted: dict[int, BarText] = {}
        self._misses = dict.fromkeys(options.addresses, 0)
        self._turn = cycle(options.addresses)
        self._bad = self._refused = 0

    @property
    def capabilities(self) -> LedBarCapabilities:
        """A card tells that it took a text, not what it shows; it has no identity."""
        return LedBarCapabilities(
            can_identify=False,
            addresses=self._options.addresses,
            columns=self._options.columns,
            colours=tuple(colour.value for colour in self._options.colours),
        )

    def open(self) -> None:
        self._link.open()
        self._buffer.clear()
        self._wanted.clear()
        self._misses = dict.fromkeys(self._options.addresses, 0)

    def close(self) -> None:
        self._link.close()

    def identify(self) -> str:
        """At least one card must answer a ping."""
        answered = {
            address: self._ask(address, self._ping_frame(address)) is not None
            for address in self._options.addresses
        }
        if not any(answered.values()):
            raise DeviceLost(link_faults.silent(self._link.name))
        self._misses = {address: 0 if answered[address] else _MISSES for address in answered}
        return ""

    def heartbeat(self) -> Status:
        """Give the next cards their texts again: none can say that it lost its power and shows nothing."""
        for _ in range(min(_BEAT_BARS, len(self._misses))):
            self._look_after(next(self._turn))
        missing = [address for address, misses in self._misses.items() if misses >= _MISSES]
        if len(missing) == len(self._misses):
            raise DeviceLost(link_faults.silent(self._link.name))
        details = {"bad_frames": str(self._bad), "refused": str(self._refused)}
        return Status(True, (_missing(missing),) if missing else (), details)

    def presence(self) -> str:
        return self._link.presence()

    def show(self, address: int, content: BarText) -> Shown:
        if address not in self._misses:
            raise DeviceRefused(_no_such_bar(address))
        self._wanted[address] = content
        answer = self._ask(address, self._text_frame(address, content))
        if answer is not None and answer.command == onbon.Command.REFUSED:
            self._refused += 1
            raise DeviceRefused(_card_refused(address, answer.third))
        return Shown.UNKNOWN if answer is None else Shown.CONFIRMED

    def shown(self, address: int) -> BarText | None:  # noqa: ARG002 - the port's shape
        return None

    def _look_after(self, address: int) -> None:
        wanted = self._wanted.get(address)
        frame = self._text_frame(address, wanted) if wanted else self._ping_frame(address)
        while self._ask(address, frame) is None and self._misses[address] < _MISSES:
            pass

    def _text_frame(self, address: int, content: BarText) -> bytes:
        return onbon.build_text(
            content.text,
            address=address,
            colour=content.colour if content.colour in self._options.colours else None,
            area=self._area,
            columns=self._options.columns,
            checked=self._options.checked,
        )

    def _ping_frame(self, address: int) -> bytes:
        packet = onbon.Packet(address, onbon.HOST, onbon.Command.PING, 1, b"")
        return onbon.build_packet(packet, checked=self._options.checked)

    def _ask(self, address: int, frame: bytes) -> onbon.Packet | None:
        """The card's answer; None when it gave none. Once more when something broken came."""
        for _ in range(_TRIES):
            until_quiet(self._link, self._gap)
            self._buffer.clear()
            self._link.write(frame, _WRITE_SECONDS)
            heard, deadline = False, monotonic() + self._options.answer_seconds
            while (left := deadline - monotonic()) > 0 and (data := self._link.read(512, left)):
                self._buffer += data
                heard = heard or not frame.startswith(bytes(self._buffer))
                if (answer := self._answer(address)) is not None:
                    self._misses[address] = 0
                    return answer
            if not heard:
                break
        self._misses[address] += 1
        return None

    def _answer(self, address: int) -> onbon.Packet | None:
        """The next frame from this card; our own echo and other cards are passed over."""
        while True:
            try:
                packet = onbon.take_packet(self._buffer)
            except BadFrame:
                self._bad += 1
                continue
            if packet is None or (packet.sender == address and packet.to != address):
                return packet


def _missing(addresses: list[int]) -> Fault:
    names = "、".join(str(address) for address in addresses)
    return Fault("bar_missing", f"{names} 号条屏没有应答", "检查该条屏的电源、接线和屏号", Owner.TECHNICIAN)


def _no_such_bar(address: int) -> Fault:
    return Fault("no_such_bar", f"配置里没有 {address} 号条屏", "核对配置里的 addresses", Owner.TECHNICIAN)


def _card_refused(address: int, error: int) -> Fault:
    action = "核对控制卡型号和屏参；仍被拒绝时把 checked 设为 false 再试"
    return Fault("card_refused", f"{address} 号条屏拒绝了内容（错误码 {error}）", action, Owner.TECHNICIAN)
