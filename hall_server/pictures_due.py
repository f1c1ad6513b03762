"""Which retained pictures have changed since they were last built, and for how long they have been due."""

from __future__ import annotations

import time

from hall_server.hall.model import Hall, Ticket


class PicturesDue:
    """Which pictures have changed since the last flush."""

    __slots__ = ("_marked", "boards", "queues", "windows")

    def __init__(self) -> None:
        self._marked: float | None = None
        self.windows: set[str] = set()
        self.queues: set[str] = set()
        self.boards: set[str] = set()

    def __bool__(self) -> bool:
        return self._marked is not None

    def age(self) -> float:
        """Seconds since the first change."""
        return 0.0 if self._marked is None else time.monotonic() - self._marked

    def mark(self) -> None:
        """Something changed."""
        if self._marked is None:
            self._marked = time.monotonic()

    def everything(self, hall: Hall) -> None:
        """All pictures are to be built anew."""
        self.mark()
        self.windows = set(hall.plan.windows)
        self.queues = set(hall.plan.services)
        self.boards = set(hall.plan.boards)

    def window(self, hall: Hall, window: str) -> None:
        """A window opened, paused or closed: its queues' windows and waits change with it."""
        if window in hall.plan.windows:
            self.windows.add(window)
            self.queues.update(s for s in hall.plan.services if s in hall.skills[window])
            self.queues.update(hall.plan.windows[window].services)

    def ticket(self, hall: Hall, before: Ticket | None, after: Ticket) -> None:
        """A ticket changed."""
        zones: set[str] = set()
        for ticket in (before, after):
            if ticket is None:
                continue
            if ticket.service in hall.plan.services:
                self.queues.add(ticket.service)
                zones.add(hall.plan.services[ticket.service].zone)
            if ticket.window in hall.plan.windows:
                self.windows.add(ticket.window)
                zones.add(hall.plan.windows[ticket.window].zone)
        self.boards.update(b.id for b in hall.plan.boards.values() if not zones.isdisjoint(b.zones))

    def clear(self) -> None:
        """Everything has been built."""
        self._marked = None
        self.windows.clear()
        self.queues.clear()
        self.boards.clear()
