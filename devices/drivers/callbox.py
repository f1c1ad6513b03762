"""A line of hard-wired call boxes (呼叫器) on one serial wire: polled in turn, or speaking by themselves."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from itertools import cycle
from time import monotonic
from typing import Annotated, Literal

import msgspec

from devices import link_faults
from devices.capabilities import CallBoxCapabilities
from devices.faults import DeviceLost, Fault, Owner
from devices.frame_line import FrameLine, gap_seconds
from devices.links import Link, link_for
from devices.ports import CallBoxKey, KeyPress, Kind, Status
from devices.protocols.makes import DIALECTS, NO_KEY, Dialect, encoded
from devices.protocols.own_make import OwnBox

_ANSWER_SECONDS = 0.05
_DEBOUNCE_SECONDS = 0.3
_MISSES = 3
_REST_TURNS = 10
"""A box that is missing is asked only every tenth turn, so that it does not slow the others."""


class Mode(StrEnum):
    """Who speaks first on the wire."""

    POLL = "poll"
    SPONTANEOUS = "spontaneous"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``addresses`` of the boxes; ``make`` is one that we know, ``own`` another one described in the file;
    ``keys`` maps a key's code (hex) to its word where only the keys differ."""

    port: str
    addresses: Annotated[tuple[Annotated[int, msgspec.Meta(ge=1, le=255)], ...], msgspec.Meta(min_length=1)]
    baud: int = 9600
    mode: Mode = Mode.POLL
    make: Literal["lcd21"] = "lcd21"
    own: OwnBox | None = None
    keys: dict[Annotated[str, msgspec.Meta(pattern="^[0-9A-Fa-f]{2}$")], CallBoxKey] = {}


def build(options: Options) -> CallBoxLine:
    """The driver, not yet opened."""
    dialect = options.own.dialect() if options.own else DIALECTS[options.make]
    if options.keys:
        dialect = replace(dialect, keys={int(code, 16): key for code, key in options.keys.items()})
    link = link_for(options.port, baud=options.baud)
    return CallBoxLine(
        link, options.addresses, dialect=dialect, mode=options.mode, gap_seconds=gap_seconds(options.baud)
    )


class CallBoxLine:
    """Several boxes behind one link."""

    kind = Kind.CALL_BOX

    def __init__(
        self,
        link: Link,
        addresses: tuple[int, ...],
        *,
        dialect: Dialect,
        mode: Mode = Mode.POLL,
        gap_seconds: float = 0.004,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._line = FrameLine(link, dialect.frame, gap_seconds=gap_seconds)
        self._dialect, self._mode, self._clock = dialect, mode, clock
        self._addresses = addresses
        self._turn = cycle(addresses)
        self._presses: deque[KeyPress] = deque()
        self._pressed_at: dict[KeyPress, float] = {}
        self._misses = dict.fromkeys(addresses, 0)
        self._answered = 0
        self._opened = False

    @property
    def capabilities(self) -> CallBoxCapabilities:
        """A line that is not polled cannot be asked how it is; boxes have no identity."""
        polled = self._mode is Mode.POLL
        return CallBoxCapabilities(can_status=polled, can_identify=False, addresses=self._addresses)

    def open(self) -> None:
        self._line.open()
        self._opened = True
        self._presses.clear()
        self._misses = dict.fromkeys(self._addresses, 0)

    def close(self) -> None:
        self._opened = False
        self._line.close()

    def identify(self) -> str:
        """Boxes have no identity; at least one must answer when the line is polled."""
        if self._mode is Mode.POLL:
            answered = {address: self._ask(address) for address in self._addresses}
            if not any(answered.values()):
                raise DeviceLost(link_faults.silent(self._line.name))
            self._misses = {address: 0 if answered[address] else _MISSES for address in self._addresses}
        return ""

    def heartbeat(self) -> Status:
        """What polling has found: a box that is missing is a fault of its own, the line goes on."""
        if not self._opened:
            raise DeviceLost(link_faults.unplugged(self._line.name))
        details = {"bad_frames": str(self._line.bad), "own_echoes": str(self._line.echoed)}
        if self._mode is Mode.SPONTANEOUS:
            return Status(None, details=details)
        missing = [address for address in self._addresses if self._misses[address] >= _MISSES]
        return Status(True, (_missing(missing),) if missing else (), details)

    def presence(self) -> str:
        return self._line.presence()

    def poll(self, *, timeout_seconds: float = 0.5) -> KeyPress | None:
        deadline = self._clock() + timeout_seconds
        while not self._presses and (left := deadline - self._clock()) > 0:
            if self._mode is Mode.POLL:
                self._ask_next()
            else:
                self._receive(left)
        return self._presses.popleft() if self._presses else None

    def show(self, address: int, text: str) -> None:
        shown = encoded(text, self._dialect.encoding, self._dialect.columns).ljust(self._dialect.columns)
        self._send(bytes((address, self._dialect.show)) + shown)

    def _ask_next(self) -> None:
        address = next(self._turn)
        if self._misses[address] >= _MISSES and self._misses[address] % _REST_TURNS:
            self._misses[address] += 1
            if all(count >= _MISSES for count in self._misses.values()):
                raise DeviceLost(link_faults.silent(self._line.name))
            return
        self._misses[address] = 0 if self._ask(address) else self._misses[address] + 1

    def _ask(self, address: int) -> bool:
        """Poll one box, once more when its answer came broken. Did it answer?"""
        for _ in range(2):
            self._send(bytes((address, self._dialect.poll)))
            self._answered, heard = 0, self._line.heard
            deadline = self._clock() + _ANSWER_SECONDS
            while self._answered != address and (left := deadline - self._clock()) > 0:
                self._receive(left)
            if self._answered == address:
                return True
            if self._line.heard == heard:
                return False
        return False

    def _send(self, body: bytes) -> None:
        for found in self._line.send(body):
            self._understand(found)

    def _receive(self, timeout_seconds: float) -> None:
        for found in self._line.receive(timeout_seconds):
            self._understand(found)

    def _understand(self, body: bytes) -> None:
        if len(body) < 2:
            return
        address, command, data = body[0], body[1], body[2:]
        if command != self._dialect.key or address not in self._misses:
            return
        self._answered = address
        self._misses[address] = 0
        key = self._dialect.keys.get(data[0]) if data and data[0] != NO_KEY else None
        if key is not None:
            self._press(KeyPress(address, key))

    def _press(self, press: KeyPress) -> None:
        """One press, however long the finger stays and however the contact bounces."""
        now = self._clock()
        before = self._pressed_at.get(press)
        self._pressed_at[press] = now
        if before is None or now - before > _DEBOUNCE_SECONDS:
            self._presses.append(press)


def _missing(addresses: list[int]) -> Fault:
    names = "、".join(str(address) for address in addresses)
    return Fault("box_missing", f"{names} 号呼叫器没有应答", "检查该窗口呼叫器的接线和地址", Owner.TECHNICIAN)
