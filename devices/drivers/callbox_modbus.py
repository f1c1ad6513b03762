"""Call boxes that are Modbus RTU units: keys are discrete inputs, the display is a row of registers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import cycle
from time import monotonic
from typing import Annotated

import msgspec
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.bit_message import ReadDiscreteInputsRequest, ReadDiscreteInputsResponse
from pymodbus.pdu.register_message import WriteMultipleRegistersRequest, WriteMultipleRegistersResponse

from devices import link_faults
from devices.capabilities import CallBoxCapabilities
from devices.faults import DeviceLost, DeviceRefused, Fault, Owner
from devices.links import link_for
from devices.modbus_line import Codec, ModbusLine, NoAnswer, UnitRefused
from devices.ports import CallBoxKey, KeyPress, Kind, Status

_DEBOUNCE_SECONDS = 0.3
_MISSES = 3
_REST_TURNS = 10
_DISPLAY_CHARACTERS = 8


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``addresses`` are unit numbers. ``keys`` are the inputs' words in order from input ``first_input``;
    ``display`` is the first of four holding registers with eight ASCII characters, -1 = no display."""

    port: str
    addresses: Annotated[tuple[Annotated[int, msgspec.Meta(ge=1, le=247)], ...], msgspec.Meta(min_length=1)]
    baud: int = 9600
    first_input: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    keys: Annotated[tuple[CallBoxKey, ...], msgspec.Meta(min_length=1, max_length=16)] = tuple(CallBoxKey)
    display: Annotated[int, msgspec.Meta(ge=-1, le=65531)] = 0
    answer_seconds: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.05


def build(options: Options) -> ModbusCallBoxes:
    """The driver, not yet opened."""
    framer = FramerRTU(DecodePDU(False))
    line = ModbusLine(
        link_for(options.port, baud=options.baud),
        Codec(framer.buildFrame, framer.handleFrame, ModbusException),
        baud=options.baud,
        answer_seconds=options.answer_seconds,
    )
    return ModbusCallBoxes(line, options)


class ModbusCallBoxes:
    """Boxes polled in turn; a key counts when its input goes on."""

    kind = Kind.CALL_BOX

    def __init__(self, line: ModbusLine, options: Options, *, clock: Callable[[], float] = monotonic) -> None:
        self._line, self._options, self._clock = line, options, clock
        self._addresses = options.addresses
        self._turn = cycle(options.addresses)
        self._presses: deque[KeyPress] = deque()
        self._held: dict[int, tuple[bool, ...]] = {}
        self._let_go: dict[KeyPress, float] = {}
        self._misses = dict.fromkeys(options.addresses, 0)

    @property
    def capabilities(self) -> CallBoxCapabilities:
        """Boxes have no identity."""
        display = self._options.display >= 0
        return CallBoxCapabilities(can_identify=False, addresses=self._addresses, display=display)

    def open(self) -> None:
        self._line.open()
        self._presses.clear()
        self._held.clear()
        self._misses = dict.fromkeys(self._addresses, 0)

    def close(self) -> None:
        self._line.close()

    def identify(self) -> str:
        """At least one box must answer."""
        answered = {address: self._ask(address) for address in self._addresses}
        if not any(answered.values()):
            raise DeviceLost(link_faults.silent(self._line.name))
        self._misses = {address: 0 if answered[address] else _MISSES for address in self._addresses}
        return ""

    def heartbeat(self) -> Status:
        """One more poll, and what polling has found: a missing box is a fault, the line goes on."""
        self._ask_next()
        missing = [address for address in self._addresses if self._misses[address] >= _MISSES]
        details = {"bad_frames": str(self._line.bad), "own_echoes": str(self._line.echoed)}
        return Status(True, (_missing(missing),) if missing else (), details)

    def presence(self) -> str:
        return self._line.presence()

    def poll(self, *, timeout_seconds: float = 0.5) -> KeyPress | None:
        deadline = self._clock() + timeout_seconds
        while not self._presses and self._clock() < deadline:
            self._ask_next()
        return self._presses.popleft() if self._presses else None

    def show(self, address: int, text: str) -> None:
        if self._options.display < 0:
            return
        shown = text.encode("ascii", "replace")[:_DISPLAY_CHARACTERS].ljust(_DISPLAY_CHARACTERS)
        registers = [int.from_bytes(shown[at : at + 2], "big") for at in range(0, _DISPLAY_CHARACTERS, 2)]
        request = WriteMultipleRegistersRequest(
            address=self._options.display, registers=registers, dev_id=address
        )
        try:
            self._line.ask(request, WriteMultipleRegistersResponse)
        except UnitRefused as error:
            raise DeviceRefused(_refused(address, error.code)) from error
        except NoAnswer:
            self._misses[address] += 1

    def _ask_next(self) -> None:
        address = next(self._turn)
        if self._misses[address] >= _MISSES and self._misses[address] % _REST_TURNS:
            self._misses[address] += 1
            self._one_answers()
            return
        self._misses[address] = 0 if self._ask(address) else self._misses[address] + 1

    def _one_answers(self) -> None:
        if all(misses >= _MISSES for misses in self._misses.values()):
            raise DeviceLost(link_faults.silent(self._line.name))

    def _ask(self, address: int) -> bool:
        count = len(self._options.keys)
        request = ReadDiscreteInputsRequest(address=self._options.first_input, count=count, dev_id=address)
        try:
            answer = self._line.ask(request, ReadDiscreteInputsResponse)
        except UnitRefused as error:
            raise DeviceRefused(_refused(address, error.code)) from error
        except NoAnswer:
            return False
        if len(answer.bits) < count:
            return False
        self._note(address, tuple(bool(bit) for bit in answer.bits[:count]))
        return True

    def _note(self, address: int, inputs: tuple[bool, ...]) -> None:
        """A key that was up at the last look and is down now was pressed, unless its contact bounces."""
        before, now = self._held.get(address, (False,) * len(inputs)), self._clock()
        self._held[address] = inputs
        for key, was, held in zip(self._options.keys, before, inputs, strict=True):
            press = KeyPress(address, key)
            if held and not was and now - self._let_go.get(press, -_DEBOUNCE_SECONDS) >= _DEBOUNCE_SECONDS:
                self._presses.append(press)
            if held or was:
                self._let_go[press] = now


def _missing(addresses: list[int]) -> Fault:
    names = "、".join(str(address) for address in addresses)
    return Fault("box_missing", f"{names} 号呼叫器没有应答", "检查该窗口呼叫器的接线和地址", Owner.TECHNICIAN)


def _refused(address: int, code: int) -> Fault:
    action = "核对配置里的 first_input、keys 和 display"
    sentence = f"{address} 号呼叫器不认这个输入或寄存器（异常码 {code}）"
    return Fault("unit_refused", sentence, action, Owner.TECHNICIAN)
