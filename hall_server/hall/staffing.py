"""PURE: windows open, pause and close; clerks sit down and leave; skills and rota change what is called."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from contract.messages import WindowStatus
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import DAY_MS, MINUTE_MS, local_day, local_minute, weekday
from hall_server.hall.lookup import STATUS_TEXT, Decision, window_named
from hall_server.hall.model import LEVEL_HELP, LEVEL_OWN, Hall, RuleBroken, Ticket, WindowNow, own_skills
from hall_server.hall.plan import Plan, ServiceWindow, Shift

LEFT_PARK_MINUTES = 30
DAY_MINUTES = 24 * 60


def seated(hall: Hall, command: c.AtWindow, now_ms: int) -> tuple[e.Event, ...]:
    """A clerk who acts at a window sits there: nobody else does, and he nowhere else; his first press seats
    him. Opening has its own rule below; whoever closes need not sit down for it."""
    if not command.clerk or isinstance(command, c.OpenWindow) or command.window not in hall.windows:
        return ()
    window, now = window_named(hall, command.window)
    if now.clerk == command.clerk:
        return ()
    _require_free_seat(hall, window, now, command.clerk, taken=bool(now.clerk))
    if isinstance(command, c.CloseWindow):
        return ()
    changed = e.WindowChanged(
        at_ms=now_ms, window=window.id, status=now.status, reason=now.reason, clerk=command.clerk
    )
    return (changed,)


def open_window(hall: Hall, command: c.OpenWindow, now_ms: int) -> Decision:
    """One clerk at one window, one window one clerk."""
    window, now = window_named(hall, command.window)
    clerk = command.clerk or now.clerk
    held = bool(command.clerk and now.clerk and now.clerk != command.clerk)
    _require_free_seat(hall, window, now, command.clerk, taken=held and now.status is WindowStatus.OPEN)
    opened = _change(window, now, WindowStatus.OPEN, "", clerk, now_ms)
    if not held:
        return opened
    return Decision((*opened.events, *unbound(hall, "", now.clerk, now_ms)))


def _require_free_seat(hall: Hall, window: ServiceWindow, now: WindowNow, clerk: str, *, taken: bool) -> None:
    seat = hall.seat_of(clerk)
    if seat and seat != window.id:
        other = hall.plan.windows[seat].label if seat in hall.plan.windows else seat
        raise RuleBroken("seated_elsewhere", f"工号 {clerk} 已在{other}，请先在那里关窗")
    if taken:
        raise RuleBroken("seat_taken", f"{window.label}现在由工号 {now.clerk} 使用，请先关窗")


def pause_window(hall: Hall, command: c.PauseWindow, now_ms: int) -> Decision:
    """The number that is there may still be finished."""
    window, now = window_named(hall, command.window)
    return _change(window, now, WindowStatus.PAUSED, command.reason, now.clerk, now_ms)


def close_window(hall: Hall, command: c.CloseWindow, now_ms: int) -> Decision:
    """Nobody is left behind: what is here is parked when asked, what was bound to here is set free."""
    window, now = window_named(hall, command.window)
    events: list[e.Event] = []
    if ticket := hall.ticket_at(window.id):
        if not command.park:
            raise RuleBroken("still_busy", f"{ticket.number} {STATUS_TEXT[ticket.status]}，请先处理再关窗")
        until_ms = now_ms + LEFT_PARK_MINUTES * MINUTE_MS
        events.append(
            e.TicketParked(at_ms=now_ms, ticket=ticket.id, window=window.id, until_ms=until_ms, reason="关窗")
        )
    events += _change(window, now, WindowStatus.CLOSED, "", "", now_ms).events
    events += unbound(hall, window.id, now.clerk, now_ms)
    return Decision(tuple(events))


def set_skills(hall: Hall, command: c.SetSkills, now_ms: int) -> Decision:
    """Changed live; the numbers that wait stay where they are and are called by whoever can."""
    window, _ = window_named(hall, command.window)
    for service, level in command.skills:
        if service not in hall.plan.services:
            raise RuleBroken("unknown_service", f"没有“{service}”这项业务")
        if level not in (LEVEL_OWN, LEVEL_HELP):
            raise RuleBroken("bad_level", "级别应为 1（主办）或 2（协办）")
    if not command.skills:
        raise RuleBroken("no_skills", f"{window.label}至少要办理一项业务；不办请关窗")
    if dict(command.skills) == hall.skills[window.id]:
        return Decision(())
    changed = e.SkillsChanged(at_ms=now_ms, window=window.id, skills=command.skills)
    return Decision((changed, *_beyond(hall, window.id, dict(command.skills), now_ms)))


def unbound(
    hall: Hall, window: str, clerk: str, now_ms: int, skills: Collection[str] = ()
) -> Iterator[e.Event]:
    """Numbers that wait for this window or this clerk alone, now that both leave; those that ``skills`` cover
    stay bound."""
    for lane, waiting in hall.lanes.items():
        bound = (window and lane.window == window) or (clerk and lane.clerk == clerk)
        if bound and not all(service in skills for service in lane.services):
            yield from (e.TicketUnbound(at_ms=now_ms, ticket=ticket) for _, ticket in waiting)


def _beyond(hall: Hall, window: str, skills: Collection[str], now_ms: int) -> Iterator[e.Event]:
    """Numbers bound to a window, or to who sits there, that it will not be able to do."""
    return unbound(hall, window, hall.windows[window].clerk, now_ms, skills)


def set_free(hall: Hall, ticket: Ticket, now_ms: int) -> tuple[e.Event, ...]:
    """What a number that comes back to its queue needs when the window or clerk it waits for has gone."""
    if not (ticket.bound_window or ticket.bound_clerk):
        return ()
    window = ticket.bound_window or hall.seat_of(ticket.bound_clerk)
    there = hall.windows.get(window)
    opened = there is not None and there.status is not WindowStatus.CLOSED
    if opened and {ticket.service, *ticket.also} <= hall.skills[window].keys():
        return ()
    return (e.TicketUnbound(at_ms=now_ms, ticket=ticket.id),)


def _change(
    window: ServiceWindow, now: WindowNow, status: WindowStatus, reason: str, clerk: str, now_ms: int
) -> Decision:
    if (now.status, now.reason, now.clerk) == (status, reason, clerk):
        return Decision(())
    return Decision(
        (e.WindowChanged(at_ms=now_ms, window=window.id, status=status, reason=reason, clerk=clerk),)
    )


# ---------------------------------------------------------------- rota


def shifts_due(hall: Hall, now_ms: int) -> Iterator[e.Event]:
    """What the rota changes now: each line is applied once, when it begins; the line that ends gives way to
    the plan's own. A manager's change in between stands until the next line begins."""
    if not hall.plan.rota:
        return
    wanted = {shift.window: shift for shift in hall.plan.rota if _runs(hall.plan, shift, now_ms)}
    for window in dict.fromkeys(shift.window for shift in hall.plan.rota):
        shift, now = wanted.get(window), hall.windows[window]
        name = _name(shift)
        if name != now.shift:
            yield from _apply(hall, window, shift, name, now_ms)


def _runs(plan: Plan, shift: Shift, now_ms: int) -> bool:
    """By its own day: an evening that goes on past midnight belongs to the day on which it began."""
    rules = plan.rules
    minute = local_minute(now_ms, rules)
    if shift.from_minute <= minute < shift.to_minute:
        began_ms = now_ms
    elif shift.from_minute <= minute + DAY_MINUTES < shift.to_minute:
        began_ms = now_ms - DAY_MS
    else:
        return False
    holiday = local_day(began_ms, rules) in plan.holidays
    return shift.holidays if holiday else weekday(began_ms, rules) in shift.weekdays


def _name(shift: Shift | None) -> str:
    """The same only for lines that have a window do the same: one that differs is applied when it begins."""
    if shift is None:
        return ""
    does = "-" if shift.closed else "+" + ",".join(shift.services) if shift.services else ""
    return f"{shift.from_minute}-{shift.to_minute}{shift.name}{does}"


@dataclass(frozen=True, slots=True)
class RotaChange:
    """What the rota has a window do from an instant: whether it is open, and service -> level."""

    at_ms: int
    open: bool
    skills: dict[str, int]


def rota_ahead(plan: Plan, now_ms: int, until_ms: int) -> dict[str, tuple[RotaChange, ...]]:
    """Window -> what the rota says of it now and whenever a line of its begins or ends before ``until_ms``;
    windows without a line are left out."""
    lines: dict[str, list[Shift]] = {}
    for shift in plan.rota:
        lines.setdefault(shift.window, []).append(shift)
    midnight = local_day(now_ms, plan.rules) * DAY_MS - plan.rules.utc_offset_minutes * MINUTE_MS
    found = {}
    for window, shifts in lines.items():
        edges = {
            midnight + (day * DAY_MS) + minute * MINUTE_MS
            for shift in shifts
            for minute in (shift.from_minute, shift.to_minute)
            for day in (-1, 0, 1)
        }
        found[window] = tuple(
            RotaChange(at_ms, *_by(plan.windows[window], _line_at(plan, shifts, at_ms)))
            for at_ms in (now_ms, *sorted(edge for edge in edges if now_ms < edge < until_ms))
        )
    return found


def _line_at(plan: Plan, shifts: list[Shift], at_ms: int) -> Shift | None:
    return next((shift for shift in reversed(shifts) if _runs(plan, shift, at_ms)), None)


def _by(planned: ServiceWindow, shift: Shift | None) -> tuple[bool, dict[str, int]]:
    skills = own_skills(planned)
    if shift is None:
        return planned.open_at_start, skills
    return not shift.closed, dict.fromkeys(shift.services, LEVEL_OWN) if shift.services else skills


def _apply(hall: Hall, window: str, shift: Shift | None, name: str, now_ms: int) -> Iterator[e.Event]:
    now = hall.windows[window]
    open_, skills = _by(hall.plan.windows[window], shift)
    if skills != hall.skills[window]:
        yield e.SkillsChanged(at_ms=now_ms, window=window, skills=tuple(skills.items()), shift=name)
        yield from _beyond(hall, window, skills, now_ms)
    status = WindowStatus.OPEN if open_ else WindowStatus.PAUSED
    reason = "" if open_ else (shift.name if shift and shift.name else "非服务时间")
    yield e.WindowChanged(
        at_ms=now_ms, window=window, status=status, reason=reason, clerk=now.clerk, shift=name
    )
