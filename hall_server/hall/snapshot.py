"""PURE: the whole state of a hall as bytes and back, so that a restart need not replay a year."""

from __future__ import annotations

import msgspec

from hall_server.hall.indexes import put
from hall_server.hall.model import (
    Appointment,
    Booking,
    Broadcast,
    ClosedStation,
    Day,
    Hall,
    HelpCall,
    Lease,
    Notice,
    Papers,
    Poor,
    Published,
    RecentCall,
    Served,
    Stop,
    Ticket,
    Undoable,
    WindowNow,
)
from hall_server.hall.plan import Plan

FORMAT = 7


class _Frozen(msgspec.Struct, frozen=True):
    format: int
    seq: int
    plan: Plan
    published: Published
    day: Day | None
    tickets: list[Ticket]
    windows: dict[str, WindowNow]
    skills: dict[str, dict[str, int]]
    issued: dict[str, int]
    leased: dict[str, int]
    issued_to: dict[str, int]
    walk_ins: list[tuple[str, int, int]]
    appointments: list[Appointment]
    turns: dict[str, tuple[int, int]]
    green_budget: int
    undoable: dict[str, Undoable]
    leases: list[Lease]
    tokens: int
    recent: tuple[RecentCall, ...]
    stopped: dict[str, Stop] = {}
    helps: dict[int, HelpCall] = {}
    papers: dict[str, Papers] = {}
    served: dict[str, tuple[Served, ...]] = {}
    notices: dict[int, Notice] = {}
    broadcasts: dict[int, Broadcast] = {}
    entrusted: dict[str, tuple[str, ...]] = {}
    endings_read: dict[str, int] = {}
    guided: dict[str, tuple[str, ...]] = {}
    poor: dict[str, Poor] = {}
    closed_stations: dict[str, ClosedStation] = {}


def freeze(hall: Hall) -> bytes:
    """The state as MessagePack; indexes are left out, they follow from the tickets and appointments."""
    return msgspec.msgpack.encode(
        _Frozen(
            FORMAT,
            hall.seq,
            hall.plan,
            hall.published,
            hall.day,
            list(hall.tickets.values()),
            hall.windows,
            hall.skills,
            hall.issued,
            hall.leased,
            hall.issued_to,
            [(service, slot, count) for (service, slot), count in hall.walk_ins.items()],
            list(hall.appointments.values()),
            hall.turns,
            hall.green_budget,
            hall.undoable,
            list(hall.leases.values()),
            hall.tokens,
            hall.recent,
            hall.stopped,
            hall.helps,
            hall.papers,
            hall.served,
            hall.notices,
            hall.broadcasts,
            hall.entrusted,
            hall.endings_read,
            hall.guided,
            hall.poor,
            hall.closed_stations,
        )
    )


def thaw(hall: Hall, body: bytes) -> None:
    """Fill a fresh hall from a snapshot. Raises msgspec.DecodeError on bytes of another version."""
    frozen = msgspec.msgpack.decode(body, type=_Frozen)
    if frozen.format != FORMAT:
        raise msgspec.DecodeError(f"snapshot format {frozen.format}, wanted {FORMAT}")
    hall.plan, hall.published = frozen.plan, frozen.published
    hall.reset_windows()
    hall.seq, hall.day, hall.recent = frozen.seq, frozen.day, frozen.recent
    hall.issued.update(frozen.issued)
    hall.leased.update(frozen.leased)
    hall.issued_to.update(frozen.issued_to)
    hall.walk_ins.update({(service, slot): count for service, slot, count in frozen.walk_ins})
    hall.skills.update(frozen.skills)
    hall.turns.update(frozen.turns)
    hall.green_budget = frozen.green_budget
    hall.undoable.update(frozen.undoable)
    hall.leases.update({lease.token: lease for lease in frozen.leases})
    hall.tokens = frozen.tokens
    hall.stopped.update(frozen.stopped)
    hall.helps.update(frozen.helps)
    hall.papers.update(frozen.papers)
    hall.served.update(frozen.served)
    hall.notices.update(frozen.notices)
    hall.broadcasts.update(frozen.broadcasts)
    hall.entrusted.update(frozen.entrusted)
    hall.endings_read.update(frozen.endings_read)
    hall.guided.update(frozen.guided)
    hall.poor.update(frozen.poor)
    hall.closed_stations.update(frozen.closed_stations)
    hall.windows.update(frozen.windows)
    for ticket in frozen.tickets:
        hall.by_number[ticket.number] = ticket.id
        if ticket.agent:
            hall.by_agent[ticket.agent] = (*hall.by_agent.get(ticket.agent, ()), ticket.id)
        put(hall, None, ticket)
    for appointment in frozen.appointments:
        hall.appointments[appointment.id] = appointment
        slot = (appointment.service, appointment.start_ms)
        hall.by_slot[slot] = (*hall.by_slot.get(slot, ()), appointment.id)
        if appointment.status is Booking.BOOKED:
            hall.booked.add((appointment.start_ms, appointment.id))


def same_state(one: Hall, other: Hall) -> bool:
    """Whether two halls would be frozen alike, whatever order their collections grew in."""
    names = (name for name in _Frozen.__struct_fields__ if name != "format")
    return all(getattr(one, name) == getattr(other, name) for name in names)
