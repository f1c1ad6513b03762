"""PURE: the whole state of a hall as bytes and back, so that a restart need not replay a year."""

from __future__ import annotations

import msgspec

from hall_server.hall.model import OPEN_STATUSES, Day, Hall, RecentCall, Ticket, WindowNow


class _Frozen(msgspec.Struct, frozen=True):
    seq: int
    day: Day | None
    tickets: list[Ticket]
    windows: dict[str, WindowNow]
    issued: dict[str, int]
    recent: tuple[RecentCall, ...]


def freeze(hall: Hall) -> bytes:
    """The state as MessagePack; indexes are left out, they follow from the tickets."""
    return msgspec.msgpack.encode(
        _Frozen(
            hall.seq,
            hall.day,
            list(hall.tickets.values()),
            hall.windows,
            hall.issued,
            hall.recent,
        )
    )


def thaw(hall: Hall, body: bytes) -> None:
    """Fill a fresh hall from a snapshot. Raises msgspec.DecodeError on bytes of another version."""
    frozen = msgspec.msgpack.decode(body, type=_Frozen)
    hall.seq, hall.day, hall.recent = frozen.seq, frozen.day, frozen.recent
    hall.issued.update(frozen.issued)
    hall.windows.update(frozen.windows)
    for ticket in frozen.tickets:
        hall.tickets[ticket.id] = ticket
        hall.by_number[ticket.number] = ticket.id
        if ticket.status not in OPEN_STATUSES:
            continue
        if ticket.status.value == "waiting":
            hall.queue(ticket.service).add((ticket.rank, ticket.id))
        elif ticket.status.value == "parked":
            hall.parked.add((ticket.parked_until_ms, ticket.id))
        if ticket.person is not None:
            key = (ticket.person.key, ticket.service)
            hall.by_person[key] = (*hall.by_person.get(key, ()), ticket.id)
