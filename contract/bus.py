"""The bus: how stations and the hall publish, listen, ask and answer.

Handlers run on the bus's own delivery thread, one at a time and in the order of arrival: they must
only post to the thread that owns the state, never wait. A handler that raises is logged; the bus
goes on. A payload that does not decode is dropped with one log line; a request that does not decode
is answered with a refusal.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from contract.messages import Answer, Message, Request
from contract.topics import RequestRoute, Route

M = TypeVar("M", bound=Message)
Q = TypeVar("Q", bound=Request)
A = TypeVar("A", bound=Answer)

Ids = dict[str, str]


class BusError(Exception):
    """The bus could not do it; ``sentence`` is for the citizen, in Chinese."""

    sentence = "暂时连不上大厅服务器，请稍候"


class Unanswered(BusError):
    """No answer within the time given, or no link; the request may or may not have been carried out."""


class Bus(Protocol):
    """What every program uses; MqttBus and MemoryBus implement it."""

    @property
    def hall(self) -> str:
        """Identifier of the hall, a level of every topic."""

    @property
    def station(self) -> str:
        """Identifier under which this program is known to the broker."""

    def open(self) -> None:
        """Start delivering and connecting in the background; returns at once, retries for ever."""

    def close(self) -> None:
        """Say goodbye, stop all threads; open requests end with Unanswered."""

    def will(self, route: Route[M], message: M, **ids: str) -> None:
        """What the broker shall publish when this program vanishes; before open()."""

    def publish(self, route: Route[M], message: M, **ids: str) -> None:
        """Hand over a message. While there is no link, retained states are kept (latest per topic)
        and sent on the next link; everything else is dropped and counted."""

    def on(self, route: Route[M], handler: Callable[[M, Ids], None], **ids: str) -> None:
        """Call ``handler(message, ids)`` for each arrival; ids not named match any. Survives reconnects."""

    def on_link(self, handler: Callable[[bool], None]) -> None:
        """Call with True when linked and subscribed, with False when the link is lost."""

    def request(self, kind: RequestRoute[Q, A], message: Q, *, timeout_seconds: float = 5.0) -> Future[A]:
        """Ask the hall; the future ends with the answer or with Unanswered. A repeat must use the same id."""

    def serve(self, kind: RequestRoute[Q, A], handler: Callable[[str, Q], Future[A]]) -> None:
        """Answer requests: ``handler(station, request)``; the station comes from the topic.

        A handler that raises refuses the request; a future that fails leaves it unanswered, because
        nobody knows then whether it was carried out, and the station repeats it with the same id.
        """

    def clear(self, route: Route[M], **ids: str) -> None:
        """Remove a retained state from the broker (a window that no longer exists)."""

    def counters(self) -> dict[str, int]:
        """What was lost and how often: dropped, broken, denied, failed handlers, reconnects."""
