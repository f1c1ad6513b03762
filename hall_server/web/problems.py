"""Errors as application/problem+json (RFC 9457): a code for programs, a Chinese sentence for the person."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from hall_server.accounts.book import Refused
from hall_server.hall.model import RuleBroken
from hall_server.web.asking import Away
from hall_server.web.rendering import Rendering

log = logging.getLogger(__name__)

UNKNOWN = frozenset({"unknown_window", "unknown_ticket", "unknown_service", "unknown_appointment"})


CODES = {400: "unreadable", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 422: "bad_request"}
"""Of errors that have no code of their own."""
BROKEN = "正文缺少，或不是接口说明中的格式，请检查后重发"
"""Of a body that is wrong as a whole; 400 (not text, no end of a form) has no other cause here."""


class Problem(BaseModel):
    """Why a request was not carried out."""

    type: str = Field("about:blank", description="URI of the kind of problem; about:blank = see code")
    title: str = Field(description="The HTTP status in words")
    status: int
    code: str = Field(description="For programs: rule or fault, such as not_arrived")
    sentence: str = Field(description="For the person who pressed, in Chinese")


class Troubled(Exception):
    """A request that cannot be carried out for a reason of its own: status, code and sentence."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.sentence = sentence


class ProblemResponse(JSONResponse):
    """The answer with its media type."""

    media_type = "application/problem+json"


def problem(status: int, code: str, sentence: str, *, headers: dict[str, str] | None = None) -> JSONResponse:
    """Build the answer."""
    body = Problem(
        type="about:blank", title=_TITLES.get(status, "Error"), status=status, code=code, sentence=sentence
    )
    return ProblemResponse(body.model_dump(), status_code=status, headers=headers)


def wants_page(request: Request) -> bool:
    """Whether a person looks at the answer, not a program."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def install(app: FastAPI, rendering: Rendering) -> None:
    """Turn the errors of the hall into problems, at this one edge; persons get a page that says the same."""

    def told(
        request: Request, status: int, code: str, sentence: str, headers: dict[str, str] | None = None
    ) -> Response:
        if not wants_page(request):
            return problem(status, code, sentence, headers=headers)
        html = rendering.page("lost.html", title="操作未完成", sentence=sentence, back="/")
        return HTMLResponse(html, status, headers=headers)

    @app.exception_handler(RuleBroken)
    async def rule_broken(request: Request, error: RuleBroken) -> Response:
        return told(request, 404 if error.code in UNKNOWN else 409, error.code, error.sentence)

    @app.exception_handler(Away)
    async def away(request: Request, error: Away) -> Response:
        return told(request, 503, "away", error.sentence, {"Retry-After": "1"})

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return told(request, 409, error.code, error.sentence)

    @app.exception_handler(Troubled)
    async def troubled(request: Request, error: Troubled) -> Response:
        after = {"Retry-After": "5"} if error.status in (429, 503) else None
        return told(request, error.status, error.code, error.sentence, after)

    @app.exception_handler(RequestValidationError)
    async def bad_request(request: Request, error: RequestValidationError) -> Response:
        wrong = "；".join(_wrong(e["type"], e["loc"][1:], e["msg"]) for e in error.errors())
        return told(request, 422, "bad_request", f"请求内容有误：{wrong}")

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        code = CODES.get(error.status_code, "http")
        why = f"请求内容有误：{BROKEN}" if error.status_code == 400 else str(error.detail)
        return told(request, error.status_code, code, why, dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def crash(request: Request, _error: Exception) -> Response:
        route = request.scope.get("route")  # its pattern: an address may hold the secret of a ticket
        log.error("a request to %s failed", getattr(route, "path", "an unknown address"))
        return told(request, 500, "crash", "系统出错，操作未完成，请联系运维人员")


def _wrong(kind: str, field: Sequence[str | int], why: str) -> str:
    """One fault: of a field by its name, of the whole body in its own words (its place is no field's)."""
    if not field or kind == "json_invalid":
        return BROKEN
    return f"{'.'.join(str(part) for part in field)}: {why}"


_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
