"""The hall's own look in browsers: its colours as a style sheet, its logo, and the forms that change them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

import msgspec
from fastapi import APIRouter, File, HTTPException, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from hall_server.hall_file import BrandingPart
from hall_server.logos import LARGEST_UPLOAD_BYTES, NotALogo, taken
from hall_server.setup.desk import SetupDesk
from hall_server.setup.drafts import Draft
from hall_server.setup.told import differences
from hall_server.web.caller import Caller, Here
from hall_server.web.frame import Frame
from hall_server.web.guards import POLICY
from hall_server.web.own_look import mark, style
from hall_server.web.publishing import PATH, author, drafted, typed

FORM = f"{PATH}/in/branding"
DRAWING_POLICY = POLICY.replace("img-src 'self'", "img-src 'self' blob:")
"""On the form alone, so that the browser can draw a chosen SVG; what it draws is no script's to see."""
_YEAR = "public, max-age=31536000, immutable"
_MOVED = "草稿刚在另一个页面改动过，标志没有更换，请重新选择"


def look_routes(part: Callable[[], BrandingPart]) -> APIRouter:
    """What every page fetches; ``part``: what is in force."""
    router = APIRouter(include_in_schema=False)

    @router.get("/brand.css")
    async def colours(v: str = "") -> Response:
        kept = {"Cache-Control": _YEAR if v and v == part().colour[1:] else "no-cache"}
        return Response(style(part().colour), media_type="text/css", headers=kept)

    @router.get("/logo.png")
    async def logo(v: str = "") -> Response:
        found = part().logo
        if not found:
            raise HTTPException(404, "大厅没有标志")
        kept = {"Cache-Control": _YEAR if v == mark(found) else "no-cache"}
        return Response(found, media_type="image/png", headers=kept)

    return router


def branding_routes(router: APIRouter, frame: Frame, desk: SetupDesk) -> None:
    """The logo of a draft, below /manage/setup."""
    pages = _Logos(frame, desk)

    @router.get("/logo.png")
    async def logo(here: Here) -> Response:
        part = (await pages.draft(here)).file.branding
        if not part.logo:
            raise HTTPException(404, "草稿里没有标志")
        return Response(part.logo, media_type="image/png")

    @router.get("/specimen.css")
    async def specimen(here: Here) -> Response:
        colour = (await pages.draft(here)).file.branding.colour
        return Response(style(colour, ".specimen"), media_type="text/css")

    @router.post("/logo", max_body_size=LARGEST_UPLOAD_BYTES + 16_384)
    async def bring(here: Here, request: Request, file: Annotated[UploadFile, File()]) -> Response:
        return await pages.bring(here, await typed(request), await file.read())

    @router.post("/logo/remove")
    async def remove(here: Here, request: Request) -> Response:
        return await pages.put(here, await typed(request), b"")


class _Logos:
    def __init__(self, frame: Frame, desk: SetupDesk) -> None:
        self._frame, self._desk = frame, desk

    async def draft(self, here: Caller) -> Draft:
        return await asyncio.to_thread(self._desk.draft, author(here))

    async def bring(self, here: Caller, given: dict[str, list[str]], content: bytes) -> Response:
        try:
            png = await asyncio.to_thread(taken, content)
        except NotALogo as why:
            return self._refused(here, str(why), 422)
        return await self.put(here, given, png)

    async def put(self, here: Caller, given: dict[str, list[str]], png: bytes) -> Response:
        draft = await self.draft(here)
        if (given.get("mark") or [""])[0] != str(draft.changed_ms):
            return self._refused(here, _MOVED, 409)
        part = msgspec.structs.replace(draft.file.branding, logo=png)
        file = msgspec.structs.replace(draft.file, branding=part)

        def act() -> None:
            self._desk.keep(draft, file, restores=draft.restores)
            self._frame.accounts.book.note(
                here.actor, drafted("setup.drafted", differences(draft.file, file))
            )

        if file != draft.file:
            await asyncio.to_thread(act)
        return RedirectResponse(FORM, 303)

    def _refused(self, here: Caller, sentence: str, status: int) -> Response:
        return self._frame.page(
            here, "lost.html", status=status, title="标志没有更换", sentence=sentence, back=FORM
        )
