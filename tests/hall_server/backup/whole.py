"""A made-up hall's folder with every store in it, and what must be the same after a restore."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assets import PROJECT
from contract.clock import wall_ms
from hall_server import keeping
from hall_server.accounts.book import Act, Actor, Book
from hall_server.accounts.records import Account, Session, Token
from hall_server.accounts.roles import Role, Scope, Stage
from hall_server.anchor import journal_key
from hall_server.broker import secret
from hall_server.catalogue.records import Entry, InForce, Origin
from hall_server.catalogue.store import FILE, Store
from hall_server.config import load
from hall_server.hall import commands as c
from hall_server.journal.rows import JournalReader
from hall_server.service import HallService
from hall_server.setup.drafts import Draft, Drafts
from tests.hall_server.running import running

DEMO = load(PROJECT / "assets" / "halls" / "demo" / "hall.toml")
SECRET = "GEZDGNBVGY3TQOJQ"
CONSOLE = Actor("console")


@dataclass(frozen=True)
class Content:
    """What one looks at: records, names of accounts that may sign in, sessions, tokens in use, items,
    drafts."""

    records: int
    accounts: tuple[str, ...]
    sessions: int
    tokens: tuple[str, ...]
    items: tuple[str, ...]
    drafts: tuple[str, ...]


def key_of(state: Path) -> bytes:
    return secret(keeping.key_file(state)).encode()


@contextmanager
def open_hall(state: Path) -> Iterator[HallService]:
    """The hall's engine on its journal, with its key."""
    with running(state / keeping.JOURNAL, key=journal_key(key_of(state))) as (service, _):
        yield service


@contextmanager
def book_of(state: Path) -> Iterator[Book]:
    book = Book(state, key=key_of(state), now_ms=wall_ms)
    book.open()
    try:
        yield book
    finally:
        book.close()


@contextmanager
def items_of(state: Path) -> Iterator[Store]:
    store = Store(state / FILE)
    store.open()
    try:
        yield store
    finally:
        store.close()


def issue(number: int) -> c.Issue:
    return c.Issue(request=f"r{number}", by="kiosk-1", service="tax")


def fill(state: Path, tickets: int = 20) -> None:
    """A hall with people, accounts, items and a draft."""
    with open_hall(state) as service:
        for number in range(tickets):
            service.submit(issue(number)).result(10)
    with book_of(state) as book:
        for name in ("anna", "ben"):
            account = Account(id=name, name="李四", roles=frozenset({Role.MANAGER}), totp=SECRET)
            with book.change(CONSOLE, Act("account.created", name)) as change:
                change.put(account)
        session = Session(key="k" * 64, account="anna", stage=Stage.FULL, created_ms=1, seen_ms=1)
        token = Token(id="t1", name="partner", scopes=frozenset(Scope), key="d", created_ms=1, by="system")
        with book.change(CONSOLE, Act("token.made", "t1")) as change:
            change.put(session)
            change.put(token)
    with items_of(state) as store:
        add_item(store, "A1")
        store.put_in_force(InForce(version=1, previous=0, at_ms=1, by="anna", settled=True))
    Drafts(state / "drafts").keep(Draft(author="anna", base=0, changed_ms=1, file=DEMO.file))


def add_item(store: Store, code: str) -> None:
    entry = Entry(code=code, name="居民身份证换领", department="公安局")
    with store.new_version(at_ms=1, by="anna", origin=Origin.EDIT, source="") as being:
        being.put(entry)


def content(state: Path) -> Content:
    """What is in a folder now. Every store must open and hold."""
    checked = keeping.check(state)
    assert checked.sealed
    with book_of(state) as book, items_of(state) as store:
        assert not book.verify().wrong
        head = store.head
        return Content(
            records=checked.count,
            accounts=tuple(sorted(a.id for a in book.accounts.values() if a.enabled)),
            sessions=len(book.sessions),
            tokens=tuple(sorted(t.id for t in book.tokens.values() if not t.revoked_ms)),
            items=tuple(sorted(store.digests(head))),
            drafts=tuple(sorted(path.name for path in (state / "drafts").glob("*.json"))),
        )


def last_record(state: Path) -> int:
    with JournalReader(state / keeping.JOURNAL) as reader:
        return reader.last()[0]
