"""Puts a backup in place of a stopped hall's stores: staged and checked whole, then swapped in.

What was there is set aside, never deleted. A kill while the stage is built leaves the hall as it was; a kill
during the swap is finished by the next start or the next command (``finish``), whichever comes first.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import msgspec

from contract.clock import wall_ms
from hall_server.accounts.book import ANCHOR, Act, Actor, Book
from hall_server.accounts.records import Account, Token
from hall_server.accounts.store import AccountsBroken
from hall_server.anchor import anchor_file
from hall_server.backup.archive import Archive, BackupBroken, Manifest, Member
from hall_server.backup.contents import PARTS, Part, part_of
from hall_server.backup.making import alone, flush_folder, wrong_audit
from hall_server.broker import secret
from hall_server.catalogue.store import CatalogueBroken
from hall_server.catalogue.store import Store as Catalogue
from hall_server.journal.connection import FileDamaged, copy_database, damage, in_use
from hall_server.keeping import (
    JOURNAL,
    RESTORED,
    SKIPPED_AFTER_RESTORE,
    CannotRestore,
    Prepared,
    key_file,
    prepare,
)

STAGE = "restoring"
READY = "ready"
ASIDE = "before-restore"
_SIDE_FILES = ("-wal", "-shm", "")
_PLAIN_JOURNAL = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Restored:
    """How many records came back, how many of the journal of before are known to be lost; where the stores of
    before lie, None when there were none; which parts came back; what somebody must be told."""

    count: int
    lost: int
    old: Path | None
    parts: tuple[str, ...]
    told: tuple[str, ...]


class _Plan(msgspec.Struct, frozen=True):
    """What the swap has to do: names to put in place, and the folder for what was there."""

    names: tuple[str, ...]
    aside: str


def restore(source: Path, state: Path, *, other_key: bool = False, only: Collection[str] = ()) -> Restored:
    """Put a backup, or a journal alone, in place of a stopped hall's stores.

    Each series leaves out as many numbers at the next start as may have been issued since. ``other_key``: the
    backup was made under another key (the hall's was lost with its box); sealed parts stay closed then.
    ``only``: names of parts; none = all. Raises CannotRestore, JournalBroken, BackupBroken, Busy, OSError.
    """
    if not source.exists():
        raise CannotRestore(f"{source} does not exist", f"备份文件 {source} 不存在")
    state.mkdir(parents=True, exist_ok=True)
    if in_use(state / JOURNAL):
        raise CannotRestore("the hall is running: stop it first", "大厅正在运行，请先停止")
    if not (key_file(state).exists() or other_key):
        raise CannotRestore(
            f"{key_file(state)} is not here: put it back (keys --from), or say --other-key when it was lost",
            "本大厅的密钥不在此处：请先放回密钥（keys --from）；如已丢失，请加 --other-key",
        )
    with alone(state):
        _finish(state)
        stage = state / STAGE
        stage.mkdir(mode=0o700)
        try:
            staging = _Staging(stage, state, other_key=other_key, only=frozenset(only))
            staging.fill(source)
            return staging.swap()
        except BaseException:
            if not (stage / READY).exists():
                shutil.rmtree(stage, ignore_errors=True)
            raise


def finish(state: Path) -> bool:
    """Finish a restore that was cut off in its swap, or clear one away that never came so far; whether the
    stores were swapped. Before a hall opens anything. Raises Busy, OSError."""
    if not (state / STAGE).exists():
        return False
    with alone(state):
        return _finish(state)


def _finish(state: Path) -> bool:
    stage = state / STAGE
    try:
        plan = msgspec.json.decode((stage / READY).read_bytes(), type=_Plan)
    except FileNotFoundError:
        shutil.rmtree(stage, ignore_errors=True)
        return False
    aside = state / plan.aside
    aside.mkdir(mode=0o700, exist_ok=True)
    for name in plan.names:
        _swap(stage / name, state / name, aside / name)
    for folder in (aside, state):
        flush_folder(folder)
    if not any(aside.iterdir()):
        aside.rmdir()
    shutil.rmtree(stage)
    return True


def _swap(staged: Path, place: Path, aside: Path) -> None:
    """Put one thing in place; what was there goes aside with its log, the log first: a new file must never
    lie beside the log of an old one. May be repeated after a stop anywhere in it."""
    if not staged.exists():
        return
    for suffix in _SIDE_FILES:
        there = place.with_name(place.name + suffix)
        if there.exists():
            aside.parent.mkdir(exist_ok=True)
            there.rename(aside.with_name(aside.name + suffix))
    staged.rename(place)


class _Staging:
    """A restore up to its swap."""

    def __init__(self, stage: Path, state: Path, *, other_key: bool, only: frozenset[str]) -> None:
        self._stage, self._state = stage, state
        self._other_key, self._only = other_key, only
        self._key = secret(key_file(state)).encode()
        self._journal = Prepared(0, 0)
        self._names: list[str] = []
        self._parts: list[str] = []
        self._told: list[str] = []

    def fill(self, source: Path) -> None:
        """Everything wanted lies in the stage, checked and ready."""
        with source.open("rb") as file:
            plain = file.read(len(_PLAIN_JOURNAL)) == _PLAIN_JOURNAL
        if plain:
            copy_database(source, self._stage / JOURNAL)
            self._take_journal()
            return
        with Archive(source) as archive:
            self._believe(archive.manifest)
            for part in PARTS:
                if not self._only or part.name in self._only:
                    self._take(part, archive)
        if not self._parts:
            raise CannotRestore("nothing of what was asked for is in it", "备份中没有要恢复的部分")

    def swap(self) -> Restored:
        """Put it in place."""
        stamp = time.strftime("%Y%m%d-%H%M%S")
        plan = _Plan(tuple(self._names), f"{ASIDE}-{stamp}")
        for path in (self._stage, *(p for p in self._stage.rglob("*") if p.is_dir())):
            flush_folder(path)
        part = self._stage / f"{READY}.new"
        with part.open("wb") as file:
            file.write(msgspec.json.encode(plan))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._stage / READY)
        flush_folder(self._stage)
        _finish(self._state)
        aside = self._state / plan.aside
        return Restored(
            self._journal.count,
            self._journal.lost,
            aside if aside.exists() else None,
            tuple(self._parts),
            tuple(self._told),
        )

    def _believe(self, manifest: Manifest) -> None:
        if not manifest.genuine(self._key) and not self._other_key:
            raise CannotRestore(
                "the backup was altered, or made with another hall's key. If it is this hall's all the same "
                "and its key was lost, say --other-key",
                "备份被改动过，或不是用本大厅的密钥做的。如确为本大厅的备份而原密钥已丢失，请加 --other-key",
            )
        strangers = [m.name for m in manifest.members if part_of(m.name) is None]
        if strangers:
            raise BackupBroken(f"{strangers[0]} does not belong in a backup", "备份里有不该有的内容")

    def _take(self, part: Part, archive: Archive) -> None:
        members = [m for m in archive.manifest.members if part_of(m.name) is part]
        if not members:
            return
        sealed_elsewhere = part.sealed and not archive.manifest.genuine(self._key)
        if sealed_elsewhere:
            self._told.append(f"{part.text}是用另一密钥封存的，没有恢复")
            return
        self._hold_room(members)
        for member in members:
            target = self._stage / member.name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            archive.take_out(member, target, self._key)
        if part.database and (found := damage(self._stage / part.path)):
            raise BackupBroken(f"{part.path} is damaged: {found}", f"备份中的{part.text}已损坏")
        if part.name == "journal":
            self._take_journal()
            return
        if part.name == "accounts":
            self._take_accounts()
        elif part.name == "catalogue":
            self._take_catalogue()
        self._names.append(part.path)
        self._parts.append(part.name)

    def _hold_room(self, members: list[Member]) -> None:
        wanted = sum(member.size for member in members)
        free = shutil.disk_usage(self._stage).free
        if free < wanted:
            raise CannotRestore(
                f"{wanted >> 20} MB are needed, {free >> 20} MB are free", "磁盘空间不足，无法恢复，请先清理"
            )

    def _take_journal(self) -> None:
        self._journal = prepare(self._stage / JOURNAL, self._state, other_key=self._other_key)
        (self._stage / RESTORED).write_text(f"{SKIPPED_AFTER_RESTORE}\n", encoding="ascii")
        # the numbers to skip and the anchor are there before the journal: a start between finds no gap
        self._names += [RESTORED, anchor_file(Path(JOURNAL)).name, JOURNAL]
        self._parts.append("journal")

    def _take_accounts(self) -> None:
        """Nobody stays signed in, and what was taken away since the backup stays taken away."""
        copy = self._stage / "accounts.db"
        if found := wrong_audit(copy, b"", self._key):
            self._told += [one for one in found if "封条" not in one]
        since = self._taken_away_since()
        book = Book(self._stage, key=self._key, now_ms=wall_ms)
        try:
            book.open()
            disabled = [a for a in book.accounts.values() if a.enabled and a.id in since.accounts]
            revoked = [t for t in book.tokens.values() if not t.revoked_ms and t.id in since.tokens]
            ended = list(book.sessions.values())
            told = {"disabled": [a.id for a in disabled], "revoked": [t.id for t in revoked]}
            with book.change(Actor("console"), Act("accounts.restored", after=told)) as change:
                change.end(ended)
                for account in disabled:
                    change.put(msgspec.structs.replace(account, enabled=False))
                for token in revoked:
                    change.put(msgspec.structs.replace(token, revoked_ms=since.tokens[token.id]))
        except (AccountsBroken, FileDamaged, msgspec.DecodeError) as error:
            raise BackupBroken(f"the accounts cannot be read: {error}", "备份中的账号无法读取") from error
        finally:
            book.close()
        self._told.append(
            "账号已回到备份时的样子，所有人须重新登录；请安全管理员核对备份之后停用的账号和重置的密码"
        )
        self._names.append(ANCHOR)

    def _taken_away_since(self) -> _TakenAway:
        """Disabled accounts and revoked tokens of the file that goes, as far as it can be read."""
        copy = self._stage / "former" / "accounts.db"
        if not (self._state / "accounts.db").exists():
            return _TakenAway(frozenset(), {})
        copy.parent.mkdir()
        book = Book(copy.parent, key=self._key, now_ms=wall_ms)
        try:
            copy_database(self._state / "accounts.db", copy)
            book.open()
            gone = frozenset(a.id for a in book.accounts.values() if _out(a))
            return _TakenAway(gone, {t.id: t.revoked_ms for t in book.tokens.values() if _revoked(t)})
        except (AccountsBroken, FileDamaged, OSError, msgspec.DecodeError):
            self._told.append("原有账号文件无法读取：请核对备份之后停用的账号和吊销的令牌")
            return _TakenAway(frozenset(), {})
        finally:
            book.close()
            shutil.rmtree(copy.parent)

    def _take_catalogue(self) -> None:
        """The hall is told at its start which version is in force: the journal may know another one."""
        store = Catalogue(self._stage / "catalogue.db")
        try:
            store.open()
            state = store.in_force
            if state.version:
                store.put_in_force(msgspec.structs.replace(state, settled=False))
        except (CatalogueBroken, FileDamaged, msgspec.DecodeError) as error:
            raise BackupBroken(
                f"the catalogue cannot be read: {error}", "备份中的事项目录无法读取"
            ) from error
        finally:
            store.close()


@dataclass(frozen=True, slots=True)
class _TakenAway:
    """Accounts that were disabled, tokens that were revoked (and when)."""

    accounts: frozenset[str]
    tokens: dict[str, int]


def _out(account: Account) -> bool:
    return not account.enabled


def _revoked(token: Token) -> bool:
    return bool(token.revoked_ms)
