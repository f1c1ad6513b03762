"""Guide lights and relays on the coils of one Modbus RTU unit: colours by coil, flashing by switching."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Annotated, Any, TypeVar

import msgspec
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadCoilsResponse,
    WriteMultipleCoilsRequest,
    WriteMultipleCoilsResponse,
)

from devices import link_faults
from devices.capabilities import GuideLightCapabilities
from devices.faults import DeviceLost, DeviceMisconfigured, DeviceRefused, Fault, Owner
from devices.links import link_for
from devices.modbus_line import Codec, ModbusLine, NoAnswer, UnitRefused
from devices.ports import Kind, Status
from devices.signals import DARK, Flash, LedColour, Light

P = TypeVar("P")

Position = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]*$")]
Coil = Annotated[int, msgspec.Meta(ge=0, le=255)]
_MISSES = 3
_HALF_PERIODS = {Flash.SLOW: 0.75, Flash.QUICK: 0.25}
"""Seconds on and off: 0.7 and 2 flashes a second, below the three that can harm."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``positions`` gives each place its coils by colour: ``card = {green = 0, red = 1}``."""

    port: str
    positions: dict[Position, dict[LedColour, Coil]]
    unit: Annotated[int, msgspec.Meta(ge=1, le=247)] = 1
    baud: int = 9600
    answer_seconds: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.1

    def __post_init__(self) -> None:
        coils = [coil for colours in self.positions.values() for coil in colours.values()]
        if not coils or not all(self.positions.values()):
            raise ValueError("wanted at least one position, each with a coil")
        if len(set(coils)) != len(coils):
            raise ValueError("one coil stands at two places")


def build(options: Options) -> ModbusLights:
    """The driver, not yet opened."""
    framer = FramerRTU(DecodePDU(False))
    line = ModbusLine(
        link_for(options.port, baud=options.baud),
        Codec(framer.buildFrame, framer.handleFrame, ModbusException),
        baud=options.baud,
        answer_seconds=options.answer_seconds,
    )
    return ModbusLights(line, options)


class ModbusLights:
    """One unit; all coils of the positions are written together, so that colours change at once."""

    kind = Kind.GUIDE_LIGHT

    def __init__(self, line: ModbusLine, options: Options, *, clock: Callable[[], float] = monotonic) -> None:
        self._line, self._options, self._clock = line, options, clock
        coils = [coil for colours in options.positions.values() for coil in colours.values()]
        self._first, self._count = min(coils), max(coils) - min(coils) + 1
        self._lights: dict[str, Light] = dict.fromkeys(options.positions, DARK)
        self._began = clock()
        self._written: tuple[bool, ...] = ()

    @property
    def capabilities(self) -> GuideLightCapabilities:
        """Units have no identity."""
        positions = self._options.positions
        return GuideLightCapabilities(
            can_identify=False,
            positions=tuple(
                (name, tuple(each.value for each in colours)) for name, colours in positions.items()
            ),
        )

    def open(self) -> None:
        """What burnt before a loss is said anew by whoever knows; until then nothing is switched."""
        self._line.open()
        self._lights = dict.fromkeys(self._options.positions, DARK)
        self._written = ()

    def close(self) -> None:
        self._line.close()

    def identify(self) -> str:
        """Units have no identity; the coils must be there."""
        self._read()
        return ""

    def heartbeat(self) -> Status:
        """Read the coils back; a unit that lost its power is given them again."""
        found = self._read()
        if self._written and found != self._written:
            self._write(self._written)
        return Status(True, details={"bad_frames": str(self._line.bad), "own_echoes": str(self._line.echoed)})

    def presence(self) -> str:
        return self._line.presence()

    def light(self, position: str, light: Light) -> None:
        colours = self._options.positions.get(position)
        if colours is None:
            raise DeviceRefused(_no_such_position(position))
        colour = light.colour if light.colour in colours else next(iter(colours))
        if light.flash is not Flash.OFF and self._lights[position].flash is not light.flash:
            self._began = self._clock()
        self._lights[position] = Light(light.flash, colour)
        self.step()

    def lit(self) -> Mapping[str, Light]:
        found = self._read()
        lights = {}
        for position, colours in self._options.positions.items():
            asked = self._lights[position]
            burning = [colour for colour, coil in colours.items() if found[coil - self._first]]
            if asked.flash in _HALF_PERIODS:
                lights[position] = asked
            else:
                lights[position] = Light(Flash.STEADY, burning[0]) if burning else DARK
        return lights

    def step(self) -> None:
        coils = self._coils()
        if coils != self._written:
            self._write(coils)

    def _coils(self) -> tuple[bool, ...]:
        """What the coils should be at this moment."""
        wanted = [False] * self._count
        age = self._clock() - self._began
        for position, light in self._lights.items():
            half = _HALF_PERIODS.get(light.flash)
            on = light.flash is Flash.STEADY or (half is not None and int(age / half) % 2 == 0)
            if on:
                wanted[self._options.positions[position][light.colour] - self._first] = True
        return tuple(wanted)

    def _write(self, coils: tuple[bool, ...]) -> None:
        request = WriteMultipleCoilsRequest(address=self._first, bits=list(coils), dev_id=self._options.unit)
        self._ask(request, WriteMultipleCoilsResponse)
        self._written = coils

    def _read(self) -> tuple[bool, ...]:
        request = ReadCoilsRequest(address=self._first, count=self._count, dev_id=self._options.unit)
        bits = self._ask(request, ReadCoilsResponse).bits
        if len(bits) < self._count:
            raise DeviceLost(_short(self._line.name))
        return tuple(bool(bit) for bit in bits[: self._count])

    def _ask(self, request: Any, answer: type[P]) -> P:
        """Three misses, and the unit is silent."""
        for left in reversed(range(_MISSES)):
            try:
                return self._line.ask(request, answer)
            except UnitRefused as error:
                raise DeviceMisconfigured(_refused(error.unit, error.code)) from error
            except NoAnswer as error:
                if not left:
                    raise DeviceLost(link_faults.silent(self._line.name)) from error
        raise AssertionError("one of the tries ended")


def _no_such_position(position: str) -> Fault:
    return Fault(
        "no_such_position", f"配置里没有名为 {position} 的指示灯", "核对配置里的 positions", Owner.TECHNICIAN
    )


def _refused(unit: int, code: int) -> Fault:
    sentence = f"{unit} 号继电器模块不认这些线圈（异常码 {code}）"
    return Fault("unit_refused", sentence, "核对配置里的 unit 和 positions", Owner.TECHNICIAN)


def _short(name: str) -> Fault:
    return Fault("garbled", f"继电器模块数据出错（{name}）", "检查接线、波特率和终端电阻", Owner.TECHNICIAN)
