"""The half of a bus that knows no wire: who listens, who waits for which answer, which states are kept.

MqttBus and MemoryBus differ only in how a parcel travels. All handlers run on one delivery thread, in
the order of arrival; whatever the wire reports is only enqueued here.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from msgspec import structs

from contract.bus import Ids, Unanswered
from contract.messages import Answer, Message, Refusal, Request
from contract.parcels import Backlog, Parcel, Tally
from contract.questions import Question, Questions
from contract.schema import PAYLOAD_LIMIT_BYTES, BrokenPayload, decode, encode
from contract.topics import RequestRoute, Route, response_topic

M = TypeVar("M", bound=Message)
Q = TypeVar("Q", bound=Request)
A = TypeVar("A", bound=Answer)

log = logging.getLogger(__name__)

PUBLISH_LIMIT_BYTES = PAYLOAD_LIMIT_BYTES - 1024  # room for topic and properties in one packet
BROKEN_REQUEST = Refusal(code="broken", sentence="请求无法识别，请联系工作人员")
FAILED_REQUEST = Refusal(code="failed", sentence="大厅服务器出错，请联系工作人员")


@dataclass(frozen=True, slots=True)
class _Linked:
    up: bool
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class _Listener:
    route: Route[Any]
    ids: Ids
    take: Callable[[Parcel, Ids], None]


class Delivery(ABC):
    """A bus without its wire; implements contract.bus.Bus once the hooks at the end are filled in."""

    def __init__(self, hall: str, station: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._hall, self._station, self._monotonic = hall, station, monotonic
        self._tally = Tally()
        self._listeners: list[_Listener] = []
        self._link_handlers: list[Callable[[bool], None]] = []
        self._questions = Questions(monotonic)
        self._wake = threading.Condition()
        self._arrivals = Backlog(partial(self._count, "dropped_in"))
        self._link_changes: deque[_Linked] = deque()
        self._linked = False
        self._stopping = False
        self._thread = threading.Thread(target=self._deliver, name=f"bus-{station}", daemon=True)
        self._states_lock = threading.RLock()
        self._states: dict[str, Parcel] = {}
        self._unsent: set[str] = set()
        self._broken_topics: set[str] = set()
        self._will: Parcel | None = None

    @property
    def hall(self) -> str:
        """Identifier of the hall, a level of every topic."""
        return self._hall

    @property
    def station(self) -> str:
        """Identifier under which this program is known to the broker."""
        return self._station

    def open(self) -> None:
        """Start delivering and connecting in the background; returns at once, retries for ever."""
        self._thread.start()
        self._connect()

    def close(self) -> None:
        """Say goodbye, stop all threads; open requests end with Unanswered."""
        self._disconnect()
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()
        with self._wake:
            questions = self._questions.give_up_all()
        self._give_up(questions)

    def will(self, route: Route[M], message: M, **ids: str) -> None:
        """What the broker shall publish when this program vanishes; before open()."""
        self._will = self._parcel(route, encode(message), ids)

    def publish(self, route: Route[M], message: M, **ids: str) -> None:
        """Hand over a message; an UP row's ``station`` is this one when not named."""
        self._hand_over(self._parcel(route, encode(message), ids))

    def clear(self, route: Route[M], **ids: str) -> None:
        """Remove a retained state from the broker (a window that no longer exists)."""
        self._hand_over(self._parcel(route, b"", ids))

    def on(self, route: Route[M], handler: Callable[[M, Ids], None], **ids: str) -> None:
        """Call ``handler(message, ids)`` for each arrival; ids not named match any. Survives reconnects."""

        def take(parcel: Parcel, found: Ids) -> None:
            try:
                message = decode(route.payload, parcel.payload)
            except BrokenPayload as error:
                self._note_broken(parcel.topic, error)
                return
            handler(message, found)

        self._listen(_Listener(route, ids, take))

    def on_link(self, handler: Callable[[bool], None]) -> None:
        """Call with True when linked and subscribed, with False when the link is lost."""
        self._link_handlers.append(handler)

    def request(self, kind: RequestRoute[Q, A], message: Q, *, timeout_seconds: float = 5.0) -> Future[A]:
        """Ask the hall. Until the time is over it is repeated, with the same id: after 0.5 s, then each
        second, and when the link comes back, because a broker or server that died forgets questions."""
        future: Future[A] = Future()
        plain = self._parcel(kind.route, encode(message), {})
        address = response_topic(self._hall, self._station)
        parcel = replace(plain, response_topic=address, correlation=secrets.token_bytes(8))
        with self._wake:
            if self._stopping:
                future.set_exception(Unanswered("the bus is closed"))
                return future
            self._questions.ask(kind, future, parcel, timeout_seconds)
            send_now = self._linked
            self._wake.notify()
        if send_now:
            self._send(self._stamped(parcel))
        return future

    def serve(self, kind: RequestRoute[Q, A], handler: Callable[[str, Q], Future[A]]) -> None:
        """Answer requests: ``handler(station, request)``; station and reply address come from the topic."""

        def take(parcel: Parcel, found: Ids) -> None:
            station = found["station"]

            def answer(value: A) -> None:
                payload = encode(value)
                expiry = kind.expiry_seconds
                address = response_topic(self._hall, station)
                self._send(self._stamped(Parcel(address, payload, 1, False, expiry, "", parcel.correlation)))

            try:
                request = decode(kind.request, parcel.payload)
            except BrokenPayload as error:
                self._note_broken(parcel.topic, error)
                answer(kind.answer(refusal=BROKEN_REQUEST))
                return
            try:
                future = handler(station, request)
            except Exception:
                answer(kind.answer(refusal=FAILED_REQUEST, id=request.id))
                raise
            future.add_done_callback(lambda done: self._pass_on(done, request, answer))

        self._listen(_Listener(kind.route, {}, take))

    def counters(self) -> dict[str, int]:
        """What was lost and how often: dropped, broken, denied, failed handlers, reconnects."""
        return self._tally.counts()

    # ------------------------------------------------------------ for the wire

    def arrived(self, parcel: Parcel) -> None:
        """A parcel came; called by the wire's thread, only enqueues."""
        with self._wake:
            self._arrivals.put(parcel)
            self._wake.notify()

    def link_changed(self, up: bool, *, resumed: bool = False) -> None:
        """The link came or went; ``resumed`` = the broker still knew our session. Only enqueues."""
        with self._wake:
            self._link_changes.append(_Linked(up, resumed))
            self._wake.notify()

    def filters(self) -> list[str]:
        """Everything to subscribe to, answers first, each once."""
        wanted = [response_topic(self._hall, self._station)]
        wanted += [listener.route.filter(self._hall, **listener.ids) for listener in self._listeners]
        return list(dict.fromkeys(wanted))

    def settled(self, parcel: Parcel) -> None:
        """The broker has this state; it need not be sent again while the session lives."""
        with self._states_lock:
            if self._states.get(parcel.topic) is parcel:
                self._unsent.discard(parcel.topic)

    def unheard(self, parcel: Parcel) -> None:
        """The broker says that nobody listens: a request is repeated soon, the server may just be linking."""
        with self._wake:
            if self._questions.unheard(parcel.correlation):
                self._wake.notify()

    def _count(self, name: str, count: int = 1) -> int:
        return self._tally.add(name, count)

    # ------------------------------------------------------------ helpers in calling order

    def _parcel(self, route: Route[Any], payload: bytes, ids: Ids) -> Parcel:
        if "{station}" in route.template:
            ids = {"station": self._station, **ids}
        topic = route.topic(self._hall, **ids)
        return Parcel(topic, payload, route.qos, route.retained, route.expiry_seconds)

    def _stamped(self, parcel: Parcel) -> Parcel:
        """The parcel as it is sent now: its time to live begins."""
        if parcel.expiry_seconds is None:
            return parcel
        return replace(parcel, deadline=self._monotonic() + parcel.expiry_seconds)

    def _hand_over(self, parcel: Parcel) -> None:
        if len(parcel.payload) > PUBLISH_LIMIT_BYTES:
            self._count("too_large")
            log.error("%s: %d bytes are too many for a message", parcel.topic, len(parcel.payload))
            return
        parcel = self._stamped(parcel)
        with self._states_lock:
            if parcel.state:
                self._states.pop(parcel.topic, None)
                self._states[parcel.topic] = parcel
                self._unsent.add(parcel.topic)
            self._send(parcel)

    def _listen(self, listener: _Listener) -> None:
        with self._wake:
            self._listeners.append(listener)
            linked = self._linked
        if linked:
            self._subscribe([listener.route.filter(self._hall, **listener.ids)])

    def _deliver(self) -> None:
        """The delivery thread: link changes first, then arrivals, with requests that are due in between."""
        while True:
            with self._wake:
                while not (self._stopping or self._link_changes or self._arrivals):
                    patience = self._questions.patience()
                    if patience is not None and patience <= 0:
                        break
                    self._wake.wait(patience)
                if self._stopping:
                    return
                over, repeats = self._questions.due()
                linked = self._linked
                change = self._link_changes.popleft() if self._link_changes else None
                parcel = self._arrivals.take() if change is None and self._arrivals else None
            self._guarded(partial(self._do, over, repeats if linked else [], change, parcel))

    def _do(
        self, over: list[Question], repeats: list[Parcel], change: _Linked | None, parcel: Parcel | None
    ) -> None:
        self._give_up(over)
        for repeat in repeats:
            self._send(self._stamped(repeat))
        if change is not None:
            self._take_link(change)
        if parcel is not None:
            self._take_parcel(parcel)

    def _give_up(self, questions: list[Question]) -> None:
        for question in questions:
            if _settle(question.future, error=Unanswered(question.kind.kind)):
                self._count("unanswered")

    def _take_link(self, change: _Linked) -> None:
        if change.up == self._linked and not change.up:
            return
        with self._wake:
            self._linked = change.up
        if change.up:
            self._subscribe(self.filters())
            self._send_states(everything=not change.resumed)
            with self._wake:
                questions = self._questions.parcels()
            for parcel in questions:
                self._send(self._stamped(parcel))
            self._await_subscribed()
        for handler in list(self._link_handlers):
            self._guarded(partial(handler, change.up))

    def _send_states(self, *, everything: bool) -> None:
        willed = self._will.topic if self._will is not None else ""  # the broker may have published it
        with self._states_lock:
            for topic, parcel in list(self._states.items()):
                if everything or topic in self._unsent or topic == willed:
                    self._unsent.add(topic)
                    self._send(parcel)

    def _take_parcel(self, parcel: Parcel) -> None:
        if parcel.topic == response_topic(self._hall, self._station):
            self._take_answer(parcel)
            return
        for listener in list(self._listeners):
            found = listener.route.match(parcel.topic)
            if found is None or found.get("hall") != self._hall or not parcel.payload:
                continue
            if all(found.get(name) == value for name, value in listener.ids.items()):
                self._guarded(partial(listener.take, parcel, found))

    def _take_answer(self, parcel: Parcel) -> None:
        with self._wake:
            question = self._questions.answer(parcel.correlation)
        if question is None:
            self._count("late_answers")
            return
        try:
            _settle(question.future, decode(question.kind.answer, parcel.payload))
        except BrokenPayload as error:
            self._note_broken(parcel.topic, error)
            _settle(question.future, error=Unanswered(str(error)))

    def _pass_on(self, done: Future[A], request: Request, answer: Callable[[A], None]) -> None:
        """A served request is finished: send its answer. A failure stays unanswered (see Bus.serve)."""
        try:
            value = done.result()
        except CancelledError:
            return
        except Exception:
            self._count("failed_handlers")
            log.exception("request %s was not answered", request.id)
            return
        answer(value if value.id else structs.replace(value, id=request.id))

    def _guarded(self, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception:
            self._count("failed_handlers")
            log.exception("a handler of the bus failed; the bus goes on")

    def _note_broken(self, topic: str, error: BrokenPayload) -> None:
        self._count("broken")
        if topic not in self._broken_topics and len(self._broken_topics) < 1000:
            self._broken_topics.add(topic)
            log.warning("broken payload on %s: %s (said once for this topic)", topic, error)

    # ------------------------------------------------------------ hooks of the wire

    @abstractmethod
    def _connect(self) -> None:
        """Begin to connect; must not block."""

    @abstractmethod
    def _disconnect(self) -> None:
        """Send what is still waiting for a moment, leave without a will."""

    @abstractmethod
    def _send(self, parcel: Parcel) -> None:
        """Any thread: send; without a link drop and count it, unless it is a state."""

    @abstractmethod
    def _subscribe(self, filters: list[str]) -> None:
        """Ask the broker for these; without a link do nothing."""

    @abstractmethod
    def _await_subscribed(self) -> None:
        """Wait, a moment at most, until the broker has taken the last subscription."""


def _settle(future: Future[Any], value: object = None, *, error: Exception | None = None) -> bool:
    """Finish a future unless its owner cancelled it."""
    try:
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)
    except InvalidStateError:
        return False
    return True
