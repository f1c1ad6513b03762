"""The accounts in memory over their file: reads cost nothing, changes are on disk first, audited."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hall_server.accounts.audit import Verified, Witness, verify, witness_of, write_anchor
from hall_server.accounts.records import Account, AuditLine, Device, Session, Token
from hall_server.accounts.roles import ADMINISTRATORS
from hall_server.accounts.store import Store, Writing

FILE = "accounts.db"
ANCHOR = "accounts.anchor"


class Refused(Exception):
    """An act on accounts that is not carried out; ``sentence`` is for the person, ``wait_ms`` how long to
    wait before it makes sense to try again."""

    def __init__(self, code: str, sentence: str, wait_ms: int = 0) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.wait_ms = wait_ms


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account's id, ``token:id``, ``console`` or ``setup``; and from where."""

    by: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """What the audit log is told: kind (see audit.KIND_TEXT), on whom, how it was and how it is."""

    kind: str
    subject: str = ""
    before: object = None
    after: object = None


class Book:
    """All records. ``open`` before anything else. Any thread may use it."""

    def __init__(self, state: Path, *, key: bytes, now_ms: Callable[[], int]) -> None:
        self._state = state
        self._key = key
        self.now_ms = now_ms
        self._store = Store(state / FILE)
        self._lock = threading.RLock()
        self._ended: list[Callable[[frozenset[str]], None]] = []
        self._witness = Witness()
        self.accounts: dict[str, Account] = {}
        self.sessions: dict[str, Session] = {}
        self.devices: dict[str, Device] = {}
        self.tokens: dict[str, Token] = {}

    def open(self) -> None:
        """Read everything. Raises AccountsBroken, apsw.Error, OSError."""
        self._store.open()
        self._witness = witness_of(self._state / ANCHOR, self._store.last_audit(), self._key)
        self._load()

    def close(self) -> None:
        """Let the file go."""
        self._store.close()

    def on_ended(self, listener: Callable[[frozenset[str]], None]) -> None:
        """Call with the keys of sessions that end; must only post. Before anybody signs in."""
        self._ended.append(listener)

    @property
    def any_administrator(self) -> bool:
        """Whether the hall was set up."""
        return any(account.roles & ADMINISTRATORS for account in self.accounts.values())

    def refresh(self) -> None:
        """Read anew when the technician's command wrote to the file."""
        with self._lock:
            if self._store.changed_elsewhere():
                before = frozenset(self.sessions)
                self._load()
                self._tell_ended(before - frozenset(self.sessions))

    @contextmanager
    def still(self) -> Iterator[None]:
        """Nobody else changes anything while the block runs: for what is decided by records and then put."""
        with self._lock:
            self.refresh()
            yield

    @contextmanager
    def change(self, actor: Actor, act: Act | None) -> Iterator[Change]:
        """One transaction with its audit line (None = a thing that nobody audits, such as a last press).

        A record read before the block may be another's by now: read it again inside, or within ``still``."""
        with self._lock:
            ended: frozenset[str] = frozenset()
            with self._store.writing() as writing:
                self.refresh()
                change = Change(writing, self)
                yield change
                line = self._note(writing, actor, act) if act else None
            change.take_effect()
            ended = change.ended
            if line is not None:
                self._anchor(line)
        self._tell_ended(ended)

    def note(self, actor: Actor, act: Act) -> None:
        """An audit line alone."""
        with self.change(actor, act):
            pass

    def audit_lines(self, **wanted: object) -> list[AuditLine]:
        """See Store.search."""
        return self._store.search(**wanted)  # type: ignore[arg-type]

    def verify(self) -> Verified:
        """Check the whole audit log, also against what was seen of it since the start."""
        with self._lock:
            lines = self._store.audit()
            found = verify(lines, self._state / ANCHOR, self._key)
            if found.wrong:
                return found
            self._witness.follow(lines[self._witness.seq :])
            return Verified(found.lines, self._witness.against(lines))

    def of(self, account: str) -> Account:
        """The account. Raises Refused."""
        found = self.accounts.get(account)
        if found is None:
            raise Refused("unknown_account", f"没有账号“{account}”")
        return found

    def sessions_of(self, account: str) -> list[Session]:
        """Open sessions of an account."""
        return [session for session in list(self.sessions.values()) if session.account == account]

    def _load(self) -> None:
        store = self._store
        self.accounts = {record.id: record for record in store.all(Account)}
        self.sessions = {record.key: record for record in store.all(Session)}
        self.devices = {record.key: record for record in store.all(Device)}
        self.tokens = {record.id: record for record in store.all(Token)}
        self._witness.follow(store.audit(self._witness.seq))

    def _anchor(self, line: AuditLine) -> None:
        """Tell the anchor of the new last line; when lines before it are gone, what the anchor says of them
        stays, for the check to find."""
        self._witness.follow([line])
        if self._witness.ends_with(line):
            write_anchor(self._state / ANCHOR, line, self._key)

    def _note(self, writing: Writing, actor: Actor, act: Act) -> AuditLine:
        return writing.note(
            at_ms=self.now_ms(),
            by=actor.by,
            address=actor.address,
            kind=act.kind,
            subject=act.subject,
            before=_text(act.before),
            after=_text(act.after),
        )

    def _tell_ended(self, keys: frozenset[str]) -> None:
        if keys:
            for listener in self._ended:
                listener(keys)


class Change:
    """Records to put and to drop; memory follows when the transaction is on disk."""

    def __init__(self, writing: Writing, book: Book) -> None:
        self._writing = writing
        self._book = book
        self._puts: list[Account | Session | Device | Token] = []
        self._drops: list[tuple[type, str]] = []

    def put(self, record: Account | Session | Device | Token) -> None:
        """Insert or replace."""
        self._writing.put(record)
        self._puts.append(record)

    def end(self, sessions: Iterable[Session]) -> None:
        """End sessions."""
        for session in sessions:
            self._drop(Session, session.key)

    def forget(self, devices: Iterable[Device]) -> None:
        """Known devices are strange ones again."""
        for device in devices:
            self._drop(Device, device.key)

    @property
    def ended(self) -> frozenset[str]:
        """Keys of the sessions that end with this change."""
        return frozenset(key for kind, key in self._drops if kind is Session)

    def take_effect(self) -> None:
        """After the commit: the same in memory."""
        book = self._book
        for kind, key in self._drops:
            (book.sessions if kind is Session else book.devices).pop(key, None)
        for record in self._puts:
            if isinstance(record, Account):
                book.accounts[record.id] = record
            elif isinstance(record, Session):
                book.sessions[record.key] = record
            elif isinstance(record, Device):
                book.devices[record.key] = record
            else:
                book.tokens[record.id] = record

    def _drop(self, kind: type, key: str) -> None:
        self._writing.drop(kind, key)
        self._drops.append((kind, key))


def _text(value: object) -> str:
    return "" if value is None else msgspec.json.encode(value, order="sorted").decode()
