"""PURE: the cheap answer, by arithmetic over who waits and who is open; some tens of microseconds."""

from __future__ import annotations

from contract.messages import WindowStatus
from hall_server.hall.model import Hall

ROUNDS = 3


def wait_range(hall: Hall, service: str, ahead: int) -> tuple[float, float] | None:
    """(low, high) minutes for someone with ``ahead`` people before them in this queue, None when no window
    of it is open.

    The factors are those that held eight in ten of the anchor hall's waits (docs/bench/estimate.md).
    """
    able = [w for w in hall.windows_for(service) if hall.windows[w.id].status is WindowStatus.OPEN]
    if not able:
        return None
    if ahead <= 0 and any(not hall.windows[w.id].ticket for w in able):
        return 0.0, 1.0
    mean = ahead * hall.plan.service(service).mean_minutes / (_capacity(hall, service) or 1.0)
    return max(0.0, mean * 0.75 - 2), mean * 1.4 + 4


def _capacity(hall: Hall, service: str) -> float:
    """Open windows, in whole windows, that this service's queue can count on.

    Each window shares its time among those who wait for it; a window that does several services gives more
    to the queue that would take longer, as the oldest claim does, which three rounds bring close enough.
    """
    services = hall.plan.services
    load = {s: n * services[s].mean_minutes for s, n in hall.waiting.items() if n > 0 and s in services}
    load.setdefault(service, hall.plan.service(service).mean_minutes)
    alike: dict[tuple[str, ...], int] = {}
    for window in hall.plan.windows:
        if hall.windows[window].status is WindowStatus.OPEN:
            skills = tuple(hall.skills[window])
            alike[skills] = alike.get(skills, 0) + 1
    able = [([s for s in skills if s in load], count) for skills, count in alike.items()]
    pull = dict(load)
    for _ in range(ROUNDS):
        share = dict.fromkeys(load, 0.0)
        for wanted, count in able:
            total = sum([pull[s] for s in wanted])
            for s in wanted:
                share[s] += count * pull[s] / total
        times = {s: load[s] / share[s] for s in load if share[s]}
        if not times:
            return 0.0
        longest = max(times.values())
        pull = {s: pull[s] * max(took / longest, 1e-3) for s, took in times.items()}
    return share[service]
