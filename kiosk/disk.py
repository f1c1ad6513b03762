"""What waits for the disk, one thing after the other, on a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

log = logging.getLogger(__name__)


class Disk:
    """Fed from any thread."""

    def __init__(self) -> None:
        self._closing = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kiosk-disk")

    def do(self, call: Callable[..., object], *arguments: object) -> None:
        """Call this behind all that was given before; a failure is logged."""
        if not self._closing:
            self._thread.submit(call, *arguments).add_done_callback(_note_failure)

    def close(self) -> None:
        """Finish what was given; take nothing more."""
        self._closing = True
        self._thread.shutdown(wait=True)


def _note_failure(done: Future[object]) -> None:
    if (error := done.exception()) is not None:
        log.error("the disk did not take it", exc_info=error)
