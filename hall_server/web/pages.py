"""The pages of everybody: index, static files and health."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

from hall_server.accounts.roles import ADMINISTRATORS
from hall_server.web.asking import ask
from hall_server.web.caller import Here, Me
from hall_server.web.frame import Frame
from hall_server.web.rendering import Rendering, media_type

_YEAR = "public, max-age=31536000, immutable"
_DAY = "public, max-age=86400"


def page_routes(frame: Frame) -> APIRouter:
    """Index, health."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    service, hub, now_ms = frame.service, frame.hub, frame.now_ms
    plan = service.plan

    @router.get("/")
    async def index(here: Here, me: Me) -> HTMLResponse:
        waiting = bool(me[0].roles - ADMINISTRATORS)
        return frame.page(here, "index.html", view=service.view, waiting=waiting)

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
