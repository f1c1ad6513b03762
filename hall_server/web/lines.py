"""Live lines by the session that opened them, so that they end with it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Lines:
    """All but ``ended`` runs on the web loop."""

    def __init__(self) -> None:
        self._open: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> None:
        """On the loop, once."""
        self._loop = asyncio.get_running_loop()

    def end(self) -> None:
        """The loop stops."""
        self._loop = None

    @contextmanager
    def opened(self, session: str) -> Iterator[asyncio.Event]:
        """While a line is open; the event says that its session has ended."""
        event = asyncio.Event()
        self._open[session].add(event)
        try:
            yield event
        finally:
            self._open[session].discard(event)
            if not self._open[session]:
                del self._open[session]

    def ended(self, sessions: frozenset[str]) -> None:
        """From any thread, never waits."""
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(self._cut, sessions)
            except RuntimeError:  # the loop has just closed, and every line with it
                self._loop = None

    def _cut(self, sessions: frozenset[str]) -> None:
        for session in sessions:
            for event in self._open.get(session, ()):
                event.set()
