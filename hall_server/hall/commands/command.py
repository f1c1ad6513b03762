"""PURE: what all commands share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What all commands share."""

    request: str
    by: str
