"""PURE: what a manager watches: lights of windows and queues, and what is wrong now, by what to do first.

``scene`` reads the hall on its own thread and copies only what is immutable; everything else here works on
that copy, elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall.following import due_ms
from hall_server.hall.model import Asked, FollowUp, Hall, HelpCall, Poor, Stop, Ticket, WindowNow
from hall_server.hall.plan import Plan, Rules, ServiceWindow

MINUTE_MS = 60_000


class Light(StrEnum):
    """How a wait or a service stands against the limits in the rules."""

    CALM = "calm"
    YELLOW = "yellow"
    RED = "red"


class Urgency(IntEnum):
    """What to do first. HELP: a person is in need; NOW: citizens suffer; SOON; NOTE: to be looked at."""

    HELP = 0
    NOW = 1
    SOON = 2
    NOTE = 3


@dataclass(frozen=True, slots=True)
class Act:
    """The one thing to press: ``name`` of the act or sheet, its word, and what it concerns."""

    name: str
    text: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong now. ``key`` stays the same as long as the trouble does; ``since_ms`` 0 when
    nobody knows; ``rings``: nobody has taken it yet and it shall be heard."""

    key: str
    urgency: Urgency
    title: str
    detail: str = ""
    since_ms: int = 0
    act: Act | None = None
    rings: bool = False

    @property
    def place(self) -> tuple[int, int, str]:
        """Smaller stands higher in the list."""
        return self.urgency, self.since_ms, self.key


@dataclass(frozen=True, slots=True)
class Line:
    """The queue of one service: how many, the longest waiting (its instant and number), how many beyond the
    yellow and the red limit."""

    waiting: int = 0
    oldest_ms: int = 0
    oldest: str = ""
    late: int = 0
    over: int = 0


NOBODY = Line()


@dataclass(frozen=True, slots=True)
class Hoarder:
    """One person who took many numbers today; the ``open`` ones by number."""

    count: int
    open: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """The hall at one instant as the manager's page needs it; nothing in it changes any more. ``acted`` is
    the instant of the last action at a window."""

    at_ms: int
    day: str
    plan: Plan
    windows: Mapping[str, WindowNow]
    skills: Mapping[str, Mapping[str, int]]
    present: Mapping[str, Ticket]
    lines: Mapping[str, Line]
    acted: Mapping[str, int] = field(default_factory=dict)
    stopped: Mapping[str, Stop] = field(default_factory=dict)
    helps: tuple[HelpCall, ...] = ()
    hoarders: tuple[Hoarder, ...] = ()
    parked: int = 0
    poor: tuple[Poor, ...] = ()


def scene(hall: Hall, now_ms: int) -> Scene:
    """Read the hall; the cost follows windows and lanes, not the people who wait."""
    return Scene(
        at_ms=now_ms,
        day=hall.day.label if hall.day else "",
        plan=hall.plan,
        windows=dict(hall.windows),
        skills=dict(hall.skills),
        present={w: hall.tickets[now.ticket] for w, now in hall.windows.items() if now.ticket},
        lines=_lines(hall, now_ms),
        acted={window: last.at_ms for window, last in hall.undoable.items()},
        stopped=dict(hall.stopped),
        helps=tuple(call for call in hall.helps.values() if not call.ended_ms),
        hoarders=_hoarders(hall),
        parked=len(hall.parked),
        poor=tuple(hall.poor.values()),
    )


def _lines(hall: Hall, now_ms: int) -> dict[str, Line]:
    rules = hall.plan.rules
    late_rank, over_rank = (
        ((now_ms - minutes * MINUTE_MS) << 16, "")
        for minutes in (rules.wait_yellow_minutes, rules.wait_red_minutes)
    )
    found: dict[str, Line] = {}
    for lane, waiting in hall.lanes.items():
        if not waiting:
            continue
        before = found.get(lane.services[0], NOBODY)
        rank, ticket = waiting[0]
        oldest_ms, oldest = before.oldest_ms, before.oldest
        if not oldest or rank >> 16 < oldest_ms:
            oldest_ms, oldest = rank >> 16, hall.tickets[ticket].number
        found[lane.services[0]] = Line(
            waiting=before.waiting + len(waiting),
            oldest_ms=oldest_ms,
            oldest=oldest,
            late=before.late + waiting.bisect_left(late_rank),
            over=before.over + waiting.bisect_left(over_rank),
        )
    return found


def _hoarders(hall: Hall) -> tuple[Hoarder, ...]:
    limit = hall.plan.rules.hoarding_per_day
    return tuple(
        Hoarder(count, tuple(hall.tickets[t].number for t in hall.by_person.get(person, ())))
        for person, count in hall.issued_to.items()
        if count >= limit
    )


# ---------------------------------------------------------------- lights


def light_of(minutes: float, yellow: int, red: int) -> Light:
    """The light of so many minutes."""
    return Light.RED if minutes >= red else Light.YELLOW if minutes >= yellow else Light.CALM


def queue_light(line: Line) -> Light:
    """Red when anybody waits beyond the red limit."""
    return Light.RED if line.over else Light.YELLOW if line.late else Light.CALM


def window_light(scene: Scene, window: str) -> Light:
    """By how long the present service lasts; an idle window whose services wait is yellow."""
    rules, ticket = scene.plan.rules, scene.present.get(window)
    if ticket is not None and ticket.status is TicketStatus.SERVING:
        minutes = (scene.at_ms - ticket.arrived_ms) / MINUTE_MS
        return light_of(minutes, rules.service_yellow_minutes, rules.service_red_minutes)
    return Light.YELLOW if idles(scene, window) else Light.CALM


def idle_since(scene: Scene, window: str) -> int:
    """Since when a window without a number has had none, as far as anybody knows."""
    return max(scene.windows[window].since_ms, scene.acted.get(window, 0))


def idles(scene: Scene, window: str) -> bool:
    """Open, without a number for too long, while somebody whom it could call has waited as long."""
    now, limit_ms = scene.windows[window], scene.plan.rules.idle_minutes * MINUTE_MS
    if now.status is not WindowStatus.OPEN or now.ticket:
        return False
    if scene.at_ms - idle_since(scene, window) < limit_ms:
        return False
    lines = (scene.lines.get(service, NOBODY) for service in scene.skills[window])
    return any(line.waiting and scene.at_ms - line.oldest_ms >= limit_ms for line in lines)


def open_for(scene: Scene, service: str) -> tuple[ServiceWindow, ...]:
    """Open windows that do a service now."""
    return tuple(
        window
        for window in scene.plan.windows.values()
        if service in scene.skills[window.id] and scene.windows[window.id].status is WindowStatus.OPEN
    )


# ---------------------------------------------------------------- what is wrong


def findings(scene: Scene, stations: Mapping[str, str]) -> tuple[Finding, ...]:
    """Everything that the hall itself knows to be wrong, the first to be done first; ``stations`` by name."""
    found = (
        *_helps(scene, stations),
        *_queues(scene),
        *_windows(scene),
        *_stops(scene),
        *_hoarding(scene),
        *_poor(scene),
    )
    return tuple(sorted(found, key=lambda finding: finding.place))


def _helps(scene: Scene, stations: Mapping[str, str]) -> Iterator[Finding]:
    rules = scene.plan.rules
    for call in scene.helps:
        taken = f"{_person(call.taken_by)}已前往" if call.taken_by else ""
        detail = "，".join(part for part in (call.about, taken) if part)
        if call.asked is Asked.MANAGER:
            yield Finding(
                key=f"help-{call.id}",
                urgency=Urgency.HELP,
                title=f"{_label(scene.plan, call.window)} 紧急求助",
                detail=detail,
                since_ms=call.at_ms,
                act=Act("help-end", "已处理", str(call.id))
                if call.taken_by
                else Act("help-take", "我去", str(call.id)),
                rings=not call.taken_by,
            )
        elif not call.taken_by and scene.at_ms - call.at_ms >= rules.guide_minutes * MINUTE_MS:
            yield Finding(
                key=f"guide-{call.id}",
                urgency=Urgency.SOON,
                title=f"{_place(scene.plan, call, stations)} 呼叫导办，无人应答",
                detail=detail,
                since_ms=call.at_ms,
                act=Act("help-take", "我去", str(call.id)),
            )


def _queues(scene: Scene) -> Iterator[Finding]:
    rules = scene.plan.rules
    for service in scene.plan.services.values():
        line = scene.lines.get(service.id, NOBODY)
        if not line.waiting:
            continue
        act = Act("service", "安排窗口", service.id)
        if not open_for(scene, service.id):
            title = f"{service.name} 有 {line.waiting} 人等候，没有开放窗口"
            yield Finding(f"unserved-{service.id}", Urgency.NOW, title, _longest(line), line.oldest_ms, act)
        elif line.late:
            red = bool(line.over)
            limit = rules.wait_red_minutes if red else rules.wait_yellow_minutes
            title = f"{service.name} 有 {line.over or line.late} 人等候超过 {limit} 分钟"
            urgency = Urgency.NOW if red else Urgency.SOON
            yield Finding(f"late-{service.id}", urgency, title, _longest(line), line.oldest_ms, act)


def _windows(scene: Scene) -> Iterator[Finding]:
    rules = scene.plan.rules
    for window in scene.plan.windows.values():
        act = Act("window", "看窗口", window.id)
        if idles(scene, window.id):
            waiting = sum(scene.lines.get(s, NOBODY).waiting for s in scene.skills[window.id])
            title = f"{window.label} 开放但没有叫号，有 {waiting} 人等它"
            yield Finding(f"idle-{window.id}", Urgency.SOON, title, "", idle_since(scene, window.id), act)
            continue
        ticket = scene.present.get(window.id)
        if ticket is None or ticket.status is not TicketStatus.SERVING:
            continue
        if window_light(scene, window.id) is Light.RED:
            title = f"{window.label} 办理 {ticket.number} 超过 {rules.service_red_minutes} 分钟"
            yield Finding(f"long-{window.id}", Urgency.SOON, title, "", ticket.arrived_ms, act)


def _stops(scene: Scene) -> Iterator[Finding]:
    for service, stop in scene.stopped.items():
        if stop.lifted or service not in scene.plan.services:
            continue
        yield Finding(
            key=f"stopped-{service}",
            urgency=Urgency.SOON if stop.by_rule else Urgency.NOTE,
            title=f"{scene.plan.services[service].name} 已停止取号",
            detail="按剩余时间自动停止" if stop.by_rule else "由工作人员停止",
            since_ms=stop.at_ms,
            act=Act("service-resume", "恢复取号", service),
        )


def _hoarding(scene: Scene) -> Iterator[Finding]:
    for hoarder in scene.hoarders:
        numbers = f"未办的号：{'、'.join(hoarder.open)}" if hoarder.open else "现在没有未办的号"
        key = f"hoarding-{scene.day}-{'-'.join(hoarder.open) or hoarder.count}"
        title = f"一人今天取了 {hoarder.count} 个号，疑似囤号"
        yield Finding(key, Urgency.NOTE, title, numbers, 0, Act("seen", "知道了", key))


def _poor(scene: Scene) -> Iterator[Finding]:
    """Poor ratings whose next step is overdue, and new ones that nobody has contacted, each as one line."""
    rules = scene.plan.rules
    late = [one for one in scene.poor if 0 < due_ms(one, rules) <= scene.at_ms]
    fresh = [one for one in scene.poor if one not in late and not one.done(FollowUp.CONTACTED)]
    act = Act("page", "去处理", "/reports/poor")
    if late:
        detail = f"收到后 {rules.poor_contact_hours} 小时内回访，{rules.poor_close_days} 天内办结"
        since_ms = min(due_ms(one, rules) for one in late)
        title = f"{len(late)} 条差评超过时限"
        yield Finding("poor-late", Urgency.SOON, title, detail, since_ms, act)
    if fresh:
        since_ms = min(one.at_ms for one in fresh)
        yield Finding("poor-new", Urgency.NOTE, f"{len(fresh)} 条差评待回访", "", since_ms, act)


def _longest(line: Line) -> str:
    return f"最久的是 {line.oldest}"


def _label(plan: Plan, window: str) -> str:
    return plan.windows[window].label if window in plan.windows else window


def _place(plan: Plan, call: HelpCall, stations: Mapping[str, str]) -> str:
    if call.window:
        return _label(plan, call.window)
    return stations.get(call.station, "工作人员" if ":" in call.station else call.station)


def _person(by: str) -> str:
    return by.partition(":")[2] or by


def limits_text(rules: Rules) -> str:
    """What the lights mean."""
    return (
        f"等候 {rules.wait_yellow_minutes} 分钟黄灯、{rules.wait_red_minutes} 分钟红灯；"
        f"办理 {rules.service_yellow_minutes} 分钟黄灯、{rules.service_red_minutes} 分钟红灯"
    )
