"""What can be wrong with a stored clip (VOICE.md §8.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from assets.speech.pack import Clip
from assets.speech.sound import lufs, read_wav


def faults(clips: Iterable[Clip], folder: Path) -> list[str]:
    """What is wrong with stored clips, one sentence each: file, digest, level, peak, lead, length."""
    return [f"{clip.text}: {fault}" for clip in clips for fault in _clip_faults(clip, folder / clip.file)]


def _clip_faults(clip: Clip, path: Path) -> Iterable[str]:
    try:
        content = path.read_bytes()
        sound, rate = read_wav(content)
    except (OSError, ValueError) as error:
        yield str(error)
        return
    if hashlib.sha256(content).hexdigest() != clip.sha256:
        yield "the file is not the one of the manifest"
    level = lufs(sound, rate)
    peak = float(abs(sound).max())
    loud = abs(sound) > 0.008
    if not -17 <= level <= -15:
        yield f"loudness {level:.1f} LUFS, wanted -16 ± 1"
    if peak > 10 ** (-1 / 20):
        yield f"peak {peak:.2f}, wanted at most 0.89"
    if loud.argmax() > 0.06 * rate:
        yield f"{loud.argmax() / rate * 1000:.0f} ms of silence at its start, wanted at most 60"
    longest = max(4.0, 0.45 * len(clip.reading or clip.text))
    if not 0.15 <= sound.size / rate <= longest:
        yield f"{sound.size / rate:.2f} s long, wanted 0.15-{longest:.0f}"
