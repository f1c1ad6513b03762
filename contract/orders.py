"""Carries out the hall's orders to a station: each once, none that has expired, each with its result."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import CancelledError, Future

from contract import topics
from contract.bus import Bus, Ids
from contract.clock import StationClock
from contract.messages import Command, CommandResult

log = logging.getLogger(__name__)

REMEMBERED = 64


class CommandRefused(Exception):
    """Raised by a command's handler: the Chinese sentence goes back to whoever gave the order."""


class Orders:
    """The orders of one station; handlers run on the bus's thread and must only post."""

    def __init__(self, bus: Bus, clock: StationClock) -> None:
        self._bus, self._clock = bus, clock
        self._lock = threading.RLock()
        self._handlers: dict[str, Callable[[Command], Future[str] | str]] = {}
        self._results: OrderedDict[str, CommandResult | None] = OrderedDict()

    def on(self, op: str, handler: Callable[[Command], Future[str] | str]) -> None:
        """Carry out orders with this ``op``; the result is a sentence ('' for done) or a future of one.

        Raise CommandRefused to say no. Expired and repeated orders never reach the handler.
        """
        self._handlers[op] = handler

    def take(self, command: Command, _ids: Ids) -> None:
        """An order came: carry it out, or answer once more what is known of it."""
        with self._lock:
            if command.id in self._results:
                known = self._results[command.id]
                if known is not None:
                    self._bus.publish(topics.STATION_RESULT, known)
                return
            self._results[command.id] = None
            while len(self._results) > REMEMBERED:
                self._results.popitem(last=False)
        handler = self._handlers.get(command.op)
        if self._clock.expired(command.expires_ms):
            self._answer(command, ok=False, sentence="指令已过期")
        elif handler is None:
            self._answer(command, ok=False, sentence=f"本机不会执行“{command.op}”")
        else:
            self._carry_out(command, handler)

    def _carry_out(self, command: Command, handler: Callable[[Command], Future[str] | str]) -> None:
        try:
            outcome = handler(command)
        except CommandRefused as refused:
            self._answer(command, ok=False, sentence=str(refused))
        except Exception:
            self._answer(command, ok=False, sentence="执行时出错，详见本机日志")
            raise
        else:
            if isinstance(outcome, str):
                self._answer(command, ok=True, sentence=outcome)
            else:
                outcome.add_done_callback(lambda done: self._answer_later(command, done))

    def _answer_later(self, command: Command, done: Future[str]) -> None:
        try:
            self._answer(command, ok=True, sentence=done.result())
        except (CommandRefused, CancelledError) as refused:
            self._answer(command, ok=False, sentence=str(refused))
        except Exception:
            log.exception("command %s failed", command.op)
            self._answer(command, ok=False, sentence="执行时出错，详见本机日志")

    def _answer(self, command: Command, *, ok: bool, sentence: str) -> None:
        result = CommandResult(id=command.id, ok=ok, sentence=sentence)
        with self._lock:
            self._results[command.id] = result
        self._bus.publish(topics.STATION_RESULT, result)
