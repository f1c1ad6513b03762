"""The page of poor ratings (差评): what was said, what is due until when, and the next step about each."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from hall_server.hall import commands as c
from hall_server.hall.evaluation import GRADE_TEXT, LONGEST_WORDS, TAGS, Grade
from hall_server.hall.following import due_ms
from hall_server.hall.model import FOLLOW_UP_TEXT, FollowUp, Poor, RuleBroken
from hall_server.hall.plan import Plan
from hall_server.web.asking import answered, ask
from hall_server.web.caller import Caller, Here
from hall_server.web.frame import Frame
from hall_server.web.presses import REQUEST, clean

PATH = "/reports/poor"
_STAND = {
    FollowUp.CLOSED: "已办结",
    FollowUp.REMEDIED: "整改中",
    FollowUp.APPEALED: "申诉待处理",
    FollowUp.CONTACTED: "已回访",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One rating in words. ``due_ms`` 0 once closed; ``next`` are the steps that may come now."""

    poor: Poor
    grade: str
    tags: tuple[str, ...]
    service: str
    window: str
    stand: str
    due_ms: int
    late: bool
    steps: tuple[tuple[int, str, str, str], ...]
    next: tuple[FollowUp, ...]


def poor_routes(frame: Frame) -> APIRouter:
    """GET and POST /reports/poor."""
    pages = PoorPages(frame)
    router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)
    router.get("")(pages.ratings)
    router.post("")(pages.follow)
    return router


class PoorPages:
    """The list, and one step about one of it."""

    def __init__(self, frame: Frame) -> None:
        self._frame, self._service = frame, frame.service

    async def ratings(self, here: Here) -> Response:
        """Everything that is open, and what was closed today."""
        return await self._page(here)

    async def follow(
        self,
        here: Here,
        request: Annotated[str, Form(pattern=REQUEST)],
        call: Annotated[str, Form(max_length=80)],
        step: Annotated[FollowUp, Form()],
        note: Annotated[str, Form(max_length=LONGEST_WORDS)] = "",
    ) -> Response:
        """Note what was done."""
        command = c.FollowPoor(request=request, by=here.by, call=call, step=step, note=clean(note))
        try:
            await answered(self._service.submit(command))
        except RuleBroken as broken:
            return await self._page(here, broken.sentence, call, note)
        return RedirectResponse(PATH, 303)

    async def _page(self, here: Caller, wrong: str = "", call: str = "", note: str = "") -> Response:
        now_ms, names = self._frame.now_ms(), self._frame.accounts.book.accounts

        def name_of(by: str) -> str:
            known = names.get(by.rpartition(":")[2])
            return known.name if known is not None else by.rpartition(":")[2]

        plan = self._service.plan
        found = await ask(self._service, lambda hall: tuple(hall.poor.values()))
        rows = sorted(
            (_row(plan, poor, now_ms, name_of) for poor in found),
            key=lambda row: (not row.due_ms, row.due_ms, row.poor.at_ms),
        )
        return self._frame.page(
            here,
            "reports-poor.html",
            status=409 if wrong else 200,
            rows=rows,
            rules=plan.rules,
            step_text=FOLLOW_UP_TEXT,
            request=secrets.token_urlsafe(9),
            wrong=wrong,
            wrong_call=call,
            wrong_note=note,
        )


def _row(plan: Plan, poor: Poor, now_ms: int, name_of: Callable[[str], str]) -> Row:
    service, window = plan.services.get(poor.service), plan.windows.get(poor.window)
    until_ms = due_ms(poor, plan.rules)
    return Row(
        poor=poor,
        grade=GRADE_TEXT[Grade(poor.grade)],
        tags=tuple(TAGS[tag] for tag in poor.tags if tag in TAGS),
        service=service.name if service else poor.service,
        window=window.label if window else poor.window,
        stand=next((text for step, text in _STAND.items() if poor.done(step)), "待回访"),
        due_ms=until_ms,
        late=0 < until_ms <= now_ms,
        steps=tuple((s.at_ms, FOLLOW_UP_TEXT[s.step], name_of(s.by), s.note) for s in poor.steps),
        next=_next(poor),
    )


def _next(poor: Poor) -> tuple[FollowUp, ...]:
    """What may come now, the likeliest first."""
    if poor.done(FollowUp.CLOSED):
        return ()
    if not poor.done(FollowUp.CONTACTED):
        order: tuple[FollowUp, ...] = (FollowUp.CONTACTED, FollowUp.REMEDIED, FollowUp.APPEALED)
    else:
        order = (FollowUp.CLOSED, FollowUp.REMEDIED, FollowUp.CONTACTED, FollowUp.APPEALED)
    appealed = poor.done(FollowUp.APPEALED) is not None
    return tuple(step for step in order if not (appealed and step is FollowUp.APPEALED))
