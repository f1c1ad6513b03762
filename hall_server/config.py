"""The hall's description: one TOML file to a checked Plan and the catalogue for the kiosks."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from contract import catalogue as cat
from contract.schema import ConfigError, Problem, check, load_toml
from hall_server.hall import plan
from hall_server.hall.pictures import NO_SHOW_TEXT
from hall_server.hall.plan import Plan, Rules
from hall_server.hall_checks import minute_of, problems_of, service_of_items, span_of
from hall_server.hall_file import (
    OF_THE_BOX,
    WEEKDAYS,
    BookingPart,
    CallingPart,
    HallFile,
    ItemFile,
    ServicePart,
    ShiftPart,
)


class HallConfig(msgspec.Struct, frozen=True):
    """What the programs use: the file and its items, the plan made of them, the catalogue for the kiosks."""

    file: HallFile
    items: tuple[ItemFile, ...]
    plan: Plan
    catalogue: cat.Catalogue

    @property
    def digest(self) -> str:
        """The same for the same description, whenever and wherever it is read."""
        described = (self.file, self.items)
        return hashlib.sha256(msgspec.json.encode(described, order="deterministic")).hexdigest()


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
    return described(file, check(raw, tuple[ItemFile, ...], source=str(items_path)), source=source)


def described(file: HallFile, items: tuple[ItemFile, ...], *, source: str) -> HallConfig:
    """Plan and catalogue of a description. Raises ConfigError with every mistake between its tables."""
    problems = list(problems_of(file, items))
    if problems:
        raise ConfigError(source, problems)
    service_of = service_of_items(file, items)
    return HallConfig(file, items, _plan(file, items, service_of), _catalogue(file, items, service_of))


def document_of(file: HallFile) -> str:
    """What is kept of a description that people edited in pages, as JSON."""
    return msgspec.json.encode(file).decode()


def from_document(
    document: str, box: HallConfig, items: Callable[[HallFile], tuple[ItemFile, ...]] | None = None
) -> HallConfig:
    """A description that was published, on this box: what belongs to the box itself stays as its file says.

    ``items``: those of a description, when they are not the box's own. Raises ConfigError when the document
    does not go with the items any more.
    """
    try:
        file = msgspec.json.decode(document, type=HallFile)
    except msgspec.DecodeError as error:
        raise ConfigError("published description", [Problem("", "", str(error))]) from error
    kept = {name: getattr(box.file, name) for name in OF_THE_BOX}
    whole = msgspec.structs.replace(file, **kept)
    return described(whole, items(whole) if items else box.items, source="published description")


def _plan(file: HallFile, items: tuple[ItemFile, ...], service_of: dict[str, str]) -> Plan:
    rules = msgspec.structs.asdict(file.rules)
    return Plan(
        id=file.hall.id,
        name=file.hall.name,
        rules=Rules(**rules, day_closes_minute=minute_of(file.hall.day_closes_at)),
        zones={z.id: plan.Zone(z.id, z.name, z.icon) for z in file.zones},
        services={s.id: _service(s, items, service_of) for s in file.services},
        windows={
            w.id: plan.ServiceWindow(
                w.id, w.label, w.name or w.label, w.zone, w.services, w.open, w.helps_with
            )
            for w in file.windows
        },
        boards={
            b.id: plan.Board(b.id, b.title, b.zones or tuple(z.id for z in file.zones), b.rows)
            for b in file.boards
        },
        item_names={i.code: i.name for i in items},
        notices=file.hall.notices,
        calling={part.group: _calling(part) for part in file.calling},
        rota=tuple(shift for part in file.rota for shift in _shifts(part)),
        booking=_booking(file.booking),
        quiet=tuple(span_of(hours) for hours in file.voice.quiet),
        holidays=tuple(sorted((day - datetime.date(1970, 1, 1)).days for day in file.holidays)),
    )


def _booking(part: BookingPart) -> plan.BookingRules | None:
    if not part.open:
        return None
    return plan.BookingRules(
        days_ahead=part.days_ahead,
        lead_minutes=part.lead_minutes,
        hours=tuple(span_of(hours) for hours in part.hours),
        weekdays=tuple(sorted(WEEKDAYS.index(day) for day in part.days if day != "holiday")),
        per_person=part.per_person,
        per_address=part.per_address,
    )


def _service(part: ServicePart, items: tuple[ItemFile, ...], service_of: dict[str, str]) -> plan.Service:
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
        issue_until_minute=-1 if part.issue_until is None else minute_of(part.issue_until),
        closes_minute=-1 if part.closes is None else minute_of(part.closes),
    )


def _calling(part: CallingPart) -> plan.CallingRule:
    return plan.CallingRule(
        kind=part.rule,
        green_weight=part.green_weight,
        appointment_weight=part.appointment_weight,
        ratio=part.ratio,
        ratio_normal=part.ratio_normal,
        aged_minutes=part.aged_minutes,
        green_share_percent=part.green_share_percent,
        max_wait_minutes=part.max_wait_minutes,
    )


def _shifts(part: ShiftPart) -> Iterable[plan.Shift]:
    weekdays = tuple(sorted(WEEKDAYS.index(day) for day in part.days if day != "holiday"))
    for window in part.windows:
        yield plan.Shift(
            window=window,
            from_minute=minute_of(part.begins),
            to_minute=minute_of(part.ends) + (24 * 60 if part.ends <= part.begins else 0),
            weekdays=weekdays,
            holidays="holiday" in part.days,
            closed=part.closed,
            services=part.services,
            name=part.name,
        )


def _catalogue(file: HallFile, items: tuple[ItemFile, ...], service_of: dict[str, str]) -> cat.Catalogue:
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
