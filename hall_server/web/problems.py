"""Errors as application/problem+json (RFC 9457): a code for programs, a Chinese sentence for the person."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from hall_server.hall.model import RuleBroken
from hall_server.web.asking import Away

log = logging.getLogger(__name__)

UNKNOWN = frozenset({"unknown_window", "unknown_ticket", "unknown_service"})


class Problem(BaseModel):
    """Why a request was not carried out."""

    type: str = Field("about:blank", description="URI of the kind of problem; about:blank = see code")
    title: str = Field(description="The HTTP status in words")
    status: int
    code: str = Field(description="For programs: rule or fault, such as not_arrived")
    sentence: str = Field(description="For the person who pressed, in Chinese")


class ProblemResponse(JSONResponse):
    """The answer with its media type."""

    media_type = "application/problem+json"


def problem(status: int, code: str, sentence: str, *, headers: dict[str, str] | None = None) -> JSONResponse:
    """Build the answer."""
    body = Problem(
        type="about:blank", title=_TITLES.get(status, "Error"), status=status, code=code, sentence=sentence
    )
    return ProblemResponse(body.model_dump(), status_code=status, headers=headers)


def install(app: FastAPI) -> None:
    """Turn the errors of the hall into problems, at this one edge."""

    @app.exception_handler(RuleBroken)
    async def rule_broken(_request: Request, error: RuleBroken) -> JSONResponse:
        return problem(404 if error.code in UNKNOWN else 409, error.code, error.sentence)

    @app.exception_handler(Away)
    async def away(_request: Request, error: Away) -> JSONResponse:
        return problem(503, "away", error.sentence, headers={"Retry-After": "1"})

    @app.exception_handler(RequestValidationError)
    async def bad_request(_request: Request, error: RequestValidationError) -> JSONResponse:
        wrong = "；".join(f"{'.'.join(str(p) for p in e['loc'][1:])}: {e['msg']}" for e in error.errors())
        return problem(422, "bad_request", f"请求内容有误：{wrong}")

    @app.exception_handler(HTTPException)
    async def http_error(_request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, "http", str(error.detail), headers=dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def crash(request: Request, _error: Exception) -> JSONResponse:
        log.error("a request to %s failed", request.url.path)
        return problem(500, "crash", "系统出错，操作未完成，请联系运维人员")


_TITLES = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
