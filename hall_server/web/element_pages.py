"""The page of the catalogue's own figures: entered, papers, promised days; down to the items."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import HTMLResponse

from contract.clock import china
from hall_server.accounts.book import Act
from hall_server.catalogue.desk import CatalogueDesk
from hall_server.reports import elements
from hall_server.reports.counted import ElementCounts
from hall_server.reports.elements import FIGURES, SAID, Counted, Figure
from hall_server.reports.sheets import table_csv
from hall_server.reports.spreadsheet import table_workbook
from hall_server.reports.table import shown
from hall_server.web.caller import Here
from hall_server.web.files import MEDIA
from hall_server.web.frame import Frame
from hall_server.web.plots import raw

SHOWN = 300
Named = Annotated[str, Query(max_length=40)]
Department = Annotated[str, Query(max_length=200)]
PageNumber = Annotated[int, Query(ge=1, le=1000)]


def element_routes(frame: Frame, catalogue: CatalogueDesk, counts: ElementCounts) -> APIRouter:
    """GET /reports/catalogue, /reports/catalogue/items, /reports/catalogue/file. Handlers run on worker
    threads: the first to ask about a new version waits until it is counted."""
    router = APIRouter(prefix="/reports/catalogue", include_in_schema=False)

    def said() -> list[tuple[str, str]]:
        version = catalogue.store.version(counts.now().version)
        made = china(frame.now_ms()).strftime("%Y-%m-%d %H:%M:%S")
        told = f"第 {version.id} 版，{china(version.at_ms):%Y-%m-%d}，{version.source}" if version else "没有"
        return [("大厅", frame.service.plan.name), ("事项目录", told), ("生成时间", made)]

    @router.get("", response_class=HTMLResponse)
    def figures(here: Here) -> HTMLResponse:
        found = counts.now()
        table = elements.table_of(found)
        return frame.page(
            here,
            "reports-catalogue.html",
            table=table,
            whole=table.lines[0],
            lines=table.lines[1:],
            told=said()[1][1],
            samples=found.whole.samples,
            figures=FIGURES,
            shown=shown,
            raw=raw,
        )

    @router.get("/items", response_class=HTMLResponse)
    def items(here: Here, figure: Named, department: Department, page: PageNumber = 1) -> HTMLResponse:
        wanted, found = FIGURES.get(figure), counts.now()
        tally = found.departments.get(department)
        if wanted is None or tally is None:
            raise HTTPException(404, "没有这个数字")
        behind = elements.behind(counts.items(found.version, department), wanted)
        return frame.page(
            here,
            "reports-catalogue-items.html",
            figure=wanted,
            department=department,
            value=shown(wanted.sort, wanted.of(tally)),
            items=behind[(page - 1) * SHOWN : page * SHOWN],
            count=len(behind),
            said=lambda one: words_of(wanted, one),
            page=page,
            pages=-(-len(behind) // SHOWN),
        )

    @router.get("/file")
    def file(here: Here, format: Literal["xlsx", "csv"]) -> Response:
        table = elements.table_of(counts.now())
        content = "".join(table_csv(table)).encode() if format == "csv" else table_workbook(table, said())
        name = f"catalogue-{counts.now().version}.{format}"
        frame.accounts.book.note(here.actor, Act("report.exported", name))
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type=MEDIA[format], headers=headers)

    return router


def words_of(figure: Figure, one: Counted) -> str:
    """What an item adds to a figure, for people."""
    if not one.counts:
        return "没有写明，不计"
    if figure.above in SAID:
        return SAID[figure.above](one.above)
    return "是" if one.above else "否"
