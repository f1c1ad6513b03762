"""PURE: what one business day's numbers measure: waits, services, calls, outcomes, no-shows, green lane.

Instants are hall time, so a stepped clock changes nothing. A number still open at the close of the day is
kept apart: it is counted as left over and gives no duration. First and last call are told apart; a transfer
keeps the first time.
"""

from __future__ import annotations

from collections.abc import Callable

from contract.messages import Paper, TicketStatus
from hall_server.hall import events as e
from hall_server.hall.model import Arrival, Outcome
from hall_server.reports.lives import DayLives, Life, Step
from hall_server.reports.samples import Cell, Samples

WITH_RESULT = frozenset({Outcome.DONE, Outcome.MISSING_ACCEPTED})
_UNPRINTED = frozenset({Paper.FAILED, Paper.SENT})
_OPEN = frozenset({TicketStatus.WAITING, TicketStatus.CALLED, TicketStatus.SERVING, TicketStatus.PARKED})


def measure_numbers(day: DayLives, samples: Samples) -> None:
    """Everything that each number of the day tells."""
    expired = frozenset(day.expired)
    for life in day.lives.values():
        _Walk(day, life, samples, apart=life.issued.ticket in expired).measure()


class _Walk:
    """One number walked from issue to end, giving measurements on its way."""

    def __init__(self, day: DayLives, life: Life, samples: Samples, *, apart: bool) -> None:
        issued = life.issued
        self._day, self._life, self._samples, self._apart = day, life, samples, apart
        self._rank_class = int(issued.rank_class)
        self._items = life.items
        self._service = issued.service
        self._window = self._clerk = ""
        self._status = TicketStatus.WAITING
        self._began_ms = issued.rank >> 16 if issued.arrival is Arrival.EARLY else life.issued_ms
        self._since_ms = self._began_ms
        self._away = False
        self._served: list[int] = []
        self._waited = 0
        self._service_at: dict[str, str] = {}
        self._first_call: tuple[Cell, int] | None = None
        self._last_call: tuple[Cell, int] | None = None
        self._first_arrival_ms = 0
        self._passed: Cell | None = None

    def measure(self) -> None:
        self._issue()
        for step in self._life.steps:
            _STEP[type(step)](self, step)
        self._end()

    # ------------------------------------------------------------ giving

    def _cell(self, at_ms: int, reason: str = "") -> Cell:
        """A cell of this number at its present window."""
        return Cell(
            self._samples.half_hour(at_ms),
            self._service,
            self._window,
            self._clerk,
            self._rank_class,
            self._items,
            reason,
        )

    def _count(self, indicator: str, at_ms: int, reason: str = "") -> None:
        self._samples.add(indicator, self._cell(at_ms, reason), self._life.issued.ticket)

    def _lasted(self, indicator: str, cell: Cell, ms: int) -> None:
        if not self._apart:
            self._samples.add(indicator, cell, self._life.issued.ticket, ms)

    # ------------------------------------------------------------ steps

    def _issue(self) -> None:
        issued, at_ms = self._life.issued, self._life.issued_ms
        self._count("issued", at_ms)
        if issued.visit in ("", issued.ticket):
            self._count("visits", at_ms)
        if issued.true_ms:
            self._count("issued_offline", at_ms)
        if issued.agent:
            self._count("issued_by_agent", at_ms)
        if issued.also:
            self._count("baskets", at_ms)
        if issued.green_reason:
            self._count("green", at_ms, issued.green_reason)
        if issued.appointment and issued.arrival is not None:
            self._count("appointment_came", at_ms, issued.arrival.value)
        for paper in self._life.reprints:
            if paper.paper not in _UNPRINTED:
                self._count("reprinted", paper.at_ms)

    def _called(self, step: e.TicketCalled) -> None:
        if self._status is TicketStatus.WAITING:
            self._waited += max(0, step.at_ms - self._since_ms)
        elif self._status is TicketStatus.PARKED:
            self._set_aside_until(step)
        self._window, self._clerk = step.window, step.clerk
        self._count("called", step.at_ms)
        if step.reason:
            self._count("out_of_order", step.at_ms, step.reason)
        self._last_call = (self._cell(self._life.issued_ms), step.at_ms)
        self._first_call = self._first_call or self._last_call
        self._service_at[step.window] = self._service
        self._stand(TicketStatus.CALLED, step)

    def _recalled(self, step: e.TicketRecalled) -> None:
        self._count("recalled", step.at_ms)
        self._last_call = (self._cell(self._life.issued_ms), step.at_ms)

    def _arrived(self, step: e.TicketArrived) -> None:
        self._lasted("answer", self._cell(self._since_ms), step.at_ms - self._since_ms)
        self._first_arrival_ms = self._first_arrival_ms or step.at_ms
        self._passed = None
        self._stand(TicketStatus.SERVING, step)

    def _finished(self, step: e.TicketFinished) -> None:
        self._served_until(step)
        self._count("finished", step.at_ms)
        self._count("outcome", step.at_ms, step.outcome.value)
        if step.outcome not in WITH_RESULT:
            self._count("without_result", step.at_ms, step.outcome.value)
        if self._day.comprehensive.get(step.window, False):
            self._count("finished_comprehensive", step.at_ms)
        if step.by_next:
            self._count("ended_by_next", step.at_ms)
        self._lasted("service_ticket", self._cell(self._first_arrival_ms), sum(self._served))
        self._lasted("stay", self._cell(self._life.issued_ms), max(0, step.at_ms - self._began_ms))
        self._stand(TicketStatus.DONE, step)

    def _sent_back(self, step: e.TicketSentBack) -> None:
        """Back at the window that wanted it, it needs again what it needed there."""
        self._served_until(step)
        self._count("sent_back", step.at_ms, step.to_window)
        self._service = self._service_at.get(step.to_window, self._service)
        self._leave(step)

    def _no_show(self, step: e.TicketNoShow) -> None:
        self._passed = self._cell(step.at_ms)
        back = step.rank is not None
        self._count("no_show", step.at_ms, "back" if back else "void" if step.void else "out")
        if back:
            self._leave(step)
        else:
            self._stand(TicketStatus.VOID if step.void else TicketStatus.NO_SHOW, step)

    def _transferred(self, step: e.TicketTransferred) -> None:
        self._served_until(step)
        self._count("transferred", step.at_ms, step.service)
        self._service = step.service
        self._leave(step)

    def _parked(self, step: e.TicketParked) -> None:
        self._served_until(step)
        self._count("parked", step.at_ms, step.reason)
        self._away = False
        self._stand(TicketStatus.PARKED, step)

    def _returned(self, step: e.TicketReturned) -> None:
        if self._status is TicketStatus.PARKED:
            self._set_aside_until(step)
        else:
            self._count("no_show_returned", step.at_ms)
        self._leave(step)

    def _cancelled(self, step: e.TicketCancelled) -> None:
        self._count("voided" if step.void else "cancelled", step.at_ms, step.reason)
        self._stand(TicketStatus.CANCELLED, step)

    def _postponed(self, step: e.TicketPostponed) -> None:
        """What was waited before counts; the time that the holder asked for does not."""
        if self._status is TicketStatus.WAITING:
            self._waited += max(0, step.at_ms - self._since_ms)
        self._away = bool(step.until_ms)
        self._count("postponed", step.at_ms, "kept" if self._away else "behind")
        self._window = self._clerk = ""
        self._stand(TicketStatus.PARKED if self._away else TicketStatus.WAITING, step)

    def _unbound(self, _step: e.TicketUnbound) -> None:
        """Whoever may call it now changes nothing that is measured."""

    # ------------------------------------------------------------ moving

    def _stand(self, status: TicketStatus, step: Step) -> None:
        self._status, self._since_ms = status, step.at_ms

    def _leave(self, step: Step) -> None:
        """Waiting again, at no window."""
        self._window = self._clerk = ""
        self._stand(TicketStatus.WAITING, step)

    def _set_aside_until(self, step: Step) -> None:
        """By a clerk, or because its holder asked for more time."""
        indicator = "postponed_time" if self._away else "parked_time"
        self._lasted(indicator, self._cell(self._since_ms), step.at_ms - self._since_ms)

    def _served_until(self, step: Step) -> None:
        if self._status is TicketStatus.SERVING:
            served = step.at_ms - self._since_ms
            self._served.append(served)
            self._lasted("service_leg", self._cell(self._since_ms), served)
            if not isinstance(step, e.TicketParked):
                self._count("rendered", step.at_ms)

    def _end(self) -> None:
        if self._first_call is not None and self._last_call is not None:
            first, first_ms = self._first_call
            last, last_ms = self._last_call
            self._lasted("wait", first, max(0, first_ms - self._began_ms))
            self._lasted("wait_last", last, max(0, last_ms - self._began_ms))
            self._lasted("wait_total", first, self._waited)
        if self._apart and self._day.closed_ms is not None:
            status = self._status.value if self._status in _OPEN else "other"
            self._count("overnight", self._day.closed_ms, status)
        gone = self._status in (TicketStatus.NO_SHOW, TicketStatus.VOID) or self._apart
        if self._passed is not None and gone:
            self._samples.add("no_show_lost", self._passed, self._life.issued.ticket)


_STEP: dict[type[e.Event], Callable[..., None]] = {
    e.TicketCalled: _Walk._called,
    e.TicketRecalled: _Walk._recalled,
    e.TicketArrived: _Walk._arrived,
    e.TicketFinished: _Walk._finished,
    e.TicketSentBack: _Walk._sent_back,
    e.TicketNoShow: _Walk._no_show,
    e.TicketTransferred: _Walk._transferred,
    e.TicketUnbound: _Walk._unbound,
    e.TicketParked: _Walk._parked,
    e.TicketReturned: _Walk._returned,
    e.TicketCancelled: _Walk._cancelled,
    e.TicketPostponed: _Walk._postponed,
}
