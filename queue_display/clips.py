"""The clips that this station has, and joining them to what is spoken.

They come from a folder on this machine, from the cache, and from the hall as its pack grows; one that
is missing now is fetched in the background. Joining happens in memory at the moment of the call.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from assets.speech.pack import MANIFEST, Clip, ClipPack, ClipStore, decode_pack
from assets.speech.sound import STREAM_RATE, chime, read_wav, silence_bytes, stream_bytes
from contract.blobs import BlobStore, BlobUnavailable
from contract.messages import BlobRef

log = logging.getLogger(__name__)

JOIN_SECONDS = 0.12
LETTER_SECONDS = 0.25
CHIME_GAP_SECONDS = 0.15
END_SECONDS = 0.4
_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)


class ClipLibrary:
    """Clips by their text. ``changed`` is called on the fetching thread when there are more of them.

    ``base`` tells the hall's HTTP address, or '' while it is unknown.
    """

    def __init__(self, cache: BlobStore, base: Callable[[], str], changed: Callable[[], None]) -> None:
        self._cache, self._base, self._changed = cache, base, changed
        self._paths: dict[str, Path] = {}
        self._digests: dict[str, str] = {}
        self._pack = ClipPack()
        self._news = threading.Condition()
        self._dirty = self._stopping = False
        self._thread = threading.Thread(target=self._follow, name="clips", daemon=True)
        self._chime = stream_bytes(chime(), STREAM_RATE)

    def open(self, folder: Path | None = None) -> None:
        """Take the clips of a folder at once; begin to follow the hall's pack."""
        if folder is not None:
            self._take_folder(folder)
        self._thread.start()

    def close(self) -> None:
        """Stop fetching."""
        with self._news:
            self._stopping = True
            self._news.notify()
        if self._thread.is_alive():
            self._thread.join(10)

    def announce(self, manifest: Path) -> None:
        """The hall has a new manifest, in this file; what is missing is fetched in the background."""
        try:
            pack = decode_pack(manifest.read_bytes())
        except (OSError, ValueError) as error:
            log.error("the hall's clip pack cannot be used: %s", error)
            return
        with self._news:
            self._pack, self._dirty = pack, True
            self._news.notify()

    @property
    def progress(self) -> tuple[int, int]:
        """Clips that are here, clips that the hall will have."""
        return len(self._paths), max(self._pack.wanted, len(self._paths))

    def has(self, parts: Sequence[str]) -> bool:
        """Whether all of these can be spoken."""
        return all(part in self._paths for part in parts)

    def path(self, text: str, sha256: str = "") -> Path | None:
        """The file of a text's clip, with this digest if one is named; None when it is not here."""
        wanted = not sha256 or self._digests.get(text) == sha256
        return self._paths.get(text) if wanted else None

    def utterance(self, parts: Sequence[str], *, with_chime: bool) -> bytes:
        """What is played for these clips, in the stream's format; 0.4 s of silence behind.

        120 ms between clips, 250 ms behind a letter (docs/decisions/0007-voice.md). With a clip missing or
        unreadable there is only the chime.
        """
        spoken = self._joined(parts) if self.has(parts) else b""
        front = self._chime + silence_bytes(CHIME_GAP_SECONDS) if with_chime or not spoken else b""
        return front + spoken + silence_bytes(END_SECONDS)

    # ------------------------------------------------------------ inside

    def _joined(self, parts: Sequence[str]) -> bytes:
        spoken, gap = b"", b""
        for part in parts:
            clip = self._clip(part)
            if not clip:
                return b""
            spoken += gap + clip
            gap = silence_bytes(LETTER_SECONDS if len(part) == 1 and part.isascii() else JOIN_SECONDS)
        return spoken

    def _clip(self, text: str) -> bytes:
        try:
            return stream_bytes(*read_wav(self._paths[text].read_bytes()))
        except (OSError, ValueError) as error:
            log.error("the clip of %s cannot be read: %s", text, error)
            return b""

    def _take_folder(self, folder: Path) -> None:
        store = ClipStore(folder)
        store.refresh()
        clips = store.pack().clips
        if not clips and (folder / MANIFEST).is_file():
            clips = decode_pack((folder / MANIFEST).read_bytes()).clips
        for clip in clips:
            self._add(clip, folder / clip.file)

    def _add(self, clip: Clip, path: Path) -> None:
        self._digests[clip.text] = clip.sha256
        self._paths[clip.text] = path

    def _follow(self) -> None:
        attempt = 0
        while self._wait(_PAUSES[min(attempt, len(_PAUSES)) - 1] if attempt else None):
            attempt = 0 if self._fetch_missing() else attempt + 1

    def _wait(self, pause: float | None) -> bool:
        """Until there is news, or for the pause after a failure; False when it is time to stop."""
        with self._news:
            if not self._stopping and (pause is not None or not self._dirty):
                self._news.wait(pause)
            self._dirty = False
            return not self._stopping

    def _fetch_missing(self) -> bool:
        """One round over the newest pack; after the first failure (then False) only the cache is asked."""
        got, whole = 0, True
        for clip in self._pack.clips:
            if self._digests.get(clip.text) == clip.sha256:
                continue
            if self._stopping or self._dirty:
                break
            path = self._cached(clip) or (self._fetch(clip) if whole else None)
            if path is None:
                whole = False
                continue
            self._add(clip, path)
            got += 1
            if got % 32 == 1:
                self._changed()
        if got:
            have, wanted = self.progress
            log.log(
                logging.INFO if have >= wanted else logging.DEBUG, "%d of %d clips are here", have, wanted
            )
            self._changed()
        return whole

    def _cached(self, clip: Clip) -> Path | None:
        cached = self._cache.current(_name(clip))
        return cached[1] if cached is not None and cached[0].sha256 == clip.sha256 else None

    def _fetch(self, clip: Clip) -> Path | None:
        base = self._base()
        if not base:
            return None
        ref = BlobRef(path=f"/blobs/{clip.sha256}", sha256=clip.sha256, size=clip.size)
        try:
            return self._cache.fetch(_name(clip), ref, base)
        except BlobUnavailable as error:
            log.warning("a clip cannot be fetched: %s", error)
            return None


def _name(clip: Clip) -> str:
    return f"clip-{clip.sha256[:24]}"


def first_sound_seconds(pcm: bytes) -> float:
    """How far into a sound its first sample is that is not zero."""
    sounding = np.frombuffer(pcm, dtype="<i2").nonzero()[0]
    return float(sounding[0] // 2 / STREAM_RATE) if sounding.size else 0.0
