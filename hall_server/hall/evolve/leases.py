"""PURE: what an event does to the numbers that stations issue alone."""

from __future__ import annotations

from hall_server.hall import events as e
from hall_server.hall.model import Hall, Lease


def leased(hall: Hall, event: e.NumbersLeased) -> None:
    hall.leases[event.token] = Lease(
        event.token, event.station, event.service, event.first, event.last, event.holder
    )
    hall.tokens = event.token
    hall.leased[event.series] = max(event.last, hall.leased.get(event.series, 0))


def given_up(hall: Hall, event: e.LeaseGivenUp) -> None:
    hall.leases.pop(event.token, None)


def merged(hall: Hall, event: e.LeaseMerged) -> None:
    if event.final:
        hall.leases.pop(event.token, None)
