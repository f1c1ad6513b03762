"""Coming in and going out: sign-in, second factor, sign-out, the first set-up, the sample hall's link."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from hall_server.accounts.administration import Person
from hall_server.accounts.book import Refused
from hall_server.accounts.matrix import Visitor
from hall_server.accounts.roles import ROLE_TEXT, Role, Stage
from hall_server.accounts.signing import PEOPLE_AT_A_BROWSER, SignedIn
from hall_server.hall import commands as c
from hall_server.hall.model import RuleBroken
from hall_server.web import cookies
from hall_server.web.asking import answered
from hall_server.web.caller import Caller, Here, Me
from hall_server.web.frame import Frame
from hall_server.web.navigation import home_of

Word = Annotated[str, Form(max_length=64)]
Secret = Annotated[str, Form(max_length=256)]
Address = Annotated[str, Form(max_length=2000)]
_STEP = {Stage.SECOND: "/sign-in/code", Stage.PASSWORD: "/me/password", Stage.ENROL: "/me/authenticator"}
_SETUP_ROLES = (Role.SECURITY, Role.SYSTEM, Role.AUDIT)


def entrance_routes(frame: Frame) -> APIRouter:
    """/sign-in, /sign-out, /setup, /enter, /persona."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    _sign_in(router, frame)
    _setup(router, frame)
    _sample(router, frame)
    return router


def let_in(signed: SignedIn, here: Caller, to: str) -> Response:
    """Hand out the session's cookie (and a known device's) and lead on."""
    answer = RedirectResponse(_STEP.get(signed.session.stage, to), 303)
    cookies.give(answer, cookies.SESSION, signed.secret, secure=here.secure)
    if signed.device:
        known = [signed.device, *filter(None, here.origin.device.split("."))][:PEOPLE_AT_A_BROWSER]
        cookies.give(answer, cookies.DEVICE, ".".join(known), secure=here.secure)
    return answer


def own_address(address: str) -> str:
    """An address of ours to go on to, '' for anything else."""
    fine = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if fine and address.isascii() and "\\" not in address else ""


def _sign_in(router: APIRouter, frame: Frame) -> None:
    signing = frame.accounts.signing

    @router.get("/sign-in")
    async def sign_in_page(here: Here, next: str = "") -> Response:
        if here.session is not None:
            return RedirectResponse(home_of(here.visitor), 303)
        if not frame.accounts.book.accounts:
            return RedirectResponse("/setup", 303)
        return frame.page(here, "sign-in.html", next=own_address(next), account="", wrong="")

    @router.post("/sign-in")
    async def sign_in(here: Here, account: Word = "", password: Secret = "", next: Address = "") -> Response:
        try:
            signed = await asyncio.to_thread(signing.sign_in, account, password, here.origin)
        except Refused as refused:
            status = 429 if refused.wait_ms else 401
            values = {"next": own_address(next), "account": account, "wrong": refused.sentence}
            answer = frame.page(here, "sign-in.html", status=status, **values)
            if refused.wait_ms:
                answer.headers["Retry-After"] = str(-(-refused.wait_ms // 1000))
            return answer
        return let_in(signed, here, own_address(next) or _home(frame, signed.session.account))

    @router.get("/sign-in/code")
    async def code_page(here: Here) -> Response:
        return frame.page(here, "sign-in-code.html", wrong="")

    @router.post("/sign-in/code")
    async def give_code(here: Here, me: Me, code: Word = "") -> Response:
        try:
            signed = await asyncio.to_thread(signing.second, me[1], code, here.origin)
        except Refused as refused:
            if frame.accounts.book.sessions.get(me[1].key) is None:
                return _gone(here, "验证码输错次数过多，请重新登录", frame)
            return frame.page(here, "sign-in-code.html", status=401, wrong=refused.sentence)
        return let_in(signed, here, "/")

    @router.post("/sign-out")
    async def sign_out(here: Here, me: Me) -> Response:
        await _leave_window(frame, here)
        await asyncio.to_thread(signing.sign_out, me[1], here.origin)
        answer = RedirectResponse("/sign-in", 303)
        cookies.take(answer, cookies.SESSION, secure=here.secure)
        return answer


def _home(frame: Frame, account: str) -> str:
    one = frame.accounts.book.accounts[account]
    return home_of(Visitor(one.roles, one.windows))


async def _leave_window(frame: Frame, here: Caller) -> None:
    """Whoever signs out leaves his window; a number that is still there stays with it."""
    if not here.clerk:
        return
    seat = await answered(frame.service.query(lambda hall: hall.seat_of(here.clerk)))
    if seat:
        command = c.CloseWindow(request="", by=here.by, window=seat)
        try:
            await answered(frame.service.submit(command))
        except RuleBroken:
            return


def _gone(here: Caller, sentence: str, frame: Frame) -> Response:
    answer = frame.page(here, "lost.html", status=401, title="请重新登录", sentence=sentence, back="/sign-in")
    cookies.take(answer, cookies.SESSION, secure=here.secure)
    return answer


def _setup(router: APIRouter, frame: Frame) -> None:
    accounts = frame.accounts

    def page(here: Caller, wrong: str = "", status: int = 200, **typed: str) -> Response:
        return frame.page(
            here,
            "setup.html",
            status=status,
            wrong=wrong,
            typed=typed,
            roles=_SETUP_ROLES,
            role_text=ROLE_TEXT,
        )

    @router.get("/setup")
    async def setup_page(here: Here) -> Response:
        if not accounts.setup_code:
            return RedirectResponse("/sign-in", 303)
        return page(here)

    @router.post("/setup")
    async def set_up(
        here: Here,
        code: Word = "",
        password: Secret = "",
        again: Secret = "",
        security: Word = "",
        security_name: Word = "",
        system: Word = "",
        system_name: Word = "",
        audit: Word = "",
        audit_name: Word = "",
    ) -> Response:
        typed = {
            "code": code,
            "security": security,
            "security_name": security_name,
            "system": system,
            "system_name": system_name,
            "audit": audit,
            "audit_name": audit_name,
        }
        people = [
            Person(typed[role.value].strip(), typed[f"{role.value}_name"].strip(), frozenset({role}))
            for role in _SETUP_ROLES
        ]
        if password != again:
            return page(here, "两次输入的密码不一致", 409, **typed)
        try:
            made = await asyncio.to_thread(accounts.set_up, code, people[0], password, people[1:], here.actor)
        except Refused as refused:
            return page(here, refused.sentence, 409, **typed)
        shown = [(person, made.get(person.id, "")) for person in people]
        return frame.page(here, "setup-done.html", shown=shown, role_text=ROLE_TEXT)


def _sample(router: APIRouter, frame: Frame) -> None:
    accounts = frame.accounts

    @router.get("/enter/{code}")
    async def entry(here: Here, code: str) -> Response:
        if not accounts.sample:
            return RedirectResponse("/sign-in", 303)
        return frame.page(here, "enter.html", action=f"/enter/{code}", people=_people(), wrong="", now="")

    @router.post("/enter/{code}")
    async def enter(here: Here, code: str, account: Word = "") -> Response:
        try:
            signed = await asyncio.to_thread(accounts.enter, code, account, here.origin)
        except Refused as refused:
            return frame.page(
                here, "enter.html", status=403, action="", people=(), wrong=refused.sentence, now=""
            )
        return let_in(signed, here, _home(frame, account))

    @router.get("/persona")
    async def personas(here: Here, me: Me) -> Response:
        if not me[1].sample:
            return RedirectResponse("/", 303)
        return frame.page(here, "enter.html", action="/persona", people=_people(), wrong="", now=me[0].id)

    @router.post("/persona")
    async def change_persona(here: Here, me: Me, account: Word = "") -> Response:
        if not me[1].sample or not accounts.sample or account not in accounts.book.accounts:
            return RedirectResponse("/", 303)
        await _leave_window(frame, here)
        signed = await asyncio.to_thread(accounts.signing.enter, account, here.origin)
        await asyncio.to_thread(accounts.signing.sign_out, me[1], here.origin)
        return let_in(signed, here, _home(frame, account))

    def _people() -> list[tuple[str, str]]:
        return [(one.id, one.name) for one in accounts.book.accounts.values() if one.enabled]
