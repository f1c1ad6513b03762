"""What everybody may see of the catalogue: search, one item, and what to bring in one's own situation."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from contract.guide_sheet import Bring, materials
from hall_server.catalogue.desk import CatalogueDesk
from hall_server.catalogue.records import Entry, sheet_of
from hall_server.catalogue.searching import MOST_COUNTED
from hall_server.hall import booking
from hall_server.reports.desk import ReportDesk
from hall_server.web.caller import Here
from hall_server.web.frame import Frame
from hall_server.web.looks import Looking, here_of, look_of, remember

Wanted = Annotated[str, Query(alias="look", max_length=20)]
SHOWN = 20
DEPARTMENTS = 200
BRING_TEXT = {
    Bring.NEEDED: "须提交",
    Bring.MAY_BE_MISSING: "可容缺，后补",
    Bring.NOT_SUBMITTED: "免提交，不用带",
    Bring.IF_ASKED: "有时需要",
}


def item_routes(frame: Frame, desk: CatalogueDesk, reports: ReportDesk) -> APIRouter:
    """/items and /items/{item}, without a sign-in."""
    pages = ItemPages(frame, desk, reports)
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    router.get("/items")(pages.search)
    router.get("/items/{item}")(pages.one)
    return router


class ItemPages:
    """Read on worker threads, from the version in force."""

    def __init__(self, frame: Frame, desk: CatalogueDesk, reports: ReportDesk) -> None:
        self._frame, self._desk, self._reports = frame, desk, reports
        self._store, self._rendering = desk.store, frame.rendering

    async def search(
        self,
        here: Here,
        http: Request,
        look: Looking,
        wanted: Wanted = "",
        q: str = "",
        department: str = "",
        page: str = "",
    ) -> Response:
        """Items by words and department."""
        if wanted:
            return remember(wanted, here_of(http), secure=here.secure)
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 4 else 0
        version = self._desk.standing.public

        def find() -> tuple[object, ...]:
            found = self._store.search(
                q[:60], version, department=department[:200], limit=SHOWN, offset=number * SHOWN
            )
            return found, self._store.departments(version)

        found, departments = await asyncio.to_thread(find)
        html = self._rendering.page(
            "items/search.html",
            found=found,
            departments=departments,
            most_departments=DEPARTMENTS,
            q=q[:60],
            department=department[:200],
            page=number,
            shown=SHOWN,
            most=MOST_COUNTED,
            look=look_of(look),
            here_path=here_of(http),
        )
        return HTMLResponse(html)

    async def one(
        self, here: Here, request: Request, item: str, look: Looking, wanted: Wanted = ""
    ) -> Response:
        """One item, and what to bring in one's own situation."""
        if wanted:
            return remember(wanted, here_of(request), secure=here.secure)
        known = await asyncio.to_thread(self._store.item, item, self._desk.standing.public)
        if known is None:
            html = self._rendering.page(
                "lost.html",
                title="没有这个事项",
                sentence="可能已经取消或换了编码，请重新查找。",
                back="/items",
            )
            return HTMLResponse(html, 404)
        return HTMLResponse(self._item(known[1], request, look))

    def _item(self, entry: Entry, request: Request, look: str) -> str:
        answers = _answers(entry, request)
        service = self._desk.service_of(entry)
        plan = self._frame.service.plan
        windows = [window.label for window in plan.windows_for(service)] if service in plan.services else []
        advice = self._reports.advice(entry.code)
        return self._rendering.page(
            "items/item.html",
            entry=entry,
            answers=answers,
            papers=materials(sheet_of(entry), answers),
            bring=BRING_TEXT,
            open_questions=sum(answer is None for answer in answers),
            look=look_of(look),
            here_path=here_of(request),
            book=self._booking(entry, service),
            zone=plan.zones[plan.services[service].zone].name if service in plan.services else "",
            windows=windows,
            advice=advice.sentence if advice else "",
        )

    def _booking(self, entry: Entry, service: str) -> str:
        """Where an appointment for it is made, '' when none is taken."""
        open_ = {one.id for one in booking.bookable(self._frame.service.plan)}
        known = any(item.code == entry.code for item in self._reports.catalogue.items)
        item = f"?item={quote(entry.code, safe='')}" if known else ""
        return f"/book/{quote(service, safe='')}{item}" if service in open_ else ""


def _answers(entry: Entry, request: Request) -> tuple[int | None, ...]:
    """The chosen option of each question, ``?q0=1&q1=0``; None where nothing was chosen."""
    found: list[int | None] = []
    for index, asked in enumerate(entry.situations):
        text = request.query_params.get(f"q{index}", "")
        chosen = int(text) if text.isascii() and text.isdigit() and len(text) < 3 else -1
        found.append(chosen if 0 <= chosen < len(asked.options) else None)
    return tuple(found)
