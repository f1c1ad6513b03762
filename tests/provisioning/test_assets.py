"""Fetching by lock and digest, with tarballs made here."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assets import AssetMissing, fetched
from provisioning.assets import (
    FetchError,
    LockedPackage,
    WantedFile,
    ensure,
    locked_packages,
    missing_files,
    wanted_files,
)

CONTENT = b"a font"
WANTED = WantedFile("fonts", "a/a.ttf", "fonts", "A.ttf", hashlib.sha256(CONTENT).hexdigest())


def packed(folder: Path, content: bytes) -> Path:
    path = folder / "fonts.tgz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("package/a/a.ttf")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return path


def locked(tarball: Path) -> dict[str, LockedPackage]:
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    return {"fonts": LockedPackage("fonts", "1.0.0", integrity, "MIT")}


def served(tarball: Path) -> Callable[[LockedPackage, Path], Path]:
    def pack(_package: LockedPackage, folder: Path) -> Path:
        copy = folder / "fonts.tgz"
        copy.write_bytes(tarball.read_bytes())
        return copy

    return pack


def test_what_is_missing_is_fetched_once(tmp_path: Path) -> None:
    tarball, root, said = packed(tmp_path, CONTENT), tmp_path / "root", list[str]()
    pack, packages = served(tarball), locked(tarball)
    assert ensure(said.append, root=root, files=[WANTED], packages=packages, pack=pack) == 1
    assert (root / "fonts" / "A.ttf").read_bytes() == CONTENT
    assert said == ["[1/1] fonts@1.0.0: 1 file(s)"]
    assert ensure(said.append, root=root, files=[WANTED], packages=packages, pack=pack) == 0
    assert [path.name for path in root.iterdir()] == ["fonts"]


def test_a_changed_file_is_fetched_again(tmp_path: Path) -> None:
    tarball, root = packed(tmp_path, CONTENT), tmp_path / "root"
    ensure(print, root=root, files=[WANTED], packages=locked(tarball), pack=served(tarball))
    (root / "fonts" / "A.ttf").write_bytes(b"cut")
    assert missing_files([WANTED], root) == (WANTED,)
    ensure(print, root=root, files=[WANTED], packages=locked(tarball), pack=served(tarball))
    assert (root / "fonts" / "A.ttf").read_bytes() == CONTENT


def test_another_package_than_the_locked_one_is_refused(tmp_path: Path) -> None:
    packages = locked(packed(tmp_path, CONTENT))
    other = packed(tmp_path, b"an evil font")
    with pytest.raises(FetchError, match=r"fonts@1\.0\.0: the fetched package is not the locked one"):
        ensure(print, root=tmp_path / "root", files=[WANTED], packages=packages, pack=served(other))
    assert not (tmp_path / "root" / "fonts").exists()


def test_another_file_than_the_wanted_one_is_refused(tmp_path: Path) -> None:
    tarball = packed(tmp_path, b"a newer font")
    with pytest.raises(FetchError, match=r"a/a\.ttf of fonts: sha256 .* wanted"):
        ensure(print, root=tmp_path / "root", files=[WANTED], packages=locked(tarball), pack=served(tarball))
    assert list((tmp_path / "root" / "fonts").iterdir()) == []


def test_a_member_that_is_not_there_is_said(tmp_path: Path) -> None:
    tarball = packed(tmp_path, CONTENT)
    wanted = WantedFile("fonts", "b.ttf", "fonts", "B.ttf", "0" * 64)
    with pytest.raises(FetchError, match=r"fonts holds no b\.ttf"):
        ensure(print, root=tmp_path / "root", files=[wanted], packages=locked(tarball), pack=served(tarball))


def test_every_wanted_file_is_of_a_locked_package() -> None:
    packages = locked_packages()
    assert {file.package for file in wanted_files()} == set(packages)
    assert all(package.integrity.startswith("sha512-") for package in packages.values())
    names = [(file.kind, file.name) for file in wanted_files()]
    assert len(names) == len(set(names))


def test_the_lock_names_no_download_address() -> None:
    lock = Path(__file__).resolve().parents[2] / "assets" / "package-lock.json"
    assert "resolved" not in lock.read_text("utf-8")


def test_an_asset_that_is_not_there_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANSHI_ASSETS", str(tmp_path))
    with pytest.raises(AssetMissing, match=r"fonts/No\.ttf is not there; run: python -m provisioning assets"):
        fetched("fonts", "No.ttf")
