"""Makes a backup of a hall, running or not: each store copied at one moment, checked, packed, read back.

Only one is made at a time. What it writes lies in a folder beside the wanted file until it is whole; a kill
leaves that folder, the next one clears it away. A disk that would get too full for the hall ends it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from contract.station_file import software_version
from hall_server.accounts.audit import verify as verify_audit
from hall_server.accounts.book import ANCHOR
from hall_server.accounts.store import AccountsBroken, Store
from hall_server.backup.archive import Archive, ArchiveBeing, BackupBroken
from hall_server.backup.contents import PARTS, Part, undecided
from hall_server.backup.standing import Attempt, note
from hall_server.broker import secret
from hall_server.journal.connection import DiskFull, FileDamaged, copy_database, damage
from hall_server.keeping import JOURNAL, key_file, verified_copy
from hall_server.records import JournalBroken

LOCK = "backup.lock"
WORK = ".part"
KEEP_FREE_BYTES = 512 << 20
KEEP_FREE_ELSEWHERE_BYTES = 16 << 20


class Busy(Exception):
    """Another backup or a restore of this hall is under way."""

    sentence = "正在备份或恢复，请等它结束"

    def __init__(self) -> None:
        super().__init__("another backup or restore is under way")


class NoRoom(OSError):
    """The disk would get too full for the hall."""

    def __init__(self, folder: Path, free: int, wanted: int) -> None:
        super().__init__(errno.ENOSPC, f"{free >> 20} MB free, {wanted >> 20} MB wanted", str(folder))
        self.sentence = f"磁盘空间不足：剩余 {free >> 20} MB，备份需要 {wanted >> 20} MB，请先清理磁盘"


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is whole: records of its journal, whether seals were looked at, which parts, bytes, and
    what somebody must be told."""

    count: int
    sealed: bool
    parts: tuple[str, ...]
    size: int
    told: tuple[str, ...]


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Nobody else backs this hall up or restores it meanwhile. Raises Busy, OSError."""
    handle = os.open(state / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy from error
        yield
    finally:
        os.close(handle)


def make(
    state: Path,
    to: Path,
    *,
    also: Path | None = None,
    by: str = "console",
    keep_free: int | None = None,
    on_phase: Callable[[str], None] = lambda _: None,
) -> Made:
    """Back a hall up to a file; ``also``: a folder, elsewhere, that gets a copy of it.

    Raises Busy, JournalBroken, BackupBroken, NoRoom, OSError; then ``to`` is as it was, and what went wrong
    stands in the hall's folder.
    """
    if not (state / JOURNAL).exists():
        raise JournalBroken(f"{state / JOURNAL} does not exist", f"账本文件 {state / JOURNAL} 不存在")
    with alone(state):
        begun = _wall_ms()
        try:
            made = _Making(state, to, keep_free, on_phase).run()
            if also is not None:
                made = replace(made, told=(*made.told, *_copied(to, also)))
        except (JournalBroken, BackupBroken, AccountsBroken, OSError, FileDamaged) as error:
            wrong = getattr(error, "sentence", "") or str(error)
            note(state, Attempt(begun_ms=begun, ended_ms=_wall_ms(), by=by, file=str(to), wrong=wrong))
            raise _as_os_error(error, to) from error
        note(
            state,
            Attempt(
                begun_ms=begun,
                ended_ms=_wall_ms(),
                by=by,
                file=str(to.absolute()),
                size=made.size,
                records=made.count,
                parts=made.parts,
                told=made.told,
            ),
        )
        return made


class _Making:
    """One backup in the making."""

    def __init__(self, state: Path, to: Path, keep_free: int | None, on_phase: Callable[[str], None]) -> None:
        self._state, self._to, self._phase = state, to, on_phase
        self._work = to.with_name(to.name + WORK)
        key = key_file(state)
        self._key = secret(key).encode() if key.exists() else b""
        self._keep_free = keep_free
        self._count, self._sealed = 0, False
        self._parts: list[str] = []
        self._told: list[str] = []

    def run(self) -> Made:
        self._to.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(mode=0o700)
        try:
            room = self._room()
            being = ArchiveBeing(self._work / "archive", self._key, on_portion=room.check)
            try:
                self._fill(being, room)
            except BaseException:
                being.abandon()
                raise
            self._phase("核对备份")
            with Archive(self._work / "archive") as archive:
                archive.check(self._key)
            size = (self._work / "archive").stat().st_size
            (self._work / "archive").replace(self._to)
            flush_folder(self._to.parent)
        finally:
            shutil.rmtree(self._work, ignore_errors=True)
        return Made(self._count, self._sealed, tuple(self._parts), size, tuple(self._told))

    def _fill(self, being: ArchiveBeing, room: _Room) -> None:
        for part in PARTS:
            source = self._state / part.path
            if not source.exists() or not self._may(part):
                continue
            self._phase(f"备份{part.text}")
            if part.database:
                copy = self._work / part.path
                self._copy(part, copy, room)
                being.add(part.path, copy, sealed=part.sealed)
                copy.unlink()
            else:
                for file in sorted(path for path in source.rglob("*") if path.is_file()):
                    if not file.name.endswith((".part", ".new")):
                        being.add(str(file.relative_to(self._state)), file, sealed=part.sealed)
            self._parts.append(part.name)
        self._told += [f"“{name}”没有备份" for name in undecided(self._state)]
        being.finish(made_ms=_wall_ms(), software=software_version(), records=self._count)

    def _may(self, part: Part) -> bool:
        if part.sealed and not self._key:
            self._told.append(f"没有本大厅的密钥，{part.text}没有备份")
            return False
        return True

    def _copy(self, part: Part, copy: Path, room: _Room) -> None:
        source = self._state / part.path
        if part.path == JOURNAL:
            checked = verified_copy(self._state, copy, on_portion=room.check)
            self._count, self._sealed = checked.count, checked.sealed
            return
        anchor = self._state / ANCHOR
        sealed_at = anchor.read_bytes() if part.name == "accounts" and anchor.exists() else b""
        copy_database(source, copy, on_portion=room.check)
        if found := damage(copy):
            raise BackupBroken(f"{source} is damaged: {found}", f"{part.text}文件损坏：{found}")
        if part.name == "accounts":
            self._told += wrong_audit(copy, sealed_at, self._key)

    def _room(self) -> _Room:
        """A quarter of everything packed, and the largest store beside it while it is copied."""
        same_disk = self._to.parent.stat().st_dev == self._state.stat().st_dev
        keep = KEEP_FREE_BYTES if same_disk else KEEP_FREE_ELSEWHERE_BYTES
        sizes = [_size(self._state / part.path) for part in PARTS if part.database]
        room = _Room(self._work, keep if self._keep_free is None else self._keep_free)
        room.check(max(sizes) + sum(sizes) // 4)
        return room


@dataclass(frozen=True, slots=True)
class _Room:
    """What must stay free where the backup is written."""

    folder: Path
    keep_free: int = field(default=KEEP_FREE_BYTES)

    def check(self, more: int = 0) -> None:
        """Raises NoRoom when so many bytes more would be too many."""
        free = shutil.disk_usage(self.folder).free
        if free < self.keep_free + more:
            raise NoRoom(self.folder, free, self.keep_free + more)


def _copied(backup: Path, folder: Path) -> list[str]:
    """Lay a copy into a folder elsewhere, read back; what went wrong."""
    part = folder / (backup.name + WORK)
    try:
        with backup.open("rb") as source:
            wanted = hashlib.file_digest(source, "sha256").digest()
        try:
            with backup.open("rb") as source, part.open("xb") as target:
                os.chmod(part, 0o600)
                shutil.copyfileobj(source, target, 1 << 20)
                target.flush()
                os.fsync(target.fileno())
            with part.open("rb") as copy:
                if hashlib.file_digest(copy, "sha256").digest() != wanted:
                    return [f"存到 {folder} 的副本与原件不符，请检查那块硬盘"]
            part.replace(folder / backup.name)
            flush_folder(folder)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        return [f"没有存到 {folder}：{error.strerror or error}"]
    return []


def wrong_audit(copy: Path, anchor: bytes, key: bytes) -> list[str]:
    """What is wrong with the audit log of a copy, held to an anchor that was read before it was made. Such a
    log is backed up all the same: else whoever forges a line could stop all backups."""
    beside = copy.with_suffix(".anchor-of-copy")
    if anchor:
        beside.write_bytes(anchor)
    store = Store(copy)
    try:
        store.open()
        found = verify_audit(store.audit(), beside, key).wrong
    finally:
        store.close()
        beside.unlink(missing_ok=True)
    return [f"审计记录有问题：{found}"] if found else []


def flush_folder(folder: Path) -> None:
    """Names in a folder are on disk when this returns. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _size(database: Path) -> int:
    files = (database, database.with_name(database.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _as_os_error(error: Exception, to: Path) -> Exception:
    """SQLite says in its own way that a disk is full or fails."""
    if isinstance(error, DiskFull):
        free = shutil.disk_usage(to.parent).free
        return NoRoom(to.parent, free, free + KEEP_FREE_ELSEWHERE_BYTES)
    if isinstance(error, FileDamaged):
        return OSError(errno.EIO, str(error), str(to))
    if isinstance(error, AccountsBroken):
        return BackupBroken(str(error), "账号文件无法读取")
    return error


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
