"""PURE: for whom of those who wait another description would change something, before it is published."""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall.describing import obstacles
from hall_server.hall.model import Hall, own_skills
from hall_server.hall.plan import Plan


@dataclass(frozen=True, slots=True)
class Affected:
    """Someone who waits now and whose windows change: labels of open windows before and after."""

    number: str
    service: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """``obstacles`` forbid the publication; ``waiting`` people wait now, ``affected`` are those whose windows
    change, ``stranded`` of them would have no open window at all."""

    obstacles: tuple[str, ...]
    waiting: int
    affected: tuple[Affected, ...]
    stranded: tuple[str, ...]


def preview(hall: Hall, plan: Plan) -> Preview:
    """What ``plan`` would bring for the hall as it stands; reads every waiting number once."""
    waiting = [t for t in hall.open_tickets() if t.status is TicketStatus.WAITING]
    before, after = _open_now(hall, hall.plan), _open_now(hall, plan)
    affected = []
    for ticket in sorted(waiting, key=lambda t: t.rank):
        needs = {ticket.service, *ticket.also}
        was, then = (_for_them(side, needs, ticket.bound_window) for side in (before, after))
        if was.keys() != then.keys():
            labels = (tuple(was.values()), tuple(then.values()))
            affected.append(Affected(ticket.number, hall.plan.service(ticket.service).name, *labels))
    return Preview(
        obstacles=tuple(sentence for _, sentence in obstacles(hall, plan)),
        waiting=len(waiting),
        affected=tuple(affected),
        stranded=tuple(a.number for a in affected if not a.after),
    )


def _open_now(hall: Hall, plan: Plan) -> dict[str, tuple[str, set[str]]]:
    """Window -> (label, what it does) of windows that are open, or would be when the plan came in force."""
    found = {}
    for window in plan.windows.values():
        now = hall.windows.get(window.id)
        is_open = now.status is WindowStatus.OPEN if now else window.open_at_start
        known = hall.plan.windows.get(window.id)
        same = known is not None and own_skills(known) == own_skills(window)
        skills = hall.skills[window.id] if same else own_skills(window)
        if is_open:
            found[window.id] = (window.label, set(skills))
    return found


def _for_them(windows: dict[str, tuple[str, set[str]]], needs: set[str], bound: str) -> dict[str, str]:
    return {
        window: label
        for window, (label, skills) in windows.items()
        if needs <= skills and (not bound or bound == window)
    }
