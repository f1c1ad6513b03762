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
from typing import Any, Protocol, TypeVar

import msgspec

from contract import messages as m
from contract import topics
from contract.clock import HallClock
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall import pictures
from hall_server.hall.decide import decide, turn_of_day
from hall_server.hall.evolve import evolve
from hall_server.hall.lookup import Answer, Decision
from hall_server.hall.model import Hall, Published, RuleBroken, Ticket
from hall_server.hall.pictures import HallView, Look
from hall_server.hall.plan import Plan
from hall_server.hall.waits import NO_WAITS, Waits, changed
from hall_server.journal_writer import Batch, Journal
from hall_server.pictures_due import PicturesDue
from hall_server.records import Entry
from hall_server.recovery import recover

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.02
QUIET_SECONDS = 0.002
T = TypeVar("T")
_Picture = tuple[topics.Route[Any], Any, dict[str, str]]
_RETAINED: dict[str, topics.Route[Any]] = {
    "window": topics.WINDOW,
    "queue": topics.QUEUE,
    "board": topics.BOARD_NOW,
}
_NOTHING_YET = HallView(0, 0, "", {}, {}, {}, {}, ())


class Publisher(Protocol):
    """Where messages go; MqttBus and MemoryBus fit. Must not wait."""

    def publish(self, route: topics.Route[Any], message: Any, **ids: str) -> None:
        """Hand over one message."""

    def clear(self, route: topics.Route[Any], **ids: str) -> None:
        """Take a retained picture away."""


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
        self,
        plan: Plan,
        journal: Journal,
        *,
        clock: HallClock,
        publisher: Publisher,
        look: Look,
    ) -> None:
        self._hall = Hall(plan)
        self._journal = journal
        self._clock = clock
        self._publisher = publisher
        self._look = look
        self._inbox: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._answers: dict[tuple[str, str], Answer] = {}
        self._dirty = PicturesDue()
        self._shown: dict[tuple[str, str], m.Message] = {}
        self._thread = threading.Thread(target=self._run, name="hall", daemon=True)
        self._cleared: tuple[tuple[str, str], ...] = ()
        self._listeners: list[Callable[[HallView], None]] = []
        self._plan_listeners: list[Callable[[Plan, Published], None]] = []
        self._view = _NOTHING_YET
        self._planned_view = _NOTHING_YET
        self._waits = NO_WAITS
        self._yesterday = ""
        self._running = False

    # ------------------------------------------------------------ from any thread

    @property
    def plan(self) -> Plan:
        """The described hall."""
        return self._hall.plan

    @property
    def look(self) -> Look:
        """How the hall presents itself."""
        return self._look

    def present(self, look: Look) -> None:
        """Show the hall so from now on; from any thread."""

        def take(hall: Hall) -> None:
            self._look = look
            self._dirty.mark()
            self._dirty.everything(hall)

        if self._running:
            self._inbox.put(_Query(take, Future()))

    def now_ms(self) -> int:
        """Hall time."""
        return self._clock.now_ms()

    @property
    def view(self) -> HallView:
        """The newest durable picture of the hall; immutable."""
        return self._view

    def on_view(self, listener: Callable[[HallView], None]) -> None:
        """Call with each new view, on the writer thread: the listener must only post. Before start()."""
        self._listeners.append(listener)

    @property
    def published(self) -> Published:
        """Which description of the hall is in force."""
        return self._hall.published

    def on_plan(self, listener: Callable[[Plan, Published], None]) -> None:
        """Call when another description is in force and on disk, on the writer thread. Before start()."""
        self._plan_listeners.append(listener)

    def submit(self, command: c.Command) -> Future[Answer]:
        """Carry out a command; the future ends after the commit is on disk, with RuleBroken when a rule
        forbids it, with Ended when the service stops first."""
        answer: Future[Answer] = Future()
        if self._running:
            self._inbox.put(_Ask(command, answer))
        else:
            answer.set_exception(Ended())
        return answer

    def query(self, function: Callable[[Hall], T]) -> Future[T]:
        """Run a quick read on the state thread; the answer leaves behind the commits that it saw."""
        answer: Future[T] = Future()
        if self._running:
            self._inbox.put(_Query(function, answer))
        else:
            answer.set_exception(Ended())
        return answer

    def settled(self) -> Future[HallView]:
        """The picture that holds everything answered before this call."""
        answer: Future[HallView] = Future()
        if self._running:
            self._inbox.put(_Settle(answer))
        else:
            answer.set_exception(Ended())
        return answer

    def start(self) -> None:
        """Replay, then open the door. Raises JournalBroken, Stranded."""
        recovered = recover(self._hall, self._journal)
        self._answers = recovered.answers
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
        if self._running:
            self._inbox.put(_Query(self._forget_shown, Future()))

    @property
    def waits(self) -> Waits:
        """The newest survey of the waits; immutable."""
        return self._waits

    def show_waits(self, waits: Waits) -> None:
        """Tell these from now on, and draw anew what they change; from any thread."""

        def take(hall: Hall) -> None:
            services = hall.plan.services
            self._dirty.queues.update(changed(self._waits, waits) & services.keys())
            self._dirty.queues.update(s.id for s in services.values() if s.issue_until_minute >= 0)
            self._dirty.mark()
            self._waits = waits

        if self._running:
            self._inbox.put(_Query(take, Future()))

    # ------------------------------------------------------------ on the state thread

    def _run(self) -> None:
        self._dirty.everything(self._hall)
        self._flush()
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
        while self._dirty:
            due = FLUSH_SECONDS - self._dirty.age()
            try:
                if due > 0:
                    return self._inbox.get(timeout=min(due, QUIET_SECONDS))
            except queue.Empty:
                pass
            self._flush()
        return self._inbox.get()

    def _read(self, item: _Query) -> None:
        try:
            found = item.function(self._hall)
        except Exception as error:  # the asker's mistake must not stop the hall
            log.exception("a query failed")
            failed = error
            self._journal.write(Batch((), release=lambda: item.answer.set_exception(failed)))
            return
        self._journal.write(Batch((), release=lambda: item.answer.set_result(found)))

    def _settle(self, item: _Settle) -> None:
        if self._dirty:
            self._flush()
        self._journal.write(Batch((), release=lambda: item.answer.set_result(self._view)))

    def _carry_out(self, command: c.Command, answer: Future[Answer]) -> None:
        now_ms = self._clock.now_ms()
        first = self._hall.seq == 0 and isinstance(command, c.PublishPlan)
        turned = () if first else turn_of_day(self._hall, now_ms)
        if turned:
            self._apply(Decision(turned), "clock", "", now_ms, None)
            self._forget_old_answers()
        key = (self._day(), f"{command.by}/{command.request}" if command.request else "")
        if key[1] and (told := self._answers.get(key) or self._answers.get((self._yesterday, key[1]))):
            self._repeat(command, told, answer)
            return
        if isinstance(command, c.CancelIssue):
            command = self._about_its_request(command)
        try:
            decision = decide(self._hall, command, now_ms)
        except RuleBroken as broken:
            error = broken
            self._journal.write(Batch((), release=lambda: answer.set_exception(error)))
            return
        except Exception as crash:
            log.exception("a %s could not be decided", type(command).__name__)
            failed = crash
            self._journal.write(Batch((), release=lambda: answer.set_exception(failed)))
            return
        if decision.answer.forgone and isinstance(command, c.CancelIssue):
            key = (self._day(), f"{command.by}/{command.issue}")
        if decision.events and key[1]:
            decision = replace(decision, answer=replace(decision.answer, of=type(command).__name__))
            self._answers[key] = decision.answer
        self._apply(decision, command.by, key[1], now_ms, answer)

    def _repeat(self, command: c.Command, told: Answer, answer: Future[Answer]) -> None:
        """The first answer; a command of another kind under the same request would take it for its own."""
        if told.is_to(type(command).__name__):
            self._journal.write(Batch((), release=lambda: answer.set_result(told)))
            return
        reused = RuleBroken("request_reused", "这个请求编号已用于别的操作，未执行，请重新操作")
        self._journal.write(Batch((), release=lambda: answer.set_exception(reused)))

    def _about_its_request(self, command: c.CancelIssue) -> c.CancelIssue:
        """With the number that the request got; one that the person held before is not to be cancelled."""
        asked = f"{command.by}/{command.issue}"
        told = self._answers.get((self._day(), asked)) or self._answers.get((self._yesterday, asked))
        if told is None:
            return replace(command, unheard=True)
        return command if told.existing else replace(command, ticket=told.ticket)

    def _apply(
        self, decision: Decision, sender: str, request: str, now_ms: int, answer: Future[Answer] | None
    ) -> None:
        entries: list[Entry] = []
        touched: dict[str, Ticket] = {}
        messages: list[m.Call] = []
        wall_ms = self._clock.reading().wall_ms
        for event in decision.events:
            before = self._before(event)
            evolve(self._hall, event)
            entries.append(Entry(self._hall.seq, wall_ms, self._day(), sender, event))
            self._note(event, before, touched, messages, now_ms)

        plans = [
            (event.plan, self._hall.published)
            for event in decision.events
            if isinstance(event, e.PlanPublished)
        ]

        def release() -> None:
            for plan, published in plans:
                for listener in self._plan_listeners:
                    listener(plan, published)
            for message in messages:
                self._publisher.publish(topics.BOARD_CALL, message, board=message.board)
            if answer is not None:
                answer.set_result(decision.answer)

        self._journal.write(
            Batch(
                tuple(entries),
                tuple(touched.values()),
                request,
                msgspec.json.encode(decision.answer).decode() if request else "",
                release,
            )
        )

    def _before(self, event: e.Event) -> tuple[Ticket, ...]:
        """The tickets of the event as they stand, to know which pictures change and what to retract."""
        tickets = self._hall.tickets
        if isinstance(event, e.ActionUndone):
            return tuple(tickets[ticket.id] for ticket in event.tickets)
        ticket = tickets.get(getattr(event, "ticket", ""))
        return () if ticket is None else (ticket,)

    def _note(
        self,
        event: e.Event,
        befores: tuple[Ticket, ...],
        touched: dict[str, Ticket],
        messages: list[m.Call],
        now_ms: int,
    ) -> None:
        """Remember which pictures an event changes, and make its call messages."""
        hall = self._hall
        self._dirty.mark()
        if isinstance(event, e.DayOpened | e.DayClosed | e.PlanPublished):
            self._dirty.everything(hall)
        elif isinstance(event, e.ClockCorrected):
            self._clock.correct(event.at_ms)
        elif isinstance(event, e.WindowChanged | e.SkillsChanged):
            self._dirty.window(hall, event.window)
        elif isinstance(event, e.NoticePosted | e.NoticeEnded):
            self._dirty.boards.update(hall.plan.boards)
        elif isinstance(event, e.IssuingStopped | e.IssuingResumed):
            self._dirty.queues.update({event.service} & hall.plan.services.keys())
        elif isinstance(event, e.TicketIssued):
            touched[event.ticket] = hall.tickets[event.ticket]
            self._dirty.ticket(hall, None, hall.tickets[event.ticket])
        for before in befores:
            after = hall.tickets.get(before.id)
            if after is None:
                continue
            touched[after.id] = after
            self._dirty.ticket(hall, before, after)
            messages.extend(self._calls(event, before, after, now_ms))

    def _calls(self, event: e.Event, before: Ticket, after: Ticket, now_ms: int) -> tuple[m.Call, ...]:
        """What screens and voice are told: a call, a recall, or that a call needs no voice any more."""
        if isinstance(event, e.TicketCalled | e.TicketRecalled):
            kind = m.CallKind.CALL if isinstance(event, e.TicketCalled) else m.CallKind.RECALL
            return pictures.calls(self._hall, after, kind, now_ms, self._look)
        if before.status is m.TicketStatus.CALLED and after.status is not m.TicketStatus.CALLED:
            return pictures.calls(self._hall, before, m.CallKind.RETRACT, now_ms, self._look)
        return ()

    def _flush(self) -> None:
        """Build the pictures that changed and send them behind the commits that they show."""
        hall, look, now_ms = self._hall, self._look, self._clock.now_ms()
        fresh: list[_Picture] = [
            *(
                (topics.WINDOW, pictures.window_state(hall, w, look), {"window": w})
                for w in self._dirty.windows
            ),
            *(
                (topics.QUEUE, pictures.queue_state(hall, q, look, now_ms, self._waits), {"queue": q})
                for q in self._dirty.queues
            ),
            *(
                (topics.BOARD_NOW, pictures.board_now(hall, b, look), {"board": b})
                for b in self._dirty.boards
            ),
        ]
        self._dirty.clear()
        gone = self._newly_gone()
        changed = [item for item in fresh if self._is_news(*item)]
        view = self._next_view(fresh)

        def release() -> None:
            for kind, name in gone:
                self._publisher.clear(_RETAINED[kind], **{kind: name})
            for route, message, ids in changed:
                self._publisher.publish(route, message, **ids)
            self._view = view
            for listener in self._listeners:
                listener(view)

        self._journal.write(Batch((), release=release))

    def _newly_gone(self) -> list[tuple[str, str]]:
        """Retained pictures of windows, queues and boards that the hall no longer has, each told once."""
        gone = self._hall.published.gone
        fresh = [key for key in gone if key not in self._cleared]
        self._cleared = gone
        for key in fresh:
            self._shown.pop((_RETAINED[key[0]].name, key[1]), None)
        return fresh

    def _is_news(self, route: topics.Route[Any], message: Any, ids: dict[str, str]) -> bool:
        key = (route.name, next(iter(ids.values())))
        bare = msgspec.structs.replace(message, seq=0)
        if self._shown.get(key) == bare:
            return False
        self._shown[key] = bare
        return True

    def _next_view(self, fresh: list[_Picture]) -> HallView:
        hall, old = self._hall, self._planned_view
        windows, queues, boards = dict(old.windows), dict(old.queues), dict(old.boards)
        present = dict(old.present)
        for kind, name in hall.published.gone:
            for pictured in (
                (windows, present) if kind == "window" else (queues,) if kind == "queue" else (boards,)
            ):
                pictured.pop(name, None)
        for _, message, ids in fresh:
            if isinstance(message, m.WindowState):
                windows[ids["window"]] = message
                present[ids["window"]] = hall.ticket_at(ids["window"])
            elif isinstance(message, m.QueueState):
                queues[ids["queue"]] = message
            else:
                boards[ids["board"]] = message
        self._planned_view = HallView(
            seq=hall.seq,
            at_ms=self._clock.now_ms(),
            day=self._day(),
            windows=windows,
            queues=queues,
            boards=boards,
            present=present,
            parked=tuple(hall.tickets[ticket] for _, ticket in hall.parked),
            helps=tuple(hall.helps.values()),
            waits=self._waits,
            stopped=dict(hall.stopped),
        )
        return self._planned_view

    def _forget_shown(self, hall: Hall) -> None:
        self._shown.clear()
        self._cleared = ()
        self._dirty.everything(hall)

    def _day(self) -> str:
        return self._hall.day.label if self._hall.day else ""

    def _forget_old_answers(self) -> None:
        """Keep the answers of this business day and the one before it."""
        known = sorted({day for day, _ in self._answers})
        self._yesterday = known[-1] if known else ""
        for key in [key for key in self._answers if key[0] != self._yesterday]:
            del self._answers[key]

    def _refuse_rest(self) -> None:
        while True:
            try:
                item = self._inbox.get_nowait()
            except queue.Empty:
                return
            if item is not None:
                item.answer.set_exception(Ended())
