"""Connections to a journal's file through APSW (WAL, synchronous=FULL), and copies of one that is in use."""

from __future__ import annotations

from pathlib import Path

import apsw

from hall_server.journal import sql
from hall_server.records import JournalBroken

SAFE_SQLITE = (3, 51, 3)

DiskFull = apsw.FullError
"""No room for a commit."""
FileDamaged = apsw.Error
"""SQLite cannot make sense of the file."""


def connect(path: Path, *, readonly: bool = False, vfs: str | None = None) -> apsw.Connection:
    """A connection with our settings. Raises JournalBroken on a SQLite with the WAL-reset bug."""
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < SAFE_SQLITE:
        raise JournalBroken(f"SQLite {apsw.sqlite_lib_version()} can lose commits; 3.51.3 or newer is needed")
    flags = apsw.SQLITE_OPEN_READONLY if readonly else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    db = apsw.Connection(str(path), flags=flags, vfs=vfs)
    db.set_busy_timeout(5_000)
    if not readonly:
        db.execute(sql.DURABLE)
    return db


def schema_of(db: apsw.Connection) -> int:
    """The schema of a file, 0 when it is empty. Raises JournalBroken on one newer than this version."""
    version = db.pragma("user_version")
    if not 0 <= version <= sql.SCHEMA_VERSION:
        raise JournalBroken(
            f"the journal has schema {version}, this version knows up to {sql.SCHEMA_VERSION}: "
            "install the newer version again, or restore a backup of before",
            f"账本由更新的版本写入（结构 {version}），请重新安装新版本，或恢复升级前的备份",
        )
    return int(version)


def in_use(path: Path) -> bool:
    """Whether a hall or another program has the file open."""
    if not path.exists():
        return False
    try:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    except apsw.Error:
        return False
    try:
        db.pragma("journal_mode", "delete")
    except apsw.BusyError:
        return True
    except apsw.Error:
        return False
    finally:
        db.close()
    return False


def copy_journal(path: Path, to: Path) -> None:
    """Copy a journal that may be in use to a file, whole or not at all. Raises OSError, apsw.Error."""
    source = connect(path, readonly=True)
    try:
        copy_into(source, to)
    finally:
        source.close()


def copy_into(source: apsw.Connection, to: Path) -> None:
    """Copy what a connection sees to a file, whole or not at all. Raises OSError, apsw.Error."""
    part = to.with_name(to.name + ".part")
    part.unlink(missing_ok=True)
    target = apsw.Connection(str(part))
    try:
        with target.backup("main", source, "main") as copying:
            while not copying.done:
                copying.step(1_000)
        target.pragma("journal_mode", "delete")
    finally:
        target.close()
    part.replace(to)
