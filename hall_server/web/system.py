"""The system administrator's page: hall time, journal, backups, stations, certificate; acts audited."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException
from fastapi import Path as InPath
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from contract.clock import china
from contract.station_file import software_version
from hall_server import keeping
from hall_server.accounts.book import Act
from hall_server.hall import commands as c
from hall_server.hall.model import Hall, RuleBroken
from hall_server.records import JournalBroken
from hall_server.web.asking import answered, ask
from hall_server.web.caller import Caller, Here
from hall_server.web.frame import Frame

log = logging.getLogger(__name__)

FOLDER = "backups"
SHOWN = 20
LEAST_MS = 2_000
_NAME = re.compile(r"journal-\d{8}-\d{6}\.db")
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


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of the journal."""

    name: str
    size: int
    at_ms: int


def system_routes(frame: Frame) -> APIRouter:
    """/system and below."""
    router = APIRouter(prefix="/system", include_in_schema=False, default_response_class=HTMLResponse)
    house, service = frame.house, frame.service

    async def page(here: Caller, *, wrong: str = "", right: str = "") -> Response:
        return frame.page(
            here,
            "system.html",
            status=409 if wrong else 200,
            clocks=await _clocks(frame),
            journal=house.journal(),
            alarms=house.alarms(),
            disk=house.disk,
            stations=house.stations,
            wired=house.wired,
            fingerprint=house.fingerprint(),
            address=house.address(),
            backups=_backups(house.state),
            folder=str(_folder(house.state)) if house.state is not None else "",
            software=software_version(),
            seq=service.view.seq,
            day=service.view.day,
            wrong=wrong,
            right=right,
        )

    @router.get("")
    async def system(here: Here) -> Response:
        return await page(here)

    @router.post("/time")
    async def correct(here: Here, understood: _TICK = "") -> Response:
        clocks = await _clocks(frame)
        if clocks is None or not clocks.may:
            return await page(here, wrong="大厅时间不落后于本机时钟，不用校正")
        if not understood:
            return await page(here, wrong="请先勾选“我已了解”，再校正")
        command = c.CorrectTime(request="", by=here.by, to_ms=clocks.wall_ms)
        try:
            await answered(service.submit(command))
        except RuleBroken as broken:
            return await page(here, wrong=broken.sentence)
        before, after = ({"time": _stamp(ms)} for ms in (clocks.hall_ms, clocks.wall_ms))
        await asyncio.to_thread(frame.accounts.book.note, here.actor, Act("system.time", "", before, after))
        return RedirectResponse("/system", 303)

    @router.post("/backup")
    async def back_up(here: Here) -> Response:
        if house.state is None:
            return await page(here, wrong="这台服务器没有可备份的账本")
        name = f"journal-{china(frame.now_ms()):%Y%m%d-%H%M%S}.db"
        try:
            done = await asyncio.to_thread(keeping.back_up, house.state, _folder(house.state) / name)
        except (JournalBroken, OSError) as error:
            log.error("the backup failed: %s", error)
            return await page(here, wrong=f"备份没有完成：{getattr(error, 'sentence', '') or error}")
        told = {"file": name, "records": done.count}
        await asyncio.to_thread(frame.accounts.book.note, here.actor, Act("system.backup", name, None, told))
        return await page(here, right=f"备份完成：{name}，{done.count} 条记录已校验。请下载并存到别处。")

    @router.get("/backups/{name}")
    async def download(name: Annotated[str, InPath(max_length=64)]) -> FileResponse:
        path = _folder(house.state) / name if house.state is not None and _NAME.fullmatch(name) else None
        if path is None or not path.is_file():
            raise HTTPException(404, "没有这个备份")
        return FileResponse(path, media_type="application/octet-stream", filename=name)

    return router


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


def _stamp(ms: int) -> str:
    return china(ms).strftime("%Y-%m-%d %H:%M:%S")


def _folder(state: Path) -> Path:
    return state / FOLDER


def _backups(state: Path | None) -> tuple[Backup, ...]:
    """The newest copies, the newest first."""
    if state is None or not _folder(state).is_dir():
        return ()
    files = sorted((p for p in _folder(state).iterdir() if _NAME.fullmatch(p.name)), reverse=True)
    found = ((path, path.stat()) for path in files[:SHOWN])
    return tuple(Backup(path.name, seen.st_size, int(seen.st_mtime * 1000)) for path, seen in found)
