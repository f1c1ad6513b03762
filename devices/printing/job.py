"""What goes to the printer for one ticket."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """``data`` prints one ticket without its cut, on about ``rows`` rows of dots."""

    data: bytes
    rows: int
