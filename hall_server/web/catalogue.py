"""The manager's pages of the catalogue: search, one item, versions and what they change, services."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from hall_server.accounts.book import Act
from hall_server.catalogue.desk import CatalogueDesk, Obstacles, checks
from hall_server.catalogue.records import ORIGIN_TEXT, Entry
from hall_server.catalogue.searching import MOST_COUNTED
from hall_server.catalogue.store import Moved
from hall_server.catalogue.telling import changes
from hall_server.reports.desk import ReportDesk
from hall_server.web.caller import Caller, Here
from hall_server.web.catalogue_form import LARGEST_FORM, blank, entry_of_form, more
from hall_server.web.frame import Frame

PAGE = "/manage/catalogue"
SHOWN = 30
DIFFERENCES = 50
TAGS = {
    "": "全部",
    "online": "可网上办理",
    "offline": "未实现网办",
    "terminal": "可自助办理",
    "appointment": "可预约",
}
Text = Annotated[str, Form(max_length=400)]


def catalogue_routes(frame: Frame, desk: CatalogueDesk, reports: ReportDesk) -> APIRouter:
    """/manage/catalogue and below, without the imports."""
    pages = CataloguePages(frame, desk, reports)
    router = APIRouter(prefix=PAGE, include_in_schema=False, default_response_class=HTMLResponse)
    router.get("")(pages.search)
    router.get("/new")(pages.new)
    router.post("/new", max_body_size=LARGEST_FORM)(pages.create)
    router.get("/items/{item}")(pages.one)
    router.post("/items/{item}", max_body_size=LARGEST_FORM)(pages.change)
    router.get("/items/{item}/history")(pages.history)
    router.get("/versions")(pages.versions)
    router.post("/publish")(pages.publish)
    router.post("/restore")(pages.restore)
    router.get("/services")(pages.services)
    router.post("/services")(pages.assign)
    return router


class CataloguePages:
    """What may be asked, and what is done."""

    def __init__(self, frame: Frame, desk: CatalogueDesk, reports: ReportDesk) -> None:
        self._frame, self._desk = frame, desk
        self._show = Showing(frame, desk, reports)

    async def search(
        self, here: Here, q: str = "", department: str = "", tag: str = "", page: str = ""
    ) -> Response:
        """The items, by words, department and tag."""
        wanted = tag if tag in TAGS else ""
        return await self._show.found(here, q[:60], department[:200], wanted, number(page))

    async def new(self, here: Here) -> Response:
        """An empty form."""
        return await self._show.form(here, blank(), row=0)

    async def create(self, here: Here, request: Request) -> Response:
        """A new item."""
        return await self._show.saved(here, request, "")

    async def one(self, here: Here, item: str, saved: str = "") -> Response:
        """The form of an item."""
        found = await asyncio.to_thread(self._desk.store.item, item, self._desk.store.head)
        if found is None:
            return RedirectResponse(PAGE, 303)
        return await self._show.form(
            here, found[1], row=found[0], done="已保存为新版本，发布后生效" if saved else ""
        )

    async def change(self, here: Here, request: Request, item: str) -> Response:
        """An item anew."""
        return await self._show.saved(here, request, item)

    async def history(self, here: Here, item: str) -> Response:
        """Every state of an item."""
        return await self._show.history(here, item)

    async def versions(
        self, here: Here, before: str = "", after: str = "", page: str = "", done: str = ""
    ) -> Response:
        """All of them, and what two have differently."""
        return await self._show.versions(here, number(before), number(after), number(page), done=number(done))

    async def publish(self, here: Here, version: Text = "") -> Response:
        """The hall works with a version from now on."""
        return await self._show.act(here, "catalogue.published", version, self._desk.publish)

    async def restore(self, here: Here, version: Text = "") -> Response:
        """As an older version was."""
        return await self._show.act(here, "catalogue.restored", version, self._desk.roll_back)

    async def services(self, here: Here) -> Response:
        """Which departments belong to which service."""
        return await self._show.services(here)

    async def assign(self, here: Here, department: Text = "", service: Text = "") -> Response:
        """A department belongs to a service."""
        try:
            await asyncio.to_thread(partial(self._desk.assign, department, service, by=here.by))
        except Obstacles as error:
            return await self._show.services(here, wrong=error.reasons)
        act = Act("catalogue.assigned", department, None, {"service": service})
        await asyncio.to_thread(self._frame.accounts.book.note, here.actor, act)
        return RedirectResponse(f"{PAGE}/services", 303)


class Showing:
    """Draws the pages; whatever asks the file does so on a worker thread."""

    def __init__(self, frame: Frame, desk: CatalogueDesk, reports: ReportDesk) -> None:
        self._frame = frame
        self._desk = desk
        self._store = desk.store
        self._reports = reports

    async def found(self, here: Caller, q: str, department: str, tag: str, page: int) -> Response:
        """What a search found."""
        store, standing = self._store, self._desk.standing

        def look() -> tuple[object, ...]:
            found = store.search(
                q, standing.head, department=department, tag=tag, limit=SHOWN, offset=page * SHOWN
            )
            pending = store.differences(standing.public, standing.head, limit=0)[1]
            return found, store.departments(standing.head), pending, store.version(standing.head)

        found, departments, pending, newest = await asyncio.to_thread(look)
        return self._frame.page(
            here,
            "catalogue/list.html",
            found=found,
            q=q,
            department=department,
            departments=departments,
            tag=tag,
            tags=TAGS,
            page=page,
            shown=SHOWN,
            most=MOST_COUNTED,
            standing=standing,
            pending=pending,
            newest=newest,
        )

    async def form(
        self,
        here: Caller,
        entry: Entry,
        *,
        row: int,
        wrong: tuple[str, ...] = (),
        done: str = "",
        status: int = 200,
    ) -> Response:
        """An item to edit, with what the checks say and why people lately went away."""
        _, odd = checks(entry)
        advice = await asyncio.to_thread(self._reports.advice, entry.code) if row else None
        services = {s.id: s.name for s in self._desk.current.file.services}
        return self._frame.page(
            here,
            "catalogue/item.html",
            status=status,
            entry=entry if entry.materials else more(entry, "more-papers"),
            row=row,
            odd=odd,
            wrong=wrong,
            done=done,
            advice=advice,
            service=services.get(self._desk.service_of(entry), ""),
            standing=self._desk.standing,
        )

    async def saved(self, here: Caller, request: Request, code: str) -> Response:
        """A form that came back: one more line, deleted, or saved to a new version."""
        form = await request.form()
        entry, wrong = entry_of_form(form, code)
        row, act = number(str(form.get("row", ""))), str(form.get("act", ""))
        if act in ("more-papers", "more-questions"):
            return await self.form(here, more(entry, act), row=row)
        told = tuple(f"{w.element}{f'“{w.value}”' if w.value else ''}：{w.reason}" for w in wrong)
        told += tuple(f"{w.element}“{w.value}”{w.reason}" for w in checks(entry)[0]) if not told else ()
        if told and act != "delete":
            return await self.form(here, entry, row=row, wrong=told, status=409)
        before = await asyncio.to_thread(self._store.item, entry.code, self._store.head)
        save = self._desk.remove if act == "delete" else self._desk.save
        subject = entry.code if act == "delete" else entry
        try:
            await asyncio.to_thread(partial(save, subject, row=row, by=here.by, name=entry.name))  # type: ignore[arg-type]
        except Moved as error:
            return await self.form(here, entry, row=row, wrong=(str(error),), status=409)
        after = (
            {} if act == "delete" else {word: new for word, _, new in changes(before and before[1], entry)}
        )
        old = {
            word: old for word, old, _ in changes(before and before[1], None if act == "delete" else entry)
        }
        kind = "catalogue.deleted" if act == "delete" else "catalogue.edited"
        note = Act(kind, f"{entry.name} {entry.code}", old or None, after or None)
        await asyncio.to_thread(self._frame.accounts.book.note, here.actor, note)
        return RedirectResponse(PAGE if act == "delete" else f"{PAGE}/items/{entry.code}?saved=1", 303)

    async def history(self, here: Caller, code: str) -> Response:
        """Every state of an item with what it changed."""
        lives = await asyncio.to_thread(self._store.history, code)
        if not lives:
            return RedirectResponse(PAGE, 303)
        versions = {v.id: v for v in await asyncio.to_thread(self._store.versions)}
        olders = [*(life.entry for life in lives[1:]), None]
        steps = [
            (life, versions.get(life.since), changes(older, life.entry) if older else [])
            for life, older in zip(lives, olders, strict=True)
        ]
        return self._frame.page(
            here, "catalogue/history.html", steps=steps, entry=lives[0].entry, origins=ORIGIN_TEXT
        )

    async def versions(
        self,
        here: Caller,
        before: int,
        after: int,
        page: int,
        *,
        wrong: tuple[str, ...] = (),
        done: int = 0,
    ) -> Response:
        """Versions, and what the newest (or a chosen one) changes against the one in force."""
        store, standing = self._store, self._desk.standing
        after = after or standing.head
        before = before or (standing.public if standing.public != after else max(1, after - 1))

        def look() -> tuple[object, ...]:
            found, total = store.differences(before, after, limit=DIFFERENCES, offset=page * DIFFERENCES)
            return store.versions(), found, total

        versions, found, total = await asyncio.to_thread(look)
        return self._frame.page(
            here,
            "catalogue/versions.html",
            status=409 if wrong else 200,
            versions=versions,
            origins=ORIGIN_TEXT,
            standing=standing,
            before=before,
            after=after,
            differences=found,
            total=total,
            page=page,
            shown=DIFFERENCES,
            changes=changes,
            wrong=wrong,
            done=done,
        )

    async def act(self, here: Caller, kind: str, version: str, act: Callable[..., object]) -> Response:
        """Publish or roll back; obstacles are told on the page of versions."""
        wanted, before = number(version), self._desk.standing.in_force
        try:
            await asyncio.to_thread(partial(act, wanted, by=here.by))
        except Obstacles as error:
            return await self.versions(here, 0, 0, 0, wrong=error.reasons)
        now = self._desk.standing.in_force
        note = Act(kind, f"事项目录第 {wanted} 版", {"version": before}, {"version": now})
        await asyncio.to_thread(self._frame.accounts.book.note, here.actor, note)
        return RedirectResponse(f"{PAGE}/versions?done={now}", 303)

    async def services(self, here: Caller, *, wrong: tuple[str, ...] = ()) -> Response:
        """Which service takes how much, and what none takes."""
        standing = self._desk.standing

        def look() -> tuple[object, ...]:
            return self._desk.taken_by(standing.public), self._desk.unassigned(standing.public)

        taken, left = await asyncio.to_thread(look)
        return self._frame.page(
            here,
            "catalogue/services.html",
            status=409 if wrong else 200,
            services=self._desk.current.file.services,
            taken=taken,
            left=left,
            standing=standing,
            wrong=wrong,
        )


def number(text: str) -> int:
    """A small whole number of an address or a form, 0 when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
