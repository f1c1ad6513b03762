"""PURE: how the windows spent a business day: open, at work, idle (beside a queue or not), paused, left open.

A window counts from the first to the last thing heard of it in the business day; one that nobody closed
stands open all night, and that time is kept apart as left open.
"""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import WindowStatus
from hall_server.hall import events as e
from hall_server.reports.crowd import Crowd
from hall_server.reports.lives import DayLives, Seat
from hall_server.reports.samples import Cell, Samples

_LEAVES = (
    e.TicketFinished,
    e.TicketSentBack,
    e.TicketNoShow,
    e.TicketTransferred,
    e.TicketParked,
    e.TicketCancelled,
    e.TicketPostponed,
)


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Time from-to at a window, and the clerk's number."""

    from_ms: int
    to_ms: int
    clerk: str = ""


def measure_windows(day: DayLives, samples: Samples) -> None:
    """Every window that the day knows."""
    work, crowd = _work(day), Crowd(day)
    changes: dict[str, list[Seat]] = {}
    for window, seat in day.seat_changes:
        changes.setdefault(window, []).append(seat)
    for window in sorted({*day.start_seats, *changes}):
        _measure(day, samples, window, changes.get(window, []), work.get(window, []), crowd)
    for undone, clerk in day.undone:
        life = day.lives[undone.tickets[0].id]
        cell = Cell(
            samples.half_hour(undone.at_ms),
            undone.tickets[0].service,
            undone.window,
            clerk,
            int(life.issued.rank_class),
            life.items,
            undone.what,
        )
        samples.add("undone", cell, life.issued.ticket)


def _work(day: DayLives) -> dict[str, list[Stretch]]:
    """Window -> stretches during which a number was called to it or served there, in order of beginning."""
    found: dict[str, list[Stretch]] = {}
    for life in day.lives.values():
        call: e.TicketCalled | None = None
        for step in life.steps:
            if isinstance(step, e.TicketCalled):
                call = step
            elif isinstance(step, _LEAVES) and call is not None:
                found.setdefault(call.window, []).append(Stretch(call.at_ms, step.at_ms, call.clerk))
                call = None
        if call is not None:
            last_ms = max(call.at_ms, day.touched[call.window][1])
            found.setdefault(call.window, []).append(Stretch(call.at_ms, last_ms, call.clerk))
    for stretches in found.values():
        stretches.sort()
    return found


def _measure(
    day: DayLives, samples: Samples, window: str, changes: list[Seat], work: list[Stretch], crowd: Crowd
) -> None:
    for stretch in work:
        _put(samples, "busy_time", window, stretch)
    start = day.start_seats.get(window)
    seats = ([Seat(day.opened_ms, start.status, start.clerk)] if start else []) + changes
    ends = [seat.at_ms for seat in seats[1:]] + [day.end_ms]
    first_ms, last_ms = day.touched.get(window, (day.end_ms, day.end_ms))
    for seat, end_ms in zip(seats, ends, strict=True):
        if seat.status is WindowStatus.CLOSED:
            continue
        from_ms = min(max(seat.at_ms, first_ms), end_ms)
        to_ms = max(from_ms, min(end_ms, last_ms))
        counted = Stretch(from_ms, to_ms, seat.clerk)
        if seat.status is WindowStatus.PAUSED:
            for paused in without(counted, work):
                _put(samples, "paused_time", window, paused)
            continue
        _put(samples, "open_time", window, counted)
        for idle in without(counted, work):
            _idle(samples, window, idle, crowd)
        for left in (Stretch(seat.at_ms, from_ms, seat.clerk), Stretch(to_ms, end_ms, seat.clerk)):
            _put(samples, "left_open_time", window, left)


def _idle(samples: Samples, window: str, idle: Stretch, crowd: Crowd) -> None:
    """Idle, and whether meanwhile somebody waited whom the window could have called."""
    _put(samples, "idle_time", window, idle)
    spans = crowd.during(window, idle.clerk, (idle.from_ms, idle.to_ms))
    wanted = [Stretch(from_ms, to_ms, idle.clerk) for from_ms, to_ms in spans]
    for stretch in wanted:
        _put(samples, "idle_wanted_time", window, stretch)
    for stretch in without(idle, wanted):
        _put(samples, "idle_calm_time", window, stretch)


def without(whole: Stretch, work: list[Stretch]) -> list[Stretch]:
    """What of a stretch remains when others, sorted by their beginning, are taken out."""
    rest: list[Stretch] = []
    at_ms = whole.from_ms
    for busy in work:
        if busy.to_ms <= at_ms:
            continue
        if busy.from_ms >= whole.to_ms:
            break
        if busy.from_ms > at_ms:
            rest.append(Stretch(at_ms, busy.from_ms, whole.clerk))
        at_ms = busy.to_ms
    if at_ms < whole.to_ms:
        rest.append(Stretch(at_ms, whole.to_ms, whole.clerk))
    return rest


def _put(samples: Samples, indicator: str, window: str, stretch: Stretch) -> None:
    samples.split(indicator, Cell(0, window=window, clerk=stretch.clerk), stretch.from_ms, stretch.to_ms)
