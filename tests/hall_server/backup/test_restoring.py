"""A restore: checked before anything is touched, swapped in whole, finished after a kill anywhere in it."""

from __future__ import annotations

import os
import shutil
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec
import pytest

from hall_server import keeping
from hall_server.accounts.book import Act
from hall_server.backup import making
from hall_server.backup.archive import MANIFEST, BackupBroken
from hall_server.backup.keys import copy_keys, put_keys_back
from hall_server.backup.restoring import STAGE, finish, restore
from hall_server.catalogue.records import InForce
from tests.hall_server.backup.whole import (
    CONSOLE,
    Content,
    add_item,
    book_of,
    content,
    fill,
    issue,
    items_of,
    key_of,
    open_hall,
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A hall with a backup ``a.zip`` beside it, and an afternoon since."""
    state = tmp_path / "state"
    fill(state)
    making.make(state, tmp_path / "a.zip", keep_free=0)
    with open_hall(state) as service:
        for number in range(100, 110):
            service.submit(issue(number)).result(10)
    with items_of(state) as store:
        add_item(store, "A2")
    (state / "drafts").rename(state / "gone")
    shutil.rmtree(state / "gone")
    return state


def take_away(state: Path) -> None:
    """Since the backup an account was disabled and a token revoked."""
    with book_of(state) as book:
        with book.change(CONSOLE, Act("account.disabled", "ben")) as change:
            change.put(msgspec.structs.replace(book.of("ben"), enabled=False))
        with book.change(CONSOLE, Act("token.revoked", "t1")) as change:
            change.put(msgspec.structs.replace(book.tokens["t1"], revoked_ms=77))


def test_everything_is_as_it_was_then(state: Path, tmp_path: Path) -> None:
    back = restore(tmp_path / "a.zip", state)
    assert (back.count, back.lost) == (21, 10)
    assert back.parts == ("journal", "accounts", "catalogue", "drafts")
    found = content(state)
    assert len(found.drafts) == 1
    assert found == Content(22, ("anna", "ben"), 0, ("t1",), ("A1",), found.drafts)
    assert keeping.numbers_to_skip(state) == keeping.SKIPPED_AFTER_RESTORE
    assert back.old is not None
    assert {path.name for path in back.old.iterdir()} >= {"journal.db", "accounts.db", "catalogue.db"}
    with book_of(state) as book:
        kinds = [
            x.kind for x in book.audit_lines(words="", kind="", from_ms=0, to_ms=1 << 62, before=99, limit=9)
        ]
    assert kinds[0] == "accounts.restored"
    with items_of(state) as store:
        assert not store.in_force.settled, "the hall is told at its start which version is in force"


def test_what_was_taken_away_since_stays_taken_away(state: Path, tmp_path: Path) -> None:
    take_away(state)
    told = restore(tmp_path / "a.zip", state).told
    found = content(state)
    assert (found.accounts, found.tokens, found.sessions) == (("anna",), (), 0)
    assert any("核对" in one for one in told)


def test_a_part_alone_leaves_the_others(state: Path, tmp_path: Path) -> None:
    before = content(state)
    back = restore(tmp_path / "a.zip", state, only=("catalogue",))
    assert (back.parts, back.count) == (("catalogue",), 0)
    found = content(state)
    assert found.items == ("A1",)
    assert found.records == before.records
    assert not keeping.numbers_to_skip(state)


def test_on_another_box_the_keys_come_first(state: Path, tmp_path: Path) -> None:
    phrase = copy_keys(state, tmp_path / "keys")
    assert key_of(state) not in (tmp_path / "keys").read_bytes()
    box = tmp_path / "new box"
    with pytest.raises(keeping.CannotRestore, match="is not here"):
        restore(tmp_path / "a.zip", box)
    with pytest.raises(keeping.CannotRestore, match="wrong pass-phrase"):
        put_keys_back(tmp_path / "keys", box, "2222-3333-4444-5555-6666-7777")
    assert put_keys_back(tmp_path / "keys", box, phrase.lower().replace("-", " ")) == ["secrets/hall-key"]
    assert (box / "secrets" / "hall-key").stat().st_mode & 0o777 == 0o600
    assert restore(tmp_path / "a.zip", box).old is None
    assert content(box).accounts == ("anna", "ben")
    (state / "secrets" / "hall-key").write_text("a third one")
    with pytest.raises(keeping.CannotRestore, match="another key"):
        put_keys_back(tmp_path / "keys", state, phrase)


def test_without_its_key_a_backup_gives_all_but_the_accounts(state: Path, tmp_path: Path) -> None:
    box = tmp_path / "new box"
    back = restore(tmp_path / "a.zip", box, other_key=True)
    assert back.parts == ("journal", "catalogue", "drafts")
    assert any("另一密钥" in one for one in back.told)
    assert keeping.check(box).count == 22


# ---------------------------------------------------------------- hostile and broken backups


def rewritten(path: Path, change: object) -> Path:
    """A backup with one member changed: (name, content) -> content or None."""
    other = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = change(name, old.read(name))  # type: ignore[operator]
            if body is not None:
                new.writestr(name, body)
    return other


HARM = {
    "a bit of the journal": lambda name, body: body[:-1] + b"x" if name == "journal.db" else body,
    "the accounts cut off": lambda name, body: body[:-40] if name == "accounts.db" else body,
    "a bit of the accounts": lambda name, body: (
        body[:99] + b"x" + body[100:] if name == "accounts.db" else body
    ),
    "the catalogue gone": lambda name, body: None if name == "catalogue.db" else body,
    "no manifest": lambda name, body: None if name == MANIFEST else body,
    "another digest": lambda name, body: (
        body.replace(b'"size": ', b'"size": 1') if name == MANIFEST else body
    ),
    "an empty manifest": lambda name, body: b"{}" if name == MANIFEST else body,
}


@pytest.mark.parametrize("what", HARM)
@pytest.mark.parametrize("other_key", [False, True])
def test_what_was_altered_is_refused_and_nothing_is_touched(
    state: Path, tmp_path: Path, what: str, other_key: bool
) -> None:
    before = content(state)
    path = rewritten(tmp_path / "a.zip", HARM[what])
    with pytest.raises((BackupBroken, keeping.CannotRestore)):
        restore(path, state, other_key=other_key)
    assert content(state) == before
    assert not (state / STAGE).exists()
    assert not list(state.glob("before-restore-*"))


def test_a_file_cut_off_on_its_way_is_refused(state: Path, tmp_path: Path) -> None:
    whole = (tmp_path / "a.zip").read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.zip").write_bytes(whole[:length])
        with pytest.raises(BackupBroken, match="no backup"):
            restore(tmp_path / "cut.zip", state)


def test_names_that_lead_out_of_the_folder_are_refused(state: Path, tmp_path: Path) -> None:
    def astray(name: str, body: bytes) -> bytes:
        return body.replace(b"drafts/", b"drafts/../../") if name == MANIFEST else body

    with pytest.raises(BackupBroken, match="does not belong"):
        restore(rewritten(tmp_path / "a.zip", astray), state, other_key=True)


# ---------------------------------------------------------------- kill -9


def ends_at(step: int, backup: Path, box: Path) -> bool:
    """Restore in a child whose rename or flush number ``step`` is its last; whether it came to its end."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    left = step

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given)

        return call

    Path.rename, os.fsync = counted(Path.rename), counted(os.fsync)  # type: ignore[assignment,method-assign]
    try:
        restore(backup, box)
    finally:
        os._exit(0)


@pytest.mark.processes
def test_killed_at_each_step_the_hall_is_the_old_or_the_new_one(state: Path, tmp_path: Path) -> None:
    """Every rename and every flush of a restore in turn is its last act."""
    old, kept = content(state), tmp_path / "kept"
    shutil.copytree(state, kept)
    seen: set[str] = set()
    for step in range(60):
        box = tmp_path / f"box-{step}"
        shutil.copytree(kept, box)
        over = ends_at(step, tmp_path / "a.zip", box)
        swapped = finish(box)
        found = content(box)
        if found == old:
            assert not swapped
            assert not keeping.numbers_to_skip(box)
            seen.add("old")
        else:
            assert found == Content(22, ("anna", "ben"), 0, ("t1",), ("A1",), found.drafts)
            assert keeping.numbers_to_skip(box)
            (aside,) = box.glob("before-restore-*")
            db = apsw.Connection(str(aside / "journal.db"))
            assert db.execute("SELECT max(seq) FROM event").fetchall() == [(31,)]
            db.close()
            seen.add("finished" if swapped else "new")
        assert not (box / STAGE).exists()
        shutil.rmtree(box)
        if over:
            break
    else:
        pytest.fail("a restore has more than sixty steps")
    assert seen == {"old", "finished", "new"}


def test_the_version_in_force_survives_a_restore_of_the_journal_alone(state: Path, tmp_path: Path) -> None:
    with items_of(state) as store:
        store.put_in_force(InForce(version=2, previous=1, at_ms=1, by="anna", settled=True))
    restore(tmp_path / "a.zip", state, only=("journal",))
    with items_of(state) as store:
        assert store.in_force.version == 2
