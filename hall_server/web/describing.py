"""Describing the hall in pages: forms out of one table of fields, a draft for each manager."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from contract.schema import ConfigError
from hall_server.hall_file import HallFile
from hall_server.setup import editing
from hall_server.setup.desk import SetupDesk
from hall_server.setup.drafts import Draft
from hall_server.setup.fields import Section
from hall_server.setup.findings import Finding
from hall_server.setup.sections import BY_KEY, SECTIONS
from hall_server.setup.told import differences
from hall_server.web.branding import DRAWING_POLICY, FORM, branding_routes
from hall_server.web.caller import Caller, Here
from hall_server.web.frame import Frame
from hall_server.web.publishing import (
    LARGEST_FORM,
    PATH,
    Publishing,
    author,
    drafted,
    publishing_routes,
    state,
    typed,
)

_ELSEWHERE = "草稿刚在另一个页面改动过，下面是最新的内容，请核对后重新填写"
_MOVES = {"up": -1, "down": 1}


@dataclass(frozen=True, slots=True)
class Form:
    """One form as it is drawn: what stands in its fields, and what is wrong with them."""

    section: Section
    row: int | None
    new: bool
    name: str
    values: dict[str, list[str]]
    wrong: dict[str, str] = field(default_factory=dict)
    fixed: bool = False
    notice: str = ""


def setup_routes(frame: Frame, desk: SetupDesk) -> APIRouter:
    """/manage/setup and below."""
    router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)
    pages = SetupPages(frame, desk)

    @router.get("")
    async def overview(here: Here) -> Response:
        return await pages.overview(here)

    @router.get("/in/{section}")
    async def section(here: Here, section: str) -> Response:
        if section not in BY_KEY:
            return RedirectResponse(PATH, 303)
        return await pages.section(here, BY_KEY[section])

    @router.get("/in/{section}/{row}")
    async def row(here: Here, section: str, row: str) -> Response:
        found = BY_KEY.get(section)
        if found is None or not found.rows:
            return RedirectResponse(PATH, 303)
        return await pages.row(here, found, row)

    @router.post("/in/{section}", max_body_size=LARGEST_FORM)
    async def save(here: Here, section: str, request: Request) -> Response:
        found = BY_KEY.get(section)
        if found is None or found.rows:
            return RedirectResponse(PATH, 303)
        return await pages.save(here, found, "", await typed(request))

    @router.post("/in/{section}/{row}", max_body_size=LARGEST_FORM)
    async def save_row(here: Here, section: str, row: str, request: Request) -> Response:
        found = BY_KEY.get(section)
        if found is None or not found.rows:
            return RedirectResponse(PATH, 303)
        return await pages.save(here, found, row, await typed(request))

    @router.post("/in/{section}/{row}/{act}")
    async def change(here: Here, section: str, row: str, act: str, request: Request) -> Response:
        found = BY_KEY.get(section)
        if found is None or not found.own:
            return RedirectResponse(PATH, 303)
        return await pages.change(here, found, row, act, await typed(request))

    branding_routes(router, frame, desk)
    publishing_routes(router, Publishing(frame, desk))
    return router


class SetupPages:
    """Draws the forms and carries out what is pressed in them."""

    def __init__(self, frame: Frame, desk: SetupDesk) -> None:
        self.frame = frame
        self._desk = desk

    async def draft(self, here: Caller) -> Draft:
        """Of who asks."""
        return await asyncio.to_thread(self._desk.draft, author(here))

    async def overview(self, here: Caller) -> Response:
        """All sections, how far the draft is."""
        draft = await self.draft(here)
        return self.frame.page(
            here,
            "hall-setup/overview.html",
            sections=SECTIONS,
            counts={s.key: len(editing.rows_of(draft.file, s.table)) for s in SECTIONS if s.rows},
            **state(self._desk, draft),
        )

    async def section(self, here: Caller, section: Section, notice: str = "") -> Response:
        """One form, or the list of its forms."""
        draft = await self.draft(here)
        if section.rows:
            return self._list(here, draft, section, notice)
        values = editing.as_typed(section, editing.record(draft.file, section, None))
        return self._form(here, draft, Form(section, None, False, "", values, notice=notice))

    async def row(self, here: Caller, section: Section, row: str) -> Response:
        """The form of one row, or of a new one."""
        draft = await self.draft(here)
        if row == editing.NEW and section.own:
            return self._form(here, draft, Form(section, -1, True, "", editing.blank(section)))
        number = _number(row)
        try:
            part = editing.record(draft.file, section, number)
        except editing.NoSuchRow:
            return RedirectResponse(f"{PATH}/in/{section.key}", 303)
        return self._form(
            here, draft, self._row_form(draft, section, number, editing.as_typed(section, part))
        )

    async def save(self, here: Caller, section: Section, row: str, given: dict[str, list[str]]) -> Response:
        """Put what was typed into the draft; mistakes come back beside their fields."""
        draft = await self.draft(here)
        if _moved(draft, given):
            return await self.section(here, section, _ELSEWHERE)
        number = _number(row) if row else None
        new = row == editing.NEW and section.own
        if new:
            number = len(editing.rows_of(draft.file, section.table))
        elif number is not None and not 0 <= number < len(editing.rows_of(draft.file, section.table)):
            return RedirectResponse(f"{PATH}/in/{section.key}", 303)
        try:
            file = editing.put(draft.file, section, number, self._kept(draft, section, number, new, given))
        except ConfigError as error:
            form = self._row_form(draft, section, number, given, new=new)
            wrong = editing.mistakes(section, error)
            return self._form(here, draft, _with(form, wrong), status=422)
        await self._keep(here, draft, file)
        return RedirectResponse(f"{PATH}/in/{section.key}{self._after(file, section, number)}", 303)

    async def change(
        self, here: Caller, section: Section, row: str, act: str, given: dict[str, list[str]]
    ) -> Response:
        """Copy, remove or move a row."""
        draft, number = await self.draft(here), _number(row)
        if _moved(draft, given):
            return await self.section(here, section, _ELSEWHERE)
        to = number
        try:
            if act == "copy":
                file, to = editing.copied(draft.file, section.table, number), number + 1
            elif act == "remove":
                file = editing.removed(draft.file, section.table, number)
            elif act in _MOVES:
                file, to = editing.moved(draft.file, section.table, number, _MOVES[act]), number + _MOVES[act]
            else:
                return RedirectResponse(f"{PATH}/in/{section.key}", 303)
        except editing.NoSuchRow:
            return RedirectResponse(f"{PATH}/in/{section.key}", 303)
        await self._keep(here, draft, file)
        if act == "copy":
            return RedirectResponse(f"{PATH}/in/{section.key}/{to}", 303)
        return RedirectResponse(f"{PATH}/in/{section.key}#row-{max(0, to)}", 303)

    # ------------------------------------------------------------ within

    async def _keep(self, here: Caller, draft: Draft, file: HallFile) -> None:
        """The draft, and in the audit log what it changes."""
        if file == draft.file:
            return
        changes = differences(draft.file, file)

        def act() -> None:
            self._desk.keep(draft, file, restores=draft.restores)
            self.frame.accounts.book.note(here.actor, drafted("setup.drafted", changes))

        await asyncio.to_thread(act)

    def _kept(
        self, draft: Draft, section: Section, row: int | None, new: bool, given: dict[str, list[str]]
    ) -> dict[str, list[str]]:
        """What was typed, with what is fixed as it was."""
        if row is None or new or not self._published(draft, section, row):
            return given
        was = editing.as_typed(section, editing.record(draft.file, section, row))
        return given | {f.name: was[f.name] for f in section.fields if f.fixed}

    def _published(self, draft: Draft, section: Section, row: int) -> bool:
        """Whether the row is in force, so that its id stays."""
        part = editing.record(draft.file, section, row)
        mine = getattr(part, "id", "")
        in_force = editing.rows_of(self._desk.current.file, section.table)
        return bool(mine) and any(getattr(one, "id", "") == mine for one in in_force)

    def _after(self, file: HallFile, section: Section, row: int | None) -> str:
        """Where a saved form leads: back to itself while something in it is wrong, else to its list."""
        if row is None:
            return ""
        wrong = any(section.field(one.field) for one in _of(self._desk.findings(file), section, row))
        return f"/{row}" if wrong else f"#row-{row}"

    def _row_form(
        self,
        draft: Draft,
        section: Section,
        row: int | None,
        values: dict[str, list[str]],
        *,
        new: bool = False,
    ) -> Form:
        if row is None:
            return Form(section, None, False, "", values)
        if new:
            return Form(section, -1, True, "", values)
        part = editing.rows_of(draft.file, section.table)[row]
        name = editing.name_of(section.table, part, editing.options(draft.file))
        fixed = self._published(draft, section, row)
        return Form(section, row, False, name, values, fixed=fixed)

    def _form(self, here: Caller, draft: Draft, form: Form, *, status: int = 200) -> Response:
        row = form.row if form.row is not None else -1
        found = [] if form.new else _of(self._desk.findings(draft.file), form.section, row)
        beside = {one.field: one.sentence for one in found if form.section.field(one.field)}
        page = self.frame.page(
            here,
            "hall-setup/form.html",
            status=status,
            form=form,
            beside=beside | form.wrong,
            above=[one.sentence for one in found if not form.section.field(one.field)],
            options=editing.options(draft.file, self._desk.current.items).lists,
            **state(self._desk, draft),
        )
        if FORM.endswith(f"/{form.section.key}"):
            page.headers["Content-Security-Policy"] = DRAWING_POLICY
        return page

    def _list(self, here: Caller, draft: Draft, section: Section, notice: str) -> Response:
        names = editing.options(draft.file)
        rows = editing.rows_of(draft.file, section.table)
        columns = [found for name in section.columns if (found := section.field(name))]
        mistakes = self._desk.findings(draft.file)
        return self.frame.page(
            here,
            "hall-setup/list.html",
            section=section,
            columns=columns,
            rows=[
                (
                    editing.name_of(section.table, row, names),
                    [editing.shown(f, getattr(row, f.name), names) for f in columns],
                )
                for row in rows
            ],
            wrong={row: _of(mistakes, section, row) for row in range(-1, len(rows))},
            notice=notice,
            week=week(draft.file) if section.key == "rota" else None,
            **state(self._desk, draft),
        )


def week(file: HallFile) -> list[tuple[str, list[list[tuple[str, bool]]]]]:
    """The rota as a week: for each window that has one, eight days (the last: holidays) of (hours and name,
    whether closed)."""
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")
    found = []
    for window in file.windows:
        lines = sorted((s for s in file.rota if window.id in s.windows), key=lambda s: s.begins)
        if lines:
            cells = [
                [(f"{s.begins}–{s.ends} {s.name}".strip(), s.closed) for s in lines if day in s.days]
                for day in days
            ]
            found.append((window.label, cells))
    return found


def _of(found: Iterable[Finding], section: Section, row: int) -> list[Finding]:
    """Those about one form of a table, wherever it is mended."""
    return [
        one for one in found if one.section and BY_KEY[one.section].table == section.table and one.row == row
    ]


def _with(form: Form, wrong: dict[str, str]) -> Form:
    return Form(form.section, form.row, form.new, form.name, form.values, wrong, form.fixed)


def _moved(draft: Draft, given: dict[str, list[str]]) -> bool:
    """Whether the draft was changed in another page since this one was drawn."""
    return (given.get("mark") or [""])[0] != str(draft.changed_ms)


def _number(row: str) -> int:
    return int(row) if row.isascii() and row.isdigit() and len(row) < 6 else -1
