"""PURE: what all events share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events share: the hall time of it."""

    at_ms: int
