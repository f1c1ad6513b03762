"""The gate: finds the route, finds who asks, asks the matrix, and only then lets a request be read.

A session is a cookie; whatever it changes must carry the session's token against forged posts (header
``X-CSRF``, or the field ``csrf`` of an ordinary form). A partner sends ``Authorization: Bearer``. A live
line ends with the session that opened it (close code 4401).
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hall_server.accounts.book import Act
from hall_server.accounts.desk import Accounts
from hall_server.accounts.matrix import Access, Verdict, judge
from hall_server.accounts.roles import Stage
from hall_server.accounts.signing import SEEN_EVERY_MS, Origin
from hall_server.figures import AnswerFigures
from hall_server.web import cookies
from hall_server.web.caller import Caller
from hall_server.web.limits import Limit, Limiter
from hall_server.web.lines import Lines
from hall_server.web.problems import problem
from hall_server.web.rendering import Rendering
from hall_server.web.routes import RouteTable

log = logging.getLogger(__name__)

LARGEST_FORM = 65_536
UNKNOWN = "unknown"
SIGNED_OUT, FORBIDDEN = 4401, 4403
OF_SESSION = Limit(per_minute=6000, burst=2000)
OF_STRANGER = Limit(per_minute=600, burst=300)
OF_PHONES = Limit(per_minute=6000, burst=1500)
_FREE = ("/static/", "/blobs/")
_PHONES = ("/t/", "/b/", "/book")
_READING = frozenset({"GET", "HEAD"})
_NEXT_STEP = {
    Stage.SECOND: "/sign-in/code",
    Stage.PASSWORD: "/me/password",
    Stage.ENROL: "/me/authenticator",
}
_FORGED = "页面已失效，操作未提交，请刷新页面后重试"


class Gate:
    """ASGI middleware, inside Guards: ``table`` has every route of the application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        table: RouteTable,
        accounts: Accounts,
        rendering: Rendering,
        lines: Lines,
        https_port: Callable[[], int],
        now_ms: Callable[[], int],
        answers: AnswerFigures,
    ) -> None:
        self._app = app
        self._table = table
        self._accounts = accounts
        self._rendering = rendering
        self._lines = lines
        self._https_port = https_port
        self._now_ms = now_ms
        self._answers = answers
        self._limiter = Limiter()
        self._told: dict[tuple[str, str], int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in or answer."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        found = self._table.find(scope)
        if found is None:
            await self._no_such(scope, receive, self._measured(UNKNOWN, send))
            return
        route, parameters = found
        if scope["type"] == "http":
            send = self._measured(route.key, send)
        if not route.access.plain and _plain(scope):
            await self._only_tls(scope)(scope, receive, send)
            return
        caller = scope["caller"] = await self._caller(scope)
        if refusal := self._too_many(scope, caller):
            await refusal(scope, receive, send)
            return
        verdict = judge(route.access, caller.visitor, parameters.get("window", ""))
        if verdict is not Verdict.PASS:
            await self._refuse(verdict, route.access, scope, receive, send, caller)
        elif scope["type"] == "websocket":
            await self._live(scope, receive, send, caller)
        elif scope["method"] in _READING or caller.session is None:
            await self._app(scope, receive, send)
        else:
            await self._change(scope, receive, send, caller)

    def _measured(self, route: str, send: Send) -> Send:
        begun = time.perf_counter()

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answers.answered(route, message["status"], time.perf_counter() - begun)
            await send(message)

        return measured

    # ------------------------------------------------------------ who

    async def _caller(self, scope: Scope) -> Caller:
        connection = HTTPConnection(scope)
        secure = scope["scheme"] in ("https", "wss")
        address = connection.client.host if connection.client else ""
        origin = Origin(address, cookies.read(connection.cookies, cookies.DEVICE, secure=secure))
        bearer = connection.headers.get("authorization", "")
        if bearer.lower().startswith("bearer "):
            token = self._accounts.tokens.find(bearer[7:].strip())
            return Caller(origin, token=token, secure=secure)
        secret = cookies.read(connection.cookies, cookies.SESSION, secure=secure)
        living = self._accounts.signing.find(secret)
        if living is None:
            return Caller(origin, secure=secure)
        session, account = living
        if scope["type"] == "http" and self._now_ms() - session.seen_ms >= SEEN_EVERY_MS:
            await asyncio.to_thread(self._accounts.signing.pressed, session)
        return Caller(origin, account, session, secret, secure=secure)

    def _too_many(self, scope: Scope, caller: Caller) -> Response | None:
        if scope["type"] != "http" or scope["path"].startswith(_FREE):
            return None
        if caller.token is not None:
            limit = Limit(caller.token.per_minute, max(10, caller.token.per_minute))
            asker = f"token:{caller.token.id}"
        elif caller.session is not None:
            limit, asker = OF_SESSION, caller.session.key
        elif scope["path"].startswith(_PHONES):  # hundreds stand behind one address of the hall's Wi-Fi
            limit, asker = OF_PHONES, f"phones:{caller.origin.address}"
        else:
            limit, asker = OF_STRANGER, caller.origin.address
        wait_ms = self._limiter.wait_ms(asker, limit, self._now_ms())
        if wait_ms == 0:
            return None
        after = {"Retry-After": str(-(-wait_ms // 1000))}
        return problem(429, "too_many", "请求过于频繁，请稍后再试", headers=after)

    # ------------------------------------------------------------ changing

    async def _change(self, scope: Scope, receive: Receive, send: Send, caller: Caller) -> None:
        """A post of a session: only with its token."""
        headers = Headers(scope=scope)
        given = headers.get("x-csrf", "")
        if not given and headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            body = await _body(receive)
            given = (parse_qs(body.decode("utf-8", "replace")).get("csrf") or [""])[0]
            receive = _again(body, receive)
        if hmac.compare_digest(given.encode("utf-8", "replace"), caller.csrf.encode()):
            await self._app(scope, receive, send)
        else:
            await self._say(403, "forged", _FORGED, scope, "/")(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send, caller: Caller) -> None:
        """A live line, cut when its session ends."""
        if caller.session is None:
            await self._app(scope, receive, send)
            return
        key = caller.session.key
        with self._lines.opened(key) as ended:
            if key not in self._accounts.book.sessions:
                ended.set()  # it ended while we were asking
            waiting = asyncio.ensure_future(ended.wait())
            try:
                await self._app(scope, _until(waiting, receive, send), send)
            finally:
                waiting.cancel()

    # ------------------------------------------------------------ refusing

    def _only_tls(self, scope: Scope) -> Response:
        """What needs a sign-in is not served without TLS outside this machine."""
        port = self._https_port()
        if scope["type"] == "http" and scope["method"] in _READING and port:
            host = _without_port(Headers(scope=scope).get("host", ""))
            asked = scope["query_string"].decode("ascii", "replace")
            to = f"https://{host}:{port}{quote(scope['path'])}{f'?{asked}' if asked else ''}"
            return RedirectResponse(to, 308)
        return problem(403, "tls_only", "请使用 https 地址访问")

    async def _refuse(
        self,
        verdict: Verdict,
        access: Access,
        scope: Scope,
        receive: Receive,
        send: Send,
        caller: Caller,
    ) -> None:
        if verdict in (Verdict.FORBIDDEN, Verdict.NOT_YOUR_WINDOW):
            await self._tell(scope, caller)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            code = FORBIDDEN if verdict in (Verdict.FORBIDDEN, Verdict.NOT_YOUR_WINDOW) else SIGNED_OUT
            await send({"type": "websocket.close", "code": code})
            return
        if caller.token is not None and verdict is Verdict.FORBIDDEN:
            await _lacks_scope(access)(scope, receive, send)
            return
        await self._answer(verdict, scope, caller)(scope, receive, send)

    def _answer(self, verdict: Verdict, scope: Scope, caller: Caller) -> Response:
        path = scope["path"]
        if verdict is Verdict.SIGN_IN:
            if _wants_page(scope):
                if not self._accounts.book.accounts:
                    return RedirectResponse("/setup", 303)
                back = f"?next={quote(path)}" if scope["method"] in _READING and path != "/" else ""
                return RedirectResponse(f"/sign-in{back}", 303)
            how = {"WWW-Authenticate": 'Bearer realm="banshi"'}
            return problem(401, "sign_in", "请先登录，或使用有效的接口令牌", headers=how)
        if verdict is Verdict.FINISH:
            assert caller.session is not None
            if _wants_page(scope):
                return RedirectResponse(_NEXT_STEP[caller.session.stage], 303)
            return problem(401, "unfinished", "登录尚未完成")
        if verdict is Verdict.NOT_YOUR_WINDOW:
            return self._say(403, "not_your_window", "您没有这个窗口的权限，请选择其他窗口", scope, "/clerk")
        return self._say(403, "forbidden", "您的角色不能使用此功能", scope, "/")

    def _say(self, status: int, code: str, sentence: str, scope: Scope, back: str) -> Response:
        if not _wants_page(scope):
            return problem(status, code, sentence)
        html = self._rendering.page("lost.html", title="无法打开", sentence=sentence, back=back)
        return Response(html, status, media_type="text/html")

    async def _no_such(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4404})
            return
        allowed = self._table.methods(scope["path"])
        if allowed:
            answer: Response = problem(
                405, "method_not_allowed", "此地址不支持这种请求", headers={"Allow": ", ".join(allowed)}
            )
        elif _wants_page(scope):
            html = self._rendering.page(
                "lost.html", title="没有这个页面", sentence="请核对地址，或从首页进入。", back="/"
            )
            answer = Response(html, 404, media_type="text/html")
        else:
            answer = problem(404, "not_found", "没有这个地址")
        await answer(scope, receive, send)

    async def _tell(self, scope: Scope, caller: Caller) -> None:
        """The audit log hears of an attempt beyond one's rights; the same one again only after a minute."""
        key, now_ms = (caller.by, scope["path"][:120]), self._now_ms()
        if now_ms - self._told.get(key, -60_000) < 60_000:
            return
        if len(self._told) > 1000:
            self._told.clear()
        self._told[key] = now_ms
        act = Act("forbidden", f"{scope.get('method', 'LIVE')} {key[1]}")
        await asyncio.to_thread(self._accounts.book.note, caller.actor, act)


def _lacks_scope(access: Access) -> Response:
    """A token that may not do this: which scope would (RFC 6750)."""
    wanted = " ".join(sorted(access.scopes))
    if not wanted:
        return problem(403, "forbidden", "这个接口只供登录的工作人员使用，令牌不能使用")
    how = {"WWW-Authenticate": f'Bearer realm="banshi", error="insufficient_scope", scope="{wanted}"'}
    return problem(403, "forbidden", f"令牌没有所需的权限：{wanted}", headers=how)


def _plain(scope: Scope) -> bool:
    """Whether a request came without TLS from elsewhere than this machine."""
    if scope["scheme"] in ("https", "wss"):
        return False
    server = scope.get("server")
    return not (server and ipaddress.ip_address(server[0]).is_loopback)


def _without_port(host: str) -> str:
    """``hall.local`` of ``hall.local:8080`` and of ``hall.local``; ``[::1]`` stays in its brackets."""
    name, _, port = host.rpartition(":")
    return name if port.isdigit() and name else host


def _wants_page(scope: Scope) -> bool:
    if scope["path"].startswith("/api/"):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


async def _body(receive: Receive) -> bytes:
    """A small body whole; what is too large ends early and then has no token."""
    parts, size = [], 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if message["type"] != "http.request" or not message.get("more_body") or size > LARGEST_FORM:
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more for the route."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


def _until(ended: asyncio.Future[Any], receive: Receive, send: Send) -> Receive:
    """What comes over a line, until its session ends: then the line is closed and the page told why."""

    async def next_message() -> Message:
        coming = asyncio.ensure_future(receive())
        try:
            await asyncio.wait((coming, ended), return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
        finally:
            coming.cancel()
        await send({"type": "websocket.close", "code": SIGNED_OUT})
        return {"type": "websocket.disconnect", "code": SIGNED_OUT}

    return next_message
