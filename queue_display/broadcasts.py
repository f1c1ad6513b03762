"""The sounds of broadcasts: fetched, decoded, kept in memory on a thread of their own, off the call path.

A sound comes from the clips of this station, or from the hall by its digest; it is tried again until the
broadcast is forgotten. What was fetched for a broadcast alone is removed with it, and at the next start.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path

from assets.speech.sound import STREAM_RATE, alert, chime, read_wav, silence_bytes, stream_bytes
from contract.blobs import BlobStore, BlobUnavailable
from contract.messages import BlobRef, Broadcast, BroadcastPart
from queue_display.clips import CHIME_GAP_SECONDS, END_SECONDS, ClipLibrary
from queue_display.passages import Passage

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
_PREFIX = "say-"


class BroadcastSounds:
    """Sounds by broadcast and passage. ``fetched`` is called on this thread when all of one are here.

    ``base`` tells the hall's HTTP address, or '' while it is unknown. ``want``, ``forget`` and ``sound`` are
    for one other thread.
    """

    def __init__(
        self, cache: BlobStore, library: ClipLibrary, base: Callable[[], str], fetched: Callable[[str], None]
    ) -> None:
        self._cache, self._library, self._base, self._fetched = cache, library, base, fetched
        self._wanted: dict[str, Broadcast] = {}
        self._sounds: dict[str, tuple[bytes, ...]] = {}
        self._news: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="broadcasts", daemon=True)
        self._chime = _opening(stream_bytes(chime(), STREAM_RATE))
        self._alert = _opening(stream_bytes(alert(), STREAM_RATE))

    def open(self) -> None:
        """Begin; what a former run fetched is removed."""
        self._thread.start()

    def close(self) -> None:
        """End; sounds that are being fetched are given up."""
        self._wanted.clear()
        self._news.put(None)
        if self._thread.is_alive():
            self._thread.join(10)

    def want(self, broadcast: Broadcast) -> None:
        """Get its sounds; returns at once."""
        self._wanted[broadcast.broadcast] = broadcast
        self._news.put(broadcast.broadcast)

    def forget(self, broadcast: str) -> None:
        """Its sounds are not needed any more."""
        self._sounds.pop(broadcast, None)
        if self._wanted.pop(broadcast, None) is not None:
            self._news.put(broadcast)

    def sound(self, passage: Passage) -> bytes:
        """What is played for a passage, in the stream's format; a chime or an alert before the first."""
        sounds = self._sounds.get(passage.broadcast, ())
        if passage.index >= len(sounds):
            return b""
        front = (self._alert if passage.urgent else self._chime) if passage.opens else b""
        return front + sounds[passage.index]

    # ------------------------------------------------------------ its thread

    def _run(self) -> None:
        for left in self._cache.names(_PREFIX):
            self._cache.drop(left)
        open_: dict[str, Broadcast] = {}
        while True:
            try:
                news = self._news.get(timeout=RETRY_SECONDS if open_ else None)
            except queue.Empty:
                news = ""
            if news is None:
                return
            self._drop_forgotten(open_)
            if news in self._wanted:
                open_[news] = self._wanted[news]
            for name in [name for name, each in open_.items() if self._got(each)]:
                del open_[name]

    def _drop_forgotten(self, open_: dict[str, Broadcast]) -> None:
        used = {
            _name(part.sound) for each in tuple(self._wanted.values()) for part in each.parts if part.sound
        }
        for name in self._cache.names(_PREFIX):
            if name not in used:
                self._cache.drop(name)
        for name in [name for name in open_ if name not in self._wanted]:
            del open_[name]
        for name in [name for name in tuple(self._sounds) if name not in self._wanted]:
            self._sounds.pop(name, None)

    def _got(self, broadcast: Broadcast) -> bool:
        """All of its sounds, decoded."""
        sounds = []
        for part in broadcast.parts:
            try:
                path = self._path(part)
                if path is None:
                    return False
                sounds.append(stream_bytes(*read_wav(path.read_bytes())) + silence_bytes(END_SECONDS))
            except (BlobUnavailable, OSError, ValueError) as error:
                log.warning("broadcast %s: a sound is not here yet: %s", broadcast.broadcast, error)
                return False
        self._sounds[broadcast.broadcast] = tuple(sounds)
        self._fetched(broadcast.broadcast)
        return True

    def _path(self, part: BroadcastPart) -> Path | None:
        """Raises BlobUnavailable."""
        found = self._library.path(part.text, part.sound.sha256 if part.sound else "")
        if found is not None or part.sound is None:
            return found
        base = self._base()
        return self._cache.fetch(_name(part.sound), part.sound, base) if base else None


def _opening(sound: bytes) -> bytes:
    return sound + silence_bytes(CHIME_GAP_SECONDS)


def _name(ref: BlobRef) -> str:
    return f"{_PREFIX}{ref.sha256[:24]}"
