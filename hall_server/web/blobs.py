"""Large things of the hall by their digest: catalogue, clips. Files under the state directory, HTTP out.

A file's name is its SHA-256, so an address never changes its content and any cache may keep it for
ever. What is no longer published stays for a while, because a station may be fetching it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

from contract.messages import BlobRef

KEEP_SECONDS = 3600.0
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FOREVER = "public, max-age=31536000, immutable"


class BlobStore:
    """Content-addressed files in one directory. Any thread may use it."""

    def __init__(self, root: Path, *, wall: Callable[[], float] = time.time) -> None:
        self._root = root
        self._wall = wall
        self._lock = threading.Lock()
        self._published: dict[str, BlobRef] = {}

    @property
    def published(self) -> dict[str, BlobRef]:
        """What is offered now, by name; a copy, as ServerState carries it."""
        with self._lock:
            return dict(self._published)

    def publish(self, name: str, content: Path | bytes, version: str = "") -> BlobRef:
        """Offer ``content`` (a file is copied) as ``name`` in place of what it was before. Raises OSError."""
        ref = self.put(content, version)
        with self._lock:
            self._published[name] = ref
        return ref

    def put(self, content: Path | bytes, version: str = "") -> BlobRef:
        """Store without a name: for the many parts of a pack, kept by ``keep``. Raises OSError."""
        data = content if isinstance(content, bytes) else content.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        if path.is_file() and path.stat().st_size == len(data):
            self._touch(path)
        else:
            _write_whole(path, data)
        return BlobRef(path=f"/blobs/{digest}", sha256=digest, size=len(data), version=version)

    def keep(self, digests: frozenset[str]) -> None:
        """Mark parts as still in use, so that ``collect`` spares them for another while."""
        for digest in digests:
            with contextlib.suppress(FileNotFoundError):
                self._touch(self._path(digest))

    def find(self, digest: str) -> Path | None:
        """The file with this digest, or None."""
        if not _DIGEST.fullmatch(digest):
            return None
        path = self._path(digest)
        return path if path.is_file() else None

    def collect(self, keep_seconds: float = KEEP_SECONDS) -> int:
        """Remove what is not published and was not put or kept for a while; returns how many went."""
        offered = {ref.sha256 for ref in self.published.values()}
        oldest = self._wall() - keep_seconds
        removed = 0
        for path in self._root.glob("??/*"):
            with contextlib.suppress(FileNotFoundError):
                if path.name not in offered and path.stat().st_mtime < oldest:
                    path.unlink()
                    removed += 1
        return removed

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest

    def _touch(self, path: Path) -> None:
        now = self._wall()
        os.utime(path, (now, now))


def _write_whole(path: Path, data: bytes) -> None:
    """All or nothing, through a power cut as well: a name always has its whole content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=".part-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def blob_routes(store: BlobStore) -> APIRouter:
    """GET and HEAD /blobs/{sha256}, with Range."""
    router = APIRouter(tags=["blobs"])

    @router.head("/blobs/{sha256}", include_in_schema=False)
    @router.get("/blobs/{sha256}", operation_id="blob", response_class=FileResponse)
    def blob(sha256: str) -> FileResponse:
        """A large thing by its SHA-256 (hex); Range is honoured; never changes, cache it for ever."""
        path = store.find(sha256)
        if path is None:
            raise HTTPException(404, "没有这个文件")
        return FileResponse(
            path,
            media_type="application/octet-stream",
            headers={"ETag": f'"{sha256}"', "Cache-Control": _FOREVER},
        )

    return router
