"""Connections to a journal's file through APSW (WAL, synchronous=FULL), and copies of one that is in use."""

from __future__ import annotations

from collections.abc import Callable
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


def damage(path: Path) -> str:
    """What SQLite finds wrong in a file that nobody writes, '' when nothing."""
    try:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            found = db.pragma("integrity_check")
        finally:
            db.close()
    except apsw.Error as error:
        return str(error)
    return "" if found == "ok" else str(found).splitlines()[0]


def copy_database(path: Path, to: Path, *, on_portion: Callable[[], None] = lambda: None) -> None:
    """Copy a database that may be in use as it is at one moment, whole or not at all.

    One reading transaction lasts from the first page to the last: else SQLite begins anew whenever somebody
    writes, and a large journal of a busy hall would never be copied. ``on_portion`` may raise to end it.
    Raises OSError, apsw.Error.
    """
    source = connect(path, readonly=True)
    try:
        with source:
            source.execute("SELECT 1 FROM sqlite_schema").fetchall()
            copy_into(source, to, on_portion=on_portion)
    finally:
        source.close()


def copy_into(source: apsw.Connection, to: Path, *, on_portion: Callable[[], None] = lambda: None) -> None:
    """Copy what a connection sees to a file, whole or not at all. Raises OSError, apsw.Error."""
    part = to.with_name(to.name + ".part")
    part.unlink(missing_ok=True)
    try:
        target = apsw.Connection(str(part))
        try:
            with target.backup("main", source, "main") as copying:
                while not copying.done:
                    on_portion()
                    copying.step(1_000)
            target.pragma("journal_mode", "delete")
        finally:
            target.close()
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
