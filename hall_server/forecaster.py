"""Keeps the waiting estimates fresh: asks the outlook's process after changes and every few seconds.

The process is niced, restarted when it dies or is silent, and ends with us. Without it the hall goes on
with the cheap answer: nothing that a citizen or a clerk does ever waits for a forecast.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec

from assets import PROJECT
from hall_server.hall.closing import due
from hall_server.hall.pictures import HallView
from hall_server.hall.waits import Waits
from hall_server.outlook import Ask, Setup
from hall_server.pipes import Broken, read_frame, write_frame
from hall_server.service import HallService

log = logging.getLogger(__name__)

REFRESH_SECONDS = 5.0
PACE_SECONDS = 1.0
REST = 4.0
SILENT_SECONDS = 30.0
BACKOFF_SECONDS = (1.0, 5.0, 30.0)
END_SECONDS = 3.0


class Forecaster:
    """Feeds a hall's service with surveys of it; construct before ``service.start()``, start after it.

    After each survey the rule that stops numbers before closing asks the hall what it then should do.
    """

    def __init__(self, service: HallService, journal: Path) -> None:
        self._service = service
        self._journal = journal
        self._child: subprocess.Popen[bytes] | None = None
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._seen = -1
        self._thread = threading.Thread(target=self._run, name="forecast", daemon=True)
        self.restarts = 0
        service.on_view(self.nudge)

    @property
    def pid(self) -> int | None:
        """Of the running process."""
        return self._child.pid if self._child else None

    def nudge(self, view: HallView) -> None:
        """The hall may have changed; cheap, from any thread."""
        if view.seq != self._seen:
            self._news.set()

    def start(self) -> None:
        """Begin to keep the estimates fresh."""
        self._thread.start()

    def stop(self) -> None:
        """End process and thread."""
        self._stopping.set()
        self._news.set()
        if self._child is not None:
            self._child.terminate()
        if self._thread.is_alive():
            self._thread.join()
        self.end()

    def ask(self, now_ms: int, *, settled: bool = False) -> Waits:
        """One survey as of this instant, waited for; starts the process when there is none. For our thread,
        or for a caller who never calls ``start``. Raises Broken, OSError."""
        if self._child is None:
            self._child = self._spawned()
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        write_frame(self._child.stdin.fileno(), msgspec.msgpack.encode(Ask(now_ms, settled)))
        seconds = None if settled else SILENT_SECONDS
        body = read_frame(self._child.stdout.fileno(), seconds=seconds)
        if body is None:
            raise Broken("the process ended")
        try:
            return msgspec.msgpack.decode(body, type=Waits)
        except msgspec.DecodeError as error:
            raise Broken(f"not a table: {error}") from error

    def show(self, waits: Waits) -> None:
        """Hand a survey to the hall."""
        self._service.show_waits(waits)
        for command in due(self._service.view.stopped, waits):
            self._service.submit(command)

    def end(self) -> None:
        """End the process, if there is one."""
        child, self._child = self._child, None
        if child is None:
            return
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _spawned(self) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            [sys.executable, "-m", "hall_server.outlook"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        setup = Setup(self._service.plan, str(self._journal))
        assert child.stdin is not None
        write_frame(child.stdin.fileno(), msgspec.msgpack.encode(setup))
        return child

    def _run(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                waits = self.ask(self._service.now_ms())
            except (Broken, OSError) as error:
                if self._stopping.is_set():
                    return
                if not attempt:
                    log.error("no waiting estimates from the replay for now: %s", error)
                self.end()
                self.restarts += 1
                self._stopping.wait(BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)])
                attempt += 1
                continue
            if attempt:
                log.info("waiting estimates are back")
            attempt = 0
            self._seen = waits.seq
            self.show(waits)
            took = time.monotonic() - began
            self._stopping.wait(max(PACE_SECONDS, REST * took))
            self._news.wait(REFRESH_SECONDS)
            self._news.clear()
