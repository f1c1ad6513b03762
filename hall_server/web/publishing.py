"""From draft to description in force: preview, publication, merging with another's, versions, exchange."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from contract.schema import ConfigError
from hall_server.accounts.book import Act
from hall_server.hall.model import RuleBroken
from hall_server.hall_file import HallFile
from hall_server.setup.desk import SetupDesk, Version
from hall_server.setup.drafts import Draft
from hall_server.setup.exchange import from_toml, from_xlsx, to_toml, to_xlsx
from hall_server.setup.sections import BY_KEY, field_of
from hall_server.setup.told import Told, differences
from hall_server.setup.words import sentences
from hall_server.web.caller import Caller, Here
from hall_server.web.frame import Frame

PATH = "/manage/setup"
LARGEST_FORM = 65_536
LARGEST_FILE = 5 * 1024 * 1024
LONGEST_NOTE = 200
MISTAKES_SHOWN = 100
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_STALE = "草稿在预览之后又改动过，请再看一遍再发布"
_BY = {"file": "大厅说明文件", "setup": "初始设置"}


def publishing_routes(router: APIRouter, pages: Publishing) -> None:
    """Everything below /manage/setup that is not a form of the description."""

    @router.get("/preview")
    async def preview(here: Here) -> Response:
        return await pages.preview(here)

    @router.post("/publish", max_body_size=LARGEST_FORM)
    async def publish(here: Here, request: Request) -> Response:
        return await pages.publish(here, await typed(request))

    @router.post("/rebase")
    async def rebase(here: Here) -> Response:
        return await pages.rebase(here)

    @router.post("/drop")
    async def drop(here: Here) -> Response:
        return await pages.drop(here)

    @router.get("/versions")
    async def versions(here: Here) -> Response:
        return await pages.versions(here)

    @router.get("/versions/{version}")
    async def version(here: Here, version: str) -> Response:
        return await pages.version(here, version)

    @router.post("/versions/{version}/restore")
    async def restore(here: Here, version: str) -> Response:
        return await pages.restore(here, version)

    @router.get("/exchange")
    async def exchange(here: Here) -> Response:
        return await pages.exchange(here)

    @router.get("/export/{name}")
    async def export(here: Here, name: str, version: str = "") -> Response:
        return await pages.export(here, name, version)

    @router.post("/import", max_body_size=LARGEST_FILE)
    async def bring_in(here: Here, file: Annotated[UploadFile, File()]) -> Response:
        return await pages.bring_in(here, file)


class Publishing:
    """The pages around a draft's publication."""

    def __init__(self, frame: Frame, desk: SetupDesk) -> None:
        self._frame = frame
        self._desk = desk

    async def preview(
        self, here: Caller, *, wrong: str = "", both: tuple[str, ...] = (), status: int = 200
    ) -> Response:
        """What the draft would change, in words and for whom."""
        draft = await asyncio.to_thread(self._desk.draft, author(here))
        seen = await asyncio.to_thread(self._desk.seen, draft)
        last = (await asyncio.to_thread(self._desk.versions))[:1] if seen.behind else ()
        return self._frame.page(
            here,
            "hall-setup/preview.html",
            status=status,
            seen=seen,
            wrong=wrong,
            both=both,
            other=self._by(last[0]) if last else "",
            **state(self._desk, draft),
        )

    async def publish(self, here: Caller, given: dict[str, list[str]]) -> Response:
        """Put the draft in force, if it is the one that was previewed."""
        draft = await asyncio.to_thread(self._desk.draft, author(here))
        if (given.get("mark") or [""])[0] != str(draft.changed_ms):
            return await self.preview(here, wrong=_STALE, status=409)
        note = " ".join((given.get("note") or [""])[0].split())[:LONGEST_NOTE]
        if draft.restores and not note:
            note = f"回退到第 {draft.restores} 版"

        def act() -> None:
            changes = self._desk.publish(draft, by=here.by, note=note)
            kind = "setup.rolled-back" if draft.restores else "setup.published"
            told = drafted(kind, changes, f"第 {self._desk.version} 版{f' {note}' if note else ''}")
            self._frame.accounts.book.note(here.actor, told)

        try:
            await asyncio.to_thread(act)
        except RuleBroken as refused:
            return await self.preview(here, wrong=refused.sentence, status=409)
        except ConfigError as error:
            return await self.preview(here, wrong="；".join(sentences(error)[:3]), status=409)
        return RedirectResponse(f"{PATH}/versions/{self._desk.version}?published=1", 303)

    async def rebase(self, here: Caller) -> Response:
        """Make the draft's changes to what another published."""
        draft = await asyncio.to_thread(self._desk.draft, author(here))
        if draft.base == self._desk.version:
            return RedirectResponse(f"{PATH}/preview", 303)
        merged = await asyncio.to_thread(self._desk.rebase, draft)
        act = drafted("setup.rebased", differences(draft.file, merged.file), f"第 {self._desk.version} 版")
        await asyncio.to_thread(self._frame.accounts.book.note, here.actor, act)
        return await self.preview(here, both=tuple(_both(*one) for one in merged.both))

    async def drop(self, here: Caller) -> Response:
        """Throw the draft away."""

        def act() -> None:
            draft = self._desk.draft(author(here))
            self._desk.drop(draft.author)
            if draft.changed_ms:
                changes = differences(draft.file, self._desk.current.file)
                self._frame.accounts.book.note(here.actor, drafted("setup.dropped", changes))

        await asyncio.to_thread(act)
        return RedirectResponse(PATH, 303)

    # ------------------------------------------------------------ versions

    async def versions(self, here: Caller) -> Response:
        """Everything that was ever published."""
        found = await asyncio.to_thread(self._desk.versions)
        return self._frame.page(
            here,
            "hall-setup/versions.html",
            versions=[(one, self._by(one)) for one in found],
            **await self._state(here),
        )

    async def version(self, here: Caller, version: str) -> Response:
        """What one version changed, and what going back to it would."""
        found = await self._version(version)
        if found is None:
            return RedirectResponse(f"{PATH}/versions", 303)

        def look() -> tuple[tuple[Told, ...], tuple[Told, ...]]:
            mine = self._desk.document(found.version)
            earlier = [one for one in self._desk.versions() if one.version < found.version]
            former = self._desk.document(earlier[0].version if earlier else 0)
            return differences(former, mine), differences(self._desk.current.file, mine)

        brought, back = await asyncio.to_thread(look)
        return self._frame.page(
            here,
            "hall-setup/version.html",
            one=found,
            by=self._by(found),
            brought=brought,
            back=back,
            **await self._state(here),
        )

    async def restore(self, here: Caller, version: str) -> Response:
        """Take an older version into the draft, to be previewed and published as a new one."""
        found = await self._version(version)
        if found is None:
            return RedirectResponse(f"{PATH}/versions", 303)

        def act() -> None:
            draft, older = self._desk.draft(author(here)), self._desk.document(found.version)
            self._desk.keep(draft, older, restores=found.version, base=self._desk.version)
            told = drafted("setup.drafted", differences(draft.file, older), f"取回第 {found.version} 版")
            self._frame.accounts.book.note(here.actor, told)

        await asyncio.to_thread(act)
        return RedirectResponse(f"{PATH}/preview", 303)

    # ------------------------------------------------------------ exchange

    async def exchange(self, here: Caller, *, mistakes: tuple[str, ...] = (), name: str = "") -> Response:
        """Download and upload."""
        return self._frame.page(
            here,
            "hall-setup/exchange.html",
            status=422 if mistakes else 200,
            mistakes=mistakes[:MISTAKES_SHOWN],
            more=max(0, len(mistakes) - MISTAKES_SHOWN),
            filename=name,
            **await self._state(here),
        )

    async def export(self, here: Caller, name: str, version: str) -> Response:
        """``draft.toml``, ``draft.xlsx``, or with ``version`` (0: in force) that one."""
        which, _, ending = name.rpartition(".")
        if ending not in ("toml", "xlsx") or which not in ("draft", "hall"):
            return RedirectResponse(f"{PATH}/exchange", 303)

        def make() -> tuple[bytes, str]:
            if which == "draft":
                file, word = self._desk.draft(author(here)).file, "草稿"
            else:
                number = int(version) if version.isdecimal() and len(version) < 9 else 0
                number = number or self._desk.version
                file, word = self._desk.document(number), f"第{number}版"
            body = to_xlsx(file) if ending == "xlsx" else to_toml(file).encode()
            return body, f"{file.hall.name}-设置-{word}.{ending}"

        body, called = await asyncio.to_thread(make)
        kind = _XLSX if ending == "xlsx" else "application/toml"
        disposition = f"attachment; filename=\"{name}\"; filename*=UTF-8''{quote(called, safe='')}"
        return Response(body, media_type=kind, headers={"Content-Disposition": disposition})

    async def bring_in(self, here: Caller, upload: UploadFile) -> Response:
        """An edited file into the draft, whole or not at all; mistakes name sheet, line and column."""
        content, name = await upload.read(), (upload.filename or "")[:80]

        def act() -> tuple[str, ...]:
            draft = self._desk.draft(author(here))
            try:
                file = _read(content, name, self._desk.current.file)
            except ConfigError as error:
                return sentences(error)
            self._desk.keep(draft, file)
            told = drafted("setup.imported", differences(draft.file, file), name)
            self._frame.accounts.book.note(here.actor, told)
            return ()

        mistakes = await asyncio.to_thread(act)
        if mistakes:
            return await self.exchange(here, mistakes=mistakes, name=name)
        return RedirectResponse(f"{PATH}/preview", 303)

    # ------------------------------------------------------------ within

    async def _state(self, here: Caller) -> dict[str, Any]:
        return state(self._desk, await asyncio.to_thread(self._desk.draft, author(here)))

    async def _version(self, text: str) -> Version | None:
        number = int(text) if text.isdecimal() and len(text) < 9 else 0
        return await asyncio.to_thread(self._desk.version_of, number)

    def _by(self, version: Version) -> str:
        """Who published, by name."""
        account = self._frame.accounts.book.accounts.get(version.by.partition(":")[2])
        return f"{account.name}（{account.id}）" if account else _BY.get(version.by, version.by)


def state(desk: SetupDesk, draft: Draft) -> dict[str, Any]:
    """What every page of the set-up says of the draft."""
    return {
        "draft": draft,
        "in_force": desk.version,
        "behind": draft.base != desk.version,
        "changed": draft.changed_ms > 0 and draft.file != desk.current.file,
        "findings": desk.findings(draft.file),
    }


def author(here: Caller) -> str:
    """Whose draft it is."""
    return here.account.id if here.account is not None else ""


def drafted(kind: str, changes: tuple[Told, ...], subject: str = "") -> Act:
    """For the audit log: every difference with before and after."""
    named = {change.subject: change for change in changes}
    return Act(
        kind,
        subject or "、".join(dict.fromkeys(change.section for change in changes)),
        {name: change.before for name, change in named.items()},
        {name: change.after for name, change in named.items()},
    )


async def typed(request: Request) -> dict[str, list[str]]:
    """The fields of a form, each with all its values; files are not among them."""
    form = await request.form(max_fields=2000)
    found: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            found.setdefault(name, []).append(value)
    return found


def _read(content: bytes, name: str, box: HallFile) -> HallFile:
    if name.lower().endswith(".xlsx") or content[:2] == b"PK":
        return from_xlsx(content, box)
    try:
        return from_toml(content.decode("utf-8-sig"), box)
    except UnicodeDecodeError:
        return from_toml("\0", box)


def _both(table: str, row: str, name: str) -> str:
    section = next((s.title for s in BY_KEY.values() if s.table == table), table)
    asked = field_of(table, name)
    return "·".join(part for part in (section, row, asked.label if asked else "") if part)
