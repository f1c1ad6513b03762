"""PURE: from looks at a card or ticket to what happened to it: laid, left behind, taken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from devices.capabilities import Media
from devices.ports import Kind


class MediaChange(StrEnum):
    """What happened to a card in the reader or a ticket in the printer's mouth."""

    PRESENT = "present"
    LEFT = "left"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class MediaEvent:
    """``sequence`` is of the same row as the device's Health."""

    name: str
    kind: Kind
    change: MediaChange
    sequence: int


class MediaWatcher:
    """Takes looks and times; each change is told once. What cannot be known changes nothing.

    ``since`` is given when it is known that something is there, so that its leaving cannot be missed.
    """

    def __init__(self, left_seconds: float, *, since: float | None = None) -> None:
        self._left_seconds = left_seconds
        self._since = since
        self._left = False

    def look(self, media: Media, now: float) -> MediaChange | None:
        """What this look means, None when nothing new."""
        if media is Media.UNKNOWN:
            return None
        if media is Media.NONE:
            was, self._since, self._left = self._since, None, False
            return None if was is None else MediaChange.TAKEN
        if self._since is None:
            self._since = now
            return MediaChange.PRESENT
        if not self._left and now - self._since >= self._left_seconds:
            self._left = True
            return MediaChange.LEFT
        return None
