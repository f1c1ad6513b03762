"""The manager's routes: the live page, the sheets behind it, acts, today against usual."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Path, WebSocket
from fastapi.responses import HTMLResponse, JSONResponse, Response

from contract.messages import TicketStatus
from hall_server.hall.broadcasting import LONGEST
from hall_server.hall.explain import why_not
from hall_server.hall.model import LEVEL_HELP, LEVEL_OWN, Hall, RuleBroken, Ticket
from hall_server.hall.supervision import limits_text, open_for, scene
from hall_server.reports.days import Days
from hall_server.reports.usual import Usual, compare, same_weekday
from hall_server.web.asking import ask
from hall_server.web.broadcasts import announcers
from hall_server.web.caller import Here
from hall_server.web.frame import Frame
from hall_server.web.lookout import Lookout
from hall_server.web.manager import PACE_SECONDS, ManagerPage
from hall_server.web.manager_acts import Acts
from hall_server.web.manager_doing import Doing
from hall_server.web.presses import Done

LISTED = 200
Named = Annotated[str, Path(max_length=64)]


def manager_routes(frame: Frame, days: Days) -> APIRouter:
    """/manager and below."""
    pages = ManagerRoutes(frame, days)
    router = APIRouter(prefix="/manager", include_in_schema=False, default_response_class=HTMLResponse)
    router.get("")(pages.manager)
    router.websocket("/live")(pages.live)
    router.get("/windows/{name}")(pages.window_sheet)
    router.get("/services/{name}")(pages.service_sheet)
    router.get("/stations/{name}")(pages.station_sheet)
    router.get("/why/{ticket}")(pages.why)
    router.get("/usual")(pages.usual)
    router.post("/do/{act}")(pages.do)
    return router


class ManagerRoutes:
    """The live page, and what is fetched on demand."""

    def __init__(self, frame: Frame, days: Days) -> None:
        self._frame, self._days = frame, days
        self._service, self._hub = frame.service, frame.hub
        self._lookout = Lookout(frame.service, days, frame.accounts.book)
        self._acts = Acts(frame, self._lookout)

    async def manager(self, here: Here) -> HTMLResponse:
        """The page as it stands."""
        page = ManagerPage(self._frame, self._lookout)
        seen = await ask(self._service, page.read)
        notices = await ask(self._service, lambda hall: tuple(hall.notices.values()))
        house = self._frame.house
        return self._frame.page(
            here,
            "manager.html",
            p=page.picture(seen),
            limits=limits_text(seen.plan.rules),
            windows=tuple(seen.plan.windows.values()),
            notices=notices,
            zones=announcers(house) if house.broadcasts is not None else (),
            stored=house.stored(),
            longest=LONGEST,
            voice_trouble=house.broadcasts.trouble if house.broadcasts is not None else "",
            live=False,
        )

    async def live(self, websocket: WebSocket) -> None:
        """What changes on it."""
        await self._hub.serve(websocket, ManagerPage(self._frame, self._lookout), pace_seconds=PACE_SECONDS)

    async def window_sheet(self, here: Here, name: Named) -> HTMLResponse:
        """One window."""
        seen = await ask(self._service, lambda hall: scene(hall, self._frame.now_ms()))
        if name not in seen.plan.windows:
            raise RuleBroken("unknown_window", f"没有编号为“{name}”的窗口")
        levels = {LEVEL_OWN: "主办", LEVEL_HELP: "协办"}
        others = tuple(w for w in seen.plan.windows.values() if w.id != name)
        return self._frame.page(
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

    async def service_sheet(self, here: Here, name: Named) -> HTMLResponse:
        """One service and who waits for it."""
        found = await ask(
            self._service, lambda hall: (scene(hall, self._frame.now_ms()), _waiting(hall, name))
        )
        seen, waiting = found
        if name not in seen.plan.services:
            raise RuleBroken("unknown_service", "没有这项业务")
        return self._frame.page(
            here,
            "manager/sheet-service.html",
            s=seen,
            q=seen.plan.services[name],
            waiting=waiting,
            open=open_for(seen, name),
            can=tuple(w for w in seen.plan.windows.values() if name in seen.skills[w.id]),
            others=tuple(w for w in seen.plan.windows.values() if name not in seen.skills[w.id]),
            stop=seen.stopped.get(name),
            told=self._service.view.waits.tickets,
        )

    async def station_sheet(self, here: Here, name: Named) -> HTMLResponse:
        """One box."""
        found = next((station for station in self._frame.house.stations if station.id == name), None)
        if found is None:
            raise RuleBroken("unknown_station", "没有这台设备")
        return self._frame.page(here, "manager/sheet-station.html", st=found)

    async def why(self, ticket: Named) -> JSONResponse:
        """Why a number is not called yet."""
        found = await ask(self._service, lambda hall: why_not(hall, ticket, self._frame.now_ms()))
        if found is None:
            raise RuleBroken("unknown_ticket", "没有这个号，或已不是今天的号")
        return JSONResponse({"sentence": found.sentence})

    async def usual(self) -> Response:
        """Today against the same weekday."""
        found = await asyncio.to_thread(_usual, self._days)
        return Response(msgspec.json.encode(found), media_type="application/json")

    async def do(self, here: Here, act: Named, doing: Doing) -> JSONResponse:
        """One act on the hall."""
        try:
            told = await self._acts.do(act, here, doing)
        except KeyError:
            raise HTTPException(404, "没有这个操作") from None
        return JSONResponse({**Done().model_dump(), "sentence": told})


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
