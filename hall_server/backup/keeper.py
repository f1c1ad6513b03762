"""Has the running hall backed up: each day at its time, and whenever somebody who may asks for it.

A backup is made by a process of its own with the least priority, because checking replays the whole journal
and would hold the interpreter's lock against the hall's thread. What became of it stands in ``backup.json``.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assets import PROJECT
from contract.clock import CHINA, china, wall_ms
from hall_server.backup.command import phases
from hall_server.backup.making import WORK, Busy
from hall_server.backup.standing import (
    DAY_MS,
    FOLDER,
    OLD_DAYS,
    Attempt,
    Kept,
    Standing,
    forget_old,
    kept,
    name_at,
    note,
    old,
    standing,
)
from hall_server.broker import die_with_parent
from hall_server.hall_file import BackupPart
from hall_server.journal_watch import LEAST_PRIORITY

log = logging.getLogger(__name__)

START_AFTER_SECONDS = 300.0
RETRY_MS = 3_600_000
LOOK_SECONDS = 30.0
DAILY = "daily"
OLD_BY_HAND_DAYS = 8


@dataclass(frozen=True, slots=True)
class BackupView:
    """How the hall stands. ``running``: what is being done, '' = nothing; ``next_ms``: when the next one is
    made by itself, 0 = never; ``old``: the last good one is too old."""

    standing: Standing
    running: str
    next_ms: int
    old: bool
    old_days: int
    files: tuple[Kept, ...]
    folder: str
    also: str
    now_ms: int


class BackupKeeper:
    """One hall's; ``state`` is its folder. ``start`` and ``stop`` once. Any thread may ask."""

    def __init__(
        self,
        state: Path,
        part: BackupPart,
        *,
        now_ms: Callable[[], int] = wall_ms,
        start_after_seconds: float = START_AFTER_SECONDS,
    ) -> None:
        self._state = state.absolute()
        self._part = part
        self._now_ms = now_ms
        self._begun_ms = now_ms()
        self._start_after = start_after_seconds
        self._known = standing(self._state)
        self._wake = threading.Condition()
        self._asked: str | None = None
        self._running = ""
        self._stopping = False
        self._child: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._run, name="backup", daemon=True)

    def start(self) -> None:
        """Keep the hours."""
        self._clear_away()
        self._thread.start()

    def stop(self) -> None:
        """End what runs; what it wrote goes at the next start."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
            if self._child is not None:
                self._child.kill()
        if self._thread.is_alive():
            self._thread.join()

    def ask(self, by: str) -> None:
        """Make one now; returns at once. Raises Busy."""
        with self._wake:
            if self._running or self._asked is not None or self._stopping:
                raise Busy
            self._asked = by
            self._running = "开始"
            self._wake.notify_all()

    def wait(self, seconds: float) -> bool:
        """Until nothing is made any more; whether that came in time. For tests and tools."""
        with self._wake:
            return self._wake.wait_for(lambda: not self._running, seconds)

    def file(self, name: str) -> Path | None:
        """A backup of the folder, None when there is none of this name."""
        return self._folder / name if any(name == one.name for one in kept(self._state)) else None

    @property
    def view(self) -> BackupView:
        """How it stands now."""
        found, now = standing(self._state), self._now_ms()
        return BackupView(
            standing=found,
            running=self._running,
            next_ms=self._due(now, found) if self._part.daily_at else 0,
            old=old(found.good, self._begun_ms, now, days=self._old_days),
            old_days=self._old_days,
            files=kept(self._state),
            folder=str(self._folder),
            also=self._part.copy_to,
            now_ms=now,
        )

    @property
    def overdue_days(self) -> int | None:
        """For how many days there was no good backup, -1 = there never was one; None when all is well. Costs
        nothing: pages ask with each change of the hall."""
        good, now = self._known.good, self._now_ms()
        if not old(good, self._begun_ms, now, days=self._old_days):
            return None
        return (now - good.ended_ms) // DAY_MS if good is not None else -1

    @property
    def _old_days(self) -> int:
        return OLD_DAYS if self._part.daily_at else OLD_BY_HAND_DAYS

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        earliest = time.monotonic() + self._start_after
        while True:
            with self._wake:
                if self._stopping:
                    return
                by, self._asked = self._asked, None
                if by is None and self._is_due() and time.monotonic() >= earliest:
                    by = DAILY
                if by is None:
                    self._wake.wait(LOOK_SECONDS)
                    continue
                self._running = "开始"
            try:
                self._make(by)
            except Exception:
                log.exception("no backup was made")
            finally:
                self._known = standing(self._state)
                with self._wake:
                    self._running = ""
                    self._wake.notify_all()

    def _make(self, by: str) -> None:
        path = self._folder / name_at(self._now_ms(), daily=by == DAILY)
        begun = self._now_ms()
        words = ["backup", "--state", str(self._state), "--to", str(path), "--by", by, "--phases"]
        also = ["--also", self._part.copy_to] if self._part.copy_to else []
        with self._wake:
            if self._stopping:
                return
            self._child = child = subprocess.Popen(
                [*LEAST_PRIORITY, sys.executable, "-m", "hall_server", *words, *also],
                cwd=PROJECT,
                preexec_fn=die_with_parent,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        said = self._follow(child)
        with self._wake:
            self._child = None
        if child.wait() == 0:
            log.info("backed up: %s", path.name)
            self._forget_old()
        elif not self._stopping:
            log.error("the backup failed: %s", said)
            if standing(self._state).last is None or standing(self._state).last.begun_ms < begun:  # type: ignore[union-attr]
                wrong = said or f"备份程序意外结束（{child.returncode}）"
                attempt = Attempt(begun_ms=begun, ended_ms=self._now_ms(), by=by, file=str(path), wrong=wrong)
                note(self._state, attempt)

    def _follow(self, child: subprocess.Popen[str]) -> str:
        """What is being done goes to ``running``; the last line that was said."""
        said = ""
        assert child.stdout is not None
        with child.stdout as lines:
            for line in lines:
                said = line.strip() or said
                self._running = phases(said) or self._running
        return said

    def _is_due(self) -> bool:
        now, self._known = self._now_ms(), standing(self._state)
        return bool(self._part.daily_at) and self._due(now, self._known) <= now

    def _due(self, now: int, found: Standing) -> int:
        """When the next daily one is to be made: its last hour unless something was made since; after a
        failure an hour later."""
        hour, minute = map(int, self._part.daily_at.split(":"))
        today = china(now).replace(hour=hour, minute=minute, second=0, microsecond=0, tzinfo=CHINA)
        due = int(today.timestamp() * 1000)
        due -= DAY_MS if due > now else 0
        last = found.last
        if last is None or last.begun_ms < due:
            return due
        return last.ended_ms + RETRY_MS if last.wrong else due + DAY_MS

    def _forget_old(self) -> None:
        for folder in filter(None, (self._folder, Path(self._part.copy_to) if self._part.copy_to else None)):
            try:
                for name in forget_old(folder, self._part.keep):
                    log.info("the old backup %s went", name)
            except OSError as error:
                log.error("old backups in %s stay: %s", folder, error)

    def _clear_away(self) -> None:
        """What a backup left that was cut off."""
        if self._folder.is_dir():
            for path in self._folder.glob(f"*{WORK}"):
                shutil.rmtree(path, ignore_errors=True)

    @property
    def _folder(self) -> Path:
        return self._state / FOLDER
