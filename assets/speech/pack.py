"""The clip pack: what is stored of each clip, its manifest as it travels, and the store on disk.

A pack is a JSON manifest that names clips by their exact text; each clip is a WAV file of its own,
named by its key. Over HTTP the manifest is the blob ``clips`` and each clip lies at
``/blobs/<sha256>``: a pack may grow while it is being rendered, and a station fetches each clip once.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec

FORMAT = 1
ENGINE = "kokoro-82m-1.0-int8/3"
"""Part of every clip's key: raise the last number when anything that can be heard changes."""
VOICES = {"zh": "zf_xiaoxiao", "en": "bf_emma"}
CLIP_RATE = 24_000
MANIFEST = "manifest.json"
PASSING = "passing:"
"""How the text of a clip begins that is spoken a few times only: the digest of its words follows, which stand
in ``reading``; it is in no pack."""
_JOURNAL = "clips.jsonl"


class Clip(msgspec.Struct, frozen=True, kw_only=True):
    """One clip: ``file`` is its name in the store's folder, ``sha256`` and ``size`` are of that file.

    ``reading``: what is spoken for the text by the hall's table of pronunciations, '' = the text itself.
    """

    text: str
    voice: str
    file: str
    sha256: str
    size: int
    seconds: float
    lufs: float
    reading: str = ""


class ClipPack(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest. ``wanted`` is how many clips the hall is having rendered: more than there are = growing."""

    format: int = FORMAT
    engine: str = ""
    rate: int = CLIP_RATE
    wanted: int = 0
    clips: tuple[Clip, ...] = ()


def encode_pack(pack: ClipPack) -> bytes:
    """The manifest's bytes; the same pack always gives the same bytes."""
    return msgspec.json.encode(pack)


def decode_pack(content: bytes) -> ClipPack:
    """A manifest; ValueError with a sentence when it is none, or of a newer format."""
    try:
        pack = msgspec.json.decode(content, type=ClipPack)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a clip manifest: {error}") from error
    if pack.format != FORMAT:
        raise ValueError(f"a clip manifest of format {pack.format}, this program reads {FORMAT}")
    return pack


class ClipStore:
    """Clips in a folder, found again after any stop: a file is complete when its line is in the journal.

    One process writes; others may read at the same time.
    """

    def __init__(self, folder: Path, engine: str = ENGINE) -> None:
        self.folder = folder
        self.engine = engine
        self._clips: dict[str, Clip] = {}
        self._read_to = 0

    def refresh(self) -> None:
        """Read what was added since; a last line that is cut off waits for the next time."""
        try:
            with (self.folder / _JOURNAL).open("rb") as journal:
                journal.seek(self._read_to)
                lines = journal.read()
        except FileNotFoundError:
            return
        whole = lines[: lines.rfind(b"\n") + 1]
        self._read_to += len(whole)
        for line in whole.splitlines():
            self._admit(line)

    def __len__(self) -> int:
        return sum(not text.startswith(PASSING) for text in self._clips)

    def __contains__(self, text: str) -> bool:
        return text in self._clips

    def find(self, text: str, voice: str, reading: str = "") -> Clip | None:
        """The clip of a text in this voice, reading and engine, or None."""
        clip = self._clips.get(text)
        return clip if clip and (clip.voice, clip.reading) == (voice, reading) else None

    def read_as(self, text: str, reading: str) -> Clip | None:
        """The clip of a text read in this way, in whatever voice, or None."""
        clip = self._clips.get(text)
        return clip if clip is not None and clip.reading == reading else None

    def add(
        self, text: str, voice: str, wav: bytes, *, seconds: float, lufs: float, reading: str = ""
    ) -> Clip:
        """Store a clip, in place of one of another reading: the file whole under its name, then its line."""
        clip = Clip(
            text=text,
            voice=voice,
            file=clip_key(text, voice, self.engine, reading) + ".wav",
            sha256=hashlib.sha256(wav).hexdigest(),
            size=len(wav),
            seconds=round(seconds, 3),
            lufs=round(lufs, 2),
            reading=reading,
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.folder / clip.file, wav)
        self._append(msgspec.json.encode(clip) + b"\n")
        self._clips[text] = clip
        return clip

    def sweep(self) -> int:
        """Remove passing clips, those of another engine, and halves of files; returns how many files went.

        Nothing of their words is left. Only while nobody writes.
        """
        forgotten = self.forget_passing()
        mine = {clip.file for clip in self._clips.values()}
        gone = [path for path in self.folder.glob("*.wav*") if path.name not in mine]
        for path in gone:
            path.unlink(missing_ok=True)
        if gone or forgotten:
            lines = b"".join(msgspec.json.encode(clip) + b"\n" for clip in self._clips.values())
            write_atomically(self.folder / _JOURNAL, lines)
            self._read_to = len(lines)
        return len(gone) + forgotten

    def forget_passing(self, keep: int = 0) -> int:
        """Remove passing clips but the newest so many; returns how many went. Only while nobody writes."""
        passing = [text for text in self._clips if text.startswith(PASSING)]
        over = passing[: max(0, len(passing) - keep)]
        for text in over:
            (self.folder / self._clips.pop(text).file).unlink(missing_ok=True)
        return len(over)

    def pack(self, wanted: int = 0) -> ClipPack:
        """All clips of this engine that are to stay, in the order in which they were made."""
        clips = tuple(clip for text, clip in self._clips.items() if not text.startswith(PASSING))
        return ClipPack(engine=self.engine, wanted=max(wanted, len(clips)), clips=clips)

    def write_manifest(self, wanted: int = 0) -> Path:
        """Write ``manifest.json`` beside the clips: a folder that can be copied to a station."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / MANIFEST
        write_atomically(path, encode_pack(self.pack(wanted)))
        return path

    def _append(self, line: bytes) -> None:
        with (self.folder / _JOURNAL).open("a+b") as journal:
            if journal.tell():
                journal.seek(-1, os.SEEK_END)
                if journal.read(1) != b"\n":
                    line = b"\n" + line
            journal.write(line)

    def _admit(self, line: bytes) -> None:
        try:
            clip = msgspec.json.decode(line, type=Clip)
        except msgspec.DecodeError:
            return
        path = self.folder / clip.file
        mine = clip.file == clip_key(clip.text, clip.voice, self.engine, clip.reading) + ".wav"
        if mine and path.is_file() and path.stat().st_size == clip.size:
            self._clips[clip.text] = clip


def passing(words: str) -> str:
    """The text of the passing clip that speaks these words."""
    return PASSING + hashlib.sha256(words.encode()).hexdigest()[:32]


def clip_key(text: str, voice: str, engine: str, reading: str = "") -> str:
    """Name of a clip's file: the digest of everything that decides how it sounds."""
    parts = (engine, voice, text, reading) if reading else (engine, voice, text)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def write_atomically(path: Path, content: bytes) -> None:
    """The whole file or the old one, whatever stops us."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
