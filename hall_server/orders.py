"""Orders to stations: close for citizens, open again; each with its answer or a sentence of ours."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future

from contract import messages as m
from contract import topics
from contract.bus import Bus, Ids

ANSWER_SECONDS = 5.0
GOOD_FOR_MS = 20_000
SILENT = "没有应答，可能离线；恢复联系后请再试"


class OrderDesk:
    """Gives orders and keeps which stations are closed. Wire it before the bus opens; any thread may ask."""

    def __init__(self, bus: Bus, now_ms: Callable[[], int]) -> None:
        self._bus, self._now_ms = bus, now_ms
        self._lock = threading.Lock()
        self._open: dict[str, tuple[m.Command, str, Future[m.CommandResult]]] = {}
        self._closed: dict[str, str] = {}
        bus.on(topics.STATION_RESULT, self._hear)

    @property
    def closed(self) -> dict[str, str]:
        """Station -> reason."""
        with self._lock:
            return dict(self._closed)

    def give(self, station: str, op: str, args: dict[str, str]) -> Future[m.CommandResult]:
        """Send it; the future never fails."""
        command = m.Command(
            id=secrets.token_hex(12), op=op, expires_ms=self._now_ms() + GOOD_FOR_MS, args=args
        )
        answer: Future[m.CommandResult] = Future()
        with self._lock:
            self._open[command.id] = (command, station, answer)
        silence = threading.Timer(
            ANSWER_SECONDS,
            lambda: self._settle(m.CommandResult(id=command.id, ok=False, sentence=SILENT), station),
        )
        silence.daemon = True
        answer.add_done_callback(lambda _: silence.cancel())
        silence.start()
        self._bus.publish(topics.STATION_COMMAND, command, station=station)
        return answer

    def remind(self, station: str) -> None:
        """The station has started anew: what was closed stays closed."""
        reason = self.closed.get(station)
        if reason is not None:
            self.give(station, "close", {"reason": reason})

    def _hear(self, result: m.CommandResult, ids: Ids) -> None:
        self._settle(result, ids["station"])

    def _settle(self, result: m.CommandResult, station: str) -> None:
        with self._lock:
            found = self._open.get(result.id)
            if found is None or found[1] != station:
                return
            del self._open[result.id]
            command, _, answer = found
            if result.ok and command.op == "close":
                self._closed[station] = command.args.get("reason", "")
            elif command.op == "open" and (result.ok or result.sentence != SILENT):
                self._closed.pop(station, None)  # a kiosk that was not closed says so: it serves
        answer.set_result(result)
