"""Import of a file into the catalogue: upload, columns, dry run, progress, what was wrong and found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

import msgspec
from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from hall_server.accounts.book import Act
from hall_server.catalogue.desk import CatalogueDesk
from hall_server.catalogue.files import LARGEST_FILE, Unreadable
from hall_server.catalogue.importing import FIND_TEXT, Job, Mode
from hall_server.catalogue.jobs import Busy
from hall_server.catalogue.mapping import ELEMENTS, missing, missing_of_library, twice
from hall_server.web.caller import Caller, Here
from hall_server.web.frame import Frame
from hall_server.web.problems import problem

IMPORTS = "/manage/catalogue/imports"
FILES = {"bad.csv": "bad.csv", "finds.csv": "finds.csv"}
MODE_TEXT = {
    Mode.MERGE: "新增和更新：文件里没有的事项保持不变",
    Mode.REPLACE: "整表替换：文件里没有的事项从目录中删除",
    Mode.LIBRARY: "作为上级事项库：只用来核对基本编码和名称，不改目录",
}
LOOK_SECONDS = 0.25
Columns = Annotated[list[str], Form(max_length=200, default_factory=list)]
Word = Annotated[str, Form(max_length=20)]


def import_routes(frame: Frame, desk: CatalogueDesk) -> APIRouter:
    """/manage/catalogue/import, /uploads and /imports."""
    pages = ImportPages(frame, desk)
    router = APIRouter(
        prefix="/manage/catalogue", include_in_schema=False, default_response_class=HTMLResponse
    )
    router.get("/import")(pages.start)
    router.post("/uploads", max_body_size=LARGEST_FILE)(pages.upload)
    router.get("/imports/{job}")(pages.one)
    router.post("/imports/{job}")(pages.run)
    router.get("/imports/{job}/progress")(pages.progress)
    router.get("/imports/{job}/{name}")(pages.download)
    return router


class ImportPages:
    """One upload is one job; its folder is its state."""

    def __init__(self, frame: Frame, desk: CatalogueDesk) -> None:
        self._frame, self._desk, self._jobs = frame, desk, desk.jobs

    async def start(self, here: Here) -> Response:
        """Choose a file; what was imported lately."""
        recent = await asyncio.to_thread(self._jobs.recent)
        results = {job.id: self._jobs.result(job.id) for job in recent}
        library = await asyncio.to_thread(lambda: len(self._desk.store.library()))
        return self._frame.page(
            here,
            "catalogue/import.html",
            recent=recent,
            results=results,
            library=library,
            largest=LARGEST_FILE,
        )

    async def upload(self, here: Here, request: Request) -> Response:
        """The body is the file; its name stands in X-Name, percent-encoded."""
        name = Path(unquote(request.headers.get("x-name", ""))[-120:].replace("\\", "/")).name or "未命名"
        folder = None
        try:
            folder = await asyncio.to_thread(self._jobs.begin)
            await _keep(request, folder / "file")
            job = await asyncio.to_thread(self._jobs.uploaded, folder, name, here.by)
        except Unreadable as error:
            if folder is not None:
                await asyncio.to_thread(self._jobs.forget, folder)
            return problem(422, "unreadable", error.sentence)
        except BaseException:
            if folder is not None:
                await asyncio.to_thread(self._jobs.forget, folder)
            raise
        return JSONResponse({"href": f"{IMPORTS}/{job.id}"})

    async def one(self, here: Here, job: str) -> Response:
        """Its columns, how far it is, what came of it."""
        found = await asyncio.to_thread(self._jobs.find, job)
        if found is None:
            return RedirectResponse("/manage/catalogue/import", 303)
        return _page(self._frame, self._desk, here, found)

    async def run(self, here: Here, job: str, columns: Columns, mode: Word = "", act: Word = "") -> Response:
        """Try it, or carry it out."""
        found = await asyncio.to_thread(self._jobs.find, job)
        if found is None:
            return RedirectResponse("/manage/catalogue/import", 303)
        known = {element.key for element in ELEMENTS}
        wanted = Mode(mode) if mode in set(Mode) else found.mode
        mapping = tuple(key if key in known else "" for key in columns[: len(found.sheet.head)])
        if not columns:
            mapping = found.mapping
        chosen = msgspec.structs.replace(found, mapping=mapping, mode=wanted)
        if wrong := _wrong(chosen):
            return _page(self._frame, self._desk, here, chosen, wrong=wrong)
        dry = act != "commit"
        try:
            self._jobs.run(found, mapping=mapping, mode=wanted, dry=dry, by=here.by)
        except Busy as busy:
            return _page(self._frame, self._desk, here, chosen, wrong=(str(busy),))
        if not dry:
            note = Act("catalogue.imported", found.name, None, {"mode": wanted.value, "file": found.id})
            await asyncio.to_thread(self._frame.accounts.book.note, here.actor, note)
        return RedirectResponse(f"{IMPORTS}/{job}", 303)

    async def progress(self, job: str) -> Response:
        """How far it is, as server-sent events, until it is over."""
        if await asyncio.to_thread(self._jobs.find, job) is None:
            raise HTTPException(404, "没有这次导入")
        return StreamingResponse(_said(self._desk, job), media_type="text/event-stream")

    async def download(self, job: str, name: str) -> Response:
        """What was wrong, or found."""
        path = self._jobs.file(job, FILES[name]) if name in FILES else None
        if path is None:
            raise HTTPException(404, "没有这个文件")
        return FileResponse(path, media_type="text/csv; charset=utf-8", filename=f"{job}-{name}")


async def _keep(request: Request, path: Path) -> None:
    """The body to a file, piece by piece. Raises Unreadable when there is none."""
    size = 0
    with path.open("wb") as file:
        async for piece in request.stream():
            size += len(piece)
            await asyncio.to_thread(file.write, piece)
    if not size:
        raise Unreadable("没有收到文件，请重新选择")


async def _said(desk: CatalogueDesk, job: str) -> AsyncIterator[str]:
    last = None
    while (now := desk.jobs.progress(job)) is not None:
        if now != last:
            last = now
            yield f"data: {msgspec.json.encode(now).decode()}\n\n"
        await asyncio.sleep(LOOK_SECONDS)
    yield "event: over\ndata: {}\n\n"


def _wrong(job: Job) -> tuple[str, ...]:
    """What is wrong with the chosen columns."""
    absent = missing_of_library(job.mapping) if job.mode is Mode.LIBRARY else missing(job.mapping)
    wrong = [f"没有对应“{word}”的列，请在下面选择" for word in absent]
    return (*wrong, *(f"“{word}”对应了两列，请只留一列" for word in twice(job.mapping)))


def _page(
    frame: Frame, desk: CatalogueDesk, here: Caller, job: Job, *, wrong: tuple[str, ...] = ()
) -> HTMLResponse:
    jobs = desk.jobs
    return frame.page(
        here,
        "catalogue/job.html",
        status=409 if wrong else 200,
        job=job,
        elements=ELEMENTS,
        modes=MODE_TEXT,
        result=jobs.result(job.id),
        progress=jobs.progress(job.id),
        find_text=FIND_TEXT,
        wrong=wrong,
        lacks=_wrong(job),
    )
