"""Drafts of the hall's description: one for each manager, kept on disk until published or thrown away."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec

from hall_server.hall_file import HallFile


class Draft(msgspec.Struct, frozen=True):
    """What a manager has edited so far; ``base`` is the version that he began with, ``restores`` the older
    one that he took up again, 0 = none."""

    author: str
    base: int
    changed_ms: int
    file: HallFile
    restores: int = 0


class Drafts:
    """The folder of drafts. A draft of another format is as if it were not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, author: str) -> Draft | None:
        """The draft of a manager, or None."""
        try:
            return msgspec.json.decode(self._path(author).read_bytes(), type=Draft)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def keep(self, draft: Draft) -> None:
        """Put it in place of his last one; on disk when this returns. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(draft.author)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(msgspec.json.encode(draft))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    def drop(self, author: str) -> None:
        """It was published, or is not wanted any more."""
        self._path(author).unlink(missing_ok=True)

    def _path(self, author: str) -> Path:
        """Names are people's: the file is named by their digest."""
        return self._folder / f"{hashlib.sha256(author.encode()).hexdigest()[:24]}.json"
