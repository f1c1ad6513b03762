"""PURE: what an event does to the house: its day, its services, its series of numbers."""

from __future__ import annotations

from dataclasses import replace

from hall_server.hall import events as e
from hall_server.hall.evolve.appointments import forget_appointment
from hall_server.hall.model import FULL_GREEN_BUDGET, Booking, ClosedStation, Day, FollowUp, Hall, Stop


def day_opened(hall: Hall, event: e.DayOpened) -> None:
    hall.day = Day(event.day, event.at_ms, event.closes_ms)


def day_closed(hall: Hall, _event: e.DayClosed) -> None:
    """Everything of the day leaves the hall: open numbers expire, ended ones are history in the journal;
    appointments of days to come stay, and so do poor ratings until they are closed."""
    for of_day in (
        hall.tickets,
        hall.by_person,
        hall.by_agent,
        hall.by_number,
        hall.lanes,
        hall.busy,
        hall.issued,
        hall.leased,
        hall.issued_to,
        hall.walk_ins,
        hall.turns,
        hall.undoable,
        hall.leases,
        hall.stopped,
        hall.helps,
        hall.notices,
        hall.broadcasts,
        hall.papers,
        hall.served,
        hall.entrusted,
        hall.endings_read,
        hall.guided,
    ):
        of_day.clear()
    for poor in [one for one in hall.poor.values() if one.done(FollowUp.CLOSED)]:
        del hall.poor[poor.call]
    hall.parked.clear()
    hall.green_budget = FULL_GREEN_BUDGET
    hall.recent = ()
    hall.waiting = dict.fromkeys(hall.waiting, 0)
    for name, now in hall.windows.items():
        hall.windows[name] = replace(now, ticket="")
    for appointment in [a for a in hall.appointments.values() if a.status is not Booking.BOOKED]:
        forget_appointment(hall, appointment)


def stopped(hall: Hall, event: e.IssuingStopped) -> None:
    hall.stopped[event.service] = Stop(event.at_ms, event.sentence, event.by_rule)


def resumed(hall: Hall, event: e.IssuingResumed) -> None:
    if event.lifted:
        hall.stopped[event.service] = Stop(event.at_ms, "", lifted=True)
    else:
        hall.stopped.pop(event.service, None)


def station_closed(hall: Hall, event: e.StationClosed) -> None:
    hall.closed_stations[event.station] = ClosedStation(event.at_ms, event.reason, event.by)


def station_opened(hall: Hall, event: e.StationOpened) -> None:
    hall.closed_stations.pop(event.station, None)


def skipped(hall: Hall, event: e.NumbersSkipped) -> None:
    for series, ordinal in event.issued:
        hall.issued[series] = max(ordinal, hall.issued.get(series, 0))
    for series, ordinal in event.leased:
        hall.leased[series] = max(ordinal, hall.leased.get(series, 0))
