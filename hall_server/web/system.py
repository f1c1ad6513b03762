"""The system administrator's page: hall time, journal, backups, stations, certificate; acts audited."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException
from fastapi import Path as InPath
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from contract.clock import china
from contract.station_file import software_version
from hall_server.accounts.book import Act
from hall_server.backup.contents import TEXT
from hall_server.backup.keeper import BackupView
from hall_server.backup.making import Busy
from hall_server.hall import commands as c
from hall_server.hall.model import Hall, RuleBroken
from hall_server.house import House
from hall_server.web.asking import answered, ask
from hall_server.web.caller import Caller, Here
from hall_server.web.frame import Frame

LEAST_MS = 2_000
_TICK = Annotated[str, Form(max_length=8)]


@dataclass(frozen=True, slots=True)
class Clocks:
    """Hall time and the box's own clock at one moment; ``over``: a correction ends the business day."""

    hall_ms: int
    wall_ms: int
    over: bool
    alarm: str

    @property
    def behind_ms(self) -> int:
        """How far hall time is behind the box's clock, negative when ahead."""
        return self.wall_ms - self.hall_ms

    @property
    def may(self) -> bool:
        """Whether there is something to correct."""
        return self.behind_ms >= LEAST_MS

    @property
    def behind_text(self) -> str:
        """In words."""
        return span_text(abs(self.behind_ms) // 1000)


def system_routes(frame: Frame) -> APIRouter:
    """/system and below."""
    pages = SystemPages(frame)
    router = APIRouter(prefix="/system", include_in_schema=False, default_response_class=HTMLResponse)
    router.get("")(pages.system)
    router.post("/time")(pages.correct)
    router.post("/backup")(pages.back_up)
    router.get("/backups")(pages.backups)
    router.get("/backups/{name}")(pages.download)
    return router


class SystemPages:
    """The page as it stands, and the acts on it."""

    def __init__(self, frame: Frame) -> None:
        self._frame, self._house, self._service = frame, frame.house, frame.service

    async def _page(self, here: Caller, *, wrong: str = "", right: str = "") -> Response:
        return self._frame.page(
            here,
            "system.html",
            status=409 if wrong else 200,
            clocks=await _clocks(self._frame),
            journal=self._house.journal(),
            alarms=self._house.alarms(),
            disk=self._house.disk,
            stations=self._house.stations,
            wired=self._house.wired,
            fingerprint=self._house.fingerprint(),
            address=self._house.address(),
            backups=await asyncio.to_thread(_view, self._house),
            part_text=TEXT,
            since=span_text,
            sized=size_text,
            software=software_version(),
            seq=self._service.view.seq,
            day=self._service.view.day,
            wrong=wrong,
            right=right,
        )

    async def system(self, here: Here) -> Response:
        """The page."""
        return await self._page(here)

    async def correct(self, here: Here, understood: _TICK = "") -> Response:
        """Hall time is that of the box from now on."""
        clocks = await _clocks(self._frame)
        if clocks is None or not clocks.may:
            return await self._page(here, wrong="大厅时间不落后于本机时钟，不用校正")
        if not understood:
            return await self._page(here, wrong="请先勾选“我已了解”，再校正")
        command = c.CorrectTime(request="", by=here.by, to_ms=clocks.wall_ms)
        try:
            await answered(self._service.submit(command))
        except RuleBroken as broken:
            return await self._page(here, wrong=broken.sentence)
        before, after = ({"time": _stamp(ms)} for ms in (clocks.hall_ms, clocks.wall_ms))
        await asyncio.to_thread(
            self._frame.accounts.book.note, here.actor, Act("system.time", "", before, after)
        )
        return RedirectResponse("/system", 303)

    async def back_up(self, here: Here) -> Response:
        """A backup is made, beside everything else."""
        if self._house.backups is None:
            return await self._page(here, wrong="这台服务器没有可备份的账本")
        try:
            self._house.backups.ask(here.by)
        except Busy as busy:
            return await self._page(here, wrong=busy.sentence)
        await asyncio.to_thread(self._frame.accounts.book.note, here.actor, Act("system.backup"))
        return RedirectResponse("/system#backups", 303)

    async def backups(self, here: Here) -> Response:
        """How it stands with the backups, for a page that waits for one."""
        view = await asyncio.to_thread(_view, self._house)
        return self._frame.page(
            here, "system-backups.html", backups=view, part_text=TEXT, since=span_text, sized=size_text
        )

    async def download(self, here: Here, name: Annotated[str, InPath(max_length=64)]) -> FileResponse:
        """A backup, to take away."""
        path = self._house.backups.file(name) if self._house.backups is not None else None
        if path is None:
            raise HTTPException(404, "没有这个备份")
        await asyncio.to_thread(self._frame.accounts.book.note, here.actor, Act("system.backup-taken", name))
        return FileResponse(path, media_type="application/octet-stream", filename=name)


async def _clocks(frame: Frame) -> Clocks | None:
    """None where nobody knows the box's clock."""
    if frame.house.reading is None:
        return None
    closes_ms = await ask(frame.service, _closes_ms)
    reading = frame.house.reading()
    over = bool(closes_ms) and reading.wall_ms >= closes_ms
    return Clocks(reading.hall_ms, reading.wall_ms, over, frame.house.clock_alarm())


def _closes_ms(hall: Hall) -> int:
    return hall.day.closes_ms if hall.day is not None else 0


def span_text(seconds: int) -> str:
    """``3天2小时`` ``5分12秒``: the two greatest parts."""
    parts = ((seconds // 86_400, "天"), (seconds // 3600 % 24, "小时"), (seconds // 60 % 60, "分"))
    shown = [f"{value}{unit}" for value, unit in parts if value]
    return "".join(([*shown, f"{seconds % 60}秒"])[:2])


def size_text(size: int) -> str:
    """``412 KB`` ``3.4 MB`` ``1.2 GB``."""
    for unit, name in ((1 << 30, "GB"), (1 << 20, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{-(-size // 1024)} KB"


def _stamp(ms: int) -> str:
    return china(ms).strftime("%Y-%m-%d %H:%M:%S")


def _view(house: House) -> BackupView | None:
    return house.backups.view if house.backups is not None else None
