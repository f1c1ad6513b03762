"""Requests that wait for their answer: when each is asked again, when it is given up."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from contract.parcels import Parcel
from contract.topics import RequestRoute

FIRST_REPEAT_SECONDS = 0.5
REPEAT_SECONDS = 1.0
UNHEARD_SECONDS = 0.1


@dataclass(slots=True)
class Question:
    """One open request; ``due_at`` is when it is looked at again."""

    kind: RequestRoute[Any, Any]
    future: Future[Any]
    parcel: Parcel
    give_up_at: float
    due_at: float = 0.0


class Questions:
    """The open requests of one bus by their correlation data. Not thread-safe: its owner holds a lock."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._open: dict[bytes, Question] = {}
        self._due: list[tuple[float, bytes]] = []

    def ask(
        self, kind: RequestRoute[Any, Any], future: Future[Any], parcel: Parcel, timeout_seconds: float
    ) -> None:
        """Note a request that is being sent now for the first time."""
        question = Question(kind, future, parcel, self._monotonic() + timeout_seconds)
        self._open[parcel.correlation] = question
        self._look_again(question, FIRST_REPEAT_SECONDS)

    def answer(self, correlation: bytes) -> Question | None:
        """The request that this answers, no longer open; None when it was given up or answered before."""
        return self._open.pop(correlation, None)

    def unheard(self, correlation: bytes) -> bool:
        """Nobody listened: ask again soon. False when the request is not open."""
        question = self._open.get(correlation)
        if question is not None:
            self._look_again(question, UNHEARD_SECONDS)
        return question is not None

    def parcels(self) -> list[Parcel]:
        """Everything to be asked again on a new link."""
        return [question.parcel for question in self._open.values()]

    def give_up_all(self) -> list[Question]:
        """All that is open, no longer open."""
        questions = list(self._open.values())
        self._open.clear()
        return questions

    def patience(self) -> float | None:
        """Seconds until something is due (at most 0 when it is now), None when nothing is open."""
        while self._due:
            at, key = self._due[0]
            question = self._open.get(key)
            if question is not None and question.due_at == at:
                return at - self._monotonic()
            heapq.heappop(self._due)
        return None

    def due(self) -> tuple[list[Question], list[Parcel]]:
        """Requests whose time is over, no longer open, and parcels to be sent again now."""
        over, again = [], []
        while (patience := self.patience()) is not None and patience <= 0:
            _, key = heapq.heappop(self._due)
            question = self._open[key]
            if self._monotonic() >= question.give_up_at:
                over.append(self._open.pop(key))
            else:
                self._look_again(question, REPEAT_SECONDS)
                again.append(question.parcel)
        return over, again

    def _look_again(self, question: Question, seconds: float) -> None:
        question.due_at = min(self._monotonic() + seconds, question.give_up_at)
        heapq.heappush(self._due, (question.due_at, question.parcel.correlation))
