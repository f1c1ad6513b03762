"""The copy of a hall's keys: one small file under a pass-phrase, kept apart from the backups.

Without the hall's key a backup gives back the journal and the catalogue, but not the accounts, the persons'
keys or the codes on paper. So the keys are copied once, on purpose, at the console: never by a page.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hall_server.accounts import codes
from hall_server.backup.making import flush_folder
from hall_server.journal.connection import in_use
from hall_server.keeping import JOURNAL, CannotRestore, key_file

KEPT = ("secrets", "tls", "broker/secrets")
"""Folders of keys: the hall's own, the pages' authority, the stations' passwords."""
GROUPS = 6
LARGEST = 4 << 20
_FORMAT = b"banshi keys 1"


class _Locked(msgspec.Struct, frozen=True):
    """The file: how the pass-phrase becomes a key (argon2id), and what it locks."""

    salt: bytes
    nonce: bytes
    locked: bytes
    memory_kib: int = 65_536
    passes: int = 3


def copy_keys(state: Path, to: Path) -> str:
    """Copy the keys of a hall to a file (0600); the pass-phrase, which stands nowhere else. Raises
    CannotRestore when there are none, OSError."""
    found = {
        str(path.relative_to(state)): path.read_bytes()
        for folder in KEPT
        for path in sorted((state / folder).rglob("*"))
        if path.is_file() and not path.name.endswith(".new")
    }
    if str(key_file(state).relative_to(state)) not in found:
        raise CannotRestore(f"{key_file(state)} is not here", f"{state} 中没有本大厅的密钥")
    phrase = codes.new_code(GROUPS)
    blank = _Locked(secrets.token_bytes(16), secrets.token_bytes(12), b"")
    cipher = AESGCM(_stretched(phrase, blank))
    locked = cipher.encrypt(blank.nonce, msgspec.json.encode(found), _FORMAT)
    _write(to, msgspec.json.encode(msgspec.structs.replace(blank, locked=locked)))
    return phrase


def put_keys_back(source: Path, state: Path, phrase: str) -> list[str]:
    """Put copied keys into the folder of a stopped hall; the names that were written. Keys that lie there
    already must be the same ones. Raises CannotRestore, OSError."""
    if in_use(state / JOURNAL):
        raise CannotRestore("the hall is running: stop it first", "大厅正在运行，请先停止")
    found = _opened(source, phrase)
    for name, content in found.items():
        there = state / name
        if name.startswith("secrets/") and there.exists() and there.read_bytes() != content:
            raise CannotRestore(
                f"{there} is another key: set it aside first", f"{there} 已有另一把密钥，请先移走"
            )
    written = [name for name, content in found.items() if _differs(state / name, content)]
    for name in written:
        _write(state / name, found[name])
    return written


def _opened(source: Path, phrase: str) -> dict[str, bytes]:
    if source.stat().st_size > LARGEST:
        raise CannotRestore(f"{source} is no copy of keys", "这个文件不是密钥副本")
    try:
        file = msgspec.json.decode(source.read_bytes(), type=_Locked)
        if not (file.memory_kib <= 1 << 20 and file.passes <= 16):
            raise CannotRestore(f"{source} is no copy of keys", "这个文件不是密钥副本")
        cipher = AESGCM(_stretched(codes.typed(phrase), file))
        found = msgspec.json.decode(cipher.decrypt(file.nonce, file.locked, _FORMAT), type=dict[str, bytes])
    except InvalidTag as error:
        raise CannotRestore(
            "wrong pass-phrase, or the file was altered", "口令不对，或文件被改动过"
        ) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise CannotRestore(f"{source} is no copy of keys: {error}", "这个文件不是密钥副本") from error
    for name in found:
        parts = name.split("/")
        if ".." in parts or "" in parts or not any(name.startswith(f"{folder}/") for folder in KEPT):
            raise CannotRestore(f"{name} does not belong in it", "这个文件不是密钥副本")
    return found


def _stretched(phrase: str, file: _Locked) -> bytes:
    return hash_secret_raw(
        phrase.encode(), file.salt, file.passes, file.memory_kib, 2, hash_len=32, type=Type.ID
    )


def _differs(path: Path, content: bytes) -> bool:
    return not path.exists() or path.read_bytes() != content


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(path.name + ".new")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    flush_folder(path.parent)
