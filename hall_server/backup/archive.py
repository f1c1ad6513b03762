"""The file of a backup: a zip with a manifest of digests, signed; sealed members under the hall's key.

A sealed member is a row of portions, each packed and encrypted (AES-256-GCM) with its place and whether it is
the last one, so that none can be left out, swapped or cut off. Nothing is written in place of anything.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MANIFEST = "manifest.json"
FORMAT = 1
LARGEST_MANIFEST = 16 << 20
PORTION = 1 << 20
_LARGEST_SEALED = 2 * PORTION


class BackupBroken(Exception):
    """The file is no sound backup; ``str()`` says why, ``sentence`` in Chinese."""

    def __init__(self, what: str, sentence: str) -> None:
        super().__init__(what)
        self.sentence = sentence


class Member(msgspec.Struct, frozen=True):
    """One file of a backup: size in bytes and SHA-256 of what it holds, not of how it is packed."""

    name: str
    size: int
    sha256: str
    sealed: bool = False


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the backup holds. ``made_ms`` is the box's clock, ``records`` those of the journal; ``mac``
    is made with the hall's key, '' where there was none."""

    format: int = FORMAT
    made_ms: int
    software: str
    salt: str
    records: int
    members: tuple[Member, ...]
    mac: str = ""

    def signed(self, key: bytes) -> Manifest:
        """With its mac."""
        return msgspec.structs.replace(self, mac=_mac(self, key) if key else "")

    def genuine(self, key: bytes) -> bool:
        """Whether this key signed it."""
        return bool(key and self.mac) and hmac.compare_digest(self.mac, _mac(self, key))


class ArchiveBeing:
    """A backup that is being written; ``on_portion`` is called between portions and may raise to end it."""

    def __init__(self, path: Path, key: bytes, *, on_portion: Callable[[], None] = lambda: None) -> None:
        self._file = path.open("wb")
        os.chmod(path, 0o600)
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._key = key
        self._salt = secrets.token_hex(16)
        self._on_portion = on_portion
        self._members: list[Member] = []

    def add(self, name: str, path: Path, *, sealed: bool = False) -> None:
        """Take a file in. Raises OSError."""
        digest, size = hashlib.sha256(), 0
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_STORED if sealed else zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        with path.open("rb") as source, self._zip.open(info, "w", force_zip64=True) as target:
            sealer = _Sealer(target, self._key, self._salt, name) if sealed else None
            while portion := source.read(PORTION):
                self._on_portion()
                digest.update(portion)
                size += len(portion)
                (sealer or target).write(portion)
            if sealer is not None:
                sealer.end()
        self._members.append(Member(name, size, digest.hexdigest(), sealed))

    def finish(self, *, made_ms: int, software: str, records: int) -> Manifest:
        """Write the manifest; the file is on disk when this returns. Raises OSError."""
        manifest = Manifest(
            made_ms=made_ms,
            software=software,
            salt=self._salt,
            records=records,
            members=tuple(self._members),
        ).signed(self._key)
        self._zip.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return manifest

    def abandon(self) -> None:
        """Let the file go as it is."""
        self._zip.fp = None  # else it would write its end into a closed file once it is collected
        self._file.close()


class Archive:
    """A backup to read from. Use it in a ``with``. Raises BackupBroken when it is none."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise BackupBroken(f"{path} is no backup: {error}", "这个文件不是备份，或没有下载完整") from error
        try:
            self.manifest = self._read_manifest()
        except BackupBroken:
            self._zip.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def take_out(self, member: Member, to: Path, key: bytes) -> None:
        """Unpack a member, held to its size and digest; on disk when this returns. Raises BackupBroken,
        OSError."""
        digest, size = hashlib.sha256(), 0
        with to.open("wb") as target:
            os.chmod(to, 0o600)
            for portion in self._portions(member, key):
                size += len(portion)
                if size > member.size:
                    break
                digest.update(portion)
                target.write(portion)
            target.flush()
            os.fsync(target.fileno())
        if size != member.size or digest.hexdigest() != member.sha256:
            raise _altered(member.name, "is not what the manifest says")

    def check(self, key: bytes) -> None:
        """Read every member that can be read with this key. Raises BackupBroken."""
        for member in self.manifest.members:
            if member.sealed and not key:
                continue
            digest = hashlib.sha256()
            for portion in self._portions(member, key):
                digest.update(portion)
            if digest.hexdigest() != member.sha256:
                raise _altered(member.name, "is not what the manifest says")

    def _portions(self, member: Member, key: bytes) -> Iterator[bytes]:
        try:
            with self._zip.open(member.name) as source:
                if member.sealed:
                    yield from _opened(source, key, self.manifest.salt, member.name)
                else:
                    while portion := source.read(PORTION):
                        yield portion
        except KeyError as error:
            raise _altered(member.name, "is missing") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise _altered(member.name, f"cannot be read: {error}") from error

    def _read_manifest(self) -> Manifest:
        try:
            info = self._zip.getinfo(MANIFEST)
            if info.file_size > LARGEST_MANIFEST:
                raise _altered(MANIFEST, "is too large")
            manifest = msgspec.json.decode(self._zip.read(MANIFEST), type=Manifest)
        except (KeyError, zipfile.BadZipFile, zlib.error, msgspec.DecodeError, RuntimeError) as error:
            raise BackupBroken(f"no manifest: {error}", "这个文件不是备份，或没有下载完整") from error
        if manifest.format != FORMAT:
            raise BackupBroken(
                f"format {manifest.format}, this version knows {FORMAT}",
                "备份由更新的版本写入，请先安装新版本",
            )
        return manifest


class _Sealer:
    """Writes portions encrypted, one behind the other."""

    def __init__(self, target: IO[bytes], key: bytes, salt: str, name: str) -> None:
        self._target, self._name, self._place = target, name, 0
        self._cipher = _cipher(key, salt, name)
        self._waiting = b""

    def write(self, portion: bytes) -> None:
        if self._waiting:
            self._put(self._waiting, last=False)
        self._waiting = portion

    def end(self) -> None:
        self._put(self._waiting, last=True)

    def _put(self, portion: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._place), zlib.compress(portion, 1), _placed(last))
        self._target.write(len(sealed).to_bytes(4, "big") + sealed)
        self._place += 1


def _opened(source: IO[bytes], key: bytes, salt: str, name: str) -> Iterator[bytes]:
    """The portions in the clear. Raises BackupBroken."""
    if not key:
        raise BackupBroken(f"{name} is sealed and the hall's key is not here", "缺少本大厅的密钥")
    cipher = _cipher(key, salt, name)
    place, head = 0, source.read(4)
    while head:
        length = int.from_bytes(head, "big")
        if length > _LARGEST_SEALED:
            raise _altered(name, "has been altered")
        sealed = source.read(length)
        head = source.read(4)
        try:
            packed = cipher.decrypt(_nonce(place), sealed, _placed(not head))
        except InvalidTag as error:
            raise BackupBroken(
                f"{name} was altered, or sealed with another hall's key",
                "备份中的账号数据被改动过，或不是用本大厅的密钥封存的",
            ) from error
        unpacker = zlib.decompressobj()
        portion = unpacker.decompress(packed, PORTION)
        if unpacker.unconsumed_tail:
            raise _altered(name, "is larger than it may be")
        yield portion
        place += 1


def _cipher(key: bytes, salt: str, name: str) -> AESGCM:
    """A key for one member of one backup only, so places can serve as nonces."""
    return AESGCM(hmac.digest(key, f"backup seal {salt} {name}".encode(), "sha256"))


def _nonce(place: int) -> bytes:
    return place.to_bytes(12, "big")


def _placed(last: bool) -> bytes:
    return b"last" if last else b"more"


def _mac(manifest: Manifest, key: bytes) -> str:
    bare = msgspec.json.encode(msgspec.structs.replace(manifest, mac=""))
    return hmac.new(key, b"backup manifest " + bare, hashlib.sha256).hexdigest()


def _altered(name: str, what: str) -> BackupBroken:
    return BackupBroken(f"{name} in the backup {what}", f"备份已损坏（{name}），请换一个备份")
