"""The one door to the hall: commands in, answers out, and one thread that owns the state.

``submit`` may be called from any thread. The state thread decides and evolves in memory at once and
hands events, answer and calls to the journal's writer; they leave only when they are durable, in the
order in which they were decided. Pictures (retained states) are built when nothing came for 2 ms, or
every 20 ms under load, latest only, and leave behind the commits that they show.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec

from contract import messages as m
from contract import topics
from contract.clock import HallClock
from hall_server.answers_given import AnswersGiven
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.decide import decide, turn_of_day
from hall_server.hall.evolve import evolve
from hall_server.hall.lookup import Answer, Decision
from hall_server.hall.model import Hall, Published, RuleBroken, Ticket
from hall_server.hall.pictures import HallView, Look
from hall_server.hall.plan import Plan
from hall_server.hall.waits import Waits
from hall_server.journal_writer import Batch, Journal
from hall_server.records import Entry
from hall_server.recovery import recover
from hall_server.showing import Change, Publisher, Showing

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.02
QUIET_SECONDS = 0.002
T = TypeVar("T")


class Ended(Exception):
    """The service has stopped; the command may or may not have been carried out: ask again."""

    sentence = "大厅服务正在重新启动，请稍候再试"


@dataclass(frozen=True, slots=True)
class _Ask:
    command: c.Command
    answer: Future[Answer]


@dataclass(frozen=True, slots=True)
class _Query:
    function: Callable[[Hall], Any]
    answer: Future[Any]


@dataclass(frozen=True, slots=True)
class _Settle:
    answer: Future[HallView]


_Item = _Ask | _Query | _Settle


class HallService:
    """The hall as a running thing. ``start`` replays the journal; ``stop`` writes a snapshot."""

    def __init__(
        self, plan: Plan, journal: Journal, *, clock: HallClock, publisher: Publisher, look: Look
    ) -> None:
        self._hall = Hall(plan)
        self._journal = journal
        self._clock = clock
        self._publisher = publisher
        self._showing = Showing(self._hall, journal, clock=clock, publisher=publisher, look=look)
        self._inbox: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._given = AnswersGiven()
        self._thread = threading.Thread(target=self._run, name="hall", daemon=True)
        self._plan_listeners: list[Callable[[Plan, Published], None]] = []
        self._call_listeners: list[Callable[[m.Call], None]] = []
        self._running = False

    # ------------------------------------------------------------ from any thread

    @property
    def plan(self) -> Plan:
        """The described hall."""
        return self._hall.plan

    @property
    def look(self) -> Look:
        """How the hall presents itself."""
        return self._showing.look

    def present(self, look: Look) -> None:
        """Show the hall so from now on; from any thread."""
        self._later(lambda: self._showing.present(look))

    def now_ms(self) -> int:
        """Hall time."""
        return self._clock.now_ms()

    @property
    def view(self) -> HallView:
        """The newest durable picture of the hall; immutable."""
        return self._showing.view

    def on_view(self, listener: Callable[[HallView], None]) -> None:
        """Call with each new view, on the writer thread: the listener must only post. Before start()."""
        self._showing.on_view(listener)

    @property
    def published(self) -> Published:
        """Which description of the hall is in force."""
        return self._hall.published

    def on_plan(self, listener: Callable[[Plan, Published], None]) -> None:
        """Call when another description is in force and on disk, on the writer thread. Before start()."""
        self._plan_listeners.append(listener)

    def on_call(self, listener: Callable[[m.Call], None]) -> None:
        """Call with each call as it leaves, on the writer thread: the listener must only post. Before
        start()."""
        self._call_listeners.append(listener)

    def submit(self, command: c.Command) -> Future[Answer]:
        """Carry out a command; the future ends after the commit is on disk, with RuleBroken when a rule
        forbids it, with Ended when the service stops first."""
        answer: Future[Answer] = Future()
        self._put(_Ask(command, answer))
        return answer

    def query(self, function: Callable[[Hall], T]) -> Future[T]:
        """Run a quick read on the state thread; the answer leaves behind the commits that it saw."""
        answer: Future[T] = Future()
        self._put(_Query(function, answer))
        return answer

    def settled(self) -> Future[HallView]:
        """The picture that holds everything answered before this call."""
        answer: Future[HallView] = Future()
        self._put(_Settle(answer))
        return answer

    def start(self) -> None:
        """Replay, then open the door. Raises JournalBroken, Stranded."""
        recovered = recover(self._hall, self._journal)
        self._given.recover(recovered.answers)
        self._journal.start()
        self._running = True
        self._thread.start()
        log.info(
            "hall %s serves: %d events, %d of them replayed", self.plan.id, self._hall.seq, recovered.replayed
        )

    def stop(self) -> None:
        """Answer what is queued, then stop; the journal still runs."""
        self._running = False
        self._inbox.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def show_again(self) -> None:
        """Publish every retained picture anew (after the broker lost them)."""
        self._later(self._showing.forget_shown)

    @property
    def waits(self) -> Waits:
        """The newest survey of the waits; immutable."""
        return self._showing.waits

    def show_waits(self, waits: Waits) -> None:
        """Tell these from now on, and draw anew what they change; from any thread."""
        self._later(lambda: self._showing.show_waits(waits))

    def _put(self, item: _Item) -> None:
        if self._running:
            self._inbox.put(item)
        else:
            item.answer.set_exception(Ended())

    def _later(self, act: Callable[[], None]) -> None:
        """Have the state thread do it; nothing when it does not run."""
        if self._running:
            self._inbox.put(_Query(lambda _: act(), Future()))

    # ------------------------------------------------------------ on the state thread

    def _run(self) -> None:
        self._showing.everything()
        self._showing.flush()
        while (item := self._next()) is not None:
            if isinstance(item, _Query):
                self._read(item)
            elif isinstance(item, _Settle):
                self._settle(item)
            else:
                self._carry_out(item.command, item.answer)
        self._refuse_rest()

    def _next(self) -> _Item | None:
        """The next thing to do; before it, the pictures, when nothing came for an instant or they are due."""
        due = self._showing.due
        while due:
            seconds = FLUSH_SECONDS - due.age()
            try:
                if seconds > 0:
                    return self._inbox.get(timeout=min(seconds, QUIET_SECONDS))
            except queue.Empty:
                pass
            self._showing.flush()
        return self._inbox.get()

    def _read(self, item: _Query) -> None:
        try:
            found = item.function(self._hall)
        except Exception as error:  # the asker's mistake must not stop the hall
            log.exception("a query failed")
            self._refuse(item.answer, error)
            return
        self._journal.write(Batch((), release=lambda: item.answer.set_result(found)))

    def _settle(self, item: _Settle) -> None:
        if self._showing.due:
            self._showing.flush()
        self._journal.write(Batch((), release=lambda: item.answer.set_result(self._showing.view)))

    def _carry_out(self, command: c.Command, answer: Future[Answer]) -> None:
        now_ms = self._clock.now_ms()
        self._turn_day(command, now_ms)
        key = (self._day(), f"{command.by}/{command.request}" if command.request else "")
        if key[1] and (told := self._given.find(key)):
            self._repeat(command, told, answer)
            return
        if isinstance(command, c.CancelIssue):
            command = self._about_its_request(command)
        if (decision := self._decided(command, now_ms, answer)) is None:
            return
        if decision.answer.forgone and isinstance(command, c.CancelIssue):
            key = (self._day(), f"{command.by}/{command.issue}")
        if decision.events and key[1]:
            decision = replace(decision, answer=replace(decision.answer, of=_act(command)))
            self._given.keep(key, decision.answer)
        self._apply(decision, command.by, key[1], now_ms, answer)

    def _turn_day(self, command: c.Command, now_ms: int) -> None:
        """Whatever is asked, the hall's day is first the one that the clock says."""
        first = self._hall.seq == 0 and isinstance(command, c.PublishPlan)
        if turned := () if first else turn_of_day(self._hall, now_ms):
            self._apply(Decision(turned), "clock", "", now_ms, None)
            self._given.turn()

    def _decided(self, command: c.Command, now_ms: int, answer: Future[Answer]) -> Decision | None:
        """What the rules say; None when they forbid it, which the answer then tells."""
        try:
            return decide(self._hall, command, now_ms)
        except RuleBroken as broken:
            self._refuse(answer, broken)
        except Exception as crash:  # one command must not stop the hall
            log.exception("a %s could not be decided", type(command).__name__)
            self._refuse(answer, crash)
        return None

    def _repeat(self, command: c.Command, told: Answer, answer: Future[Answer]) -> None:
        """The first answer; another act under the same request would take it for its own."""
        if told.is_to(_act(command)):
            self._journal.write(Batch((), release=lambda: answer.set_result(told)))
            return
        reused = RuleBroken("request_reused", "这个请求编号已用于别的操作，未执行，请重新操作")
        self._refuse(answer, reused)

    def _refuse(self, answer: Future[Any], error: Exception) -> None:
        """Behind everything that was decided before."""
        self._journal.write(Batch((), release=lambda: answer.set_exception(error)))

    def _about_its_request(self, command: c.CancelIssue) -> c.CancelIssue:
        """With the number that the request got; one that the person held before is not to be cancelled."""
        told = self._given.find((self._day(), f"{command.by}/{command.issue}"))
        if told is None:
            return replace(command, unheard=True)
        return command if told.existing else replace(command, ticket=told.ticket)

    def _apply(
        self, decision: Decision, sender: str, request: str, now_ms: int, answer: Future[Answer] | None
    ) -> None:
        """Evolve in memory, and hand it to the writer with what leaves when it is durable."""
        entries: list[Entry] = []
        touched: dict[str, Ticket] = {}
        calls: list[m.Call] = []
        wall_ms = self._clock.reading().wall_ms
        for event in decision.events:
            before = self._before(event)
            evolve(self._hall, event)
            entries.append(Entry(self._hall.seq, wall_ms, self._day(), sender, event))
            if isinstance(event, e.ClockCorrected):
                self._clock.correct(event.at_ms)
            changes = self._changes(event, before)
            touched.update((after.id, after) for _, after in changes)
            calls.extend(self._showing.take_note(event, changes, now_ms))
        told = msgspec.json.encode(decision.answer).decode() if request else ""
        release = self._release(decision, calls, answer)
        self._journal.write(Batch(tuple(entries), tuple(touched.values()), request, told, release))

    def _release(
        self, decision: Decision, calls: list[m.Call], answer: Future[Answer] | None
    ) -> Callable[[], None]:
        """What leaves behind the commit: news of another plan, calls, the answer."""
        plans = [
            (event.plan, self._hall.published)
            for event in decision.events
            if isinstance(event, e.PlanPublished)
        ]

        def release() -> None:
            for plan, published in plans:
                for listener in self._plan_listeners:
                    listener(plan, published)
            for call in calls:
                self._publisher.publish(topics.BOARD_CALL, call, board=call.board)
                for heard in self._call_listeners:
                    heard(call)
            if answer is not None:
                answer.set_result(decision.answer)

        return release

    def _before(self, event: e.Event) -> tuple[Ticket, ...]:
        """The tickets of the event as they stand, to know which pictures change and what to retract."""
        tickets = self._hall.tickets
        if isinstance(event, e.ActionUndone):
            return tuple(tickets[ticket.id] for ticket in event.tickets)
        ticket = tickets.get(getattr(event, "ticket", ""))
        return () if ticket is None else (ticket,)

    def _changes(self, event: e.Event, befores: tuple[Ticket, ...]) -> list[Change]:
        """The tickets that the event made or changed."""
        tickets = self._hall.tickets
        changes: list[Change] = []
        if isinstance(event, e.TicketIssued):
            changes.append((None, tickets[event.ticket]))
        changes.extend((before, tickets[before.id]) for before in befores if before.id in tickets)
        return changes

    def _day(self) -> str:
        return self._hall.day.label if self._hall.day else ""

    def _refuse_rest(self) -> None:
        while True:
            try:
                item = self._inbox.get_nowait()
            except queue.Empty:
                return
            if item is not None:
                item.answer.set_exception(Ended())


def _act(command: c.Command) -> str:
    """What a command is about, for repeats: its kind, and at which window."""
    kind = type(command).__name__
    return f"{kind}@{command.window}" if isinstance(command, c.AtWindow) else kind
