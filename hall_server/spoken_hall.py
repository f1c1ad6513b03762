"""What a hall's voice must be able to say: the clips of its calls and of the broadcasts that it stores."""

from __future__ import annotations

from dataclasses import dataclass

from assets.speech.broadcast import has_blank, passages
from assets.speech.pack import VOICES
from assets.speech.readings import Readings
from assets.speech.wording import NUMBER_FIRST, call_parts, likely_parts

FIRST_CALL = 8
"""Clips that let the first calls of a morning be spoken."""


@dataclass(frozen=True, slots=True)
class SpokenHall:
    """What a hall's calls are made of; ``numbers`` how many of each series are rendered beforehand.

    ``readings``: its table of pronunciations. ``broadcasts``: stored texts, the urgent first; their clips are
    rendered after those of the first call.
    """

    prefixes: tuple[str, ...]
    windows: tuple[str, ...]
    numbers: int = 200
    first: int = 1
    digits: int = 3
    wording: str = NUMBER_FIRST
    one: str = "一"
    voice: str = VOICES["zh"]
    english: bool = False
    readings: Readings = ()
    broadcasts: tuple[str, ...] = ()

    def likely(self) -> tuple[str, ...]:
        """Clips in the order in which they will be needed."""
        calls = self._of_calls()
        stored = (part for text in self.broadcasts if not has_blank(text) for part in self.passages(text))
        return tuple(dict.fromkeys((*calls[:FIRST_CALL], *stored, *calls[FIRST_CALL:])))

    def passages(self, text: str) -> tuple[str, ...]:
        """Clips of a broadcast."""
        return passages(text, one=self.one)

    def _of_calls(self) -> tuple[str, ...]:
        return likely_parts(
            self.prefixes,
            self.windows,
            self.first + self.numbers - 1,
            first=self.first,
            wording=self.wording,
            one=self.one,
            digits=self.digits,
            english=self.english,
        )

    def of_number(self, number: str) -> tuple[str, ...]:
        """Clips of a number, without its window."""
        return call_parts(number, "", wording=self.wording, one=self.one)[:-1]
