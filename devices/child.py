"""A vendor's program beside ours: started apart, spoken with in time, ended with all that it began.

A crash or a hang of it takes nothing of ours down. What is said over the pipes is its driver's business.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

_log = logging.getLogger(__name__)

_END_SECONDS = 2.0


class Child:
    """One run of a program; used by one thread at a time.

    ``apart``: the pipes are not its standard streams but two more, whose numbers are its last two arguments,
    so that what a library prints is not taken for an answer. Raises OSError when it cannot be started.
    """

    def __init__(self, command: Sequence[str], *, apart: bool = False) -> None:
        child_reads, self._to = os.pipe()
        self._from, child_writes = os.pipe()
        os.set_blocking(self._to, False)
        try:
            self._process = subprocess.Popen(
                [*command, str(child_reads), str(child_writes)] if apart else command,
                stdin=subprocess.DEVNULL if apart else child_reads,
                stdout=subprocess.DEVNULL if apart else child_writes,
                stderr=subprocess.DEVNULL,
                pass_fds=(child_reads, child_writes) if apart else (),
                start_new_session=True,
            )
        except OSError:
            os.close(self._to)
            os.close(self._from)
            raise
        finally:
            os.close(child_reads)
            os.close(child_writes)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def write(self, data: bytes, deadline: float) -> None:
        """All bytes, until ``deadline`` (monotonic). Raises TimeoutError, else OSError: it ended."""
        rest = memoryview(data)
        while rest:
            _await(self._to, select.POLLOUT, deadline)
            with suppress(BlockingIOError):
                rest = rest[os.write(self._to, rest) :]

    def read(self, most: int, deadline: float) -> bytes:
        """What came, at most so many bytes, never none. Raises TimeoutError, else OSError: it ended."""
        _await(self._from, select.POLLIN, deadline)
        data = os.read(self._from, most)
        if not data:
            raise BrokenPipeError("the program ended")
        return data

    def end(self) -> None:
        """Kill it and whatever it started; once."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for descriptor in (self._to, self._from):
            os.close(descriptor)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            _log.warning("a vendor's program does not end; left behind")


def _await(descriptor: int, events: int, deadline: float) -> None:
    poller = select.poll()
    poller.register(descriptor, events)
    if not poller.poll(max(0.0, deadline - monotonic()) * 1000.0):
        raise TimeoutError
