"""The wall screen (领导驾驶舱): today's numbers, queues, windows, today against usual, what needs somebody.

The page asks every few seconds; whatever many screens ask costs one answer. No names, no numbers of tickets.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from hall_server.hall.supervision import scene
from hall_server.reports.desk import ReportDesk
from hall_server.service import Ended
from hall_server.web.asking import Away
from hall_server.web.caller import Here
from hall_server.web.frame import Frame
from hall_server.web.problems import Troubled
from hall_server.web.report_pages import json_block
from hall_server.web.wall_picture import (
    STATE_TEXT,
    Around,
    Today,
    Usual,
    Wall,
    drawn_up,
    longest_wait,
    usual_of,
)

FRESH_SECONDS = 4.0
ANSWER_SECONDS = 5.0


def wall_routes(frame: Frame, desk: ReportDesk) -> APIRouter:
    """GET /wall, /wall/now."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    screen = WallScreen(frame, desk)

    def drawn(here: Here, template: str) -> HTMLResponse:
        wall = screen.now()
        values: dict[str, Any] = {"wall": wall, "plots": json_block(wall.plots), "state_text": STATE_TEXT}
        return frame.page(here, template, **values)

    @router.get("/wall")
    def wall(here: Here) -> HTMLResponse:
        return drawn(here, "wall.html")

    @router.get("/wall/now")
    def now(here: Here) -> HTMLResponse:
        return drawn(here, "wall-now.html")

    return router


class WallScreen:
    """The newest picture, worked out at most every four seconds."""

    def __init__(self, frame: Frame, desk: ReportDesk) -> None:
        self._frame, self._desk = frame, desk
        self._lock = threading.Lock()
        self._shown: Wall | None = None
        self._until = 0.0
        self._usual: tuple[str, Usual] = ("", Usual(0, {}, {}, {}))

    def now(self) -> Wall:
        """What the screens show. Raises JournalBroken, Away, Troubled."""
        with self._lock:
            if self._shown is None or time.monotonic() >= self._until:
                self._shown = self._draw()
                self._until = time.monotonic() + FRESH_SECONDS
            return self._shown

    def _draw(self) -> Wall:
        service, now_ms = self._frame.service, self._frame.now_ms()
        view = service.view
        try:
            seen, longest_ms = service.query(
                lambda hall: (scene(hall, now_ms), longest_wait(hall, now_ms))
            ).result(ANSWER_SECONDS)
        except Ended as ended:
            raise Away(ended.sentence) from ended
        except TimeoutError:
            raise Troubled(503, "busy", "大厅繁忙，画面稍后更新") from None
        today, usual = Today(self._desk, view.day), self._usual_of(view.day)
        house = self._frame.house
        around = Around({s.id: s.name for s in house.stations}, tuple(house.alarming()))
        return drawn_up(view, today, usual, seen, longest_ms, around)

    def _usual_of(self, day: str) -> Usual:
        """Of the days before this one; measured once a day."""
        if self._usual[0] != day or not day:
            self._usual = (day, usual_of(self._desk))
        return self._usual[1]
