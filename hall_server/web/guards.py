"""What every request must pass and every answer must carry: names, origins and a strict content policy.

A page of another site can make a browser on this machine or in the hall talk to us (forged posts, a name
rebound to our address). So the Host must be one of ours, and whatever can change something, WebSockets
included, must come from our own origin when a browser sends it. Programs send no Origin and pass.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hall_server.web.problems import problem

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_READING = frozenset({"GET", "HEAD"})


class TooLarge:
    """ASGI, around the application: whose body is over a route's limit gets a problem like any other. The
    framework itself says it in plain English, before any of our middleware is asked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; its one answer is told anew."""
        told = False

        async def told_anew(message: Message) -> None:
            nonlocal told
            if message["type"] == "http.response.start" and message["status"] == 413:
                told = Headers(raw=message["headers"]).get("content-type", "").startswith("text/plain")
                if told:
                    headers = {**HEADERS, "cache-control": "no-store"}
                    answer = problem(413, "too_large", "提交的内容过大，请减少后重试", headers=headers)
                    await answer(scope, receive, send)
            if not told:
                await send(message)

        await self._app(scope, receive, told_anew)


class Guards:
    """ASGI middleware; ``names`` tells the host[:port] under which the pages may be asked for now."""

    def __init__(self, app: ASGIApp, *, names: Callable[[], frozenset[str]]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse or pass on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        why = self._refusal(scope, Headers(scope=scope))
        if scope["type"] == "websocket":
            if why:
                await receive()
                await send({"type": "websocket.close", "code": 1008, "reason": why})
                return
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        if why:
            answer = problem(403, why, "请从大厅页面打开")
            await answer(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope, headers: Headers) -> str:
        """A code when the request is not to be trusted, else ''."""
        host = headers.get("host", "").lower()
        if host not in self._names():
            return "foreign_host"
        if scope["type"] == "http" and scope["method"] in _READING:
            return ""
        origin = headers.get("origin")
        scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
        if origin is not None and origin.lower() != f"{scheme}://{host}":
            return "foreign_origin"
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "foreign_origin"
        return ""
