"""The hall's description: one TOML file to a checked Plan, the catalogue, stations and addresses."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from contract import catalogue as cat
from contract.messages import StationKind
from contract.schema import ConfigError, Problem, check, load_toml
from contract.topics import IDENTIFIER
from hall_server.hall import plan
from hall_server.hall.pictures import NO_SHOW_TEXT
from hall_server.hall.plan import CallingKind, NoShowPolicy, Plan, Rules

Id = Annotated[str, msgspec.Meta(pattern=f"^{IDENTIFIER.pattern}$")]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Minutes = Annotated[int, msgspec.Meta(ge=0, le=1440)]
Clock = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class HallPart(Part, frozen=True, kw_only=True):
    """[hall]: who we are. ``public_url`` is where a phone reaches the ticket page; '' prints no QR."""

    id: Id
    name: str
    public_url: str = ""
    notices: tuple[str, ...] = ()
    day_closes_at: Clock = "23:59"
    elder_age: Annotated[int, msgspec.Meta(ge=50, le=100)] = 60
    announce: bool = True


class RulesPart(Part, frozen=True, kw_only=True):
    """[rules]: rules of the hall."""

    recalls_before_no_show: Annotated[int, msgspec.Meta(ge=0, le=20)] = 3
    no_show_policy: NoShowPolicy = NoShowPolicy.END
    back_places: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3
    return_places: Annotated[int, msgspec.Meta(ge=0, le=100)] = 2
    call_expires_seconds: Annotated[int, msgspec.Meta(ge=10, le=300)] = 45
    undo_seconds: Annotated[int, msgspec.Meta(ge=0, le=300)] = 30
    open_per_person: Annotated[int, msgspec.Meta(ge=1, le=50)] = 3
    hoarding_per_day: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 8
    early_minutes: Minutes = 30
    grace_minutes: Minutes = 10
    late_minutes: Minutes = 30
    green_reasons: tuple[str, ...] = ("age", "disabled", "serviceman", "pregnant", "talent")


class VoicePart(Part, frozen=True, kw_only=True):
    """[voice]: how calls are worded, and whether this box renders clips in the background."""

    wording: Annotated[str, msgspec.Meta(pattern="^(number-first|please-first)$")] = "number-first"
    one: Annotated[str, msgspec.Meta(pattern="^(幺|一)$")] = "幺"
    voice: str = "zf_xiaoxiao"
    render: bool = True


class BrokerPart(Part, frozen=True, kw_only=True):
    """[broker]: our own Mosquitto on loopback, or the hall's own by ``address`` (host:port)."""

    port: Port = 18830
    address: str = ""
    user: str = "hall-server"
    secret_file: str = ""


class WebPart(Part, frozen=True, kw_only=True):
    """[web]: where pages and large things are served; loopback only until accounts exist."""

    host: str = "127.0.0.1"
    port: Port = 18080


class ZonePart(Part, frozen=True, kw_only=True):
    """[[zones]]."""

    id: Id
    name: str
    icon: str = ""


class ServicePart(Part, frozen=True, kw_only=True):
    """[[services]]: a queue; ``items`` are item codes, ``departments`` adds all of a department."""

    id: Id
    name: str
    zone: Id
    prefix: Annotated[str, msgspec.Meta(pattern="^[A-Z]{1,2}$")]
    first: Annotated[int, msgspec.Meta(ge=0, le=9000)] = 1
    width: Annotated[int, msgspec.Meta(ge=2, le=5)] = 3
    mean_minutes: Annotated[float, msgspec.Meta(gt=0, le=240)] = 8.0
    items: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    group: str = ""
    slot_minutes: Annotated[int, msgspec.Meta(ge=5, le=720)] = 60
    slot_quota: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    ring_fenced: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    issue_until: Clock | None = None


class CallingPart(Part, frozen=True, kw_only=True):
    """[[calling]]: how a group of services (or one service) calls."""

    group: str
    rule: CallingKind
    green_weight: Annotated[float, msgspec.Meta(ge=1, le=100)] = 3.0
    appointment_weight: Annotated[float, msgspec.Meta(ge=1, le=100)] = 2.0
    ratio: Annotated[int, msgspec.Meta(ge=1, le=100)] = 2
    ratio_normal: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    aged_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 20
    max_wait_minutes: Minutes = 0


class ShiftPart(Part, frozen=True, kw_only=True):
    """[[rota]]: what windows do from-to; ``days`` of mon tue wed thu fri sat sun holiday, default mon–fri."""

    windows: tuple[Id, ...]
    begins: Clock
    ends: Clock
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    closed: bool = False
    services: tuple[Id, ...] = ()
    name: str = ""


class WindowPart(Part, frozen=True, kw_only=True):
    """[[windows]]: a service point; ``callbox`` is its address on the call-box line, 0 = none."""

    id: Id
    label: str
    name: str = ""
    zone: Id
    services: tuple[Id, ...]
    helps_with: tuple[Id, ...] = ()
    open: bool = False
    callbox: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0


class BoardPart(Part, frozen=True, kw_only=True):
    """[[boards]]: a call board and its sound zone; no zones = all."""

    id: Id
    title: str
    zones: tuple[Id, ...] = ()
    rows: Annotated[int, msgspec.Meta(ge=4, le=20)] = 10


class StationPart(Part, frozen=True, kw_only=True):
    """[[stations]]: a box that may log in; its secret is read from ``secret_file`` (made when absent)."""

    id: Id
    kind: StationKind
    name: str = ""
    place: str = ""


class DevicePart(Part, frozen=True, kw_only=True):
    """[callboxes]: the line of call boxes wired to this box; ``driver`` and its options."""

    driver: str = "callbox"
    port: str
    options: dict[str, str | int | float | bool] = {}


class HallFile(Part, frozen=True, kw_only=True):
    """The whole file."""

    hall: HallPart
    rules: RulesPart = RulesPart()
    voice: VoicePart = VoicePart()
    broker: BrokerPart = BrokerPart()
    web: WebPart = WebPart()
    catalogue: str
    zones: tuple[ZonePart, ...]
    services: tuple[ServicePart, ...]
    windows: tuple[WindowPart, ...]
    boards: tuple[BoardPart, ...]
    calling: tuple[CallingPart, ...] = ()
    rota: tuple[ShiftPart, ...] = ()
    holidays: tuple[datetime.date, ...] = ()
    stations: tuple[StationPart, ...] = ()
    callboxes: DevicePart | None = None


class _ItemFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: str
    name: str
    department: str
    zone: str
    handling: str
    statutory_days: int
    promised_days: int
    fee: str
    service_minutes: int
    terminal: bool
    appointment: bool
    materials: tuple[cat.Material, ...]
    situations: tuple[cat.Situation, ...]


class HallConfig(msgspec.Struct, frozen=True):
    """What the programs use: the file, the plan made of it, the catalogue for the kiosks."""

    file: HallFile
    plan: Plan
    catalogue: cat.Catalogue


def load(path: Path) -> HallConfig:
    """Read and check a hall's file and its catalogue whole. Raises ConfigError with every mistake found."""
    file = load_toml(path, HallFile)
    source = str(path)
    items_path = path.parent / file.catalogue
    try:
        raw = msgspec.json.decode(items_path.read_bytes())
    except OSError as error:
        raise ConfigError(
            source, [Problem("catalogue", file.catalogue, f"cannot be read: {error.strerror}")]
        ) from error
    except msgspec.DecodeError as error:
        raise ConfigError(str(items_path), [Problem("", "", f"is not JSON: {error}")]) from error
    items = check(raw, tuple[_ItemFile, ...], source=str(items_path))
    problems = list(_problems(file, items))
    if problems:
        raise ConfigError(source, problems)
    service_of = _service_of(file, items)
    return HallConfig(file, _plan(file, items, service_of), _catalogue(file, items, service_of))


def _problems(file: HallFile, items: tuple[_ItemFile, ...]) -> Iterable[Problem]:
    """References that lead nowhere, and names that stand twice."""
    zones, services = [z.id for z in file.zones], [s.id for s in file.services]
    codes, departments = [i.code for i in items], sorted({i.department for i in items})
    for table, ids in {
        "zones": zones,
        "services": services,
        "windows": [w.id for w in file.windows],
        "boards": [b.id for b in file.boards],
        "stations": [s.id for s in file.stations],
        f"{file.catalogue} code": codes,
    }.items():
        yield from (
            Problem(table, twice, "stands twice; each id may stand once")
            for twice in sorted({i for i in ids if ids.count(i) > 1})
        )
    prefixes = [s.prefix for s in file.services]
    for service in file.services:
        at = f"services[{service.id}]"
        yield from _unknown(f"{at}.zone", [service.zone], zones)
        yield from _unknown(f"{at}.items", service.items, codes)
        yield from _unknown(f"{at}.departments", service.departments, departments)
        if prefixes.count(service.prefix) > 1:
            yield Problem(
                f"{at}.prefix", service.prefix, "is another service's too; each needs its own letter"
            )
        if not any(service.id in window.services for window in file.windows):
            yield Problem(at, "", "no window does this service, so its numbers would never be called")
    for window in file.windows:
        at = f"windows[{window.id}]"
        yield from _unknown(f"{at}.zone", [window.zone], zones)
        yield from _unknown(f"{at}.services", window.services, services)
        yield from _unknown(f"{at}.helps_with", window.helps_with, services)
    boxes = [w.callbox for w in file.windows if w.callbox]
    yield from (
        Problem("windows.callbox", str(twice), "stands at two windows")
        for twice in sorted({b for b in boxes if boxes.count(b) > 1})
    )
    for board in file.boards:
        yield from _unknown(f"boards[{board.id}].zones", board.zones, zones)
    groups = sorted({s.group or s.id for s in file.services})
    for calling in file.calling:
        yield from _unknown("calling.group", [calling.group], groups)
    for index, shift in enumerate(file.rota):
        at = f"rota[{index}]"
        yield from _unknown(f"{at}.windows", shift.windows, [w.id for w in file.windows])
        yield from _unknown(f"{at}.services", shift.services, services)
        if _minute(shift.begins) >= _minute(shift.ends):
            yield Problem(f"{at}.ends", shift.ends, f"must be later than begins ({shift.begins})")
    for service in file.services:
        if service.ring_fenced > service.slot_quota:
            yield Problem(
                f"services[{service.id}].ring_fenced",
                str(service.ring_fenced),
                f"is more than slot_quota ({service.slot_quota})",
            )
    placed = _service_of(file, items)
    yield from (
        Problem(f"{file.catalogue} {item.code}", item.name, "no service in the hall's file takes this item")
        for item in items
        if item.code not in placed
    )


def _unknown(path: str, names: Iterable[str], known: list[str]) -> Iterable[Problem]:
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]!r}?" if close else ""
            yield Problem(path, name, f"is not one of {', '.join(known[:12])}", hint)


def _service_of(file: HallFile, items: tuple[_ItemFile, ...]) -> dict[str, str]:
    """Item code -> service: named items first, then whole departments."""
    found: dict[str, str] = {}
    for service in file.services:
        found.update(dict.fromkeys(service.items, service.id))
    for item in items:
        for service in file.services:
            if item.department in service.departments:
                found.setdefault(item.code, service.id)
    return found


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _plan(file: HallFile, items: tuple[_ItemFile, ...], service_of: dict[str, str]) -> Plan:
    rules = msgspec.structs.asdict(file.rules)
    return Plan(
        id=file.hall.id,
        name=file.hall.name,
        rules=Rules(**rules, day_closes_minute=_minute(file.hall.day_closes_at)),
        zones={z.id: plan.Zone(z.id, z.name, z.icon) for z in file.zones},
        services={s.id: _service(s, items, service_of) for s in file.services},
        windows={
            w.id: plan.ServiceWindow(
                w.id, w.label, w.name or w.label, w.zone, w.services, w.open, w.helps_with
            )
            for w in file.windows
        },
        boards={
            b.id: plan.Board(b.id, b.title, frozenset(b.zones or (z.id for z in file.zones)), b.rows)
            for b in file.boards
        },
        item_names={i.code: i.name for i in items},
        notices=file.hall.notices,
        calling={part.group: _calling(part) for part in file.calling},
        rota=tuple(shift for part in file.rota for shift in _shifts(part)),
        holidays=frozenset((day - datetime.date(1970, 1, 1)).days for day in file.holidays),
    )


def _service(part: ServicePart, items: tuple[_ItemFile, ...], service_of: dict[str, str]) -> plan.Service:
    return plan.Service(
        id=part.id,
        name=part.name,
        zone=part.zone,
        prefix=part.prefix,
        first=part.first,
        width=part.width,
        mean_minutes=part.mean_minutes,
        items=tuple(i.code for i in items if service_of.get(i.code) == part.id),
        group=part.group,
        slot_minutes=part.slot_minutes,
        slot_quota=part.slot_quota,
        ring_fenced=part.ring_fenced,
        issue_until_minute=-1 if part.issue_until is None else _minute(part.issue_until),
    )


def _calling(part: CallingPart) -> plan.CallingRule:
    return plan.CallingRule(
        kind=part.rule,
        green_weight=part.green_weight,
        appointment_weight=part.appointment_weight,
        ratio=part.ratio,
        ratio_normal=part.ratio_normal,
        aged_minutes=part.aged_minutes,
        max_wait_minutes=part.max_wait_minutes,
    )


def _shifts(part: ShiftPart) -> Iterable[plan.Shift]:
    weekdays = frozenset(WEEKDAYS.index(day) for day in part.days if day != "holiday")
    for window in part.windows:
        yield plan.Shift(
            window=window,
            from_minute=_minute(part.begins),
            to_minute=_minute(part.ends),
            weekdays=weekdays,
            holidays="holiday" in part.days,
            closed=part.closed,
            services=part.services,
            name=part.name,
        )


def _catalogue(file: HallFile, items: tuple[_ItemFile, ...], service_of: dict[str, str]) -> cat.Catalogue:
    zone_of = {s.id: s.zone for s in file.services}
    return cat.Catalogue(
        hall_name=file.hall.name,
        zones=tuple(cat.Zone(id=z.id, name=z.name, icon=z.icon) for z in file.zones),
        services=tuple(
            cat.Service(
                id=s.id,
                name=s.name,
                zone=s.zone,
                prefix=s.prefix,
                items=tuple(i.code for i in items if service_of[i.code] == s.id),
            )
            for s in file.services
        ),
        items=tuple(
            cat.Item(
                code=i.code,
                name=i.name,
                department=i.department,
                zone=zone_of[service_of[i.code]],
                service=service_of[i.code],
                handling=i.handling,
                statutory_days=i.statutory_days,
                promised_days=i.promised_days,
                fee=i.fee,
                service_minutes=i.service_minutes,
                terminal=i.terminal,
                appointment=i.appointment,
                materials=i.materials,
                situations=i.situations,
            )
            for i in items
        ),
        notices=file.hall.notices,
        no_show_text=NO_SHOW_TEXT[file.rules.no_show_policy.value],
    )
