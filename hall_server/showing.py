"""What the hall shows: retained pictures and the view, built when due, sent behind the commits they show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from contract import messages as m
from contract import topics
from contract.clock import HallClock
from hall_server.hall import events as e
from hall_server.hall import pictures
from hall_server.hall.model import Hall, Ticket
from hall_server.hall.pictures import HallView, Look
from hall_server.hall.waits import NO_WAITS, Waits, changed
from hall_server.journal_writer import Batch, Journal
from hall_server.pictures_due import PicturesDue

_Picture = tuple[topics.Route[Any], Any, dict[str, str]]
_RETAINED: dict[str, topics.Route[Any]] = {
    "window": topics.WINDOW,
    "queue": topics.QUEUE,
    "board": topics.BOARD_NOW,
}
_NOTHING_YET = HallView(0, 0, "", {}, {}, {}, {}, ())
Change = tuple[Ticket | None, Ticket]
"""A ticket before an event (None: it is new) and after it."""


class Publisher(Protocol):
    """Where messages go; MqttBus and MemoryBus fit. Must not wait."""

    def publish(self, route: topics.Route[Any], message: Any, **ids: str) -> None:
        """Hand over one message."""

    def clear(self, route: topics.Route[Any], **ids: str) -> None:
        """Take a retained picture away."""


class Showing:
    """Pictures, view and calls of one hall. ``look``, ``waits`` and ``view`` may be read from any thread;
    everything else belongs to the state thread."""

    def __init__(
        self, hall: Hall, journal: Journal, *, clock: HallClock, publisher: Publisher, look: Look
    ) -> None:
        self._hall = hall
        self._journal = journal
        self._clock = clock
        self._publisher = publisher
        self._look = look
        self._waits = NO_WAITS
        self._shown: dict[tuple[str, str], m.Message] = {}
        self._cleared: tuple[tuple[str, str], ...] = ()
        self._listeners: list[Callable[[HallView], None]] = []
        self._view = _NOTHING_YET
        self._planned_view = _NOTHING_YET
        self.due = PicturesDue()

    @property
    def look(self) -> Look:
        """How the hall presents itself."""
        return self._look

    @property
    def waits(self) -> Waits:
        """The newest survey of the waits; immutable."""
        return self._waits

    @property
    def view(self) -> HallView:
        """The newest durable picture of the hall; immutable."""
        return self._view

    def on_view(self, listener: Callable[[HallView], None]) -> None:
        """Call with each new view, on the writer thread."""
        self._listeners.append(listener)

    # ------------------------------------------------------------ what becomes due

    def everything(self) -> None:
        """All pictures are to be built anew."""
        self.due.everything(self._hall)

    def present(self, look: Look) -> None:
        """Show the hall so from now on."""
        self._look = look
        self.everything()

    def show_waits(self, waits: Waits) -> None:
        """Tell these from now on, and draw anew what they change."""
        services = self._hall.plan.services
        self.due.queues.update(changed(self._waits, waits) & services.keys())
        self.due.queues.update(s.id for s in services.values() if s.issue_until_minute >= 0)
        self.due.mark()
        self._waits = waits

    def forget_shown(self) -> None:
        """Every retained picture is to be sent anew, and what is gone cleared anew."""
        self._shown.clear()
        self._cleared = ()
        self.everything()

    def take_note(self, event: e.Event, changes: Sequence[Change], now_ms: int) -> list[m.Call]:
        """Remember which pictures an event changes; the calls that it makes."""
        hall, due = self._hall, self.due
        due.mark()
        if isinstance(event, e.DayOpened | e.DayClosed | e.PlanPublished):
            due.everything(hall)
        elif isinstance(event, e.WindowChanged | e.SkillsChanged):
            due.window(hall, event.window)
        elif isinstance(event, e.NoticePosted | e.NoticeEnded):
            due.boards.update(hall.plan.boards)
        elif isinstance(event, e.IssuingStopped | e.IssuingResumed):
            due.queues.update({event.service} & hall.plan.services.keys())
        calls: list[m.Call] = []
        for before, after in changes:
            due.ticket(hall, before, after)
            if before is not None:
                calls.extend(self._calls(event, before, after, now_ms))
        return calls

    def _calls(self, event: e.Event, before: Ticket, after: Ticket, now_ms: int) -> tuple[m.Call, ...]:
        """What screens and voice are told: a call, a recall, or that a call needs no voice any more."""
        if isinstance(event, e.TicketCalled | e.TicketRecalled):
            kind = m.CallKind.CALL if isinstance(event, e.TicketCalled) else m.CallKind.RECALL
            return pictures.calls(self._hall, after, kind, now_ms, self._look)
        if before.status is m.TicketStatus.CALLED and after.status is not m.TicketStatus.CALLED:
            return pictures.calls(self._hall, before, m.CallKind.RETRACT, now_ms, self._look)
        return ()

    # ------------------------------------------------------------ building and sending

    def flush(self) -> None:
        """Build the pictures that changed and send them behind the commits that they show."""
        fresh = self._fresh()
        self.due.clear()
        gone = self._newly_gone()
        news = [item for item in fresh if self._is_news(*item)]
        view = self._next_view(fresh)

        def release() -> None:
            for kind, name in gone:
                self._publisher.clear(_RETAINED[kind], **{kind: name})
            for route, message, ids in news:
                self._publisher.publish(route, message, **ids)
            self._view = view
            for listener in self._listeners:
                listener(view)

        self._journal.write(Batch((), release=release))

    def _fresh(self) -> list[_Picture]:
        """The pictures that are due, as the hall stands."""
        hall, look, now_ms = self._hall, self._look, self._clock.now_ms()
        windows, queues, boards = self.due.windows, self.due.queues, self.due.boards
        return [
            *((topics.WINDOW, pictures.window_state(hall, w, look), {"window": w}) for w in windows),
            *(
                (topics.QUEUE, pictures.queue_state(hall, q, look, now_ms, self._waits), {"queue": q})
                for q in queues
            ),
            *((topics.BOARD_NOW, pictures.board_now(hall, b, look), {"board": b}) for b in boards),
        ]

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
            day=hall.day.label if hall.day else "",
            windows=windows,
            queues=queues,
            boards=boards,
            present=present,
            parked=tuple(hall.tickets[ticket] for _, ticket in hall.parked),
            helps=tuple(hall.helps.values()),
            waits=self._waits,
            stopped=dict(hall.stopped),
            closed=dict(hall.closed_stations),
            broadcasts=tuple(hall.broadcasts.values()),
        )
        return self._planned_view
