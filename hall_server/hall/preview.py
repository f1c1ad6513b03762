"""PURE: what another description of the hall would change, before it is published, in words and for whom."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall.describing import obstacles
from hall_server.hall.model import Hall, own_skills
from hall_server.hall.plan import Plan

TABLES = {
    "zones": "专区",
    "services": "业务",
    "windows": "窗口",
    "boards": "综合屏",
    "calling": "叫号规则",
}
RULES, ROTA, HOLIDAYS, NOTICES, NAME = "大厅规则", "排班", "节假日", "滚动通知", "大厅名称"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: ``field`` of the thing named ``name`` in ``table``; '' before: new, '' after: gone"""

    table: str
    name: str
    field: str
    before: str
    after: str


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
    changes: tuple[Change, ...]
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
        windows = [_labels(side, needs, ticket.bound_window) for side in (before, after)]
        if windows[0] != windows[1]:
            affected.append(Affected(ticket.number, hall.plan.service(ticket.service).name, *windows))
    return Preview(
        obstacles=tuple(sentence for _, sentence in obstacles(hall, plan)),
        changes=tuple(differences(hall.plan, plan)),
        waiting=len(waiting),
        affected=tuple(affected),
        stranded=tuple(a.number for a in affected if not a.after),
    )


def differences(old: Plan, new: Plan) -> Iterable[Change]:
    """Every difference between two descriptions, table by table."""
    if old.name != new.name:
        yield Change(NAME, new.name, "name", old.name, new.name)
    for table, title in TABLES.items():
        yield from _between(title, getattr(old, table), getattr(new, table))
    yield from _fields(RULES, RULES, old.rules, new.rules)
    for title, field in ((ROTA, "rota"), (HOLIDAYS, "holidays"), (NOTICES, "notices")):
        gone, come = getattr(old, field), getattr(new, field)
        yield from (Change(title, _name(x), field, _text(x), "") for x in gone if x not in come)
        yield from (Change(title, _name(x), field, "", _text(x)) for x in come if x not in gone)


def _between(table: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[Change]:
    for key in dict.fromkeys((*old, *new)):
        if key not in new:
            yield Change(table, _name(old[key], key), "", _text(old[key]), "")
        elif key not in old:
            yield Change(table, _name(new[key], key), "", "", _text(new[key]))
        elif old[key] != new[key]:
            yield from _fields(table, _name(new[key], key), old[key], new[key])


def _fields(table: str, name: str, old: Any, new: Any) -> Iterable[Change]:
    for field in dataclasses.fields(old):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before != after:
            yield Change(table, name, field.name, _text(before), _text(after))


def _name(thing: Any, key: str = "") -> str:
    return str(getattr(thing, "label", "") or getattr(thing, "name", "") or key or thing)


def _text(value: Any) -> str:
    if dataclasses.is_dataclass(value):
        pairs = ((f.name, getattr(value, f.name)) for f in dataclasses.fields(value))
        return "；".join(f"{name}={_text(part)}" for name, part in pairs if part not in ("", (), None))
    if isinstance(value, tuple):
        return "、".join(_text(part) for part in value)
    return str(value)


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


def _labels(windows: dict[str, tuple[str, set[str]]], needs: set[str], bound: str) -> tuple[str, ...]:
    return tuple(
        label
        for window, (label, skills) in windows.items()
        if needs <= skills and (not bound or bound == window)
    )
