"""How residents' pages look: ordinary or large type, light or high contrast; in a cookie, without scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Cookie, Request
from fastapi.responses import RedirectResponse

_YEAR_SECONDS = 365 * 24 * 3600
COOKIE = "look"
Looking = Annotated[str, Cookie(alias=COOKIE, max_length=20, default_factory=str)]
"""The cookie as it came: a parameter ``look: Looking`` of a route; ``look_of`` reads it."""


@dataclass(frozen=True, slots=True)
class Look:
    """``big`` type; ``dark``: white on black with strong contrast."""

    big: bool = False
    dark: bool = False

    @property
    def words(self) -> str:
        """For the cookie, the address and the class of the page."""
        return " ".join(word for word, on in (("big", self.big), ("dark", self.dark)) if on)

    @property
    def other_size(self) -> str:
        """The address part that changes the type."""
        return Look(not self.big, self.dark).address

    @property
    def other_tone(self) -> str:
        """The address part that changes the contrast."""
        return Look(self.big, not self.dark).address

    @property
    def address(self) -> str:
        """``look=big-dark``; plain when all is ordinary."""
        return "look=" + (self.words.replace(" ", "-") or "plain")


def look_of(text: str) -> Look:
    """From a cookie or an address; what is not known is ordinary."""
    words = text.split("-")
    return Look("big" in words, "dark" in words)


def remember(text: str, path: str, *, secure: bool) -> RedirectResponse:
    """Back to the page, from now on in this look."""
    answer = RedirectResponse(path, 303)
    kept = look_of(text).words.replace(" ", "-")
    answer.set_cookie(
        COOKIE, kept or "plain", max_age=_YEAR_SECONDS, path="/", samesite="lax", secure=secure, httponly=True
    )
    return answer


def here_of(request: Request) -> str:
    """This page's own address without what it shall look like."""
    query = urlencode([(name, value) for name, value in request.query_params.multi_items() if name != "look"])
    return quote(request.url.path) + (f"?{query}" if query else "")
