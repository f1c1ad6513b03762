"""One's own account: password, authenticator, recovery codes, known devices."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from hall_server.accounts import codes, passwords
from hall_server.accounts.book import Act, Refused
from hall_server.accounts.records import Session
from hall_server.accounts.roles import ROLE_TEXT, Role, Stage
from hall_server.web.caller import Caller, Here, Me
from hall_server.web.entrance import Secret, Word, let_in
from hall_server.web.frame import Frame
from hall_server.web.qr import picture

SHORT, MOST = 12, 20
Text = Annotated[str, Form(max_length=256)]


def profile_routes(frame: Frame) -> APIRouter:
    """/me and below."""
    pages = ProfilePages(frame)
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    router.get("/me")(pages.me_page)
    router.get("/me/password")(pages.password_page)
    router.post("/me/password")(pages.choose)
    router.get("/me/authenticator")(pages.authenticator_page)
    router.post("/me/authenticator")(pages.enrol)
    router.post("/me/recovery")(pages.recovery)
    router.post("/me/devices")(pages.devices)
    router.post("/me/sessions")(pages.end_session)
    return router


class ProfilePages:
    """What a person does to his own account."""

    def __init__(self, frame: Frame) -> None:
        self._frame, self._signing = frame, frame.accounts.signing

    def _show(self, here: Caller, me: Me, *, said: str = "", wrong: str = "") -> Response:
        account = self._frame.accounts.book.of(me[0].id)
        devices = sum(device.account == account.id for device in self._frame.accounts.book.devices.values())
        sessions = sorted(self._frame.accounts.book.sessions_of(account.id), key=lambda one: -one.seen_ms)
        roles = [ROLE_TEXT[role] for role in Role if role in account.roles]
        return self._frame.page(
            here,
            "me.html",
            status=409 if wrong else 200,
            account=account,
            roles=roles,
            devices=devices,
            said=said,
            wrong=wrong,
            sessions=[(one, one.key[:SHORT], one.key == me[1].key) for one in sessions[:MOST]],
        )

    async def me_page(self, here: Here, me: Me) -> Response:
        """The account."""
        return self._show(here, me)

    async def password_page(self, here: Here, me: Me) -> Response:
        """The form of another password."""
        return _password(self._frame, here, me, "")

    async def choose(
        self, here: Here, me: Me, old: Secret = "", new: Secret = "", again: Secret = ""
    ) -> Response:
        """Another password."""
        if new != again:
            return _password(self._frame, here, me, "两次输入的新密码不一致")
        try:
            signed = await asyncio.to_thread(self._signing.choose_password, me[1], old, new, here.origin)
        except Refused as refused:
            return _password(self._frame, here, me, refused.sentence)
        return let_in(signed, here, "/me" if me[1].stage is Stage.FULL else "/")

    async def authenticator_page(self, here: Here, me: Me) -> Response:
        """A secret to scan."""
        return await _authenticator(self._frame, here, me, "")

    async def enrol(self, here: Here, me: Me, code: Word = "", password: Secret = "") -> Response:
        """The authenticator shows right codes: from now on it is asked for. Whoever is signed in already says
        his password, too."""
        session = self._frame.accounts.book.sessions.get(me[1].key, me[1])
        try:
            signed, recovery = await asyncio.to_thread(
                self._signing.enrol, session, code, here.origin, password=password
            )
        except Refused as refused:
            return await _authenticator(self._frame, here, me, refused.sentence)
        shown = self._frame.page(
            _as(here, signed.secret, self._frame), "recovery.html", recovery=recovery, account=me[0].id
        )
        answer = let_in(signed, here, "/")
        for name, value in answer.raw_headers:
            if name == b"set-cookie":
                shown.raw_headers.append((name, value))
        return shown

    async def recovery(self, here: Here, me: Me, password: Secret = "") -> Response:
        """Other recovery codes, shown once to who says his password."""
        if not me[0].totp:
            return RedirectResponse("/me", 303)
        try:
            shown = await asyncio.to_thread(self._signing.new_recovery, me[1], here.origin, password=password)
        except Refused as refused:
            return self._show(here, me, wrong=refused.sentence)
        return self._frame.page(here, "recovery.html", recovery=shown, account=me[0].id)

    async def devices(self, here: Here, me: Me) -> Response:
        """Every known device is forgotten."""
        await asyncio.to_thread(self._signing.forget_devices, me[1], here.origin)
        return self._show(here, me, said="已清除常用设备，其他已登录的会话也已退出")

    async def end_session(self, here: Here, me: Me, session: Word = "") -> Response:
        """One of the other places where this person is signed in is left."""
        book = self._frame.accounts.book

        def found() -> list[Session]:
            others = (one for one in book.sessions_of(me[0].id) if one.key != me[1].key)
            return [one for one in others if one.key[:SHORT] == session]

        def end() -> bool:
            if not found():
                return False
            with book.change(here.actor, Act("session.ended", me[0].id)) as change:
                change.end(found())
            return True

        if len(session) != SHORT or not await asyncio.to_thread(end):
            return self._show(here, me, said="那一处已经退出了")
        return self._show(here, me, said="已退出那一处的登录")


def _as(here: Caller, secret: str, frame: Frame) -> Caller:
    """The same person in the session that was just made."""
    found = frame.accounts.signing.find(secret)
    assert found is not None
    return Caller(here.origin, found[1], found[0], secret, secure=here.secure)


def _password(frame: Frame, here: Caller, me: Me, wrong: str) -> Response:
    first = me[1].stage is not Stage.FULL
    status = 409 if wrong else 200
    return frame.page(
        here, "password.html", status=status, wrong=wrong, first=first, least=passwords.LEAST_LENGTH
    )


async def _authenticator(frame: Frame, here: Caller, me: Me, wrong: str) -> Response:
    session = frame.accounts.book.sessions.get(me[1].key, me[1])
    secret = await asyncio.to_thread(frame.accounts.signing.begin_enrolment, session)
    uri = codes.totp_uri(secret, me[0].id, frame.service.plan.name)
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    status = 409 if wrong else 200
    return frame.page(
        here,
        "authenticator.html",
        status=status,
        wrong=wrong,
        picture=picture(uri),
        secret=spaced,
        full=me[1].stage is Stage.FULL,
    )
