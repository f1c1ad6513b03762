"""Who asks, for routes: ``Here`` is the dependency that hands a route the caller that the gate let in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from hall_server.accounts import codes
from hall_server.accounts.book import Actor
from hall_server.accounts.matrix import Visitor
from hall_server.accounts.records import Account, Session, Token
from hall_server.accounts.roles import ROLE_TEXT, Role
from hall_server.accounts.signing import Origin


@dataclass(frozen=True, slots=True)
class Caller:
    """A person with a session, a partner with a token, or a stranger. ``secret`` is the cookie's."""

    origin: Origin
    account: Account | None = None
    session: Session | None = None
    secret: str = ""
    token: Token | None = None
    secure: bool = False

    @property
    def by(self) -> str:
        """For the engine's commands and the journal: ``clerk:0123``, ``api:1a2b3c4d``."""
        if self.account is not None:
            return f"clerk:{self.account.id}"
        return f"api:{self.token.id}" if self.token is not None else "stranger"

    @property
    def clerk(self) -> str:
        """The staff number when a clerk acts at a window, else ''."""
        return self.account.id if self.account is not None and Role.CLERK in self.account.roles else ""

    @property
    def actor(self) -> Actor:
        """For the audit log."""
        if self.account is not None:
            return Actor(self.account.id, self.origin.address)
        return Actor(f"token:{self.token.id}" if self.token is not None else "", self.origin.address)

    @property
    def csrf(self) -> str:
        """What this session's forms and posts must carry, '' without a session."""
        return codes.csrf_of(self.secret) if self.session is not None else ""

    @property
    def visitor(self) -> Visitor | None:
        """The rights, None for a stranger."""
        if self.token is not None:
            return Visitor(scopes=self.token.scopes)
        if self.account is None or self.session is None:
            return None
        return Visitor(self.account.roles, self.account.windows, self.session.stage)

    @property
    def role_text(self) -> str:
        """The roles in words."""
        roles = self.account.roles if self.account is not None else ()
        return "、".join(ROLE_TEXT[role] for role in Role if role in roles)


def _caller(connection: HTTPConnection) -> Caller:
    found = connection.scope["caller"]
    assert isinstance(found, Caller)
    return found


def _person(connection: HTTPConnection) -> tuple[Account, Session]:
    found = _caller(connection)
    assert found.account is not None
    assert found.session is not None
    return found.account, found.session


Here = Annotated[Caller, Depends(_caller)]
"""Who asks: a parameter ``here: Here`` of a route."""

Me = Annotated[tuple[Account, Session], Depends(_person)]
"""The account and session of a route that needs a sign-in: ``me: Me``."""
