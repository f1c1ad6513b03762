"""The pages themselves: index, clerk, the phone page of a ticket; and their live lines."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, HTTPException, WebSocket
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

from contract.messages import TicketSlip, WindowState
from hall_server.accounts.roles import ADMINISTRATORS, may_use_window
from hall_server.hall import pictures
from hall_server.hall.leasing import of_a_block
from hall_server.hall.model import OUTCOME_TEXT, Hall
from hall_server.hall.plan import Plan
from hall_server.service import HallService
from hall_server.web.asking import ask
from hall_server.web.caller import Here, Me
from hall_server.web.clerk import STATE_TEXT, ClerkPage, counter
from hall_server.web.frame import Frame
from hall_server.web.rendering import Rendering, media_type

NO_SUCH_PAGE = 4404
_YEAR = "public, max-age=31536000, immutable"
_DAY = "public, max-age=86400"


def page_routes(frame: Frame) -> APIRouter:
    """Index, clerk's pages with their lines, phone pages, health."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    service, hub, rendering, now_ms = frame.service, frame.hub, frame.rendering, frame.now_ms
    plan = service.plan

    @router.get("/")
    async def index(here: Here, me: Me) -> HTMLResponse:
        waiting = bool(me[0].roles - ADMINISTRATORS)
        return frame.page(here, "index.html", view=service.view, waiting=waiting)

    @router.get("/clerk")
    async def choose_window(here: Here, me: Me) -> HTMLResponse:
        seat = await ask(service, lambda hall: hall.seat_of(here.clerk))
        zones = _zones(service, me[0].windows)
        return frame.page(here, "choose.html", plan=plan, zones=zones, seat=seat, state_text=STATE_TEXT)

    @router.get("/clerk/{window}")
    async def clerk(here: Here, window: str) -> HTMLResponse:
        if window not in plan.windows:
            return _lost(rendering, "没有这个窗口", "请返回窗口列表重新选择。", "/clerk")
        seen = await ask(service, lambda hall: counter(hall, window, now_ms()))
        return frame.page(
            here,
            "clerk.html",
            plan=plan,
            window=plan.windows[window],
            c=seen,
            live=False,
            outcomes=OUTCOME_TEXT,
            zones=_transfer_targets(plan),
        )

    @router.websocket("/clerk/{window}/live")
    async def clerk_live(websocket: WebSocket, window: str) -> None:
        if window not in plan.windows:
            await websocket.accept()
            await websocket.close(NO_SUCH_PAGE)
            return
        await hub.serve(websocket, ClerkPage(window, plan, now_ms, rendering))

    @router.get("/t/{token}")
    async def ticket(token: str) -> HTMLResponse:
        slip = await ask(service, _find_ticket(service, token))
        if slip is None and await ask(service, _is_alone(service, token)):
            return _lost(rendering, "离线取的号", "号码有效。网络恢复后自动并入队列，请稍后再扫码查看。", "")
        if slip is None:
            return _lost(rendering, "没有找到这张号票", "请核对号票上的二维码，或到导办台咨询。", "")
        return HTMLResponse(rendering.page("ticket.html", slip=slip, token=token, at_ms=now_ms()))

    @router.get("/t/{token}/now")
    async def ticket_now(token: str) -> HTMLResponse:
        slip = await ask(service, _find_ticket(service, token))
        if slip is None:
            raise HTTPException(404, "没有找到这张号票")
        return HTMLResponse(rendering.page("ticket_now.html", slip=slip, at_ms=now_ms()))

    @router.get("/health")
    async def health() -> JSONResponse:
        day = await ask(service, lambda hall: hall.day.label if hall.day else "")
        view = service.view
        return JSONResponse(
            {
                "status": "ready",
                "hall": plan.id,
                "name": plan.name,
                "business_day": day,
                "seq": view.seq,
                "at_ms": now_ms(),
                "pages": hub.open_pages,
            }
        )

    return router


def static_routes(files: dict[str, Path]) -> APIRouter:
    """Everything under /static; an address with the version may be kept for ever."""
    router = APIRouter(include_in_schema=False)

    @router.get("/static/{name}")
    async def static(name: str, v: str = "") -> FileResponse:
        path = files.get(name)
        if path is None:
            raise HTTPException(404, "没有这个文件")
        return FileResponse(
            path, media_type=media_type(name), headers={"Cache-Control": _YEAR if v else _DAY}
        )

    return router


def authority_routes(authority: Callable[[], Path | None]) -> APIRouter:
    """What a technician installs in the clerks' browsers, when the hall made its certificate itself."""
    router = APIRouter(include_in_schema=False)

    @router.get("/hall-ca.crt")
    async def certificate() -> FileResponse:
        path = authority()
        if path is None or not path.is_file():
            raise HTTPException(404, "本大厅没有自建的证书")
        return FileResponse(path, media_type="application/x-x509-ca-cert", filename="hall-ca.crt")

    return router


def _lost(rendering: Rendering, title: str, sentence: str, back: str) -> HTMLResponse:
    return HTMLResponse(rendering.page("lost.html", title=title, sentence=sentence, back=back), 404)


def _find_ticket(service: HallService, token: str) -> Callable[[Hall], TicketSlip | None]:
    """The slip of a ticket whose seal is true and which is of this business day, else None."""
    ticket_id = _sealed(service, token)

    def find(hall: Hall) -> TicketSlip | None:
        ticket = hall.tickets.get(ticket_id)
        return pictures.slip(hall, ticket, service.look, service.now_ms(), service.waits) if ticket else None

    return find


def _is_alone(service: HallService, token: str) -> Callable[[Hall], bool]:
    """Whether the seal is true and the number of a block that a kiosk has: it may be on paper already."""
    ticket_id = _sealed(service, token)
    return lambda hall: bool(ticket_id) and of_a_block(hall, ticket_id)


def _sealed(service: HallService, token: str) -> str:
    """The ticket that a token names when its seal is true, else ''."""
    ticket_id, _, seal = token.rpartition(".")
    key = service.look.key
    true = bool(key) and hmac.compare_digest(pictures.qr_seal(ticket_id, key).encode(), seal.encode())
    return ticket_id if true else ""


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
