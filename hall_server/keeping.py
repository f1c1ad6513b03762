"""Keeping the journal: copy it while the hall runs, check it, make a copy ready to take its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from contract.messages import JournalAnchor
from hall_server.anchor import anchor_file, anchor_of, genuine, journal_key, read_anchor, write_anchor
from hall_server.broker import secret
from hall_server.checking import verify
from hall_server.hall.events import JournalRestored
from hall_server.journal.connection import copy_database
from hall_server.journal.file import JournalFile
from hall_server.journal.rows import JournalReader
from hall_server.records import JournalBroken, NotDerived, NotSealed

JOURNAL = "journal.db"
RESTORED = "restored"
SKIPPED_AFTER_RESTORE = 200


class CannotRestore(Exception):
    """The backup cannot take the journal's place; ``str()`` says why, ``sentence`` in Chinese."""

    def __init__(self, what: str, sentence: str) -> None:
        super().__init__(what)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Checked:
    """How many records hold; whether seals and anchor were looked at (they need the hall's key)."""

    count: int
    sealed: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """How many records come back, and how many of the journal of before are known to be lost."""

    count: int
    lost: int


def key_file(state: Path) -> Path:
    """Where the hall's key lies."""
    return state / "secrets" / "hall-key"


def verified_copy(state: Path, to: Path, *, on_portion: Callable[[], None] = lambda: None) -> Checked:
    """Copy the journal of a hall, running or not, verified. Raises JournalBroken, OSError, apsw.Error."""
    path, key = _there(state), _key(state)
    copy_database(path, to, on_portion=on_portion)
    try:
        return Checked(verify(to, key), bool(key))
    except JournalBroken:
        to.unlink()
        raise


def check(state: Path, against: Path | None = None) -> Checked:
    """Verify the journal whole and hold it to its anchor; ``against``: one kept elsewhere, too.

    Raises JournalBroken naming the first bad record.
    """
    path, key = _there(state), _key(state)
    anchor = None
    if key:
        anchor = read_anchor(anchor_file(path), key)
        with JournalReader(path) as reader:
            if anchor is None and reader.anchored and reader.last()[0]:
                raise JournalBroken(f"the anchor {anchor_file(path)} is missing", "账本锚点文件丢失")
    count = verify(path, key, anchor=anchor)
    if against is not None:
        kept = _kept_elsewhere(against, key)
        with JournalReader(path, key) as reader:
            reader.hold_to(kept)
    return Checked(count, bool(key))


def prepare(part: Path, state: Path, *, other_key: bool = False) -> Prepared:
    """Make a copy of a journal ready to take the place of a stopped hall's, with its anchor beside it.

    The act is journalled, and excuses the older end from the anchors of before. ``other_key``: it was written
    under another key (the hall's was lost with its box). Raises CannotRestore, JournalBroken, OSError.
    """
    key = journal_key(secret(key_file(state)).encode())
    found = _verified(part, key, other_key=other_key)
    lost_to = max(found.count, _came_to(state / JOURNAL, key))
    write_anchor(anchor_file(part), _noted(part, key, found, lost_to))
    return Prepared(found.count, lost_to - found.count)


def numbers_to_skip(state: Path) -> int:
    """How many numbers the hall must leave out because its journal was restored; 0 when it was not."""
    try:
        return int((state / RESTORED).read_text(encoding="ascii"))
    except FileNotFoundError:
        return 0


def skipped(state: Path) -> None:
    """They have been left out, durably."""
    (state / RESTORED).unlink(missing_ok=True)


# ---------------------------------------------------------------- helpers


def _there(state: Path) -> Path:
    path = state / JOURNAL
    if not path.exists():
        raise JournalBroken(f"{path} does not exist", f"账本文件 {path} 不存在")
    return path


def _key(state: Path) -> bytes:
    """The journal's key, b'' where the hall's is not at hand; none is made."""
    return journal_key(secret(key_file(state)).encode()) if key_file(state).exists() else b""


def _kept_elsewhere(file: Path, key: bytes) -> JournalAnchor:
    try:
        anchor = msgspec.json.decode(file.read_bytes(), type=JournalAnchor)
    except (OSError, msgspec.DecodeError) as error:
        raise JournalBroken(f"{file} is no anchor: {error}", f"{file} 不是锚点文件") from error
    if not genuine(anchor, key):
        raise JournalBroken(f"{file} was not made with this hall's key", f"{file} 不是用本大厅密钥写入的")
    return anchor


@dataclass(frozen=True, slots=True)
class _Found:
    """Of a backup: its records, up to which another key was used, whether tickets and snapshots fit."""

    count: int
    unsealed: int = 0
    fits: bool = True


def _verified(copy: Path, key: bytes, *, other_key: bool) -> _Found:
    try:
        return _Found(verify(copy, key))
    except NotDerived:
        with JournalReader(copy) as reader:
            return _Found(reader.last()[0], fits=False)
    except NotSealed as broken:
        if not other_key:
            raise CannotRestore(
                f"{broken}. If it is this hall's all the same and its key was lost, say --other-key",
                f"{broken.sentence}。如确为本大厅的备份而原密钥已丢失，请加 --other-key",
            ) from broken
    found = _verified(copy, b"", other_key=True)
    return replace(found, unsealed=found.count)


def _came_to(path: Path, key: bytes) -> int:
    """How far the journal that is replaced is known to have come, by its anchor or its own last record."""
    known = 0
    try:
        anchor = read_anchor(anchor_file(path), key)
        known = anchor.seq if anchor else 0
    except JournalBroken:
        pass
    try:
        with JournalReader(path) as reader:
            return max(known, reader.last()[0])
    except JournalBroken:
        return known


def _noted(part: Path, key: bytes, found: _Found, lost_to: int) -> JournalAnchor:
    """Write the restore into the journal that comes; the anchor of its end."""
    file = JournalFile(part, key)
    try:
        file.bring_up_to_date(lambda _: None)
        event = JournalRestored(at_ms=0, kept=found.count, lost_to=lost_to, unsealed=found.unsealed)
        record = file.rows.behind_last(event, "restore")
        file.append([record], (), ())
        if not found.fits:
            file.derive_again()
    finally:
        file.close()
    return anchor_of(record.seq, record.hash, key)
