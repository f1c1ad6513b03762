"""Requests to Modbus RTU units on one half-duplex wire: one answer each, in time, own echo dropped.

Requests and answers are pymodbus's; a driver gives its framer, since pymodbus is imported by drivers
only. The wire is ours (links.py): locked, unplugged and stalled as any other serial device, with our
deadlines and without the client's sleeping.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

from devices.frame_line import gap_seconds, until_quiet
from devices.links import Link

P = TypeVar("P")

_WRITE_SECONDS = 1.0
_TRIES = 2
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Codec:
    """What a driver takes from its framer: request to bytes, bytes to (used, answer or None), and the errors
    with which it says that bytes are no answer."""

    build: Callable[[Any], bytes]
    parse: Callable[[bytes, int, int], tuple[int, Any]]
    broken: type[Exception]


class NoAnswer(Exception):
    """The unit did not answer in time; ``heard`` when something came that was no answer."""

    def __init__(self, unit: int, heard: bool) -> None:
        super().__init__(f"unit {unit}: {'garbled' if heard else 'silent'}")
        self.unit, self.heard = unit, heard


class UnitRefused(Exception):
    """The unit answered with a Modbus exception: 1 function, 2 address, 3 value, 4 failure …"""

    def __init__(self, unit: int, code: int) -> None:
        super().__init__(f"unit {unit}: exception {code}")
        self.unit, self.code = unit, code


class ModbusLine:
    """One wire of units."""

    def __init__(
        self,
        link: Link,
        codec: Codec,
        *,
        baud: int,
        answer_seconds: float = 0.1,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._link, self._codec = link, codec
        self._gap = gap_seconds(baud)
        self._answer_seconds = answer_seconds
        self._clock = clock
        self.bad = self.echoed = 0

    @property
    def name(self) -> str:
        """The port."""
        return self._link.name

    def open(self) -> None:
        """Open the link. Raises what it raises."""
        self._link.open()

    def close(self) -> None:
        """Never raises."""
        self._link.close()

    def presence(self) -> str:
        """As devices.ports.Pluggable."""
        return self._link.presence()

    def ask(self, request: Any, answer: type[P], *, tries: int = _TRIES) -> P:
        """Send a request; the answer of that unit and kind. A garbled one is asked for again, a silent unit
        is not. Raises NoAnswer, UnitRefused, and what the link raises."""
        heard = False
        for _ in range(tries):
            until_quiet(self._link, self._gap)
            frame = self._codec.build(request)
            self._link.write(frame, _WRITE_SECONDS)
            found, heard = self._answer(request.dev_id, request.function_code, frame)
            if found is not None and found.isError():
                raise UnitRefused(request.dev_id, int(getattr(found, "exception_code", 0)))
            if isinstance(found, answer):
                return found
            if not heard:
                break
            self.bad += 1
        raise NoAnswer(request.dev_id, heard)

    def _answer(self, unit: int, function: int, sent: bytes) -> tuple[Any, bool]:
        """The answer, or None with whether anything but our own echo was heard."""
        buffer, echo = b"", 0
        deadline = self._clock() + self._answer_seconds
        while (left := deadline - self._clock()) > 0 and len(buffer) < _LONGEST:
            data = self._link.read(_LONGEST, left)
            if not data:
                break
            buffer += data
            if not echo and buffer.startswith(sent):
                echo = len(sent)
                self.echoed += 1
            if (found := self._decoded(buffer[echo:], unit, function)) is not None:
                return found, True
        return None, bool(buffer[echo:])

    def _decoded(self, data: bytes, unit: int, function: int) -> Any:
        """The first whole answer in ``data``, wherever noise lets it begin."""
        for start in range(len(data) - 1):
            if data[start] == unit and data[start + 1] & 0x7F == function:
                try:
                    _, found = self._codec.parse(data[start:], unit, 0)
                except (self._codec.broken, ValueError, LookupError, struct.error):
                    continue
                if found is not None:
                    return found
        return None
