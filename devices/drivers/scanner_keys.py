"""Barcode scanner that plays keyboard: the window hands its keys over, this tells codes from typing.

The kernel gives such a scanner's keys to whatever program has the screen. The kiosk's window passes each
character key to ``press`` and acts only on what comes back released; a code never reaches a text field.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from time import monotonic

import msgspec

from devices.capabilities import ScannerCapabilities
from devices.faults import DeviceLost, DeviceRefused, Fault, Owner
from devices.ports import Kind, Scan, Status
from devices.protocols.scans import LONGEST, Flaw, KeyBurst, Keys
from devices.scan_faults import bad_scan

_MOST_WAITING = 4
_CLOSED = Fault("scanner_closed", "扫码器没有启用", "会自动恢复", Owner.NOBODY)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing to set: the scanner must be set to send Enter after each code."""


def build(options: Options) -> KeyboardScanner:  # noqa: ARG001 - every driver is built from its options
    """The driver, not yet opened."""
    return KeyboardScanner()


class KeyboardScanner:
    """``press`` and ``due`` are for the window's thread, ``poll`` for the worker's."""

    kind = Kind.SCANNER

    def __init__(self) -> None:
        self._burst = KeyBurst()
        self._changed = threading.Condition()
        self._waiting: deque[Scan | Flaw] = deque(maxlen=_MOST_WAITING)
        self._opened = False
        self._counts = Counter(scans=0, refused=0)

    @property
    def capabilities(self) -> ScannerCapabilities:
        """Nobody can tell whether it is plugged in: a keyboard says nothing until a key comes."""
        return ScannerCapabilities(can_status=False, can_identify=False, longest=LONGEST)

    def open(self) -> None:
        with self._changed:
            self._waiting.clear()
            self._opened = True

    def close(self) -> None:
        with self._changed:
            self._opened = False
            self._waiting.clear()
            self._changed.notify_all()

    def identify(self) -> str:
        """A keyboard does not say who it is."""
        return ""

    def heartbeat(self) -> Status:
        """Unknown, always."""
        if not self._opened:
            raise DeviceLost(_CLOSED)
        return Status(None)

    def counts(self) -> Mapping[str, int]:
        return dict(self._counts)

    def resume(self, counts: Mapping[str, int]) -> None:
        self._counts.update(counts)

    def press(self, key: str, at: float) -> tuple[str, ...]:
        """A character or KeyBurst.ENTER at ``at`` (monotonic): the keys that the window shall act on."""
        return self._kept(self._burst.press(key, at))

    def due(self, at: float) -> tuple[str, ...]:
        """Keys that no scanner has followed up within 50 ms of silence."""
        return self._kept(self._burst.due(at))

    def poll(self, *, timeout_seconds: float = 0.5) -> Scan | None:
        deadline = monotonic() + timeout_seconds
        with self._changed:
            while self._opened and not self._waiting and (left := deadline - monotonic()) > 0:
                self._changed.wait(left)
            if not self._opened:
                raise DeviceLost(_CLOSED)
            found = self._waiting.popleft() if self._waiting else None
        if isinstance(found, Flaw):
            self._counts["refused"] += 1
            raise DeviceRefused(bad_scan(found))
        self._counts["scans"] += found is not None
        return found

    def drop(self) -> None:
        with self._changed:
            self._waiting.clear()

    def _kept(self, keys: Keys) -> tuple[str, ...]:
        found = keys.scan or keys.flaw
        if found is not None:
            with self._changed:
                if self._opened:
                    self._waiting.append(found)
                    self._changed.notify_all()
        return keys.released
