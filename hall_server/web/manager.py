"""The manager's page as a value: the hall read in one go, assessed and drawn piece by piece.

``ManagerPage`` is one kind of live page (see live.py). Each window, each queue, the list of what is wrong and
the stations are fragments of their own; what looks as before is not drawn again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall.model import Class, Hall
from hall_server.hall.pictures import HallView
from hall_server.hall.plan import ServiceWindow
from hall_server.hall.supervision import (
    NOBODY,
    Finding,
    Light,
    Scene,
    findings,
    idle_since,
    light_of,
    queue_light,
    scene,
    window_light,
)
from hall_server.house import Station
from hall_server.web.broadcasts import Shown, shown
from hall_server.web.frame import Frame
from hall_server.web.lookout import Lookout

PACE_SECONDS = 0.15
LOOK_MS = 1500
DENSE_FROM = 110
LAST_TEXT = "办完停"
STATE_TEXT = {
    "idle": "空闲",
    "called": "呼叫中",
    "serving": "办理中",
    "paused": "暂停",
    "closed": "关闭",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One window on the map. ``since_ms``: of what ``state`` says; ``waiting`` people it could call."""

    window: str
    label: str
    name: str
    state: str
    text: str
    light: Light
    number: str
    service: str
    since_ms: int
    clerk: str
    reason: str
    waiting: int
    queue: Light


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One service; ``p10`` … ``p90`` are minutes for a newcomer, None when nobody can say."""

    service: str
    name: str
    zone: str
    waiting: int
    oldest_ms: int
    oldest: str
    light: Light
    open: int
    p10: int | None
    p90: int | None
    note: str
    issuing: bool


@dataclass(frozen=True, slots=True)
class Headline:
    """The hall in one line; ``forecast_ms`` is the instant of the newest forecast, 0 = none."""

    waiting: int
    open: int
    windows: int
    serving: int
    parked: int
    oldest_ms: int
    oldest: str
    light: Light
    wrong: int
    forecast_ms: int


@dataclass(frozen=True, slots=True)
class ZoneTiles:
    """The windows of one zone."""

    id: str
    name: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """All that the manager's page shows at one moment."""

    at_ms: int
    zones: tuple[ZoneTiles, ...]
    queues: tuple[QueueRow, ...]
    wrong: tuple[Finding, ...]
    stations: tuple[Station, ...]
    headline: Headline
    broadcasts: tuple[Shown, ...] = ()

    @property
    def dense(self) -> bool:
        """Whether tiles must be small."""
        return sum(len(zone.tiles) for zone in self.zones) > DENSE_FROM

    @property
    def shape(self) -> str:
        """Changes when windows or services come, go or move: then a page must be loaded anew."""
        zones = "|".join(f"{z.id}:{','.join(t.window for t in z.tiles)}" for z in self.zones)
        return f"{hash((zones, tuple(q.service for q in self.queues))) & 0xFFFFFFFF:08x}"


@dataclass(frozen=True, slots=True)
class ManagerPage:
    """The live page of the whole hall: all managers share what is read and drawn."""

    frame: Frame = field(compare=False)
    lookout: Lookout = field(compare=False)
    drawn: dict[str, tuple[object, str]] = field(default_factory=dict, compare=False)

    def changed(self, seen: Scene, old: HallView, new: HallView) -> bool:
        """After each commit; and when time alone may have changed a light or a station is gone."""
        return old is not new or self.frame.now_ms() - seen.at_ms >= LOOK_MS

    def read(self, hall: Hall) -> Scene:
        """On the hall's thread."""
        return scene(hall, self.frame.now_ms())

    def render(self, seen: Scene) -> dict[str, str]:
        """Fragment id -> HTML."""
        picture = self.picture(seen)
        parts: dict[str, object] = {
            "headline": (picture.headline, picture.shape),
            "wrong": picture.wrong,
            "stations": picture.stations,
            "broadcasts": picture.broadcasts,
        }
        parts |= {f"window-{tile.window}": tile for zone in picture.zones for tile in zone.tiles}
        parts |= {f"queue-{row.service}": row for row in picture.queues}
        return {name: self._piece(name, value, picture) for name, value in parts.items()}

    def picture(self, seen: Scene) -> Picture:
        """The scene assessed, with the house around it."""
        wrong = self._wrong(seen)
        return Picture(
            at_ms=seen.at_ms,
            zones=tuple(self._zones(seen)),
            queues=tuple(_queue(seen, self.frame.service.view, service) for service in seen.plan.services),
            wrong=wrong,
            stations=self.frame.house.stations,
            headline=_headline(seen, len(wrong), self.frame.service.view.waits.at_ms),
            broadcasts=shown(self.frame.service.view.broadcasts, self.frame.house, seen.at_ms, self._name),
        )

    def _piece(self, name: str, value: object, picture: Picture) -> str:
        """Drawn when it differs from the last time."""
        before = self.drawn.get(name)
        if before is not None and before[0] == value:
            return before[1]
        kind = name.partition("-")[0]
        one = {"window": "t", "queue": "q"}.get(kind, "p")
        html = self.frame.rendering.page(
            f"manager/{kind}.html", live=True, **{one: picture if one == "p" else value}
        )
        self.drawn[name] = (value, html)
        return html

    def _wrong(self, seen: Scene) -> tuple[Finding, ...]:
        names = {station.id: station.name for station in self.frame.house.stations}
        found = (*findings(seen, names), *self.frame.house.findings(), *self.lookout.findings())
        known = self.lookout.seen_of(seen.day)
        return tuple(sorted((f for f in found if f.key not in known), key=lambda f: f.place))

    def _zones(self, seen: Scene) -> Iterator[ZoneTiles]:
        lights = {service: queue_light(line) for service, line in seen.lines.items()}
        by_zone: dict[str, list[Tile]] = {zone: [] for zone in seen.plan.zones}
        for window in seen.plan.windows.values():
            by_zone.setdefault(window.zone, []).append(self._tile(seen, window, lights))
        for zone, tiles in by_zone.items():
            if tiles:
                yield ZoneTiles(zone, seen.plan.zone_name(zone), tuple(tiles))

    def _tile(self, seen: Scene, window: ServiceWindow, lights: dict[str, Light]) -> Tile:
        now, ticket, skills = seen.windows[window.id], seen.present.get(window.id), seen.skills[window.id]
        state, since_ms = now.status.value, now.since_ms
        if ticket is not None:
            called = ticket.status is TicketStatus.CALLED
            state, since_ms = ("called", ticket.called_ms) if called else ("serving", ticket.arrived_ms)
        elif now.status is WindowStatus.OPEN:
            state, since_ms = "idle", idle_since(seen, window.id)
        leaving = ticket is not None and now.status is not WindowStatus.OPEN
        worst = {lights[service] for service in skills if service in lights}
        return Tile(
            window=window.id,
            label=window.label,
            name=window.name if window.name != window.label else "",
            state=state,
            text=LAST_TEXT if leaving else STATE_TEXT[state],
            light=window_light(seen, window.id),
            number=ticket.number if ticket is not None else "",
            service=seen.plan.service(ticket.service).name if ticket is not None else "",
            since_ms=since_ms,
            clerk=self._name(now.clerk),
            reason=now.reason,
            waiting=sum(seen.lines.get(service, NOBODY).waiting for service in skills),
            queue=next((light for light in (Light.RED, Light.YELLOW) if light in worst), Light.CALM),
        )

    def _name(self, clerk: str) -> str:
        account = self.frame.accounts.book.accounts.get(clerk)
        return account.name if account is not None else clerk


def _queue(seen: Scene, view: HallView, service: str) -> QueueRow:
    line, shown, plan = seen.lines.get(service, NOBODY), view.queues.get(service), seen.plan
    told = view.waits.queues.get(service)
    newcomer = told.newcomers[Class.NORMAL] if told is not None else None
    return QueueRow(
        service=service,
        name=plan.services[service].name,
        zone=plan.zone_name(plan.services[service].zone),
        waiting=line.waiting,
        oldest_ms=line.oldest_ms,
        oldest=line.oldest,
        light=queue_light(line),
        open=len(shown.windows) if shown is not None else 0,
        p10=round(newcomer.low) if newcomer is not None else None,
        p90=round(newcomer.high) if newcomer is not None else None,
        note=(shown.closed_reason if shown is not None and not shown.open else ""),
        issuing=shown.open if shown is not None else True,
    )


def _headline(seen: Scene, wrong: int, forecast_ms: int) -> Headline:
    lines = [line for line in seen.lines.values() if line.waiting]
    oldest = min(lines, key=lambda line: line.oldest_ms, default=NOBODY)
    rules = seen.plan.rules
    minutes = (seen.at_ms - oldest.oldest_ms) / 60_000 if oldest.waiting else 0.0
    return Headline(
        waiting=sum(line.waiting for line in lines),
        open=sum(now.status is WindowStatus.OPEN for now in seen.windows.values()),
        windows=len(seen.windows),
        serving=sum(t.status is TicketStatus.SERVING for t in seen.present.values()),
        parked=seen.parked,
        oldest_ms=oldest.oldest_ms,
        oldest=oldest.oldest,
        light=light_of(minutes, rules.wait_yellow_minutes, rules.wait_red_minutes),
        wrong=wrong,
        forecast_ms=forecast_ms // 60_000 * 60_000,
    )
