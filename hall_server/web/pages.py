"""The pages of everybody: index, the phone page of a ticket; static files and health."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

from contract.messages import TicketSlip
from hall_server.accounts.roles import ADMINISTRATORS
from hall_server.hall import pictures
from hall_server.hall.leasing import of_a_block
from hall_server.hall.model import Hall
from hall_server.service import HallService
from hall_server.web.asking import ask
from hall_server.web.caller import Here, Me
from hall_server.web.frame import Frame
from hall_server.web.rendering import Rendering, media_type

_YEAR = "public, max-age=31536000, immutable"
_DAY = "public, max-age=86400"


def page_routes(frame: Frame) -> APIRouter:
    """Index, phone pages, health."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    service, hub, rendering, now_ms = frame.service, frame.hub, frame.rendering, frame.now_ms
    plan = service.plan

    @router.get("/")
    async def index(here: Here, me: Me) -> HTMLResponse:
        waiting = bool(me[0].roles - ADMINISTRATORS)
        return frame.page(here, "index.html", view=service.view, waiting=waiting)

    @router.get("/t/{token}")
    async def ticket(token: str) -> HTMLResponse:
        slip = await ask(service, _find_ticket(service, token))
        if slip is None and await ask(service, _is_alone(service, token)):
            return lost(rendering, "离线取的号", "号码有效。网络恢复后自动并入队列，请稍后再扫码查看。", "")
        if slip is None:
            return lost(rendering, "没有找到这张号票", "请核对号票上的二维码，或到导办台咨询。", "")
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


def lost(rendering: Rendering, title: str, sentence: str, back: str) -> HTMLResponse:
    """What was looked for is not there: what to do instead."""
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
