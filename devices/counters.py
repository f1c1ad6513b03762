"""Maintenance counters that outlive the program: one small file for each device of a station.

What a device did (tickets, cuts, millimetres, reads) it counts itself; how it did under its supervisor
(commands, losses, failures by code) is counted here. A file that cannot be read is put aside, never fatal.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

_log = logging.getLogger(__name__)
_WRITE_SECONDS = 30.0


class CounterBook:
    """The counters of one device; ``folder`` None keeps them only while the program runs."""

    def __init__(self, name: str, folder: Path | None = None) -> None:
        self._file = None if folder is None else folder / f"{name}.json"
        self._lock = threading.Lock()
        self._own: Counter[str] = Counter()
        self._device: Mapping[str, int] = {}
        self._written: dict[str, int] = {}
        self._write_at = 0.0

    def load(self) -> Mapping[str, int]:
        """What a former run had counted; of it the device's own part. Never raises."""
        if self._file is None:
            return {}
        try:
            read = json.loads(self._file.read_text(encoding="utf-8"))
            counts = {str(name): int(value) for name, value in read.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, TypeError):
            _log.exception("counters in %s cannot be read; begun anew", self._file)
            return {}
        with self._lock:
            self._own = Counter({name: value for name, value in counts.items() if "." in name})
            self._device = {name: value for name, value in counts.items() if "." not in name}
            self._written = dict(counts)
            return dict(self._device)

    def add(self, name: str, by: int = 1) -> None:
        """Count something of the supervisor's: ``commands.success``, ``faults.paper_out``."""
        with self._lock:
            self._own[name] += by

    def take(self, counts: Mapping[str, int]) -> None:
        """The device's own counters now; written from time to time."""
        with self._lock:
            self._device = dict(counts)
        if monotonic() >= self._write_at:
            self.save()

    def all(self) -> dict[str, int]:
        """All counters by name."""
        with self._lock:
            return {**self._device, **self._own}

    def save(self) -> None:
        """Write what changed, whole or not at all. A full disk is logged and tried again."""
        self._write_at = monotonic() + _WRITE_SECONDS
        counts = self.all()
        if self._file is None or counts == self._written:
            return
        fresh = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("w", encoding="utf-8") as file:
                json.dump(counts, file, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._file)
        except OSError:
            _log.exception("counters in %s cannot be written", self._file)
            return
        self._written = counts
