"""Rendering a list of texts into a clip store: one after the other, urgent ones first, resumable."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from assets.speech.pack import CLIP_RATE, ClipStore
from assets.speech.phonemes import Unpronounceable
from assets.speech.readings import wished
from assets.speech.sound import Mono, lufs, to_int16, wav_bytes

Told = Callable[[str], None]


class Voice(Protocol):
    """What rendering needs of a synthesiser."""

    def clip(self, text: str) -> Mono:
        """The finished clip of a text. Raises Unpronounceable."""

    def voice(self, text: str) -> str:
        """Name of the voice that speaks it."""


class Wishes:
    """Lines still to be rendered (a text, or text, tab, reading), those asked for while we run first.

    A planned line is dropped when its text was asked for, which may be in another reading.
    ``ask`` and ``no_more`` may be called from any thread.
    """

    def __init__(self, planned: Iterable[str]) -> None:
        self._planned = list(dict.fromkeys(planned))
        self._instead: set[str] = set()
        self._asked: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.wanted = len(self._planned)

    def ask(self, text: str) -> None:
        """Render this one next."""
        self._instead.add(wished(text)[0])
        self._asked.put(text)

    def no_more(self) -> None:
        """Nobody will ask again, and what was planned is not wanted any more."""
        self._asked.put(None)

    def texts(self, *, idle_seconds: float = 0.0) -> Iterator[str]:
        """One text after the other; ends ``idle_seconds`` after the last, or when nobody asks any more."""
        planned = (line for line in self._planned if wished(line)[0] not in self._instead)
        while True:
            try:
                asked = self._asked.get_nowait()
            except queue.Empty:
                following = next(planned, None)
                if following is not None:
                    yield following
                    continue
                try:
                    asked = self._asked.get(timeout=idle_seconds) if idle_seconds else None
                except queue.Empty:
                    return
            if asked is None:
                return
            yield asked


def render(store: ClipStore, voice: Voice, wishes: Wishes, told: Told, *, idle_seconds: float = 0.0) -> int:
    """Render what the store lacks; returns how many texts could not be spoken.

    ``told`` gets a line for each clip that is now in the store.
    """
    store.refresh()
    done = failed = 0
    for line in wishes.texts(idle_seconds=idle_seconds):
        done += 1
        text, reading = wished(line)
        speaker = voice.voice(reading or text)
        if store.find(text, speaker, reading) is not None:
            continue
        try:
            sound = voice.clip(reading or text)
        except (Unpronounceable, ValueError) as error:
            failed += 1
            told(f"{text}: {error}")
            continue
        clip = store.add(
            text,
            speaker,
            wav_bytes(to_int16(sound), CLIP_RATE),
            seconds=sound.size / CLIP_RATE,
            lufs=lufs(sound, CLIP_RATE),
            reading=reading,
        )
        told(f"{done}/{max(done, wishes.wanted)} {text} {clip.seconds:.2f} s {clip.lufs:.1f} LUFS")
    return failed
