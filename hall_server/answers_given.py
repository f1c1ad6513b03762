"""Which answer each request got, so that a repeat gets the same one and nothing happens twice."""

from __future__ import annotations

from hall_server.hall.lookup import Answer

Request = tuple[str, str]
"""Business day, and sender/request ("" when the command carries no request)."""


class AnswersGiven:
    """The answers of this business day and the one before it. For the state thread only."""

    __slots__ = ("_told", "_yesterday")

    def __init__(self) -> None:
        self._told: dict[Request, Answer] = {}
        self._yesterday = ""

    def recover(self, answers: dict[Request, Answer]) -> None:
        """Those that the journal holds."""
        self._told = answers

    def find(self, key: Request) -> Answer | None:
        """What the request was told on its day, or on the one before."""
        return self._told.get(key) or self._told.get((self._yesterday, key[1]))

    def keep(self, key: Request, answer: Answer) -> None:
        """From now on repeats get this one."""
        self._told[key] = answer

    def turn(self) -> None:
        """Another business day begins: only the newest one's answers are still needed."""
        known = sorted({day for day, _ in self._told})
        self._yesterday = known[-1] if known else ""
        for key in [key for key in self._told if key[0] != self._yesterday]:
            del self._told[key]
