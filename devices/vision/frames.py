"""Judges whether a camera's picture is new and whole: never show or store a stale or half one."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from devices.vision.page import Pixels

_STRIDE, _BANDS = 8, 16
_BLACK, _WHITE, _FLAT = 5.0, 248.0, 0.05
_DARK = 8.0
"""Mean brightness below this: the lens is covered or the lamp is off."""


class Verdict(StrEnum):
    """What a picture is worth; FIRST: the first of a capture, which may be hours old."""

    FIRST = "first"
    FRESH = "fresh"
    FROZEN = "frozen"
    GARBAGE = "garbage"


class Freshness:
    """Compares each picture with the one before, on every eighth pixel, also over captures."""

    def __init__(self) -> None:
        self._before: Pixels | None = None
        self._first = True

    def begin(self) -> None:
        """A capture was opened: a camera that hangs gives its old picture again, so a second must differ."""
        self._first = True

    def judge(self, image: Pixels) -> Verdict:
        """A picture that equals the one before is frozen; one with a band that does is half a JPEG."""
        before, seen = self._before, image[::_STRIDE, ::_STRIDE].copy()
        self._before = seen
        if before is None or before.shape != seen.shape:
            before = np.zeros_like(seen)
        if np.array_equal(before, seen):
            return Verdict.FROZEN
        if _is_garbage(seen, before):
            return Verdict.GARBAGE
        first, self._first = self._first, False
        return Verdict.FIRST if first else Verdict.FRESH


def is_dark(image: Pixels) -> bool:
    """Is the lens covered, or the lamp off?"""
    return float(image[::16, ::16].mean()) < _DARK


def _is_garbage(seen: Pixels, before: Pixels) -> bool:
    """Half a JPEG: the decoder fills the rest with one colour or leaves the picture before standing.

    A lens gives noise in every band of every picture, except where it is blind with light or dark.
    """
    for band, old in zip(np.array_split(seen, _BANDS), np.array_split(before, _BANDS), strict=True):
        if not band.size or not _BLACK < float(band.mean()) < _WHITE:
            continue
        if np.array_equal(band, old) or float(band.std(axis=(0, 1)).max()) < _FLAT:
            return True
    return False
