"""Barcode scanner on a serial line: bytes in one burst, CR after each code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from time import monotonic

import msgspec

from devices import link_faults
from devices.capabilities import ScannerCapabilities
from devices.faults import DeviceLost, DeviceRefused
from devices.links import Link, link_for
from devices.ports import Kind, Scan, Status
from devices.protocols.scans import LONGEST, BadScan, SerialScans
from devices.scan_faults import bad_scan


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``port`` and ``baud``; ``terminated`` False for a scanner that sends no CR or LF after a code."""

    port: str
    baud: int = 9600
    terminated: bool = True


def build(options: Options) -> SerialScanner:
    """The driver, not yet opened."""
    return SerialScanner(link_for(options.port, baud=options.baud), terminated=options.terminated)


class SerialScanner:
    """Listens only: most scanners answer nothing, so how it is stays unknown until a code comes."""

    kind = Kind.SCANNER

    def __init__(self, link: Link, *, terminated: bool = True) -> None:
        self._link = link
        self._scans = SerialScans(terminated=terminated)
        self._opened = False
        self._counts = Counter(scans=0, refused=0)

    @property
    def capabilities(self) -> ScannerCapabilities:
        """Printable ASCII only."""
        return ScannerCapabilities(can_status=False, can_identify=False, longest=LONGEST)

    def open(self) -> None:
        self._scans.drop()
        self._link.open()
        self._opened = True

    def close(self) -> None:
        self._opened = False
        self._link.close()

    def identify(self) -> str:
        """A serial scanner does not say who it is."""
        return ""

    def heartbeat(self) -> Status:
        """Looks whether the port is still there; what came meanwhile is kept."""
        self._listen(0.0)
        return Status(None, details={word: str(count) for word, count in self._counts.items()})

    def presence(self) -> str:
        return self._link.presence()

    def counts(self) -> Mapping[str, int]:
        return dict(self._counts)

    def resume(self, counts: Mapping[str, int]) -> None:
        self._counts.update(counts)

    def poll(self, *, timeout_seconds: float = 0.5) -> Scan | None:
        deadline = monotonic() + timeout_seconds
        while True:
            try:
                scan = self._scans.take(monotonic())
            except BadScan as bad:
                self._counts["refused"] += 1
                raise DeviceRefused(bad_scan(bad.flaw)) from bad
            if scan is not None:
                self._counts["scans"] += 1
                return scan
            left = deadline - monotonic()
            if self._scans.waiting:
                left = max(left, 0.0) if left <= 0 else min(left, self._scans.quiet_in(monotonic()) + 0.001)
            if left <= 0:
                return None
            self._listen(left)

    def drop(self) -> None:
        self._listen(0.0)
        self._link.drop_input()
        self._scans.drop()

    def _listen(self, seconds: float) -> None:
        if not self._opened:
            raise DeviceLost(link_faults.unplugged(self._link.name))
        self._scans.feed(self._link.read(4096, seconds), monotonic())
