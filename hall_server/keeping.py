"""Keeping the journal: back it up while the hall runs, check it, put a backup in its place."""

from __future__ import annotations

import time
from pathlib import Path

from hall_server.journal import JournalBroken, backup, verify

JOURNAL = "journal.db"
RESTORED = "restored"
SKIPPED_AFTER_RESTORE = 200


class CannotRestore(Exception):
    """The backup cannot take the journal's place; ``str()`` says why."""


def back_up(state: Path, to: Path) -> int:
    """Copy the journal of a hall, running or not. Returns its events. Raises JournalBroken, OSError."""
    path = state / JOURNAL
    if not path.exists():
        raise JournalBroken(f"{path} does not exist")
    to.parent.mkdir(parents=True, exist_ok=True)
    return backup(path, to)


def check(state: Path) -> int:
    """Verify chain and file. Returns its events. Raises JournalBroken naming the first bad record."""
    path = state / JOURNAL
    if not path.exists():
        raise JournalBroken(f"{path} does not exist")
    return verify(path)


def restore(backup_file: Path, state: Path) -> tuple[int, Path | None]:
    """Put a verified backup in place of a stopped hall's journal; the old one is set aside, never deleted.

    At the next start so many numbers of each series are left out as may have been issued since the backup.
    Returns (events, where the old journal lies or None). Raises CannotRestore, JournalBroken.
    """
    if not backup_file.exists():
        raise CannotRestore(f"{backup_file} does not exist")
    count = verify(backup_file)
    path = state / JOURNAL
    old = None
    if path.exists():
        old = state / f"journal.before-restore-{time.strftime('%Y%m%d-%H%M%S')}.db"
        for suffix in ("", "-wal", "-shm"):
            there = path.with_name(path.name + suffix)
            if there.exists():
                there.rename(old.with_name(old.name + suffix))
    state.mkdir(parents=True, exist_ok=True)
    (state / RESTORED).write_text(f"{SKIPPED_AFTER_RESTORE}\n", encoding="ascii")
    part = path.with_name("journal.part")
    part.write_bytes(backup_file.read_bytes())
    part.replace(path)
    return count, old


def numbers_to_skip(state: Path) -> int:
    """How many numbers the hall must leave out because its journal was restored; 0 when it was not."""
    try:
        return int((state / RESTORED).read_text(encoding="ascii"))
    except FileNotFoundError:
        return 0


def skipped(state: Path) -> None:
    """They have been left out, durably."""
    (state / RESTORED).unlink(missing_ok=True)
