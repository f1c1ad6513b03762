"""Tokens of partners, as the system administrator makes and revokes them."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from hall_server.accounts.book import Refused
from hall_server.accounts.roles import SCOPE_TEXT, Scope
from hall_server.web.caller import Caller, Here
from hall_server.web.entrance import Word
from hall_server.web.frame import Frame

Path = "/admin/tokens"
Picked = Annotated[list[str], Form(max_length=20, default_factory=list)]
PerMinute = Annotated[str, Form(max_length=8)]


def partner_routes(frame: Frame) -> APIRouter:
    """/admin/tokens and below."""
    router = APIRouter(prefix=Path, include_in_schema=False, default_response_class=HTMLResponse)
    tokens = frame.accounts.tokens

    def page(here: Caller, *, wrong: str = "", made: str = "") -> Response:
        found = sorted(frame.accounts.book.tokens.values(), key=lambda token: -token.created_ms)
        return frame.page(
            here,
            "tokens.html",
            status=409 if wrong else 200,
            tokens=found,
            wrong=wrong,
            made=made,
            scope_text=SCOPE_TEXT,
        )

    @router.get("")
    async def all_tokens(here: Here) -> Response:
        return page(here)

    @router.post("")
    async def make(here: Here, scopes: Picked, name: Word = "", per_minute: PerMinute = "600") -> Response:
        known = {scope.value: scope for scope in Scope}
        wanted = frozenset(known[scope] for scope in scopes if scope in known)
        limit = int(per_minute) if per_minute.isascii() and per_minute.isdigit() else 0

        def act() -> str:
            return tokens.make(name, wanted, here.actor, per_minute=limit)

        try:
            made = await asyncio.to_thread(act)
        except Refused as refused:
            return page(here, wrong=refused.sentence)
        return page(here, made=made)

    @router.post("/{token}/revoke")
    async def revoke(here: Here, token: str) -> Response:
        try:
            await asyncio.to_thread(tokens.revoke, token, here.actor)
        except Refused as refused:
            return page(here, wrong=refused.sentence)
        return RedirectResponse(Path, 303)

    return router
