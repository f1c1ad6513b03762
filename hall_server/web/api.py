"""The JSON interface: what a window can do, and the state of hall and windows; used by the pages too.

Each post carries ``request``, made before the first send: a repeat gets the first answer. An answer
with ``ok`` leaves only after the commit; everything else is problem+json.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyCookie, HTTPBearer
from pydantic import BaseModel

from contract import messages as m
from hall_server.hall import commands as c
from hall_server.hall.model import RuleBroken
from hall_server.hall.pictures import HallView
from hall_server.service import HallService
from hall_server.web.api_page import api_page_routes
from hall_server.web.asking import answered
from hall_server.web.caller import Caller, Here
from hall_server.web.openapi import document
from hall_server.web.overseen import Overseer
from hall_server.web.presses import (
    CallTicketPress,
    ClosePress,
    Done,
    EndingsPress,
    FinishPress,
    HelpPress,
    Key,
    PapersPress,
    ParkPress,
    PausePress,
    Press,
    TicketPress,
    TransferPress,
    Window,
    clean,
    request_of,
)
from hall_server.web.problems import Problem
from hall_server.web.rendering import Rendering

BEARER = HTTPBearer(auto_error=False, description="A partner's token, made by the system administrator")
COOKIE = APIKeyCookie(
    name="banshi", auto_error=False, description="A person's session; posts carry its token as X-CSRF as well"
)


class WindowOut(BaseModel):
    """A window and the number at it."""

    window: str
    label: str
    name: str
    zone: str
    status: m.WindowStatus
    services: list[str]
    ticket: str = ""
    number: str = ""
    ticket_status: m.TicketStatus | None = None
    service: str = ""
    masked_name: str = ""
    called_ms: int = 0
    recalls: int = 0
    seq: int


class QueueOut(BaseModel):
    """A queue; waits are minutes, null when not honestly known, low without high: so long or longer.
    ``wait_note`` says why there is none, ``closed_reason`` why no numbers are given."""

    service: str
    name: str
    zone: str
    waiting: int
    wait_low: int | None
    wait_high: int | None
    wait_note: str = ""
    issuing: bool = True
    closed_reason: str = ""
    windows: list[str]


class HallOut(BaseModel):
    """The newest durable picture of the hall."""

    hall: str
    name: str
    business_day: str
    seq: int
    at_ms: int
    windows: list[WindowOut]
    queues: list[QueueOut]
    parked: list[str]


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {"application/problem+json": {}}, "description": text}
    for status, text in {
        401: "No session and no valid token",
        403: "Not for this role or scope, not this window, or not from our own pages",
        404: "No such window, ticket or service",
        409: "A rule of the hall forbids it; sentence says which",
        422: "The request itself is wrong",
        429: "Too many requests; Retry-After says when to go on",
        503: "The hall is restarting: send the same request again",
    }.items()
}


def api_routes(
    service: HallService, show: Callable[[str, str, str], Awaitable[None]], overseer: Overseer
) -> APIRouter:
    """All under /api; ``show(window, request, number)`` is awaited between a commit and its answer."""
    api = HallApi(service, show, overseer)
    router = APIRouter(prefix="/api")
    at_window = APIRouter(prefix="/windows/{window}", tags=["window"])
    at_window.post("/next", operation_id="next")(api.call_next)
    at_window.post("/recall", operation_id="recall")(api.recall)
    at_window.post("/arrive", operation_id="arrive")(api.arrive)
    at_window.post("/finish", operation_id="finish")(api.finish)
    at_window.post("/papers", operation_id="papers")(api.papers)
    at_window.post("/no-show", operation_id="no-show")(api.no_show)
    at_window.post("/park", operation_id="park")(api.park)
    at_window.post("/transfer", operation_id="transfer")(api.transfer)
    at_window.post("/open", operation_id="open")(api.open_window)
    at_window.post("/pause", operation_id="pause")(api.pause)
    at_window.post("/close", operation_id="close")(api.close)
    at_window.post("/call-parked", operation_id="call-parked")(api.call_parked)
    at_window.post("/call-ticket", operation_id="call-ticket")(api.call_ticket)
    at_window.post("/return", operation_id="return")(api.let_back)
    at_window.post("/undo", operation_id="undo")(api.undo)
    at_window.post("/help", operation_id="help")(api.call_for_help)
    at_window.post("/endings-read", operation_id="endings-read")(api.endings_read)
    at_window.get("", operation_id="window")(api.window_now)
    router.include_router(at_window)
    router.get("/hall", tags=["hall"], operation_id="hall")(api.hall_now)
    return router


class HallApi:
    """Each post becomes one command; its answer waits for the commit and for the page of the window."""

    def __init__(
        self, service: HallService, show: Callable[[str, str, str], Awaitable[None]], overseer: Overseer
    ) -> None:
        self._service, self._show, self._overseer = service, show, overseer

    async def _carry_out(self, command: c.AtWindow) -> Done:
        answer = await answered(self._service.submit(command))
        return await self._told(command.window, command.request, answer.ticket)

    async def _overseen(self, here: Caller, command: c.AtWindow) -> Done:
        return await self._told(command.window, command.request, await self._overseer.window(here, command))

    async def _told(self, window: str, request: str, ticket: str) -> Done:
        number = ticket.rpartition("-")[2]
        await self._show(window, request, number)
        return Done(ticket=ticket, number=number)

    async def call_next(self, here: Here, key: Key, window: Window, press: Press) -> Done:
        """Call the next number; a service still going on ends as done (下一位)."""
        return await self._carry_out(c.CallNext(**_common(here, key, window, press)))

    async def recall(self, here: Here, key: Key, window: Window, press: Press) -> Done:
        """Call the present number again (重呼)."""
        return await self._carry_out(c.Recall(**_common(here, key, window, press)))

    async def arrive(self, here: Here, key: Key, window: Window, press: Press) -> Done:
        """The person stands at the window (到窗)."""
        return await self._carry_out(c.Arrive(**_common(here, key, window, press)))

    async def finish(self, here: Here, key: Key, window: Window, press: FinishPress) -> Done:
        """The service ended, with an outcome (办结)."""
        missing = tuple(dict.fromkeys(filter(None, map(clean, press.missing))))
        command = c.Finish(
            **_common(here, key, window, press),
            outcome=press.outcome,
            note=clean(press.note),
            missing=missing,
        )
        return await self._carry_out(command)

    async def papers(self, here: Here, key: Key, window: Window, press: PapersPress) -> Done:
        """Which papers of the present number the clerk has by now (收件)."""
        taken = tuple(dict.fromkeys(filter(None, map(clean, press.papers))))
        return await self._carry_out(c.TakePapers(**_common(here, key, window, press), papers=taken))

    async def no_show(self, here: Here, key: Key, window: Window, press: Press) -> Done:
        """The person did not come (过号)."""
        return await self._carry_out(c.NoShow(**_common(here, key, window, press)))

    async def park(self, here: Here, key: Key, window: Window, press: ParkPress) -> Done:
        """Set the number aside; it comes back by itself (挂起)."""
        command = c.Park(
            **_common(here, key, window, press), minutes=press.minutes, reason=clean(press.reason)
        )
        return await self._carry_out(command)

    async def transfer(self, here: Here, key: Key, window: Window, press: TransferPress) -> Done:
        """Send the person on to a service, a window or a clerk, and back when asked (转移)."""
        command = c.Transfer(
            **_common(here, key, window, press),
            service=press.service,
            to_window=press.to_window,
            to_clerk=press.to_clerk,
            come_back=press.come_back,
            note=clean(press.note),
        )
        return await self._carry_out(command)

    async def open_window(self, here: Here, key: Key, window: Window, press: Press) -> Done:
        """The window takes people (开窗)."""
        return await self._overseen(here, c.OpenWindow(**_common(here, key, window, press)))

    async def pause(self, here: Here, key: Key, window: Window, press: PausePress) -> Done:
        """The window takes nobody for a while (暂停)."""
        command = c.PauseWindow(**_common(here, key, window, press), reason=clean(press.reason))
        return await self._overseen(here, command)

    async def close(self, here: Here, key: Key, window: Window, press: ClosePress) -> Done:
        """The window is closed (关窗)."""
        return await self._overseen(here, c.CloseWindow(**_common(here, key, window, press), park=press.park))

    async def call_parked(self, here: Here, key: Key, window: Window, press: TicketPress) -> Done:
        """Call a number that was set aside (挂起的号)."""
        return await self._carry_out(c.CallParked(**_common(here, key, window, press), ticket=press.ticket))

    async def call_ticket(self, here: Here, key: Key, window: Window, press: CallTicketPress) -> Done:
        """Call a waiting number out of its order; the reason stays in the journal (直接呼叫)."""
        command = c.CallTicket(
            **_common(here, key, window, press), ticket=press.ticket, reason=clean(press.reason)
        )
        return await self._carry_out(command)

    async def let_back(self, here: Here, key: Key, window: Window, press: TicketPress) -> Done:
        """Let a number back into its queue that had passed (过号召回)."""
        request = request_of(press, key)
        answer = await answered(
            self._service.submit(c.ReturnNoShow(request=request, by=here.by, ticket=press.ticket))
        )
        return await self._told(window, request, answer.ticket)

    async def undo(self, here: Here, key: Key, window: Window, press: Press) -> Done:
        """Take back the last action at the window, within seconds (撤销)."""
        return await self._carry_out(c.Undo(**_common(here, key, window, press)))

    async def call_for_help(self, here: Here, key: Key, window: Window, press: HelpPress) -> Done:
        """Ring the manager (紧急求助)."""
        request = request_of(press, key)
        command = c.CallForHelp(
            request=request, by=here.by, window=window, clerk=here.clerk, about=clean(press.about)
        )
        await answered(self._service.submit(command))
        return await self._told(window, request, "")

    async def endings_read(self, here: Here, key: Key, window: Window, press: EndingsPress) -> Done:
        """Note that these endings of numbers taken first here were read (首问负责)."""
        request = request_of(press, key)
        command = c.ReadEndings(request=request, by=here.by, window=window, tickets=tuple(press.tickets))
        await answered(self._service.submit(command))
        return await self._told(window, request, "")

    async def window_now(self, window: Window) -> WindowOut:
        """A window and the number at it."""
        view = await answered(self._service.settled())
        state = view.windows.get(window)
        if state is None:
            raise RuleBroken("unknown_window", f"没有编号为“{window}”的窗口")
        return _window(view, state)

    async def hall_now(self) -> HallOut:
        """The picture of the hall that holds everything answered so far."""
        return _hall(self._service, await answered(self._service.settled()))


def described_routes(app: FastAPI, rendering: Rendering) -> APIRouter:
    """The OpenAPI document of what stands above: for programs, and as a page for who writes them."""
    router = APIRouter(include_in_schema=False)
    made = functools.cache(lambda: document(app))

    @router.get("/api/openapi.json")
    async def openapi() -> JSONResponse:
        return JSONResponse(made())

    router.include_router(api_page_routes(rendering, made))
    return router


def _common(here: Caller, key: str, window: str, press: Press) -> dict[str, Any]:
    return {
        "window": window,
        "by": here.by,
        "clerk": here.clerk,
        "request": request_of(press, key),
        "seen": press.seen,
    }


def _window(view: HallView, state: m.WindowState) -> WindowOut:
    present = view.present.get(state.window)
    return WindowOut(
        window=state.window,
        label=state.label,
        name=state.name,
        zone=state.zone,
        status=state.status,
        services=list(state.services),
        ticket=present.id if present else "",
        number=state.number,
        ticket_status=state.ticket_status,
        service=state.service,
        masked_name=state.masked_name,
        called_ms=state.called_ms,
        recalls=state.recalls,
        seq=view.seq,
    )


def _hall(service: HallService, view: HallView) -> HallOut:
    return HallOut(
        hall=service.plan.id,
        name=service.plan.name,
        business_day=view.day,
        seq=view.seq,
        at_ms=view.at_ms,
        windows=[_window(view, state) for state in view.windows.values()],
        queues=[
            QueueOut(
                service=q.service,
                name=q.name,
                zone=q.zone,
                waiting=q.waiting,
                wait_low=q.wait_low,
                wait_high=q.wait_high,
                wait_note=q.wait_note,
                issuing=q.open,
                closed_reason=q.closed_reason,
                windows=list(q.windows),
            )
            for q in view.queues.values()
        ],
        parked=[ticket.number for ticket in view.parked],
    )
