"""PURE: flashing that no one is hurt by: 2 Hz for 5 s."""

from __future__ import annotations

from math import floor

BLINK_SECONDS = 5.0
BLINK_HZ = 2.0
"""Flashes a second: at most 3 (EN 301 549)."""


def blinking(start: float, mono: float) -> bool:
    """Whether what began at ``start`` still blinks."""
    return 0 <= mono - start < BLINK_SECONDS


def lit(start: float, mono: float) -> bool:
    """Whether what began at ``start`` is in its bright half."""
    return blinking(start, mono) and floor((mono - start) * 2 * BLINK_HZ) % 2 == 0


def next_half(start: float, mono: float) -> float:
    """Seconds to the next change of ``lit`` or ``blinking``; infinite when it is over."""
    since = mono - start
    if since < 0:
        return -since
    if since >= BLINK_SECONDS:
        return float("inf")
    half = 0.5 / BLINK_HZ
    return min((floor(since / half) + 1) * half, BLINK_SECONDS) - since
