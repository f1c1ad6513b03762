"""PURE: how long a number will wait, as an honest range in minutes, or None when nobody can say.

First form: people ahead are served by the open windows that can serve them, each window's time shared
among the services that it serves in proportion to who waits there; the range is half to one and a
half times the mean, rounded outward to five minutes once it exceeds ten.
"""

from __future__ import annotations

from contract.messages import WindowStatus
from hall_server.hall.model import Hall


def wait_range(hall: Hall, service: str, ahead: int) -> tuple[int, int] | None:
    """(low, high) minutes for someone with ``ahead`` people before them in this queue."""
    capacity = _capacity(hall, service)
    if capacity <= 0:
        return None
    mean = ahead * hall.plan.services[service].mean_minutes / capacity
    return _down(mean * 0.5), _up(mean * 1.5 + 1)


def _capacity(hall: Hall, service: str) -> float:
    """Open windows, in whole windows, that this service's queue can count on."""
    total = 0.0
    for window in hall.windows_for(service):
        if hall.windows[window.id].status is not WindowStatus.OPEN:
            continue
        loads = {
            s: hall.waiting.get(s, 0) * hall.plan.services[s].mean_minutes
            for s in hall.skills[window.id]
            if s in hall.plan.services
        }
        everything = sum(loads.values())
        total += loads[service] / everything if everything and loads.get(service) else 1.0
    return total


def _down(minutes: float) -> int:
    return int(minutes) if minutes <= 10 else int(minutes // 5) * 5


def _up(minutes: float) -> int:
    whole = -int(-minutes // 1)
    return whole if whole <= 10 else -(-whole // 5) * 5
