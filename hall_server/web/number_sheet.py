"""The sheet of one number for the manager, found by what is on the paper: where it is, and why not yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse

from contract.messages import TicketStatus
from hall_server.hall.explain import why_not
from hall_server.hall.lookup import STATUS_TEXT
from hall_server.hall.model import OUTCOME_TEXT, Hall, Ticket
from hall_server.web.asking import ask
from hall_server.web.caller import Here
from hall_server.web.frame import Frame

Number = Annotated[str, InPath(max_length=16)]


@dataclass(frozen=True, slots=True)
class NumberSheet:
    """One number of today. ``why`` it was not called yet, '' unless it waits; ``others`` of its visit."""

    ticket: Ticket
    status: str
    service: str
    window: str
    why: str
    waiting: bool
    passed: bool
    guided: tuple[str, ...]
    others: tuple[str, ...]


def number_routes(frame: Frame) -> APIRouter:
    """GET /manager/numbers/{number}."""
    router = APIRouter(prefix="/manager", include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/numbers/{number}")
    async def number_sheet(here: Here, number: Number) -> HTMLResponse:
        found = await ask(frame.service, lambda hall: number_of(hall, number, frame.now_ms()))
        if found is None:
            return frame.page(here, "manager/sheet-number.html", status=404, n=None, number=number.upper())
        told = frame.service.view.waits.tickets.get(found.ticket.id)
        return frame.page(here, "manager/sheet-number.html", n=found, told=told)

    return router


def number_of(hall: Hall, number: str, now_ms: int) -> NumberSheet | None:
    """None when the day has no such number."""
    ticket = hall.tickets.get(hall.by_number.get(number.strip().upper(), ""))
    if ticket is None:
        return None
    waits = ticket.status is TicketStatus.WAITING
    why = why_not(hall, ticket.id, now_ms) if waits else None
    window = hall.plan.windows.get(ticket.window)
    ended = OUTCOME_TEXT[ticket.outcome] if ticket.outcome else STATUS_TEXT[ticket.status]
    names = (hall.plan.services[s].name for s in (ticket.service, *ticket.also) if s in hall.plan.services)
    held = hall.by_person.get(ticket.person.key, ()) if ticket.person else ()
    same = (hall.tickets[t] for t in held if t != ticket.id)
    return NumberSheet(
        ticket=ticket,
        status="持号人要求延后" if ticket.away and ticket.status is TicketStatus.PARKED else ended,
        service=" + ".join(names) or ticket.service,
        window=window.label if window else ticket.window,
        why=why.sentence if why else "",
        waiting=waits,
        passed=ticket.status is TicketStatus.NO_SHOW,
        guided=hall.guided.get(ticket.id, ()),
        others=tuple(other.number for other in same if other.visit == ticket.visit),
    )
