"""The technician at the console: `python -m hall_server.accounts --state DIR reset|auditor|token …`.

Works beside a running hall, which sees the change within seconds. Whoever may read the state directory
may do this; each act stands in the audit log as done at the console.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from contract.clock import wall_ms
from hall_server.accounts.administration import CODE_HOURS, CONSOLE, Administration, Person, Tokens
from hall_server.accounts.book import Book, Refused
from hall_server.accounts.roles import Role, Scope
from hall_server.accounts.store import AccountsBroken
from hall_server.broker import secret


def main(words: Sequence[str] | None = None) -> int:
    """Carry out one act; 1 = refused, with the sentence."""
    options = _arguments(words)
    book = Book(options.state, key=hall_key(options.state), now_ms=wall_ms)
    try:
        book.open()
        print(_act(book, options))
    except (Refused, AccountsBroken) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        book.close()
    return 0


def hall_key(state: Path) -> bytes:
    """The hall's key as the server keeps it."""
    return secret(state / "secrets" / "hall-key").encode()


def _act(book: Book, options: argparse.Namespace) -> str:
    administration = Administration(book)
    if options.what == "reset":
        code = administration.reset(options.account, CONSOLE)
    elif options.what == "auditor":
        auditor = Person(options.account, options.name, frozenset({Role.AUDIT}))
        code = administration.create(auditor, CONSOLE)
    else:
        scopes = frozenset(Scope(scope) for scope in options.scope)
        return Tokens(book).make(options.name, scopes, CONSOLE, per_minute=options.per_minute)
    return f"{options.account}: one-time code {code}, good for {CODE_HOURS} hours (一次性码)"


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m hall_server.accounts")
    parser.add_argument("--state", type=Path, default=Path("var/hall/state"), metavar="DIR")
    acts = parser.add_subparsers(dest="what", required=True)
    reset = acts.add_parser("reset", help="a one-time code in place of password and authenticator")
    reset.add_argument("account")
    auditor = acts.add_parser("auditor", help="a further audit administrator")
    auditor.add_argument("account")
    auditor.add_argument("name")
    token = acts.add_parser("token", help="a token for a partner or for monitoring")
    token.add_argument("name")
    token.add_argument("scope", nargs="+", choices=[scope.value for scope in Scope])
    token.add_argument("--per-minute", type=int, default=600, metavar="N")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
