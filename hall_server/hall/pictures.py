"""PURE: what others may see of a hall: pictures of windows, queues and boards, slips and calls."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from assets.speech.wording import call_parts
from contract import messages as m
from hall_server.hall.calling import ahead
from hall_server.hall.closing import closed_reason
from hall_server.hall.model import Broadcast, ClosedStation, Hall, HelpCall, Stop, Ticket
from hall_server.hall.plan import Board, ServiceWindow
from hall_server.hall.waits import NO_WAITS, Told, Waits, told_to_holder, told_to_newcomer

NO_SHOW_TEXT = {
    "void": "过号作废，请重新取号",
    "back": "过号后排到后面几位，请留意再次呼叫",
    "end": "过号后排到队尾，请留意再次呼叫",
    "manual": "过号请到导办台处理",
}


@dataclass(frozen=True, slots=True)
class Look:
    """How this hall presents itself: voice wording, address for the ticket's QR, secret that signs it."""

    boot: str
    public_url: str = ""
    key: bytes = b""
    wording: str = "number-first"
    one: str = "幺"


@dataclass(frozen=True, slots=True)
class HallView:
    """An immutable picture of the hall for pages; swapped as a whole after each commit."""

    seq: int
    at_ms: int
    day: str
    windows: Mapping[str, m.WindowState]
    queues: Mapping[str, m.QueueState]
    boards: Mapping[str, m.BoardNow]
    present: Mapping[str, Ticket | None]
    parked: tuple[Ticket, ...]
    helps: tuple[HelpCall, ...] = ()
    waits: Waits = NO_WAITS
    stopped: Mapping[str, Stop] = field(default_factory=dict)
    broadcasts: tuple[Broadcast, ...] = ()
    closed: Mapping[str, ClosedStation] = field(default_factory=dict)


def window_state(hall: Hall, window_id: str, look: Look) -> m.WindowState:
    """The retained picture of one window."""
    window, now = hall.plan.windows[window_id], hall.windows[window_id]
    ticket = hall.ticket_at(window_id)
    shown = (
        {
            "number": ticket.number,
            "ticket_status": ticket.status,
            "service": hall.plan.services[ticket.service].name,
            "masked_name": ticket.person.masked_name if ticket.person else "",
            "call": ticket.call,
            "called_ms": ticket.called_ms,
            "recalls": ticket.recalls,
        }
        if ticket
        else {}
    )
    return m.WindowState(
        window=window.id,
        label=window.label,
        name=window.name,
        zone=hall.plan.zones[window.zone].name,
        status=now.status,
        seq=hall.seq,
        boot=look.boot,
        services=tuple(hall.plan.services[s].name for s in hall.skills[window.id] if s in hall.plan.services),
        **shown,  # type: ignore[arg-type]
    )


def queue_state(
    hall: Hall, service_id: str, look: Look, now_ms: int, waits: Waits = NO_WAITS
) -> m.QueueState:
    """The retained picture of one queue."""
    service = hall.plan.services[service_id]
    waiting = hall.waiting.get(service_id, 0)
    windows = _open_windows(hall, service_id)
    told = told_to_newcomer(waits, hall, service_id, now_ms)
    closed = closed_reason(hall, service, now_ms)
    return m.QueueState(
        service=service.id,
        name=service.name,
        zone=service.zone,
        waiting=waiting,
        open=not closed,
        seq=hall.seq,
        boot=look.boot,
        wait_low=told.low,
        wait_high=told.high,
        wait_note=told.note,
        windows=windows,
        closed_reason=closed or ("" if windows else "暂无开放窗口，取号后请等候开窗"),
    )


def board_now(hall: Hall, board_id: str, look: Look) -> m.BoardNow:
    """The retained picture of one call board."""
    board = hall.plan.boards[board_id]
    rows = [row for row in hall.recent if row.zone in board.zones][: board.rows]
    waiting = {zone: 0 for zone in hall.plan.zones if zone in board.zones}
    for service in hall.plan.services.values():
        if service.zone in waiting:
            waiting[service.zone] += hall.waiting.get(service.id, 0)
    return m.BoardNow(
        board=board.id,
        title=board.title,
        seq=hall.seq,
        boot=look.boot,
        rows=tuple(
            m.BoardRow(
                call=row.call,
                number=row.number,
                window=hall.plan.windows[row.window].label,
                service=hall.plan.services[row.service].name,
                zone=hall.plan.zone_name(row.zone),
                called_ms=row.called_ms,
                recalls=row.recalls,
            )
            for row in rows
            if row.window in hall.plan.windows and row.service in hall.plan.services
        ),
        lines=board.rows,
        notices=_notices(hall),
        waiting=tuple(
            m.ZoneWaiting(zone=hall.plan.zones[zone].name, waiting=count) for zone, count in waiting.items()
        ),
    )


def _notices(hall: Hall) -> tuple[str, ...]:
    """Posted ones before those of the description; while an urgent broadcast goes on, its text alone."""
    urgent = [each.notice for each in hall.broadcasts.values() if each.urgent and not each.ended_ms]
    alone = tuple(hall.notices[notice].text for notice in urgent if notice in hall.notices)
    return alone or (*(notice.text for notice in hall.notices.values()), *hall.plan.notices)


def calls(hall: Hall, ticket: Ticket, kind: m.CallKind, now_ms: int, look: Look) -> tuple[m.Call, ...]:
    """The call messages of one call: one for each board that covers the window's zone."""
    window = hall.plan.windows[ticket.window]
    speech = m.Speech(
        lang="zh",
        parts=call_parts(ticket.number, window.label, wording=look.wording, one=look.one),
    )
    expires_ms = now_ms + hall.plan.rules.call_expires_seconds * 1000
    return tuple(
        m.Call(
            call=ticket.call,
            kind=kind,
            board=board.id,
            ticket=ticket.id,
            number=ticket.number,
            window=window.id,
            window_label=window.label,
            zone=window.zone,
            service=hall.plan.services[ticket.service].name,
            at_ms=now_ms,
            expires_ms=expires_ms,
            recalls=ticket.recalls,
            say=() if kind is m.CallKind.RETRACT else (speech,),
        )
        for board in boards_of(hall, window)
    )


def boards_of(hall: Hall, window: ServiceWindow) -> list[Board]:
    """Boards that show the window's zone."""
    return [board for board in hall.plan.boards.values() if window.zone in board.zones]


def slip(hall: Hall, ticket: Ticket, look: Look, now_ms: int, waits: Waits = NO_WAITS) -> m.TicketSlip:
    """What paper and number screen show of a ticket now."""
    service = hall.plan.service(ticket.service)
    people = ahead(hall, ticket, now_ms) if ticket.status is m.TicketStatus.WAITING else 0
    waiting = ticket.status is m.TicketStatus.WAITING
    told = told_to_holder(waits, hall, ticket, people, now_ms) if waiting else Told()
    window = hall.plan.windows.get(ticket.window)
    return m.TicketSlip(
        ticket=ticket.id,
        number=ticket.number,
        hall=hall.plan.name,
        zone=hall.plan.zone_name(service.zone),
        service=service.name,
        items=tuple(hall.plan.item_names.get(code, code) for code in ticket.items),
        ahead=people,
        wait_low=told.low,
        wait_high=told.high,
        wait_note=told.note,
        windows=tuple(w.label for w in hall.windows_for(service.id)),
        issued_ms=ticket.issued_ms,
        business_day=ticket.day,
        qr=qr_text(ticket.id, look),
        notes=(NO_SHOW_TEXT[hall.plan.rules.no_show_policy.value],),
        status=ticket.status,
        reprint=ticket.reprints,
        masked_name=ticket.person.masked_name if ticket.person else "",
        called_to=window.label if window and ticket.status is m.TicketStatus.CALLED else "",
    )


def qr_text(ticket_id: str, look: Look) -> str:
    """Address of the ticket's phone page, or '' in a hall that has none; signed with 64 bits of HMAC."""
    if not look.public_url:
        return ""
    return f"{look.public_url}/t/{ticket_id}.{qr_seal(ticket_id, look.key)}"


def qr_seal(ticket_id: str, key: bytes) -> str:
    """16 hex digits that nobody without the hall's key can make."""
    return hmac.new(key, b"ticket:" + ticket_id.encode(), hashlib.sha256).hexdigest()[:16]


def booking_seal(appointment: str, key: bytes) -> str:
    """The same of an appointment, for the address that its holder has."""
    return hmac.new(key, b"booking:" + appointment.encode(), hashlib.sha256).hexdigest()[:16]


def _open_windows(hall: Hall, service_id: str) -> tuple[str, ...]:
    return tuple(
        w.label for w in hall.windows_for(service_id) if hall.windows[w.id].status is m.WindowStatus.OPEN
    )
