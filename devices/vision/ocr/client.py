"""Asks the recogniser's process: a queue, a deadline for each page, an end for a process that hangs."""

from __future__ import annotations

import importlib.util
import logging
import os
import queue
import selectors
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import msgspec
import numpy as np

from devices.vision.ocr.reading import Document, Reading
from devices.vision.ocr.worker import Answer, Page
from devices.vision.page import Pixels

_log = logging.getLogger(__name__)
DEADLINE_SECONDS, LOAD_SECONDS, IDLE_SECONDS = 15.0, 30.0, 120.0
_MOST_WAITING = 4
WORKER = (sys.executable, "-m", "devices.vision.ocr.worker")


class Unreadable(Exception):
    """The page was not read; ``str()`` is the sentence for the citizen, who types the fields instead."""


ABSENT = "本机没有安装文字识别，请手工填写"
LATE = "文字识别超时，请手工填写"
FAILED = "没有识别出文字，请手工填写"
BUSY = "文字识别正忙，请稍候再试"
STOPPED = "文字识别已停止，请手工填写"


def is_installed() -> bool:
    """Whether the extra ``ocr`` is there; asks without loading it."""
    return importlib.util.find_spec("rapidocr") is not None


@dataclass(slots=True, eq=False, repr=False)
class _Job:
    page: Pixels
    document: Document
    future: Future[Reading]
    deadline: float


class Ocr:
    """The recogniser. ``read`` may be called from any thread and never waits.

    The process is started with the first page and ended after two minutes without any: it holds about half
    a gigabyte. One page is read at a time; a page whose deadline has passed is not begun.
    """

    def __init__(
        self,
        *,
        command: tuple[str, ...] = WORKER,
        deadline_seconds: float = DEADLINE_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._command = command
        self._deadline, self._idle = deadline_seconds, idle_seconds
        self._jobs: queue.Queue[_Job | None] = queue.Queue(_MOST_WAITING)
        self._program: subprocess.Popen[bytes] | None = None
        self._buffer = bytearray()
        self._asked = 0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to take pages; nothing is loaded yet."""
        self._thread = threading.Thread(target=self._run, name="ocr", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the process; pages that wait end with Unreadable."""
        if self._thread is None:
            return
        with suppress(queue.Empty):
            while (job := self._jobs.get_nowait()) is not None:
                _fail(job.future, STOPPED)
        self._jobs.put(None)
        self._end()
        self._thread.join()
        self._thread = None

    def read(self, page: Pixels, document: Document = Document.FREE) -> Future[Reading]:
        """Read a straightened page (BGR). The future ends with a Reading or Unreadable, in time."""
        future: Future[Reading] = Future()
        job = _Job(np.ascontiguousarray(page), document, future, monotonic() + self._deadline)
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            _fail(future, BUSY)
        return future

    # ------------------------------------------------------------ the thread that asks

    def _run(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=self._idle)
            except queue.Empty:
                self._end()
                continue
            if job is None:
                self._end()
                return
            self._do(job)

    def _do(self, job: _Job) -> None:
        if not job.future.set_running_or_notify_cancel():
            return
        try:
            answer = self._answer(job)
        except TimeoutError:
            _log.warning("the recogniser took too long; it is started anew")
            self._end()
            _fail(job.future, LATE)
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            _log.warning("the recogniser failed: %s", type(error).__name__)
            self._end()
            _fail(job.future, FAILED)
        else:
            if answer.reading is not None:
                job.future.set_result(answer.reading)
            else:
                _fail(job.future, ABSENT if answer.error == "absent" else FAILED)

    def _answer(self, job: _Job) -> Answer:
        """Raises TimeoutError, OSError (the process ended)."""
        if monotonic() >= job.deadline:
            raise TimeoutError
        if self._program is None and (absent := self._load(job.deadline)) is not None:
            return absent
        self._asked += 1
        height, width = job.page.shape[:2]
        header = msgspec.json.encode(Page(self._asked, job.document, height, width)) + b"\n"
        self._write(header + job.page.tobytes(), job.deadline)
        while True:
            answer = self._line(job.deadline)
            if answer.id == self._asked:
                return answer

    def _load(self, deadline: float) -> Answer | None:
        """Start the process; its answer when the extra is absent."""
        self._buffer.clear()
        self._program = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        ready = self._line(min(deadline, monotonic() + LOAD_SECONDS))
        if ready.error:
            self._end()
            return ready
        return None

    def _write(self, data: bytes, deadline: float) -> None:
        descriptor = self._running().stdin
        assert descriptor is not None
        os.set_blocking(descriptor.fileno(), False)
        rest = memoryview(data)
        while rest:
            _await(descriptor.fileno(), selectors.EVENT_WRITE, deadline)
            with suppress(BlockingIOError):
                rest = rest[os.write(descriptor.fileno(), rest) :]

    def _line(self, deadline: float) -> Answer:
        answers = self._running().stdout
        assert answers is not None
        while (end := self._buffer.find(b"\n")) < 0:
            _await(answers.fileno(), selectors.EVENT_READ, deadline)
            data = os.read(answers.fileno(), 65_536)
            if not data:
                raise OSError("it ended")
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return msgspec.json.decode(line, type=Answer)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._program is None:
            raise OSError("not running")
        return self._program

    def _end(self) -> None:
        program, self._program = self._program, None
        if program is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(program.pid, 9)
        program.wait()
        for stream in (program.stdin, program.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _fail(future: Future[Reading], sentence: str) -> None:
    if not future.done():
        future.set_exception(Unreadable(sentence))


def _await(descriptor: int, event: int, deadline: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, event)
        if not selector.select(max(0.0, deadline - monotonic())):
            raise TimeoutError
