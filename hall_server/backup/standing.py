"""How a hall stands with its backups: the last attempt, the last good one, which files there are."""

from __future__ import annotations

import contextlib
import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from contract.clock import china

log = logging.getLogger(__name__)

FILE = "backup.json"
FOLDER = "backups"
DAY_MS = 86_400_000
OLD_DAYS = 2
NAME = re.compile(r"(backup-\d{8}-\d{6}(-daily)?\.zip|journal-\d{8}-\d{6}\.db)")
_DAILY = re.compile(r"backup-\d{8}-\d{6}-daily\.zip")


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One backup that was tried, by the box's clock; ``wrong`` says in Chinese why it failed, '' = it is
    good; ``told`` is what somebody must know of a good one."""

    begun_ms: int
    ended_ms: int
    by: str
    file: str
    size: int = 0
    records: int = 0
    parts: tuple[str, ...] = ()
    wrong: str = ""
    told: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended_ms - self.begun_ms) / 1000


class Standing(msgspec.Struct, frozen=True):
    """The last attempt and the last good one; None when there was none."""

    last: Attempt | None = None
    good: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in the hall's folder of backups."""

    name: str
    size: int
    at_ms: int


def standing(state: Path) -> Standing:
    """What the hall's folder says; a file that cannot be read says nothing."""
    try:
        return msgspec.json.decode((state / FILE).read_bytes(), type=Standing)
    except (OSError, msgspec.DecodeError):
        return Standing()


def note(state: Path, attempt: Attempt) -> None:
    """Keep an attempt; a disk too full even for that keeps the one before."""
    before = standing(state)
    after = Standing(attempt, before.good if attempt.wrong else attempt)
    part = state / f"{FILE}.new"
    try:
        with part.open("wb") as file:
            file.write(msgspec.json.encode(after))
            file.flush()
            os.fsync(file.fileno())
        part.replace(state / FILE)
    except OSError as error:
        log.error("%s cannot be written: %s", FILE, error)
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def name_at(at_ms: int, *, daily: bool) -> str:
    """What a backup made at this hall time is called."""
    return f"backup-{china(at_ms):%Y%m%d-%H%M%S}{'-daily' if daily else ''}.zip"


def kept(state: Path) -> tuple[Kept, ...]:
    """The newest first, by name."""
    folder = state / FOLDER
    if not folder.is_dir():
        return ()
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name.partition("-")[2], reverse=True):
        if NAME.fullmatch(path.name):
            with contextlib.suppress(FileNotFoundError):
                seen = path.stat()
                found.append(Kept(path.name, seen.st_size, seen.st_mtime_ns // 1_000_000))
    return tuple(found)


def forget_old(folder: Path, keep: int) -> list[str]:
    """Of the daily ones only the newest ``keep`` stay; those that somebody asked for all do. Returns which
    went. Raises OSError."""
    daily = sorted((p for p in folder.iterdir() if _DAILY.fullmatch(p.name)), reverse=True)
    for path in daily[keep:]:
        path.unlink()
    return [path.name for path in daily[keep:]]


def old(good: Attempt | None, since_ms: int, now_ms: int, *, days: int = OLD_DAYS) -> bool:
    """Whether the last good backup is too old; a hall without any has as long from ``since_ms``."""
    return now_ms - (good.ended_ms if good is not None else since_ms) > days * DAY_MS
