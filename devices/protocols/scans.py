"""PURE: bytes of a serial scanner, keys of a keyboard scanner and codes from a camera, made into scans.

What a code says is citizen input, never a command: its length and alphabet are limited here, once, and
nothing of it is logged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from devices.ports import Scan

LONGEST = 512
"""Characters; our own tickets have at most 42, appointments 224."""
_UNREAD = 16 * LONGEST
"""More than this while nobody takes any is noise, and thrown away."""
IDLE_SECONDS, PATIENCE_SECONDS = 0.05, 0.3
"""Silence that ends a scan without a terminator; silence after which a terminator is no longer expected."""
KEY_SECONDS, LEAST_KEYS = 0.05, 4
"""Keys of a scanner come closer together than this; fewer of them are somebody typing."""
_ENDS = b"\r\n"


class Flaw(StrEnum):
    """Why a code was not taken."""

    PARTIAL = "partial"
    TOO_LONG = "too_long"
    FOREIGN = "foreign"


class BadScan(Exception):
    """A code came that cannot be used; ``flaw`` says why. Says nothing of what was in it."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


def scan_of(data: bytes | str) -> Scan:
    """Check a code's content. Raises BadScan."""
    text = data.decode("latin-1") if isinstance(data, bytes) else data
    if len(text) > LONGEST:
        raise BadScan(Flaw.TOO_LONG)
    if not text or not all(" " <= character <= "~" for character in text):
        raise BadScan(Flaw.FOREIGN)
    return Scan(text)


class SerialScans:
    """Cuts the bytes of a serial scanner into scans; ``terminated`` when it sends CR or LF after each.

    Without a terminator 50 ms of silence end a scan. With one, a piece that is left without it is half a
    code and refused after 300 ms: acting on half a number would be worse than asking for another try.
    """

    def __init__(self, *, terminated: bool = True) -> None:
        self._terminated = terminated
        self._buffer = bytearray()
        self._last = 0.0
        self._spoiled = False

    @property
    def waiting(self) -> bool:
        """Has a code begun that did not end yet?"""
        return bool(self._buffer) or self._spoiled

    def quiet_in(self, now: float) -> float:
        """Seconds until silence ends what has begun; 0.0 when it has."""
        limit = PATIENCE_SECONDS if self._terminated else IDLE_SECONDS
        return max(0.0, self._last + limit - now)

    def feed(self, data: bytes, now: float) -> None:
        """Bytes that came at ``now`` (monotonic seconds)."""
        if not data:
            return
        self._buffer += data
        self._last = now
        if len(self._buffer) > _UNREAD:
            self._buffer.clear()
            self._spoiled = True
        if not any(end in self._buffer for end in _ENDS) and len(self._buffer) > LONGEST:
            self._buffer.clear()
            self._spoiled = True

    def take(self, now: float) -> Scan | None:
        """The next whole scan, None while there is none. Raises BadScan once for each bad one."""
        while (end := self._first_end()) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            if self._spoiled:
                self._spoiled = False
                raise BadScan(Flaw.TOO_LONG)
            if line:
                return scan_of(line)
        if not self.waiting or self.quiet_in(now) > 0:
            return None
        rest, spoiled = bytes(self._buffer), self._spoiled
        self.drop()
        if spoiled:
            raise BadScan(Flaw.TOO_LONG)
        if self._terminated:
            raise BadScan(Flaw.PARTIAL)
        return scan_of(rest)

    def drop(self) -> None:
        """Forget what came."""
        self._buffer.clear()
        self._spoiled = False

    def _first_end(self) -> int:
        ends = [at for at in (self._buffer.find(end) for end in _ENDS) if at >= 0]
        return min(ends, default=-1)


@dataclass(frozen=True, slots=True)
class Keys:
    """What became of keys: those ``released`` go where keys go, a ``scan`` goes to whoever waits for one.

    ``flaw`` when a burst was a scanner's, but of no use.
    """

    released: tuple[str, ...] = ()
    scan: Scan | None = None
    flaw: Flaw | None = None


class KeyBurst:
    """Tells a scanner that plays keyboard from a person who types, by the time between keys.

    A character is held back for 50 ms at most. When Enter follows a run of close characters, the run and
    its Enter are a scan: they reach no text field, and the Enter presses no button. All else is released
    in its order.
    """

    ENTER = "\r"

    def __init__(self) -> None:
        self._held: list[str] = []
        self._last = 0.0

    def press(self, key: str, now: float) -> Keys:
        """One key at ``now`` (monotonic seconds): a character, or ENTER."""
        late = self.due(now)
        burst = "".join(self._held)
        if key != self.ENTER:
            self._held.append(key)
            self._last = now
            return late
        self._held.clear()
        if len(burst) < LEAST_KEYS:
            return Keys((*late.released, *burst, key))
        try:
            return Keys(late.released, scan_of(burst))
        except BadScan as bad:
            return Keys(late.released, None, bad.flaw)

    def due(self, now: float) -> Keys:
        """What 50 ms of silence release; to be called then, or with the next key."""
        if not self._held or now - self._last < KEY_SECONDS:
            return Keys()
        released = tuple(self._held)
        self._held.clear()
        return Keys(released) if len(released) <= LONGEST else Keys(flaw=Flaw.TOO_LONG)
