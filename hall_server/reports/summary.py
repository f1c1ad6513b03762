"""PURE: what is kept of a business day: its measurements, its names, and what goes over to the next."""

from __future__ import annotations

import msgspec

from hall_server.hall.plan import Plan
from hall_server.reports.judgements import measure_follow_up, measure_judgements
from hall_server.reports.lives import Carry, DayLives
from hall_server.reports.numbers import measure_numbers
from hall_server.reports.returns import SecondVisit, Unserved, measure_returns, unserved
from hall_server.reports.samples import Cell, CellTable, Column, Samples
from hall_server.reports.windows import measure_windows

FOLD = 6


class DaySummary(msgspec.Struct, frozen=True):
    """One business day, measured. ``closed`` is False while it runs: then its figures are of ``last_seq``.

    ``service_zone`` and ``window_zone`` say where things stood on that day; ``names`` are the day's own:
    kind (service, window, zone, item) -> id -> its names in their order. ``plan`` is the description at its
    end when another one was published during the day, else None.
    """

    day: str
    closed: bool
    last_seq: int
    closes_minute: int
    cells: CellTable
    tickets: tuple[str, ...]
    columns: dict[str, Column]
    service_zone: dict[str, str]
    window_zone: dict[str, str]
    names: dict[str, dict[str, tuple[str, ...]]]
    second: tuple[SecondVisit, ...] = ()
    unserved: tuple[Unserved, ...] = ()
    plan: Plan | None = None


def summarise(day: DayLives) -> tuple[DaySummary, Carry]:
    """Measure a day that has been taken in; the carry is meant for the next day once this one is closed."""
    rules = day.plan.rules
    samples = Samples(rules.utc_offset_minutes * 60_000)
    measure_numbers(day, samples)
    measure_windows(day, samples)
    measure_judgements(day, samples)
    measure_follow_up(day, samples)
    _measure_appointments(day, samples)
    returns = measure_returns(day, samples, rules.second_visit_days)
    summary = DaySummary(
        day=day.day,
        closed=day.closed_ms is not None,
        last_seq=day.last_seq,
        closes_minute=rules.day_closes_minute,
        cells=samples.cells(),
        tickets=samples.tickets(),
        columns=samples.columns(),
        service_zone=day.service_zone,
        window_zone=day.window_zone,
        names=day.names,
        second=returns.second,
        unserved=unserved(day),
        plan=day.plan if day.described else None,
    )
    return summary, day.carry(returns.remembered)


def _measure_appointments(day: DayLives, samples: Samples) -> None:
    """Booked, cancelled and missed; who came is told by the number. A late comer has not missed it."""
    came = {life.issued.appointment for life in day.lives.values()}
    for indicator, appointment, at_ms, promise in day.booked:
        if indicator == "appointment_missed" and appointment in came:
            continue
        samples.add(indicator, Cell(samples.half_hour(at_ms), service=promise.service))


def first_carry(plan: Plan) -> Carry:
    """Before the first business day."""
    return Carry(plan)
