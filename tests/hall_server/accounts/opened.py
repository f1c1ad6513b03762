"""Accounts on a real file under a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hall_server.accounts import passwords
from hall_server.accounts.book import Actor
from hall_server.accounts.desk import Accounts
from hall_server.accounts.records import Account
from hall_server.accounts.roles import EVERY_WINDOW, Role

KEY = b"key of the hall of tests"
PASSWORD = "tea and 24 hours"
NOON = 1_795_000_000_000
_HASHED = passwords.hashed(PASSWORD)
ADMINISTRATOR = Actor("anquan", "10.0.0.9")


class Opened:
    """``now_ms`` moves hall time and the real-time clock together."""

    def __init__(self, state: Path, *, sample: bool = False) -> None:
        self.now_ms = NOON
        self.state = state
        self.accounts = Accounts(
            state, key=KEY, now_ms=lambda: self.now_ms, wall=lambda: self.now_ms / 1000, sample=sample
        )
        self.accounts.open()

    def put(self, account: str, *roles: Role, name: str = "张三", **more: object) -> Account:
        """An account with the password of tests."""
        made = Account(
            id=account,
            name=name,
            roles=frozenset(roles or {Role.CLERK}),
            windows=(EVERY_WINDOW,),
            password=_HASHED,
            **more,  # type: ignore[arg-type]
        )
        with self.accounts.book.change(Actor("console"), None) as change:
            change.put(made)
        return made

    def later(self, *, minutes: float) -> None:
        """Time goes by."""
        self.now_ms += int(minutes * 60_000)


@contextmanager
def opened(state: Path, *, sample: bool = False) -> Iterator[Opened]:
    """Closed with the block."""
    made = Opened(state, sample=sample)
    yield made
    made.accounts.close()
