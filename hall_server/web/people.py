"""Accounts as the security administrator sees them: create, change, reset by one-time code, disable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from hall_server.accounts.administration import CODE_HOURS, Person
from hall_server.accounts.book import Refused
from hall_server.accounts.records import Account
from hall_server.accounts.roles import EVERY_WINDOW, ROLE_TEXT, Role
from hall_server.web.caller import Caller, Here
from hall_server.web.entrance import Word
from hall_server.web.frame import Frame

_GRANTED = tuple(role for role in Role if role is not Role.AUDIT)
Picked = Annotated[list[str], Form(max_length=1000, default_factory=list)]
Path = "/admin/accounts"


def people_routes(frame: Frame) -> APIRouter:
    """/admin/accounts and below."""
    router = APIRouter(prefix=Path, include_in_schema=False, default_response_class=HTMLResponse)
    administration, book = frame.accounts.administration, frame.accounts.book

    @router.get("")
    async def people(here: Here, words: str = "") -> Response:
        return _list(frame, here, words=words[:64])

    @router.post("")
    async def create(
        here: Here, roles: Picked, windows: Picked, account: Word = "", name: Word = ""
    ) -> Response:
        person = _person(account, name, roles, windows)
        try:
            code = await asyncio.to_thread(administration.create, person, here.actor)
        except Refused as refused:
            return _list(frame, here, wrong=refused.sentence, typed=person)
        return _code(frame, here, person.id, code, "账户已建立")

    @router.get("/{account}")
    async def one(here: Here, account: str) -> Response:
        if account not in book.accounts:
            return RedirectResponse(Path, 303)
        return _one(frame, here, book.of(account))

    @router.post("/{account}")
    async def change(here: Here, account: str, roles: Picked, windows: Picked, name: Word = "") -> Response:
        person = _person(account, name, roles, windows)
        return await _do(frame, here, account, lambda: administration.change(person, here.actor))

    @router.post("/{account}/reset")
    async def reset(here: Here, account: str) -> Response:
        try:
            code = await asyncio.to_thread(administration.reset, account, here.actor)
        except Refused as refused:
            return _refused(frame, here, account, refused)
        return _code(frame, here, account, code, "账户已重置，原密码和动态口令失效")

    @router.post("/{account}/disable")
    async def disable(here: Here, account: str) -> Response:
        def act() -> None:
            administration.enable(account, here.actor, enabled=False)

        return await _do(frame, here, account, act)

    @router.post("/{account}/enable")
    async def enable(here: Here, account: str) -> Response:
        def act() -> None:
            administration.enable(account, here.actor, enabled=True)

        return await _do(frame, here, account, act)

    return router


async def _do(frame: Frame, here: Caller, account: str, act: Callable[[], None]) -> Response:
    try:
        await asyncio.to_thread(act)
    except Refused as refused:
        return _refused(frame, here, account, refused)
    return RedirectResponse(f"{Path}/{account}", 303)


def _refused(frame: Frame, here: Caller, account: str, refused: Refused) -> Response:
    found = frame.accounts.book.accounts.get(account)
    if found is None:
        return _list(frame, here, wrong=refused.sentence)
    return _one(frame, here, found, wrong=refused.sentence)


def _person(account: str, name: str, roles: list[str], windows: list[str]) -> Person:
    known = {role.value: role for role in Role}
    rights = (EVERY_WINDOW,) if EVERY_WINDOW in windows else tuple(dict.fromkeys(windows))
    granted = frozenset(known[role] for role in roles if role in known)
    return Person(account.strip(), name.strip(), granted, rights)


def _list(
    frame: Frame, here: Caller, *, words: str = "", wrong: str = "", typed: Person | None = None
) -> Response:
    everyone = sorted(frame.accounts.book.accounts.values(), key=lambda one: one.id)
    found = [one for one in everyone if words in one.id or words in one.name]
    return frame.page(
        here,
        "accounts.html",
        status=409 if wrong else 200,
        people=found,
        words=words,
        wrong=wrong,
        typed=typed or Person("", "", frozenset()),
        rights=_rights(frame),
        **_choices(frame),
    )


def _one(frame: Frame, here: Caller, account: Account, *, wrong: str = "") -> Response:
    return frame.page(
        here,
        "account.html",
        status=409 if wrong else 200,
        account=account,
        wrong=wrong,
        own=here.account is not None and here.account.id == account.id,
        auditor=Role.AUDIT in account.roles,
        signed_in=len(frame.accounts.book.sessions_of(account.id)),
        **_choices(frame),
    )


def _choices(frame: Frame) -> dict[str, object]:
    return {
        "granted": _GRANTED,
        "role_text": ROLE_TEXT,
        "windows": tuple(frame.service.plan.windows.values()),
        "every_window": EVERY_WINDOW,
    }


def _rights(frame: Frame) -> Callable[[Account], str]:
    """The window rights of an account in a word."""
    windows = frame.service.plan.windows

    def told(account: Account) -> str:
        if Role.CLERK not in account.roles:
            return "—"
        if EVERY_WINDOW in account.windows:
            return "全部窗口"
        return "、".join(windows[w].label for w in account.windows if w in windows) or "无"

    return told


def _code(frame: Frame, here: Caller, account: str, code: str, done: str) -> Response:
    return frame.page(here, "code.html", account=account, code=code, done=done, hours=CODE_HOURS)
