"""A running service on a real journal, for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from contract import topics
from contract.clock import HallClock
from hall_server.hall.pictures import Look
from hall_server.hall.plan import Plan
from hall_server.journal_writer import Journal
from hall_server.service import HallService
from tests.hall_server.halls import small_plan


class Recorder:
    """A publisher that keeps what it is given; ``wait`` blocks until something fits."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Any, dict[str, str]]] = []
        self.cleared: list[tuple[str, dict[str, str]]] = []
        self._more = threading.Condition()

    def publish(self, route: topics.Route[Any], message: Any, **ids: str) -> None:
        with self._more:
            self.messages.append((route.name, message, ids))
            self._more.notify_all()

    def clear(self, route: topics.Route[Any], **ids: str) -> None:
        with self._more:
            self.cleared.append((route.name, ids))
            self._more.notify_all()

    def named(self, name: str) -> list[Any]:
        with self._more:
            return [message for route, message, _ in self.messages if route == name]

    def wait(self, name: str, fits: Any = lambda _: True, seconds: float = 10) -> Any:
        def found() -> Any:
            return next((x for route, x, _ in self.messages if route == name and fits(x)), None)

        with self._more:
            assert self._more.wait_for(lambda: found() is not None, seconds), f"no {name} that fits"
            return found()


@contextmanager
def running(path: Path, plan: Plan | None = None, **options: Any) -> Iterator[tuple[HallService, Recorder]]:
    """Start a service on ``path``; stop it in order."""
    failures: list[BaseException] = []
    journal = Journal(path, on_failure=failures.append, **options)
    journal.open()
    recorder = Recorder()
    service = HallService(
        plan or small_plan(),
        journal,
        clock=HallClock(journal.last_reading()),
        publisher=recorder,
        look=Look(boot="b1", public_url="http://hall.test", key=b"k"),
    )
    service.start()
    try:
        yield service, recorder
    finally:
        service.stop()
        journal.close()
    assert not failures
