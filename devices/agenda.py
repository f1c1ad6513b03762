"""What a device's worker has to do next: commands first, then heartbeats, standing questions, listening."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from time import monotonic
from typing import Any

from devices.commands import Pending
from devices.health import Watch

_LOOK_SECONDS = 0.2
"""How often a port that can be seen is looked at while backing off."""
_LEAST_SECONDS = 0.1
"""A pause that is cut short by a hint still lasts this long."""
_TELL_SECONDS = 0.2
"""How often what a device says by itself is listened to."""


class Chore(Enum):
    """What the worker does of its own."""

    BEAT = auto()
    LISTEN = auto()


class Agenda:
    """Filled from any thread, emptied by the worker; ``listens``: the device says by itself how it is."""

    def __init__(self, heartbeat_seconds: float, *, listens: bool) -> None:
        self._heartbeat_seconds, self._listens = heartbeat_seconds, listens
        self._changed = threading.Condition()
        self._commands: deque[Pending[Any]] = deque()
        self._watches: list[Watch[Any]] = []
        self._stopping = self._nudged = False
        self._heartbeat_due = self._listen_due = 0.0

    @property
    def stopping(self) -> bool:
        """Whether the worker shall end."""
        return self._stopping

    def begin(self) -> None:
        """The worker starts, for the first time or again."""
        self._stopping = False

    def stop(self) -> None:
        """End the worker; standing questions go, commands stay for ``take_commands``."""
        with self._changed:
            self._stopping = True
            self._watches.clear()
            self._changed.notify_all()

    def put(self, command: Pending[Any], *, welcome: Callable[[], bool]) -> bool:
        """Add a command; False when the worker stops or ``welcome``, asked under the lock, says no."""
        with self._changed:
            if self._stopping or not welcome():
                return False
            self._commands.append(command)
            self._changed.notify_all()
            return True

    def add(self, watch: Watch[Any]) -> None:
        """Add a standing question; it goes when it is stopped."""
        with self._changed:
            self._watches.append(watch)
            self._changed.notify_all()

    def take_commands(self) -> deque[Pending[Any]]:
        """All commands that have not begun, out of the agenda."""
        with self._changed:
            commands, self._commands = self._commands, deque()
        return commands

    def take_late(self) -> list[Pending[Any]]:
        """The commands that waited until their deadline and have not begun, out of the agenda."""
        with self._changed:
            late = [command for command in self._commands if command.deadline <= monotonic()]
            for command in late:
                self._commands.remove(command)
        return late

    def nudge(self) -> None:
        """Beat, or end the back-off, now."""
        with self._changed:
            self._nudged = True
            self._heartbeat_due = 0.0
            self._changed.notify_all()

    # ------------------------------------------------------------ for the worker

    def beat_soon(self) -> None:
        """The next thing to do, behind commands, is a heartbeat."""
        self._heartbeat_due = 0.0

    def has_beaten(self) -> None:
        """A heartbeat was answered: the next one is due after its pause."""
        self._heartbeat_due = monotonic() + self._heartbeat_seconds

    def has_listened(self) -> None:
        """What the device said by itself was taken."""
        self._listen_due = monotonic() + _TELL_SECONDS

    def next(self) -> Pending[Any] | Watch[Any] | Chore | None:
        """Wait for what is due next; None when it is time to stop."""
        with self._changed:
            while not self._stopping:
                if self._commands:
                    return self._commands.popleft()
                now = monotonic()
                if now >= self._heartbeat_due:
                    return Chore.BEAT
                self._watches = [watch for watch in self._watches if watch.running]
                watch = min(self._watches, key=lambda each: each.due, default=None)
                if watch is not None and watch.due <= now:
                    return watch
                due = self._heartbeat_due if watch is None else min(watch.due, self._heartbeat_due)
                if self._listens:
                    if now >= self._listen_due:
                        return Chore.LISTEN
                    due = min(due, self._listen_due)
                self._changed.wait(due - now)
        return None

    def back_off(self, seconds: float, plugged: Callable[[], bool]) -> bool:
        """Wait; True when it ended early: nudged, or ``plugged`` says that something was plugged in.

        Not at once even then: a hub that comes and goes gives hundreds of words a second.
        """
        begun = monotonic()
        with self._changed:
            while not self._stopping and (left := begun + seconds - monotonic()) > 0:
                early = begun + _LEAST_SECONDS - monotonic()
                if early <= 0 and (self._nudged or plugged()):
                    self._nudged = False
                    return True
                self._changed.wait(min(left, early if early > 0 else _LOOK_SECONDS))
        return False
