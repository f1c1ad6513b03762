"""A link that plays a script: bytes expected, bytes given, silence, a pulled plug; for tests of drivers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from devices.faults import DeviceLost
from devices.link_faults import unplugged


@dataclass(frozen=True, slots=True)
class Expect:
    """A step of a script: exactly these bytes must be written."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Give:
    """A step of a script: these bytes can be read, in pieces of at most ``piece`` bytes."""

    data: bytes
    piece: int = 4096


@dataclass(frozen=True, slots=True)
class Silence:
    """A step of a script: one read runs into its deadline."""


@dataclass(frozen=True, slots=True)
class Unplug:
    """A step of a script: from here on every call raises DeviceLost until the link is opened again."""


Step = Expect | Give | Silence | Unplug


class ScriptedLink:
    """A link that plays a script, for tests of bytes: no time passes, no port is touched."""

    def __init__(self, script: Iterable[Step], *, name: str = "script") -> None:
        self._name = name
        self._script = deque(script)
        self.written = bytearray()
        self.opened = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def finished(self) -> bool:
        """Was every step played?"""
        return not self._script

    def then(self, *steps: Step) -> None:
        """Go on with these steps."""
        self._script.extend(steps)

    def open(self) -> None:
        self.opened += 1
        if self._script and isinstance(self._script[0], Unplug):
            self._script.popleft()

    def close(self) -> None:
        pass

    def read(self, max_bytes: int, timeout_seconds: float) -> bytes:  # noqa: ARG002 - a script knows no time
        step = self._next()
        if isinstance(step, Silence):
            self._script.popleft()
            return b""
        if not isinstance(step, Give):
            return b""
        size = min(max_bytes, step.piece)
        self._script.popleft()
        if step.data[size:]:
            self._script.appendleft(Give(step.data[size:], step.piece))
        return step.data[:size]

    def write(self, data: bytes, timeout_seconds: float) -> None:  # noqa: ARG002 - a script knows no time
        self.written += data
        step = self._next()
        if not isinstance(step, Expect):
            raise AssertionError(f"written {data.hex(' ')}, but the script wants {step}")
        if not step.data.startswith(data):
            raise AssertionError(f"written {data.hex(' ')}, but the script wants {step.data.hex(' ')}")
        self._script.popleft()
        if step.data[len(data) :]:
            self._script.appendleft(Expect(step.data[len(data) :]))

    def drop_input(self) -> None:
        while self._script and isinstance(self._script[0], Give):
            self._script.popleft()

    def presence(self) -> str:
        return ""

    def _next(self) -> Step | None:
        if self._script and isinstance(self._script[0], Unplug):
            raise DeviceLost(unplugged(self._name))
        return self._script[0] if self._script else None
