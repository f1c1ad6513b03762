"""The clerk's pages: choose a window, work at it, look something up on demand, print a notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, HTTPException, Response, WebSocket
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse

from contract.messages import WindowState
from hall_server.accounts.roles import may_use_window
from hall_server.hall.entrusting import entrusted_at
from hall_server.hall.model import OUTCOME_TEXT, Hall, Papers, Ticket
from hall_server.hall.plan import NoShowPolicy, Plan
from hall_server.reports.desk import ReportDesk
from hall_server.service import HallService
from hall_server.web import actions, clerk_lists
from hall_server.web.asking import ask
from hall_server.web.caller import Here, Me
from hall_server.web.clerk import STATE_TEXT, ClerkPage, counter
from hall_server.web.clerk_sheet import NOTICE_REASON, WITHOUT_RESULT, Sheets, complaints_at
from hall_server.web.frame import Frame
from hall_server.web.pages import lost

T = TypeVar("T")
NO_SUCH_PAGE = 4404
Named = Annotated[str, InPath(max_length=64)]


@dataclass(frozen=True, slots=True)
class Notice:
    """补正告知书 of one number: what is wanting, and where to bring it."""

    ticket: Ticket
    service: str
    items: tuple[str, ...]
    papers: Papers
    reason: str
    window: str
    window_name: str
    zone: str
    clerk: str
    complaints: str


def clerk_routes(frame: Frame, reports: ReportDesk, sheets: Sheets) -> APIRouter:
    """GET /clerk and everything below it."""
    pages = ClerkRoutes(frame, reports, sheets)
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    router.get("/clerk")(pages.choose_window)
    router.get("/clerk/{window}")(pages.clerk)
    router.websocket("/clerk/{window}/live")(pages.clerk_live)
    router.get("/clerk/{window}/waiting")(pages.waiting)
    router.get("/clerk/{window}/passed")(pages.passed)
    router.get("/clerk/{window}/endings")(pages.endings)
    router.get("/clerk/{window}/targets")(pages.targets)
    router.get("/clerk/{window}/today")(pages.today)
    router.get("/clerk/{window}/why/{ticket}")(pages.why)
    router.get("/clerk/{window}/story")(pages.story)
    router.get("/clerk/{window}/notice/{ticket}")(pages.notice)
    return router


class ClerkRoutes:
    """The page of a window, and what its clerk looks up."""

    def __init__(self, frame: Frame, reports: ReportDesk, sheets: Sheets) -> None:
        self._frame, self._reports, self._sheets = frame, reports, sheets
        self._service, self._rendering, self._now_ms = frame.service, frame.rendering, frame.now_ms
        self._calls = frame.house.calls

    async def _at(self, window: str, read: Callable[[Hall], T]) -> T:
        if window not in self._service.plan.windows:
            raise HTTPException(404, "没有这个窗口")
        return await ask(self._service, read)

    async def choose_window(self, here: Here, me: Me) -> HTMLResponse:
        """The windows that this person may work at."""
        seat = await ask(self._service, lambda hall: hall.seat_of(here.clerk))
        zones = _zones(self._service, me[0].windows)
        return self._frame.page(
            here, "choose.html", plan=self._service.plan, zones=zones, seat=seat, state_text=STATE_TEXT
        )

    async def clerk(self, here: Here, window: str) -> HTMLResponse:
        """The page of a window."""
        plan = self._service.plan
        if window not in plan.windows:
            return lost(self._rendering, "没有这个窗口", "请返回窗口列表重新选择。", "/clerk")
        seen = await ask(
            self._service, lambda hall: counter(hall, window, self._now_ms(), self._sheets, self._calls)
        )
        return self._frame.page(
            here,
            "clerk.html",
            plan=plan,
            window=plan.windows[window],
            c=seen,
            live=False,
            outcomes=OUTCOME_TEXT,
            zones=_transfer_targets(plan),
            keys=actions,
        )

    async def clerk_live(self, websocket: WebSocket, window: str) -> None:
        """What changes on it."""
        if window not in self._service.plan.windows:
            await websocket.accept()
            await websocket.close(NO_SUCH_PAGE)
            return
        page = ClerkPage(window, self._service.plan, self._sheets, self._now_ms, self._rendering, self._calls)
        await self._frame.hub.serve(websocket, page)

    async def waiting(self, window: Named) -> HTMLResponse:
        """Who waits for this window."""
        rows = await self._at(window, lambda hall: clerk_lists.waiting(hall, window, self._now_ms()))
        return HTMLResponse(self._rendering.page("clerk/waiting.html", rows=rows))

    async def passed(self, window: Named) -> HTMLResponse:
        """Who did not come."""
        rows = await self._at(window, lambda hall: clerk_lists.passed(hall, window, self._now_ms()))
        by_hand = self._service.plan.rules.no_show_policy is NoShowPolicy.MANUAL
        return HTMLResponse(self._rendering.page("clerk/passed.html", rows=rows, by_hand=by_hand))

    async def endings(self, window: Named) -> HTMLResponse:
        """How numbers ended, or stand, that were taken first here (首问负责)."""
        rows = await self._at(window, lambda hall: entrusted_at(hall, window))
        return HTMLResponse(self._rendering.page("clerk/endings-list.html", rows=rows))

    async def targets(self, window: Named) -> Response:
        """Where people may be sent on to."""
        return _json(await self._at(window, lambda hall: clerk_lists.targets(hall, window)))

    async def today(self, window: Named) -> Response:
        """What this window did today."""
        return _json(await self._at(window, lambda hall: clerk_lists.today(hall, window)))

    async def why(self, window: Named, ticket: Named) -> Response:
        """Why a number is not called yet."""
        found = await self._at(window, lambda hall: clerk_lists.why(hall, window, ticket, self._now_ms()))
        if found is None:
            raise HTTPException(404, "没有这个号，或已不是今天的号")
        return _json(found)

    def story(self, window: Named) -> HTMLResponse:
        """Of the number at the window alone, from the journal."""
        if window not in self._service.plan.windows:
            raise HTTPException(404, "没有这个窗口")
        present = self._service.query(lambda hall: hall.ticket_at(window)).result()
        trace = self._reports.days.trace(present.id) if present is not None else None
        tickets = frozenset(line.ticket for line in trace.lines) if trace is not None else frozenset()
        told = self._calls.of_tickets(tickets)
        return HTMLResponse(self._rendering.page("clerk/story.html", trace=trace, told=told))

    async def notice(self, here: Here, window: Named, ticket: Named) -> HTMLResponse:
        """补正告知书, to print."""
        found = await self._at(window, lambda hall: _notice(hall, window, ticket))
        if found is None:
            return lost(
                self._rendering,
                "没有可打印的告知书",
                "只有今天在本窗口未办成的号才有告知书。",
                f"/clerk/{window}",
            )
        return self._frame.page(here, "notice.html", n=found)


def _json(found: object) -> Response:
    return Response(msgspec.json.encode(found), media_type="application/json")


def _notice(hall: Hall, window: str, name: str) -> Notice | None:
    """None when the number did not end here without result today."""
    ticket, plan = hall.tickets.get(name), hall.plan
    if ticket is None or ticket.window != window or ticket.outcome not in WITHOUT_RESULT:
        return None
    assert ticket.outcome is not None
    at = plan.windows[window]
    service = plan.services.get(ticket.service)
    return Notice(
        ticket=ticket,
        service=service.name if service else ticket.service,
        items=tuple(plan.item_names.get(code, code) for code in ticket.items),
        papers=hall.papers.get(ticket.id, Papers()),
        reason=NOTICE_REASON[ticket.outcome],
        window=at.label,
        window_name=at.name,
        zone=plan.zone_name(at.zone),
        clerk=ticket.responsible if ticket.responsible not in plan.windows else "",
        complaints=complaints_at(plan),
    )


def _zones(service: HallService, rights: tuple[str, ...]) -> list[tuple[str, list[WindowState]]]:
    """(zone name, states of its windows that these rights include) in the order of the plan."""
    windows, plan = service.view.windows, service.plan
    mine = [w for w in plan.windows.values() if w.id in windows and may_use_window(rights, w.id)]
    zones = [(zone.name, [windows[w.id] for w in mine if w.zone == zone.id]) for zone in plan.zones.values()]
    return [(name, found) for name, found in zones if found]


def _transfer_targets(plan: Plan) -> list[tuple[str, list[tuple[str, str]]]]:
    """(zone name, its services that some window can do as (id, name)); no zone without any."""
    possible = [s for s in plan.services.values() if plan.windows_for(s.id)]
    zones = [(z.name, [(s.id, s.name) for s in possible if s.zone == z.id]) for z in plan.zones.values()]
    return [(name, services) for name, services in zones if services]
