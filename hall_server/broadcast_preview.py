"""How a text would be broadcast: its passages as they are said, their pinyin, what cannot be spoken."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from assets.speech.phonemes import Unpronounceable, phonemes
from assets.speech.readings import reading
from assets.speech.spelling import spelled
from hall_server.spoken_hall import SpokenHall

SECONDS_A_SIGN = 0.22
"""Measured over the passages of the sample hall's broadcasts; a pause follows each passage."""
PAUSE_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Said:
    """One passage; ``taught``: a row of the hall's own pronunciations is in it; ``trouble``: why it cannot
    be spoken, ''."""

    words: str
    pinyin: str
    taught: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """All of it; ``seconds`` is about how long one reading takes."""

    said: tuple[Said, ...]
    seconds: int

    @property
    def trouble(self) -> str:
        """The first thing that cannot be spoken."""
        return next((each.trouble for each in self.said if each.trouble), "")


def preview(text: str, hall: SpokenHall) -> Preview:
    """Of a text, in the voice of a hall."""
    said = tuple(_said(part, hall) for part in hall.passages(text))
    signs = sum(sum(map(str.isalnum, each.words)) for each in said)
    return Preview(said, round(signs * SECONDS_A_SIGN + len(said) * PAUSE_SECONDS))


def _said(part: str, hall: SpokenHall) -> Said:
    taught = reading(part, hall.readings)
    try:
        phonemes(taught or part)
        pinyin = spelled(taught or part)
    except Unpronounceable:
        return Said(
            part,
            "",
            bool(taught),
            f"“{_unknown(part)}”念不出来，请换一种写法，或在“大厅设置 · 本地读音”里写明",
        )
    return Said(part, pinyin, bool(taught))


def _unknown(part: str) -> str:
    """The signs of a passage that nobody can read aloud."""
    alone = []
    for sign in part:
        try:
            phonemes(sign)
        except Unpronounceable:
            if unicodedata.category(sign)[0] not in "PSZ":
                alone.append(sign)
    return "".join(alone) or part
