"""Keep the programs' logs small."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

LOG_BYTES = 5_000_000
LOGS_KEPT = 3


def rotate(log: Path, *, limit: int = LOG_BYTES, kept: int = LOGS_KEPT) -> None:
    """Keep a log below ``limit``: copy it aside and empty it; its writer appends, so it goes on unharmed."""
    with suppress(FileNotFoundError):
        if log.stat().st_size <= limit:
            return
        for number in range(kept - 1, 0, -1):
            older = log.with_suffix(f".log.{number}")
            if older.exists():
                older.replace(log.with_suffix(f".log.{number + 1}"))
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log, '' when there is none."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - 20_000))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
