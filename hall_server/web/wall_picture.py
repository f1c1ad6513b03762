"""The wall screen's picture: the day's figures as the reports have them, and the hall as it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assets.waiting import wait_text
from contract.clock import china
from contract.messages import WindowStatus
from hall_server.hall.model import Hall
from hall_server.hall.pictures import HallView
from hall_server.hall.plan import Plan
from hall_server.hall.supervision import Finding, Scene, Urgency, findings
from hall_server.reports.calendar import date_of
from hall_server.reports.desk import ReportDesk
from hall_server.reports.indicators import INDICATORS
from hall_server.reports.periods import Period, Stretch
from hall_server.reports.report import Report, make
from hall_server.reports.table import Sort, Value, seconds, shown, value_of

USUAL_DAYS = 10
QUEUES_SHOWN, ITEMS_SHOWN, ALERTS_SHOWN = 8, 4, 4
TILES_SHOWN, ZONES_SHOWN = 24, 7
SLOW_FROM, SLOW_CASES = 1.25, 3
TOLD = frozenset({"help", "guide", "unserved", "late", "idle", "stopped"})
"""Kinds of findings that a wall may show: they name no number."""
LONG_WAIT_MS = 30 * 60_000
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Big:
    """One large figure, and a line below it."""

    name: str
    value: str
    under: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class QueueBar:
    """One service's queue; ``part`` of the longest, in per cent."""

    name: str
    waiting: int
    part: int
    said: str
    wrong: bool


@dataclass(frozen=True, slots=True)
class WindowTile:
    """One window: ``state`` busy, idle, paused or closed."""

    label: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class ZoneWindows:
    """The windows of one zone, counted by state: for halls with too many to show each."""

    name: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Ranked:
    """One line of a list: an item and its figure, and what is usual."""

    name: str
    value: str
    under: str


@dataclass(frozen=True, slots=True)
class Wall:
    """Everything on the screen."""

    day: str
    at_ms: int
    bigs: tuple[Big, ...]
    queues: tuple[QueueBar, ...]
    queues_more: int
    tiles: tuple[WindowTile, ...]
    zones: tuple[ZoneWindows, ...]
    zones_more: int
    counts: dict[str, int]
    plots: dict[str, Any]
    second: tuple[Ranked, ...]
    slow: tuple[Ranked, ...]
    alerts: tuple[str, ...]
    alerts_more: int
    usual_days: int


@dataclass(frozen=True, slots=True)
class Around:
    """The house around the hall: names of its stations, what is wrong with it that is of no device."""

    stations: Mapping[str, str]
    alarming: tuple[Finding, ...]


STATE_TEXT = {"busy": "在办", "idle": "空闲", "paused": "暂停", "closed": "未开"}


def drawn_up(
    view: HallView, today: Today, usual: Usual, scene: Scene, longest_ms: int, around: Around
) -> Wall:
    """The whole picture. ``longest_ms``: see ``longest_wait``."""
    plan, now_ms = scene.plan, scene.at_ms
    alerts = _alerts(view, scene, around, longest_ms)
    queues = _queues(plan, view)
    tiles = tuple(_tile(view, name) for name in plan.windows)
    zones = _zones(plan, view) if len(tiles) > TILES_SHOWN else ()
    return Wall(
        day=view.day,
        at_ms=now_ms,
        bigs=_bigs(today, usual, view, longest_ms, now_ms),
        queues=queues[:QUEUES_SHOWN],
        queues_more=max(0, len(queues) - QUEUES_SHOWN),
        tiles=tiles if len(tiles) <= TILES_SHOWN else (),
        zones=zones[:ZONES_SHOWN],
        zones_more=max(0, len(zones) - ZONES_SHOWN),
        counts=_counted(tiles),
        plots=_plots(today, usual),
        second=_second(today),
        slow=_slow(today, usual),
        alerts=alerts[:ALERTS_SHOWN],
        alerts_more=max(0, len(alerts) - ALERTS_SHOWN),
        usual_days=usual.days,
    )


# ---------------------------------------------------------------- figures


@dataclass(frozen=True, slots=True)
class Usual:
    """Means of so many closed business days: issued and waits by half hour, minutes of items in ms."""

    days: int
    issued: dict[str, float]
    waited: dict[str, float]
    items: dict[str, int]


class Today:
    """The reports of the business day that runs; empty before it has begun."""

    def __init__(self, desk: ReportDesk, day: str) -> None:
        self._asked, self._day = desk.asked, day

    def report(self, kind: str, *by: str) -> Report | None:
        """None while there is no day."""
        if not self._day:
            return None
        date = date_of(self._day)
        return self._asked.report(Period(date, date, Stretch.DAY), kind, by)

    def figure(self, column: str) -> Value:
        """The whole hall's figure, such as ``wait.p90``."""
        report = self.report("all", "hall")
        if report is None or not report.rows:
            return None
        name, _, part = column.partition(".")
        return value_of(report.rows[0].figures[name], part)


def usual_of(desk: ReportDesk) -> Usual:
    days = desk.days.closed(USUAL_DAYS)
    if not days:
        return Usual(0, {}, {}, {})
    arrivals, waits = make(days, "arrivals", ("half_hour",)), make(days, "waits", ("half_hour",))
    services = make(days, "services", ("item",))
    return Usual(
        len(days),
        {row.key[0]: _int(value_of(row.figures["issued"], "")) / len(days) for row in arrivals.rows},
        {
            row.key[0]: _int(value_of(row.figures["wait"], "mean"))
            for row in waits.rows
            if row.figures["wait"]
        },
        {
            row.key[0]: _int(value_of(row.figures["service_ticket"], "mean"))
            for row in services.rows
            if row.figures["service_ticket"]
        },
    )


def _bigs(today: Today, usual: Usual, view: HallView, longest_ms: int, now_ms: int) -> tuple[Big, ...]:
    waiting = sum(queue.waiting for queue in view.queues.values())
    expected = _by_now(usual, now_ms)
    return (
        _big(today, "今日取号", "issued", f"往常此时 {expected:,.0f}" if usual.days else ""),
        Big("正在等候", f"{waiting:,}", f"最久 {_minutes(longest_ms)}" if waiting else "无人等候"),
        _big(today, "办理结束", "finished", _under(today, "无结果率", "without_result_rate")),
        _big(today, "平均等候", "wait.mean", _under(today, "P90", "wait.p90")),
        _big(today, "平均办理", "service_ticket.mean", _under(today, "窗口空闲率", "idle_rate")),
        _big(today, "二次跑动", "second_visits", _under(today, "最多跑一次", "once_rate")),
        _big(today, "好评率", "good_rate", _evaluated(today)),
    )


def _big(today: Today, name: str, column: str, under: str) -> Big:
    value = today.figure(column)
    if value is None and column in ("issued", "finished", "second_visits"):
        value = 0
    sort = _sort(column)
    if sort is Sort.TIME and isinstance(value, int):
        return Big(name, _minutes(seconds(value) * 1000), under, column)
    return Big(name, shown(sort, value), under, column)


def _evaluated(today: Today) -> str:
    """How many judged, and how many were not content."""
    given, poor = (_int(today.figure(name)) for name in ("evaluated", "evaluated_poor"))
    return f"评价 {given:,} · 差评 {poor:,}" if given else "今天还没有评价"


def _under(today: Today, name: str, column: str) -> str:
    return f"{name} {shown(_sort(column), today.figure(column))}"


def _sort(column: str) -> Sort:
    if "." in column:
        return Sort.TIME
    return Sort.RATE if INDICATORS[column].unit.value == "rate" else Sort.COUNT


def _by_now(usual: Usual, now_ms: int) -> float:
    """How many numbers a usual day has given by this time."""
    clock = china(now_ms)
    half = f"{clock.hour:02d}:{clock.minute // 30 * 30:02d}"
    part = clock.minute % 30 / 30
    return sum(n for at, n in usual.issued.items() if at < half) + usual.issued.get(half, 0.0) * part


def _plots(today: Today, usual: Usual) -> dict[str, Any]:
    arrivals, waits = today.report("arrivals", "half_hour"), today.report("waits", "half_hour")
    issued = (
        {row.key[0]: _int(value_of(row.figures["issued"], "")) for row in arrivals.rows} if arrivals else {}
    )
    waited = (
        {r.key[0]: _int(value_of(r.figures["wait"], "mean")) for r in waits.rows if r.figures["wait"]}
        if waits
        else {}
    )
    halves = sorted({half for half in (*issued, *usual.issued) if half})
    return {
        "labels": halves,
        "issued": {
            "now": [issued.get(half) for half in halves],
            "usual": [round(usual.issued[half], 1) if half in usual.issued else None for half in halves],
        },
        "waited": {
            "now": [seconds(waited[half]) if half in waited else None for half in halves],
            "usual": [seconds(int(usual.waited[half])) if half in usual.waited else None for half in halves],
        },
    }


def _second(today: Today) -> tuple[Ranked, ...]:
    report = today.report("second_visits", "item")
    rows = [(row, _int(value_of(row.figures["second_visits"], ""))) for row in report.rows] if report else []
    rows = sorted((pair for pair in rows if pair[1]), key=lambda pair: -pair[1])[:ITEMS_SHOWN]
    return tuple(
        Ranked(
            row.names[0],
            f"{count} 次",
            f"占 {shown(Sort.RATE, value_of(row.figures['second_visit_rate'], ''))}",
        )
        for row, count in rows
    )


def _slow(today: Today, usual: Usual) -> tuple[Ranked, ...]:
    """Items that today take a quarter longer than usual, in at least three numbers."""
    report = today.report("services", "item")
    found = []
    for row in report.rows if report else ():
        mean, cases = (
            (_int(value_of(row.figures["service_ticket"], part)) for part in ("mean", "count"))
            if (row.figures["service_ticket"])
            else (0, 0)
        )
        known = usual.items.get(row.key[0], 0)
        if known and cases >= SLOW_CASES and mean > known * SLOW_FROM:
            line = Ranked(row.names[0], _minutes(mean), f"往常 {_minutes(known)}")
            found.append((mean / known, line))
    return tuple(line for _, line in sorted(found, key=lambda pair: -pair[0])[:ITEMS_SHOWN])


# ---------------------------------------------------------------- the hall now


def longest_wait(hall: Hall, now_ms: int) -> int:
    """How long the first of any lane has waited, on the hall's thread."""
    firsts = (hall.tickets[lane[0][1]] for lane in hall.lanes.values() if lane)
    return max((now_ms - ticket.issued_ms for ticket in firsts), default=0)


def _queues(plan: Plan, view: HallView) -> tuple[QueueBar, ...]:
    states = [view.queues[name] for name in plan.services if name in view.queues]
    states.sort(key=lambda queue: -queue.waiting)
    most = max((queue.waiting for queue in states), default=0) or 1
    found = []
    for queue in states:
        wait = wait_text(queue.wait_low, queue.wait_high) or "—"
        windows = len(queue.windows)
        said = f"{windows} 窗 · {wait}" if windows else "无开放窗口"
        wrong = bool(queue.waiting) and not windows
        found.append(QueueBar(queue.name, queue.waiting, round(queue.waiting * 100 / most), said, wrong))
    return tuple(found)


def _tile(view: HallView, name: str) -> WindowTile:
    window = view.windows[name]
    state = {WindowStatus.OPEN: "busy" if window.number else "idle", WindowStatus.PAUSED: "paused"}.get(
        window.status, "closed"
    )
    return WindowTile(window.label, state, STATE_TEXT[state])


def _zones(plan: Plan, view: HallView) -> tuple[ZoneWindows, ...]:
    found = []
    for zone in plan.zones.values():
        tiles = tuple(_tile(view, window.id) for window in plan.windows.values() if window.zone == zone.id)
        if tiles:
            found.append(ZoneWindows(zone.name, _counted(tiles)))
    return tuple(found)


def _counted(tiles: tuple[WindowTile, ...]) -> dict[str, int]:
    return {state: sum(tile.state == state for tile in tiles) for state in STATE_TEXT}


def _alerts(view: HallView, scene: Scene, around: Around, longest_ms: int) -> tuple[str, ...]:
    """What is wrong now, as the manager's page has it, in its order; no device, nobody's number."""
    known = findings(scene, around.stations)
    found = [one for one in known if one.key.partition("-")[0] in TOLD]
    ordered = sorted((*found, *around.alarming), key=lambda one: one.place)
    told = [f"{one.title}{_who_goes(one)}" for one in ordered]
    for name, queue in view.queues.items():
        survey = view.waits.queues.get(name)
        if survey and survey.left is not None and survey.needed is not None and survey.needed > survey.left:
            told.append(f"{queue.name}今天可能办不完")
    if longest_ms >= LONG_WAIT_MS and not any(one.key.startswith("late-") for one in found):
        told.append(f"有人已等候 {_minutes(longest_ms)}")
    return tuple(told)


def _who_goes(finding: Finding) -> str:
    """Whether anybody has taken a call for help."""
    if finding.urgency is not Urgency.HELP:
        return ""
    return "，尚无人接手" if finding.rings else "，已有人前往"


def _minutes(ms: int) -> str:
    minutes = ms // MINUTE_MS
    if minutes >= 60:
        return f"{minutes // 60}小时{minutes % 60:02d}分"
    return f"{minutes}分{ms // 1000 % 60:02d}秒"


def _int(value: Value) -> int:
    return value if isinstance(value, int) else 0
