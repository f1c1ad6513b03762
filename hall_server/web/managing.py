"""The manager's routes: the live page, the sheets behind it, acts, today against usual."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Path, WebSocket
from fastapi.responses import HTMLResponse, JSONResponse, Response

from contract.messages import TicketStatus
from hall_server.hall.explain import why_not
from hall_server.hall.model import LEVEL_HELP, LEVEL_OWN, Hall, RuleBroken, Ticket
from hall_server.hall.supervision import limits_text, open_for, scene
from hall_server.reports.days import Days
from hall_server.reports.usual import Usual, compare, same_weekday
from hall_server.web.asking import ask
from hall_server.web.caller import Here
from hall_server.web.frame import Frame
from hall_server.web.lookout import Lookout
from hall_server.web.manager import PACE_SECONDS, ManagerPage
from hall_server.web.manager_acts import Acts, Doing
from hall_server.web.presses import Done

LISTED = 200
Named = Annotated[str, Path(max_length=64)]


def manager_routes(frame: Frame, days: Days) -> APIRouter:
    """/manager and below."""
    router = APIRouter(prefix="/manager", include_in_schema=False, default_response_class=HTMLResponse)
    service, hub = frame.service, frame.hub
    lookout = Lookout(service, days, frame.accounts.book)
    acts = Acts(frame, lookout)

    @router.get("")
    async def manager(here: Here) -> HTMLResponse:
        page = ManagerPage(frame, lookout)
        seen = await ask(service, page.read)
        notices = await ask(service, lambda hall: tuple(hall.notices.values()))
        return frame.page(
            here,
            "manager.html",
            p=page.picture(seen),
            limits=limits_text(seen.plan.rules),
            windows=tuple(seen.plan.windows.values()),
            notices=notices,
            live=False,
        )

    @router.websocket("/live")
    async def live(websocket: WebSocket) -> None:
        await hub.serve(websocket, ManagerPage(frame, lookout), pace_seconds=PACE_SECONDS)

    @router.get("/windows/{name}")
    async def window_sheet(here: Here, name: Named) -> HTMLResponse:
        seen = await ask(service, lambda hall: scene(hall, frame.now_ms()))
        if name not in seen.plan.windows:
            raise RuleBroken("unknown_window", f"没有编号为“{name}”的窗口")
        levels = {LEVEL_OWN: "主办", LEVEL_HELP: "协办"}
        others = tuple(w for w in seen.plan.windows.values() if w.id != name)
        return frame.page(
            here,
            "manager/sheet-window.html",
            s=seen,
            w=seen.plan.windows[name],
            now=seen.windows[name],
            skills=seen.skills[name],
            ticket=seen.present.get(name),
            levels=levels,
            others=others,
            shifts=tuple(shift for shift in seen.plan.rota if shift.window == name),
        )

    @router.get("/services/{name}")
    async def service_sheet(here: Here, name: Named) -> HTMLResponse:
        found = await ask(service, lambda hall: (scene(hall, frame.now_ms()), _waiting(hall, name)))
        seen, waiting = found
        if name not in seen.plan.services:
            raise RuleBroken("unknown_service", "没有这项业务")
        return frame.page(
            here,
            "manager/sheet-service.html",
            s=seen,
            q=seen.plan.services[name],
            waiting=waiting,
            open=open_for(seen, name),
            can=tuple(w for w in seen.plan.windows.values() if name in seen.skills[w.id]),
            others=tuple(w for w in seen.plan.windows.values() if name not in seen.skills[w.id]),
            stop=seen.stopped.get(name),
            told=service.view.waits.tickets,
        )

    @router.get("/stations/{name}")
    async def station_sheet(here: Here, name: Named) -> HTMLResponse:
        found = next((station for station in frame.house.stations if station.id == name), None)
        if found is None:
            raise RuleBroken("unknown_station", "没有这台设备")
        return frame.page(here, "manager/sheet-station.html", st=found)

    @router.get("/why/{ticket}")
    async def why(ticket: Named) -> JSONResponse:
        found = await ask(service, lambda hall: why_not(hall, ticket, frame.now_ms()))
        if found is None:
            raise RuleBroken("unknown_ticket", "没有这个号，或已不是今天的号")
        return JSONResponse({"sentence": found.sentence})

    @router.get("/usual")
    async def usual() -> Response:
        found = await asyncio.to_thread(_usual, days)
        return Response(msgspec.json.encode(found), media_type="application/json")

    @router.post("/do/{act}")
    async def do(here: Here, act: Named, doing: Doing) -> JSONResponse:
        try:
            told = await acts.do(act, here, doing)
        except KeyError:
            raise HTTPException(404, "没有这个操作") from None
        return JSONResponse({**Done().model_dump(), "sentence": told})

    return router


def _waiting(hall: Hall, service: str) -> tuple[Ticket, ...]:
    """Who waits for a service, by place; no more than a screen can hold."""
    return tuple(
        ticket
        for ticket in (hall.tickets[one] for one in hall.heads(service, LISTED))
        if ticket.status is TicketStatus.WAITING
    )


def _usual(days: Days) -> Usual:
    """Reads the journal and what is kept of closed days; on a worker thread."""
    labels = days.labels()
    if not labels:
        raise RuleBroken("no_day", "今天还没有开始营业")
    today = labels[-1]
    before = [summary for label in same_weekday(labels, today) for summary in days.between(label, label)]
    return compare(days.between(today[:8], today[:8])[-1], [day for day in before if day.day < today])
