"""Group commit: one thread writes whatever waits when it is free, together, and only then releases it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

GROUP = 512
W = TypeVar("W")


class GroupCommit(Generic[W]):
    """A queue and its writer thread. ``commit`` makes a group durable or raises; then each is ``release``d in
    order. A commit that fails ends it: ``on_failure`` is called and nothing is released any more."""

    def __init__(
        self,
        *,
        name: str,
        commit: Callable[[list[W]], None],
        release: Callable[[W], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._commit = commit
        self._release = release
        self._on_failure = on_failure
        self._queue: queue.SimpleQueue[W | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def running(self) -> bool:
        """Whether the thread lives."""
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """How many wait to be written, about."""
        return self._queue.qsize()

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, work: W) -> None:
        """Queue; returns at once."""
        self._queue.put(work)

    def stop(self) -> None:
        """Write what is queued, then end."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        more = True
        while more:
            group, more = self._group()
            try:
                self._commit(group)
            except BaseException as error:
                log.exception("the journal cannot be written; nothing more is confirmed")
                self._on_failure(error)
                return
            for work in group:
                try:
                    self._release(work)
                except Exception:
                    log.exception("a listener failed after a commit; the commit stands")

    def _group(self) -> tuple[list[W], bool]:
        """Everything that waits, at least one; False when the end is among it."""
        group: list[W] = []
        item = self._queue.get()
        while item is not None:
            group.append(item)
            if len(group) >= GROUP:
                return group, True
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return group, True
        return group, False
