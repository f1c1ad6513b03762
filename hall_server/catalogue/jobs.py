"""Imports under way: a folder each, a child process for each run, and how far it is; nothing on the loop."""

from __future__ import annotations

import logging
import re
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from hall_server.catalogue.files import Sheet, Unreadable
from hall_server.catalogue.importing import Job, Mode, Progress, Result
from hall_server.catalogue.mapping import guessed

log = logging.getLogger(__name__)

KEPT = 20
LEAST_FREE = 2 * 1024 * 1024 * 1024
_ID = re.compile(r"[0-9a-f]{16}")


class Busy(Exception):
    """Another import runs."""


class Jobs:
    """The folder of imports. ``store`` is the catalogue's file; any thread may ask."""

    def __init__(self, folder: Path, store: Path, now_ms: Callable[[], int]) -> None:
        self._folder = folder
        self._store = store
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._running = ""
        self._child: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._progress: dict[str, Progress] = {}
        self._closed = False

    def open(self) -> None:
        """Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(self._folder.iterdir(), key=lambda p: p.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)

    def close(self) -> None:
        """End what runs; the file stays as it was before."""
        with self._lock:
            self._closed = True
            if self._child is not None:
                self._child.kill()
        if self._thread is not None:
            self._thread.join()

    # ------------------------------------------------------------ one import

    def begin(self) -> Path:
        """A fresh folder for an upload; its name is the import's id. Raises OSError, Unreadable."""
        if shutil.disk_usage(self._folder).free < LEAST_FREE:
            raise Unreadable("服务器磁盘空间不足，请联系运维人员")
        folder = self._folder / secrets.token_hex(8)
        folder.mkdir()
        return folder

    def uploaded(self, folder: Path, name: str, by: str) -> Job:
        """The file is whole in ``folder/file``: look at its head in a process of its own, guess the columns.
        Raises Unreadable; then the folder is gone."""
        words = [sys.executable, "-m", "hall_server.catalogue.looking", str(folder)]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
        try:
            found = msgspec.json.decode(done.stdout, type=Sheet | str)
        except msgspec.DecodeError:
            log.error("looking at an uploaded file ended with %d: %s", done.returncode, done.stderr[-500:])
            found = "文件无法读取，可能已损坏或过大"
        if isinstance(found, str):
            shutil.rmtree(folder, ignore_errors=True)
            raise Unreadable(found)
        mapping = guessed(found.head)
        job = Job(
            id=folder.name,
            name=name,
            by=by,
            at_ms=self._now_ms(),
            store=str(self._store),
            sheet=found,
            mapping=mapping,
        )
        self._keep(job)
        return job

    def forget(self, folder: Path) -> None:
        """An upload that was broken off."""
        shutil.rmtree(folder, ignore_errors=True)

    def find(self, job: str) -> Job | None:
        """One import, None when there is none of this id."""
        if not _ID.fullmatch(job):
            return None
        try:
            return msgspec.json.decode((self._folder / job / "job.json").read_bytes(), type=Job)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def recent(self) -> list[Job]:
        """Newest first."""
        found = (self.find(path.name) for path in self._folder.iterdir())
        return sorted((job for job in found if job), key=lambda job: -job.at_ms)

    def result(self, job: str) -> Result | None:
        """What came of the last run of it, None while there was none or it runs."""
        if self._running == job:
            return None
        try:
            return msgspec.json.decode((self._folder / job / "result.json").read_bytes(), type=Result)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def progress(self, job: str) -> Progress | None:
        """How far it is; None when it does not run."""
        return self._progress.get(job, Progress(phase="开始")) if self._running == job else None

    def file(self, job: str, name: str) -> Path | None:
        """``bad.csv`` or ``finds.csv`` of an import."""
        path = self._folder / job / name
        return path if _ID.fullmatch(job) and path.is_file() else None

    # ------------------------------------------------------------ running

    def run(self, job: Job, *, mapping: tuple[str, ...], mode: Mode, dry: bool, by: str) -> None:
        """Start it; returns at once. Raises Busy."""
        fresh = msgspec.structs.replace(job, mapping=mapping, mode=mode, dry=dry, by=by, at_ms=self._now_ms())
        with self._lock:
            if self._running or self._closed:
                raise Busy("另一份文件正在导入，请稍候再试")
            self._running = job.id
        try:
            self._keep(fresh)
            (self._folder / job.id / "result.json").unlink(missing_ok=True)
            self._progress = {job.id: Progress(phase="开始")}
            self._thread = threading.Thread(target=self._follow, args=(fresh,), name="import", daemon=True)
            self._thread.start()
        except BaseException:
            self._running = ""
            raise

    def wait(self) -> None:
        """Until nothing runs; for tests and tools."""
        if self._thread is not None:
            self._thread.join()

    def _follow(self, job: Job) -> None:
        folder = self._folder / job.id
        words = [sys.executable, "-m", "hall_server.catalogue.importing", str(folder)]
        try:
            with (folder / "log.txt").open("wb") as errors:
                with self._lock:
                    if self._closed:
                        return
                    self._child = subprocess.Popen(
                        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
                    )
                assert self._child.stdout is not None
                with self._child.stdout as said:
                    for line in said:
                        self._progress = {job.id: msgspec.json.decode(line, type=Progress)}
                status = self._child.wait()
            if not (folder / "result.json").is_file():
                log.error("import %s ended with status %d, see its log.txt", job.id, status)
                failed = Result(
                    failed="导入意外中断，目录没有改动，请重试；仍不行请联系运维人员", dry=job.dry
                )
                (folder / "result.json").write_bytes(msgspec.json.encode(failed))
        except Exception:
            log.exception("import %s failed", job.id)
        finally:
            self._child = None
            self._running = ""

    def _keep(self, job: Job) -> None:
        path = self._folder / job.id / "job.json"
        part = path.with_suffix(".part")
        part.write_bytes(msgspec.json.encode(job))
        part.replace(path)
