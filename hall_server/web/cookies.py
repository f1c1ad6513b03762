"""The two cookies: the session's, and the one that says that this browser is a known device."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

SESSION = "banshi"
DEVICE = "banshi-device"
_YEAR_SECONDS = 400 * 24 * 3600


def name_of(cookie: str, *, secure: bool) -> str:
    """Over TLS the browser itself makes sure that nobody else set it (``__Host-``)."""
    return f"__Host-{cookie}" if secure else cookie


def read(cookies: Mapping[str, str], cookie: str, *, secure: bool) -> str:
    """The secret, '' when there is none."""
    return cookies.get(name_of(cookie, secure=secure), "")


def give(response: Response, cookie: str, secret: str, *, secure: bool) -> None:
    """Set it: not for scripts, not for other sites; the session's ends with the browser."""
    response.set_cookie(
        name_of(cookie, secure=secure),
        secret,
        max_age=_YEAR_SECONDS if cookie == DEVICE else None,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def take(response: Response, cookie: str, *, secure: bool) -> None:
    """Remove it."""
    response.delete_cookie(
        name_of(cookie, secure=secure), path="/", secure=secure, httponly=True, samesite="strict"
    )
