"""The file that would describe a plan of tests, so that pages can edit what a paged hall runs on."""

from __future__ import annotations

from dataclasses import fields

from contract.messages import StationKind
from hall_server.config import HallConfig, described
from hall_server.hall.plan import CallingRule, Plan, Rules
from hall_server.hall_file import (
    BoardPart,
    CallingPart,
    DevicePart,
    HallFile,
    HallPart,
    ItemFile,
    LedBarPart,
    RulesPart,
    ServicePart,
    StationPart,
    WindowPart,
    ZonePart,
)


def box_of(plan: Plan) -> HallConfig:
    """Zones, services, windows, boards, calling and rules of a plan as a hall's file; no rota."""
    file = HallFile(
        hall=HallPart(id=plan.id, name=plan.name, notices=plan.notices),
        rules=RulesPart(**_same(plan.rules, Rules, RulesPart)),  # type: ignore[arg-type]
        catalogue="items.json",
        stations=(StationPart(id="kiosk-1", kind=StationKind.KIOSK, name="1号自助机"),),
        callboxes=DevicePart(port="/dev/null"),
        ledbars=LedBarPart(port="/dev/null"),
        zones=tuple(ZonePart(id=z.id, name=z.name, icon=z.icon) for z in plan.zones.values()),
        services=tuple(
            ServicePart(
                id=s.id,
                name=s.name,
                zone=s.zone,
                prefix=s.prefix,
                first=s.first,
                width=s.width,
                mean_minutes=s.mean_minutes,
                items=s.items,
                group=s.group,
                slot_minutes=s.slot_minutes,
                slot_quota=s.slot_quota,
                ring_fenced=s.ring_fenced,
            )
            for s in plan.services.values()
        ),
        windows=tuple(
            WindowPart(
                id=w.id,
                label=w.label,
                name=w.name,
                zone=w.zone,
                services=w.services,
                helps_with=w.helps_with,
                open=w.open_at_start,
            )
            for w in plan.windows.values()
        ),
        boards=tuple(
            BoardPart(id=b.id, title=b.title, zones=b.zones, rows=b.rows) for b in plan.boards.values()
        ),
        calling=tuple(
            CallingPart(group=group, rule=rule.kind, **_same(rule, CallingRule, CallingPart))  # type: ignore[arg-type]
            for group, rule in plan.calling.items()
        ),
    )
    return described(
        file, tuple(_item(code, name, plan) for code, name in plan.item_names.items()), source=""
    )


def _same(thing: object, kind: type, part: type) -> dict[str, object]:
    names = {f.name for f in fields(kind)} & set(part.__struct_fields__)  # type: ignore[attr-defined]
    return {name: getattr(thing, name) for name in names}


def _item(code: str, name: str, plan: Plan) -> ItemFile:
    service = next(s for s in plan.services.values() if code in s.items)
    return ItemFile(
        code=code,
        name=name,
        department="公安局",
        zone=service.zone,
        handling="",
        statutory_days=20,
        promised_days=10,
        fee="",
        service_minutes=10,
        terminal=True,
        appointment=True,
        materials=(),
        situations=(),
    )
