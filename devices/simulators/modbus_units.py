"""Modbus RTU units on a PTY, as their makers' firmware: frames by our own hand, so that pymodbus is checked.

Discrete inputs, coils and holding registers; exceptions for what a unit does not have; a wire that
misbehaves on demand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from devices.ports import CallBoxKey
from devices.protocols.framed import crc16
from devices.signals import DARK, Flash, LedColour, Light
from devices.simulators.led_picture import lights_picture
from devices.simulators.pty_line import PtyLine

FAULTS = {
    "unplugged": "拔掉数据线",
    "mute": "所有单元没有应答",
    "missing": "最后一个单元没有应答",
    "echo": "转换器把主机自己发的数据也送回来",
    "wrong_sum": "应答第一次校验出错",
    "collision": "应答第一次与别的单元撞在一起",
    "late": "应答晚 20 毫秒",
    "noise": "每次应答前有杂波",
    "refuses": "单元回答异常码（没有这个地址）",
}
READ_COILS, READ_INPUTS, READ_REGISTERS, WRITE_COILS, WRITE_REGISTERS = 0x01, 0x02, 0x03, 0x0F, 0x10
NO_SUCH_FUNCTION, NO_SUCH_ADDRESS = 1, 2
_HELD_SECONDS = 0.25
_BOUNCE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came: unit, function, first address, count, and the bytes written."""

    unit: int
    function: int
    first: int
    count: int
    data: bytes = b""


def take_request(buffer: bytearray) -> Request | None:
    """Cut the first whole request out of ``buffer``; noise falls out byte by byte; None while bytes miss."""
    while len(buffer) >= 8:
        size = 8
        if buffer[1] in (WRITE_COILS, WRITE_REGISTERS):
            size = 9 + buffer[6]
        if size <= 8 + 256 and len(buffer) < size and buffer[1] in (WRITE_COILS, WRITE_REGISTERS):
            return None
        frame = bytes(buffer[:size])
        if crc16(frame, 0xFFFF) == 0:
            del buffer[:size]
            first, count = int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big")
            return Request(frame[0], frame[1], first, count, frame[7:-2] if size > 8 else b"")
        del buffer[0]
    return None


def sealed(body: bytes) -> bytes:
    """The body with its CRC behind it."""
    return body + crc16(body, 0xFFFF).to_bytes(2, "little")


class ModbusUnits:
    """Units at ``addresses``: what they hold is kept by whoever uses this; it does wire and faults.

    ``changed`` is called after a write, on the line's thread.
    """

    def __init__(
        self,
        link: Path,
        addresses: tuple[int, ...],
        *,
        baud: int,
        inputs: Callable[[int, int, int], list[bool] | None] = lambda *_: None,
        coils: int = 0,
        registers: int = 0,
    ) -> None:
        self.addresses = addresses
        self.line = PtyLine(link, self._serve, baud=baud)
        self.lock = threading.Condition()
        self.faults: set[str] = set()
        self.coils = {address: [False] * coils for address in addresses}
        self.registers = {address: [0] * registers for address in addresses}
        self._inputs = inputs
        self._spoiled: set[str] = set()

    def set_fault(self, fault: str, on: bool) -> None:
        """Switch a fault. Raises KeyError."""
        if fault not in FAULTS:
            raise KeyError(fault)
        with self.lock:
            (self.faults.add if on else self.faults.discard)(fault)
            self._spoiled.discard(fault)
        if fault == "unplugged":
            self.line.unplug() if on else self.line.plug()

    def _serve(self, line: PtyLine) -> None:
        buffer = bytearray()
        while True:
            data = line.read(256)
            if "echo" in self.faults:
                line.write(data, paced=False)
            buffer += data
            while (request := take_request(buffer)) is not None:
                answer = self._answer(request)
                if answer:
                    if "late" in self.faults:
                        line.pause(0.02)
                    line.write(self._spoil(answer))

    def _answer(self, request: Request) -> bytes:
        unit, faults = request.unit, self.faults
        missing = "missing" in faults and unit == self.addresses[-1]
        if unit not in self.addresses or "mute" in faults or missing:
            return b""
        with self.lock:
            content = None if "refuses" in faults else self._carry_out(request)
            self.lock.notify_all()
        head = bytes((unit, request.function))
        if content is None:
            known = (READ_COILS, READ_INPUTS, READ_REGISTERS, WRITE_COILS, WRITE_REGISTERS)
            code = NO_SUCH_ADDRESS if request.function in known else NO_SUCH_FUNCTION
            return sealed(bytes((unit, request.function | 0x80, code)))
        return sealed(head + content)

    def _carry_out(self, request: Request) -> bytes | None:
        """The answer's content; None for what the unit does not have."""
        unit, first, count = request.unit, request.first, request.count
        coils, registers = self.coils[unit], self.registers[unit]
        match request.function:
            case 0x02:
                bits = self._inputs(unit, first, count)
                return None if bits is None else _packed(bits)
            case 0x01 if first + count <= len(coils):
                return _packed(coils[first : first + count])
            case 0x0F if first + count <= len(coils):
                bits = [bool(request.data[at // 8] >> at % 8 & 1) for at in range(count)]
                coils[first : first + count] = bits
            case 0x03 if first + count <= len(registers):
                values = registers[first : first + count]
                return bytes((2 * count,)) + b"".join(value.to_bytes(2, "big") for value in values)
            case 0x10 if first + count <= len(registers) and len(request.data) == 2 * count:
                for at in range(count):
                    registers[first + at] = int.from_bytes(request.data[2 * at : 2 * at + 2], "big")
            case _:
                return None
        return first.to_bytes(2, "big") + count.to_bytes(2, "big")

    def _spoil(self, frame: bytes) -> bytes:
        with self.lock:
            for fault in ("wrong_sum", "collision"):
                if fault in self.faults and fault not in self._spoiled:
                    self._spoiled.add(fault)
                    other = frame[-1:] + frame[:-1]
                    if fault == "wrong_sum":
                        return frame[:-1] + bytes((frame[-1] ^ 0x10,))
                    return bytes(mine & theirs for mine, theirs in zip(frame, other, strict=True))
            return b"\x00\xf8\x03" + frame if "noise" in self.faults else frame


def _packed(bits: list[bool]) -> bytes:
    count = (len(bits) + 7) // 8
    value = sum(1 << at for at, bit in enumerate(bits) if bit)
    return bytes((count,)) + value.to_bytes(count, "little")


class _OnUnits:
    """What call boxes and lights have in common: a name, a plug and faults."""

    def __init__(self, name: str, units: ModbusUnits) -> None:
        self.name = name
        self._units = units

    @property
    def address(self) -> str:
        """Path of the port's symlink."""
        return str(self._units.line.link)

    def start(self) -> None:
        """Plug the line in."""
        self._units.line.plug()

    def stop(self) -> None:
        """Unplug it for good."""
        self._units.line.unplug()

    def faults(self) -> Mapping[str, str]:
        """What it can do wrong."""
        return FAULTS

    def set_fault(self, fault: str, on: bool) -> None:
        """Switch a fault."""
        self._units.set_fault(fault, on)


class ModbusCallBoxSimulator(_OnUnits):
    """Call boxes as Modbus units: six keys are inputs 0–5, eight characters of display registers 0–3."""

    kind = "call_box"

    def __init__(self, name: str, link: Path, addresses: tuple[int, ...], *, baud: int = 9600) -> None:
        super().__init__(name, ModbusUnits(link, addresses, baud=baud, inputs=self._inputs, registers=4))
        self.addresses = addresses
        self._waiting: dict[int, list[CallBoxKey]] = {address: [] for address in addresses}
        self._down: dict[int, tuple[CallBoxKey, float, bool] | None] = dict.fromkeys(addresses)
        self._bouncing = False

    def faults(self) -> Mapping[str, str]:
        """A key bounces besides."""
        return {**FAULTS, "bounce": "按键抖动"}

    def set_fault(self, fault: str, on: bool) -> None:
        """Switch a fault."""
        if fault == "bounce":
            self._bouncing = on
        else:
            super().set_fault(fault, on)

    def state(self) -> Mapping[str, object]:
        """What each box shows, the faults that are on."""
        with self._units.lock:
            shown = {str(address): _text(words) for address, words in self._units.registers.items()}
            faults = self._units.faults | ({"bounce"} if self._bouncing else set())
        return {"displays": shown, "faults": sorted(faults)}

    def press(self, address: int, key: CallBoxKey) -> None:
        """Press a key for a quarter of a second, or until it was seen. Raises KeyError."""
        with self._units.lock:
            self._waiting[address].append(key)

    def _inputs(self, unit: int, first: int, count: int) -> list[bool] | None:
        """The keys that are down; holding the units' lock."""
        if first + count > len(CallBoxKey):
            return None
        down, now = self._down[unit], monotonic()
        if down is not None and down[2] and now - down[1] > _HELD_SECONDS:
            self._down[unit] = None
            return [False] * count
        if down is None and self._waiting[unit]:
            down = (self._waiting[unit].pop(0), now, False)
        if down is None:
            return [False] * count
        key, since, _ = down
        self._down[unit] = (key, since, True)
        open_again = self._bouncing and now - since < 5 * _BOUNCE_SECONDS
        open_again = open_again and int((now - since) / _BOUNCE_SECONDS) % 2 == 1
        return [each is key and not open_again for each in CallBoxKey][first : first + count]


class GuideLightSimulator(_OnUnits):
    """Lamps on the coils of unit 1: ``positions`` as the driver's options have them."""

    kind = "guide_light"

    def __init__(
        self,
        name: str,
        link: Path,
        positions: Mapping[str, Mapping[LedColour, int]],
        *,
        unit: int = 1,
        baud: int = 9600,
    ) -> None:
        coils = 1 + max(coil for colours in positions.values() for coil in colours.values())
        super().__init__(name, ModbusUnits(link, (unit,), baud=baud, coils=coils))
        self._positions, self._unit = positions, unit

    def faults(self) -> Mapping[str, str]:
        """The unit may lose its power besides."""
        return {**FAULTS, "dark": "模块断电一下：所有继电器断开"}

    def set_fault(self, fault: str, on: bool) -> None:
        """Switch a fault; ``dark`` lasts for an instant."""
        if fault == "dark":
            with self._units.lock:
                coils = self._units.coils[self._unit]
                coils[:] = [False] * len(coils)
                self._units.lock.notify_all()
        else:
            super().set_fault(fault, on)

    def burning(self) -> Mapping[str, LedColour | None]:
        """The colour that burns at each position at this moment."""
        with self._units.lock:
            coils = list(self._units.coils[self._unit])
        return {
            position: next((colour for colour, coil in colours.items() if coils[coil]), None)
            for position, colours in self._positions.items()
        }

    def wait_for(self, position: str, colour: LedColour | None, timeout_seconds: float = 20.0) -> bool:
        """Does this colour come to burn there in time? For tests and scripts."""
        with self._units.lock:
            return self._units.lock.wait_for(lambda: self._burns(position) is colour, timeout_seconds)

    def state(self) -> Mapping[str, object]:
        """What burns at each position, the faults that are on."""
        lights = {position: colour.value if colour else "" for position, colour in self.burning().items()}
        with self._units.lock:
            return {"lights": lights, "faults": sorted(self._units.faults)}

    def picture(self) -> tuple[str, bytes]:
        """PNG of the lamps as they burn now."""
        lights = {
            position: Light(Flash.STEADY, colour) if colour else DARK
            for position, colour in self.burning().items()
        }
        return "image/png", lights_picture(lights, {p: tuple(c) for p, c in self._positions.items()})

    def _burns(self, position: str) -> LedColour | None:
        coils = self._units.coils[self._unit]
        return next((colour for colour, coil in self._positions[position].items() if coils[coil]), None)


def _text(words: list[int]) -> str:
    return b"".join(word.to_bytes(2, "big") for word in words).decode("ascii", "replace").strip(" \0")
