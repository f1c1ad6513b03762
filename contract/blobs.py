"""Large things by HTTP: fetched from the hall, verified, kept on disk, swapped at once (DECISIONS 10).

A message of the hall names a blob by digest and size; nothing else is believed. The last good copy
serves while the server is away.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import httpx

from contract.bus import Bus, Ids
from contract.messages import BlobRef, ServerState
from contract.schema import BrokenPayload, decode, encode
from contract.topics import IDENTIFIER, SERVER

log = logging.getLogger(__name__)

SIZE_LIMIT_BYTES = 2 * 1024**3
RETRY_SECONDS = (1.0, 30.0)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TIMEOUT = httpx.Timeout(5.0, connect=2.0)


class BlobUnavailable(Exception):
    """The blob cannot be had now; ``str()`` says why."""


class BlobStore:
    """Blobs of one station on disk: per name the current one and, while fetching, the next."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def current(self, name: str) -> tuple[BlobRef, Path] | None:
        """The last good copy, its content checked again; None when there is none."""
        folder = self._of(name)
        try:
            ref = decode(BlobRef, (folder / "current").read_bytes())
        except (OSError, BrokenPayload):
            return None
        if not _DIGEST.fullmatch(ref.sha256):
            return None
        path = folder / ref.sha256
        return (ref, path) if _is_good(path, ref) else None

    def fetch(self, name: str, ref: BlobRef, base: str) -> Path:
        """The file of this blob, downloaded if it is not here yet; then it is the current one.

        Goes on where a broken download ended. Raises BlobUnavailable; what was current stays so.
        """
        if not _DIGEST.fullmatch(ref.sha256) or not 0 <= ref.size <= SIZE_LIMIT_BYTES:
            raise BlobUnavailable(f"{name}: the hall names no proper digest and size")
        folder = self._of(name)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / ref.sha256
        if not _is_good(path, ref):
            part = folder / f"{ref.sha256}.part"
            try:
                _download(urljoin(base, ref.path), ref, part)
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                raise BlobUnavailable(f"{name}: {error or type(error).__name__}") from error
            if not _is_good(part, ref):
                part.unlink(missing_ok=True)
                raise BlobUnavailable(f"{name}: what came is not what the hall announced")
            part.replace(path)
        self._make_current(folder, ref)
        return path

    def drop(self, name: str) -> None:
        """Forget this blob and its file."""
        shutil.rmtree(self._of(name), ignore_errors=True)

    def names(self, prefix: str) -> tuple[str, ...]:
        """Blobs that are here, whole or in part, whose name begins like this."""
        return tuple(sorted(folder.name for folder in self._folder.glob(f"{prefix}*")))

    def _of(self, name: str) -> Path:
        if not IDENTIFIER.fullmatch(name):
            raise ValueError(f"{name!r} is not a name of a blob")
        return self._folder / name

    def _make_current(self, folder: Path, ref: BlobRef) -> None:
        fresh = folder / "current.new"
        with fresh.open("wb") as file:
            file.write(encode(ref))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / "current")
        directory = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        for other in folder.iterdir():
            if other.name not in ("current", ref.sha256):
                other.unlink(missing_ok=True)


class BlobFollower:
    """Keeps one blob of a station as new as the hall announces it.

    ``handler(ref, path)`` gets the cached copy at once at open, if there is one, and each newer one; it is
    called on the follower's own thread. The pause after a failed attempt doubles from 1 to 30 s.
    """

    def __init__(
        self, bus: Bus, store: BlobStore, name: str, handler: Callable[[BlobRef, Path], None]
    ) -> None:
        self._store, self._name, self._handler = store, name, handler
        self._news = threading.Condition()
        self._wanted: tuple[BlobRef, str] | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._follow, name=f"blob-{name}", daemon=True)
        bus.on(SERVER, self._hear)

    def open(self) -> None:
        """Start; returns at once."""
        self._thread.start()

    def close(self) -> None:
        """Stop; a running download is left for the next start to finish."""
        with self._news:
            self._stopping = True
            self._news.notify()
        if self._thread.is_alive():
            self._thread.join(_TIMEOUT.read)

    def _hear(self, state: ServerState, _ids: Ids) -> None:
        ref = state.blobs.get(self._name)
        if ref is None or not state.http:
            return
        with self._news:
            self._wanted = (ref, state.http)
            self._news.notify()

    def _follow(self) -> None:
        shown = ""
        cached = self._store.current(self._name)
        if cached is not None:
            shown = self._show(*cached)
        pause, failed = None, False
        while True:
            with self._news:
                if not self._stopping and (failed or self._wanted is None or self._wanted[0].sha256 == shown):
                    self._news.wait(pause)
                if self._stopping:
                    return
                wanted = self._wanted
            if wanted is None or wanted[0].sha256 == shown:
                continue
            try:
                path = self._store.fetch(self._name, *wanted)
            except BlobUnavailable as error:
                log.log(logging.DEBUG if failed else logging.WARNING, "%s", error)
                pause, failed = min(2 * (pause or RETRY_SECONDS[0] / 2), RETRY_SECONDS[1]), True
                continue
            pause, failed = None, False
            shown = self._show(wanted[0], path)

    def _show(self, ref: BlobRef, path: Path) -> str:
        try:
            self._handler(ref, path)
        except Exception:
            log.exception("blob %s cannot be used", self._name)
        return ref.sha256


def describe(path: Path, address: str, *, version: str = "") -> BlobRef:
    """What the hall says of a file that it serves at ``address`` (path below its base)."""
    return BlobRef(path=address, sha256=_digest(path), size=path.stat().st_size, version=version)


def _download(url: str, ref: BlobRef, part: Path) -> None:
    """Append what is missing to ``part``; stops at the announced size."""
    have = part.stat().st_size if part.exists() else 0
    if have > ref.size:
        part.unlink()
        have = 0
    if have == ref.size and part.exists():
        return
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with (
        httpx.Client(timeout=_TIMEOUT, trust_env=False) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        response.raise_for_status()
        resumed = have and response.status_code == httpx.codes.PARTIAL_CONTENT
        with part.open("ab" if resumed else "wb") as file:
            left = ref.size - (have if resumed else 0)
            for chunk in response.iter_raw():  # as it comes, so that a break loses little
                file.write(chunk[:left])
                left -= len(chunk)
                if left < 0:
                    break
            file.flush()
            os.fsync(file.fileno())


def _is_good(path: Path, ref: BlobRef) -> bool:
    try:
        return path.stat().st_size == ref.size and _digest(path) == ref.sha256
    except OSError:
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
