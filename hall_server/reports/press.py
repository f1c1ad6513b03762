"""Files of reports, made one at a time by a process of their own at the lowest priority.

A month as a spreadsheet is seconds of work: neither the thread that owns the hall nor the pages wait for it,
and a second order while one is made is refused with a sentence. A file is whole before its first byte goes
out, so a slow browser holds up nobody.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from typing import IO, Literal

import msgspec

from hall_server.hall.plan import Plan
from hall_server.reports.asked import Question
from hall_server.reports.elements import Elements

log = logging.getLogger(__name__)

LONGEST_SECONDS = 180.0
BUSY = "另一份报表正在生成，请稍候片刻再导出"
TOO_LONG = "报表数据太多，没有在规定时间内生成，请缩短日期范围后再导出"
FAILED = "报表没有生成，请稍后再试；如仍不行，请联系运维人员"

Format = Literal["xlsx", "csv", "pdf", "docx", "numbers"]


class NotMade(Exception):
    """Why there is no file: ``code`` for programs (busy, too_long, failed), a sentence for the person."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Order(msgspec.Struct, frozen=True):
    """One file. ``state``: where the journal lies; ``directory`` where days are kept; ``plan`` for a journal
    that holds none; ``made`` says when it was ordered; ``running``: the month is not over; ``elements``: the
    catalogue's own figures for the month's document."""

    state: str
    directory: str
    plan: Plan
    format: Format
    question: Question
    made: str
    running: bool = False
    elements: Elements | None = None


class Press:
    """Makes files. Any thread may order; one at a time."""

    def __init__(self, *, longest_seconds: float = LONGEST_SECONDS) -> None:
        self._longest_seconds = longest_seconds
        self._turn = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = False

    @property
    def busy(self) -> bool:
        """Whether a file is being made."""
        return self._turn.locked()

    def make(self, order: Order) -> IO[bytes]:
        """The file, whole, at its beginning; gone when closed. Waits; raises NotMade."""
        if not self._turn.acquire(blocking=False):
            raise NotMade("busy", BUSY)
        try:
            return self._made(order)
        finally:
            self._child = None
            self._turn.release()

    def stop(self) -> None:
        """What is being made is given up."""
        self._stopping = True
        child = self._child
        if child is not None:
            child.kill()

    def _made(self, order: Order) -> IO[bytes]:
        words = [sys.executable, "-m", "hall_server.reports.making"]
        with ExitStack() as unless_made:
            out = unless_made.enter_context(tempfile.TemporaryFile())
            with tempfile.TemporaryFile() as said:
                said.write(msgspec.json.encode(order))
                said.seek(0)
                child = self._child = subprocess.Popen(words, stdin=said, stdout=out)
            if self._stopping:
                child.kill()
            try:
                child.wait(self._longest_seconds)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                raise NotMade("too_long", TOO_LONG) from None
            if child.returncode:
                log.error("reports: a %s ended with status %d", order.format, child.returncode)
                raise NotMade("failed", FAILED)
            unless_made.pop_all()
        out.seek(0)
        return out
