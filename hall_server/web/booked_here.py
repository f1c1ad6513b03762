"""The appointment that this phone made a moment ago: told when somebody comes back to the form, so that
"back" and a second press make no second one. Kept for minutes only: tablets are handed on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Cookie, Response

COOKIE = "booked"
KEPT_SECONDS = 600
Before = Annotated[str, Cookie(alias=COOKIE, max_length=80, default_factory=str)]
"""The token of that appointment, '' when there is none: a parameter ``before: Before`` of a route."""


def keep(answer: Response, token: str, *, secure: bool) -> None:
    """This phone has just made it."""
    answer.set_cookie(
        COOKIE, token, max_age=KEPT_SECONDS, path="/book", samesite="lax", secure=secure, httponly=True
    )


def forget(answer: Response, *, secure: bool) -> None:
    """It was given up."""
    answer.delete_cookie(COOKIE, path="/book", samesite="lax", secure=secure, httponly=True)
