"""PURE: one business day's events folded into what they teach the waiting estimate.

Derived data: nothing of it is state, the same events teach the same. What is folded, per service and
window: how long services last, how often nobody comes, how windows pause, how often "finish" is forgotten;
and, by asking the estimate again at some of the day's issues, how far it was off (``DayStudy``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall import events as e
from hall_server.hall.day import MINUTE_MS
from hall_server.hall.evolve import evolve
from hall_server.hall.forecast import forecast
from hall_server.hall.habits import FIRST_DAY, Habits, Probe, Tally, Taught
from hall_server.hall.model import Hall

IDLE_MS = 30_000
LONGEST_PAUSE = 60.0
PROBES_A_DAY = 90
PROBE_SAMPLES = 16
SPEED_STRENGTH = 8.0
SPEED_LONGEST = 3.0


@dataclass(frozen=True, slots=True)
class _Ended:
    """A service that ended and whose window has not called since."""

    service: str
    minutes: float
    by_next: bool


class DayFold:
    """Takes a day's events in order, each before it is applied to ``hall``. An undone action is counted as
    if it had not happened only when it was the end of a service."""

    def __init__(self, habits: Habits = FIRST_DAY) -> None:
        self.taught = Taught()
        self._means = habits.means
        self._ended: dict[str, _Ended] = {}
        self._paused: dict[str, int] = {}
        self._speeds: dict[str, tuple[float, float]] = {}

    @property
    def speeds(self) -> dict[str, float]:
        """How much longer than usual each window takes today, drawn towards 1 by SPEED_STRENGTH services; one
        beyond SPEED_LONGEST means counts as so many (a forgotten "finish")."""
        return {window: total / count for window, (total, count) in self._speeds.items()}

    def add(self, hall: Hall, event: e.Event) -> None:
        """Before ``evolve(hall, event)``."""
        ticket = hall.tickets.get(getattr(event, "ticket", ""))
        if isinstance(event, e.WindowChanged):
            self._window(event)
        elif isinstance(event, e.ActionUndone):
            self._ended.pop(event.window, None)
        elif ticket is None:
            return
        elif isinstance(event, e.TicketCalled):
            self.taught.calls += 1
            self._settle(event.window, idle=event.at_ms - ticket.issued_ms < IDLE_MS)
        elif isinstance(event, e.TicketArrived):
            self.taught.walks.add((event.at_ms - ticket.called_ms) / MINUTE_MS)
        elif isinstance(event, e.TicketNoShow):
            self.taught.no_shows.add((event.at_ms - ticket.called_ms) / MINUTE_MS)
        elif isinstance(event, e.TicketFinished) and ticket.status is TicketStatus.SERVING:
            minutes = (event.at_ms - ticket.arrived_ms) / MINUTE_MS
            self.taught.ended += 1
            self._speed(hall, event.window, (ticket.service, *ticket.also), minutes)
            if not ticket.also:
                self._ended[event.window] = _Ended(ticket.service, minutes, event.by_next)

    def closed(self) -> Taught:
        """What the day taught, once it is over."""
        for window in list(self._ended):
            self._settle(window, idle=False)
        return self.taught

    def _settle(self, window: str, *, idle: bool) -> None:
        """The window calls again. Somebody who has just come is called by a window that had nobody: if its
        service ended only now, "finish" was forgotten and nobody knows how long it took."""
        last = self._ended.pop(window, None)
        if last is None:
            return
        if idle:
            self.taught.forgotten += last.by_next
            self.taught.tidy += not last.by_next
        if not (idle and last.by_next) and last.minutes > 0:
            self.taught.services.setdefault(last.service, Tally()).add(math.log(max(last.minutes, 0.05)))

    def _window(self, event: e.WindowChanged) -> None:
        began = self._paused.pop(event.window, None)
        if event.shift is not None:
            return
        if event.status is WindowStatus.PAUSED:
            self._paused[event.window] = event.at_ms
        elif began is not None and event.status is WindowStatus.OPEN:
            self.taught.pauses.add(min((event.at_ms - began) / MINUTE_MS, LONGEST_PAUSE))

    def _speed(self, hall: Hall, window: str, services: tuple[str, ...], minutes: float) -> None:
        usual = sum([self._means.get(s, hall.plan.service(s).mean_minutes) for s in services])
        total, count = self._speeds.get(window, (SPEED_STRENGTH, SPEED_STRENGTH))
        self._speeds[window] = (total + min(minutes / usual, SPEED_LONGEST), count + 1)


# ---------------------------------------------------------------- a whole day, gone by


@dataclass(frozen=True, slots=True)
class DayLearnt:
    """What a closed day left behind."""

    day: str
    taught: Taught
    probes: tuple[Probe, ...]


class DayStudy:
    """Goes through a day again in a hall of its own, asking at some issues what would have been told."""

    def __init__(self, hall: Hall, habits: Habits) -> None:
        self._hall = hall
        self._habits = habits
        self._fold = DayFold(habits)
        self._open: dict[str, tuple[float, float, int]] = {}
        self._probes: list[Probe] = []

    def steps(self, events: Sequence[e.Event]) -> Iterator[None]:
        """Go through the events; a breath after each forecast and each hundred events."""
        issued = sum(isinstance(event, e.TicketIssued) for event in events)
        every = max(1, -(-issued // PROBES_A_DAY))
        count = 0
        for i, event in enumerate(events):
            self._apply(event)
            if isinstance(event, e.TicketIssued):
                count += 1
                if count % every == 0:
                    self._ask(event.ticket, event.at_ms, count)
                    yield
            if i % 100 == 0:
                yield

    def learnt(self, day: str) -> DayLearnt:
        """After the last step."""
        return DayLearnt(day, self._fold.closed(), tuple(self._probes))

    def _apply(self, event: e.Event) -> None:
        told = self._open.pop(event.ticket, None) if isinstance(event, e.TicketCalled) else None
        if told is not None and isinstance(event, e.TicketCalled):
            mean, spread, asked_ms = told
            self._probes.append(Probe(mean, spread, (event.at_ms - asked_ms) / MINUTE_MS))
        self._fold.add(self._hall, event)
        apply_known(self._hall, event)

    def _ask(self, ticket: str, now_ms: int, seed: int) -> None:
        habits = replace(self._habits, speeds=self._fold.speeds)
        found = forecast(self._hall, ticket, now_ms, habits=habits, samples=PROBE_SAMPLES, seed=seed)
        if found is not None:
            self._open[ticket] = (found.mean, found.spread, now_ms)


def apply_known(hall: Hall, event: e.Event) -> None:
    """``evolve`` in a hall that began later than the journal: what speaks of things before it is left out."""
    known = True
    match event:
        case e.TicketIssued() if event.appointment and event.appointment not in hall.appointments:
            event = replace(event, appointment="")
        case e.AppointmentMissed() | e.AppointmentCancelled():
            known = event.appointment in hall.appointments
        case e.ActionUndone():
            known = all(ticket.id in hall.tickets for ticket in event.tickets)
        case e.HelpTaken() | e.HelpEnded():
            known = event.call in hall.helps
        case e.TicketIssued() | e.MergeDecided():
            pass
        case _:
            ticket = getattr(event, "ticket", "")
            known = not ticket or ticket in hall.tickets
    if known:
        evolve(hall, event)
