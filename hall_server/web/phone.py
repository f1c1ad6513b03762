"""The phone page of a ticket: place, call, more time, cancel, evaluate; behind the seal in its address.

Whoever has the paper has the address, and may do what its holder may. Every act is an ordinary form with
a request id, so that it works without scripts, and a second press gets the first answer.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from hall_server.hall import commands as c
from hall_server.hall import pictures
from hall_server.hall.evaluation import GOOD_TAGS, GRADE_TEXT, LONGEST_WORDS, POOR_TAGS, TAGS
from hall_server.hall.leasing import of_a_block
from hall_server.hall.model import RuleBroken
from hall_server.service import HallService
from hall_server.web.asking import answered, ask
from hall_server.web.caller import Caller, Here
from hall_server.web.frame import Frame
from hall_server.web.holding import Holding, holding
from hall_server.web.limits import Limit, Limiter
from hall_server.web.looks import Look, Looking, look_of, remember
from hall_server.web.presses import REQUEST, clean

OF_HOLDER = Limit(per_minute=6, burst=8)
OF_GUESSER = Limit(per_minute=20, burst=30)
UNKNOWN = "请核对号票上的二维码，或到导办台咨询。"
ALONE = "号码有效。网络恢复后自动并入队列，请稍后再扫码查看。"
TOO_MANY = "操作过于频繁，请稍候再试"

Token = Annotated[str, Path(max_length=80)]
Request = Annotated[str, Form(pattern=REQUEST)]
Words = Annotated[str, Form(max_length=LONGEST_WORDS)]
Picked = Annotated[list[str], Form(max_length=12, default_factory=list)]


def phone_routes(frame: Frame) -> APIRouter:
    """/t/{token} and below."""
    pages = PhonePages(frame)
    router = APIRouter(prefix="/t/{token}", include_in_schema=False, default_response_class=HTMLResponse)
    router.get("")(pages.ticket)
    router.get("/now")(pages.ticket_now)
    router.post("/postpone")(pages.postpone)
    router.post("/back")(pages.come_back)
    router.post("/cancel")(pages.cancel)
    router.post("/evaluate")(pages.evaluate)
    return router


class PhonePages:
    """Every answer is the ticket's page, or the one that says why there is none."""

    def __init__(self, frame: Frame) -> None:
        self._frame, self._limiter = frame, Limiter()
        self._service, self._now_ms = frame.service, frame.now_ms

    def _draw(
        self, here: Caller, token: str, held: Holding, look: Look, *, wrong: str = "", status: int = 200
    ) -> Response:
        html = self._frame.rendering.page(
            "ticket.html",
            here=here,
            h=held,
            slip=held.slip,
            token=token,
            look=look,
            wrong=wrong,
            at_ms=self._now_ms(),
            request=secrets.token_urlsafe(12),
            **EVALUATION,
        )
        return HTMLResponse(html, status)

    async def _found(self, here: Caller, token: str) -> Holding:
        """The number behind a true seal. Raises Lost."""
        ticket_id = sealed(self._service, token)
        if not ticket_id:
            if self._limiter.wait_ms(here.origin.address, OF_GUESSER, self._now_ms()):
                raise Lost(429, "请求过于频繁", TOO_MANY)
            raise Lost(404, "没有找到这张号票", UNKNOWN)
        held = await ask(self._service, lambda hall: holding(hall, self._service, ticket_id))
        if held is None and await ask(self._service, lambda hall: of_a_block(hall, ticket_id)):
            raise Lost(404, "离线取的号", ALONE)
        if held is None:
            raise Lost(404, "没有找到这张号票", UNKNOWN)
        return held

    async def _act(
        self, here: Caller, token: str, look: Look, command: Callable[[str, str], c.Command]
    ) -> Response:
        """Carry out what the holder pressed; a refusal is told on the page itself."""
        try:
            held = await self._found(here, token)
            ticket = held.ticket.id
            if self._limiter.wait_ms(f"ticket:{ticket}", OF_HOLDER, self._now_ms()):
                return self._draw(here, token, held, look, wrong=TOO_MANY, status=429)
            try:
                await answered(self._service.submit(command(ticket, f"phone:{ticket}")))
            except RuleBroken as broken:
                again = await self._found(here, token)
                return self._draw(here, token, again, look, wrong=broken.sentence, status=409)
        except Lost as lost:
            return lost_page(self._frame, lost, look)
        return RedirectResponse(f"/t/{token}", 303)

    async def ticket(
        self, here: Here, token: Token, look: Looking, wanted: Annotated[str, Query(alias="look")] = ""
    ) -> Response:
        """The whole page."""
        if wanted:
            return remember(wanted, f"/t/{token}", secure=here.secure)
        try:
            return self._draw(here, token, await self._found(here, token), look_of(look))
        except Lost as lost:
            return lost_page(self._frame, lost, look_of(look))

    async def ticket_now(self, here: Here, token: Token) -> HTMLResponse:
        """What of it changes, for the page's script."""
        try:
            held = await self._found(here, token)
        except Lost as lost:
            raise HTTPException(lost.status, lost.title) from lost
        html = self._frame.rendering.page(
            "ticket_now.html",
            here=here,
            h=held,
            slip=held.slip,
            token=token,
            wrong="",
            at_ms=self._now_ms(),
            request=secrets.token_urlsafe(12),
            **EVALUATION,
        )
        return HTMLResponse(html)

    async def postpone(self, here: Here, token: Token, look: Looking, request: Request) -> Response:
        """More time."""
        return await self._act(
            here, token, look_of(look), lambda t, by: c.Postpone(request=request, by=by, ticket=t)
        )

    async def come_back(self, here: Here, token: Token, look: Looking, request: Request) -> Response:
        """More time is not needed any more."""
        return await self._act(
            here, token, look_of(look), lambda t, by: c.ComeBack(request=request, by=by, ticket=t)
        )

    async def cancel(self, here: Here, token: Token, look: Looking, request: Request) -> Response:
        """The number is given back."""
        return await self._act(
            here,
            token,
            look_of(look),
            lambda t, by: c.Cancel(request=request, by=by, ticket=t, reason="持号人在手机上取消"),
        )

    async def evaluate(
        self,
        here: Here,
        token: Token,
        look: Looking,
        request: Request,
        call: Annotated[str, Form(max_length=64)],
        tags: Picked,
        grade: Annotated[int, Form(ge=0, le=5)] = 0,
        words: Words = "",
    ) -> Response:
        """How it was at a window."""
        return await self._act(
            here,
            token,
            look_of(look),
            lambda t, by: c.Evaluate(
                request=request, by=by, ticket=t, call=call, grade=grade, tags=tuple(tags), words=clean(words)
            ),
        )


EVALUATION = {
    "grades": GRADE_TEXT,
    "good_tags": {tag: TAGS[tag] for tag in GOOD_TAGS},
    "poor_tags": {tag: TAGS[tag] for tag in POOR_TAGS},
    "longest_words": LONGEST_WORDS,
}


class Lost(Exception):
    """There is nothing behind this address; what its holder is told."""

    def __init__(self, status: int, title: str, sentence: str) -> None:
        super().__init__(title)
        self.status, self.title, self.sentence = status, title, sentence


def lost_page(frame: Frame, lost: Lost, look: Look) -> HTMLResponse:
    """The page that says so."""
    html = frame.rendering.page("phone-lost.html", title=lost.title, sentence=lost.sentence, look=look)
    return HTMLResponse(html, lost.status, headers={"Retry-After": "10"} if lost.status == 429 else None)


def sealed(service: HallService, token: str) -> str:
    """The ticket that a token names when its seal is true, else ''."""
    ticket_id, _, seal = token.rpartition(".")
    key = service.look.key
    true = bool(key) and hmac.compare_digest(pictures.qr_seal(ticket_id, key).encode(), seal.encode())
    return ticket_id if true else ""
