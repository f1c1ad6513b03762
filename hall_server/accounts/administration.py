"""What administrators do: the first set-up, accounts of people, tokens of partners; each act audited."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import msgspec

from hall_server.accounts import codes, passwords
from hall_server.accounts.book import Act, Actor, Book, Refused
from hall_server.accounts.records import Account, Token
from hall_server.accounts.roles import (
    ADMINISTRATORS,
    EVERY_WINDOW,
    ROLE_TEXT,
    Role,
    Scope,
    unfit,
)

CODE_HOURS = 72
SAMPLE_CLERKS = 3
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{1,31}")
_FORBIDDEN_IDS = frozenset({"console", "setup", "clock", "restore"})
CONSOLE = Actor("console")

replace = msgspec.structs.replace
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Person:
    """What an account's form says."""

    id: str
    name: str
    roles: frozenset[Role]
    windows: tuple[str, ...] = ()


def _alone(
    act: Callable[Concatenate[Administration, P], R],
) -> Callable[Concatenate[Administration, P], R]:
    """What it reads stays as it is until it is done."""

    @wraps(act)
    def alone(self: Administration, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._book.still():
            return act(self, *args, **kwargs)

    return alone


class Administration:
    """Accounts. Every method raises Refused with the sentence for the form."""

    def __init__(self, book: Book) -> None:
        self._book = book

    @_alone
    def set_up(
        self, security: Person, password: str, others: Iterable[Person], actor: Actor
    ) -> dict[str, str]:
        """The three administrators of a new hall: the security administrator with a password, the others with
        one-time codes. Returns account -> code."""
        book, made = self._book, {}
        if book.any_administrator:
            raise Refused("set_up_already", "大厅已完成初始设置")
        people = [security, *others]
        for person in people:
            self._check(person)
        if len({person.id for person in people}) < len(people):
            raise Refused("same_account", "三个管理员须使用不同的账号")
        if why := passwords.weakness(password, account=security.id, name=security.name):
            raise Refused("weak_password", why)
        accounts = [replace(self._account(security), password=passwords.hashed(password))]
        for person in others:
            account, made[person.id] = self._with_code(self._account(person))
            accounts.append(account)
        told = {account.id: account.told() for account in accounts}
        with book.change(actor, Act("setup", "", None, told)) as change:
            for account in accounts:
                change.put(account)
        return made

    @_alone
    def create(self, person: Person, actor: Actor) -> str:
        """A new account; returns its one-time code, shown once."""
        self._check(person)
        self._forbid_audit(person.roles, actor)
        if person.id in self._book.accounts:
            raise Refused("same_account", f"账号“{person.id}”已存在")
        account, code = self._with_code(self._account(person))
        with self._book.change(actor, Act("account.created", account.id, None, account.told())) as change:
            change.put(account)
        return code

    @_alone
    def change(self, person: Person, actor: Actor) -> None:
        """Name, roles, window rights; when roles or rights change, the person is signed out."""
        book = self._book
        old = book.of(person.id)
        self._check(person)
        self._forbid_own(person.id, actor)
        self._forbid_audit(old.roles | person.roles, actor)
        if old.roles != person.roles:
            self._keep_one(old)
        new = replace(old, name=person.name, roles=person.roles, windows=person.windows)
        if new == old:
            return
        with book.change(actor, Act("account.changed", old.id, old.told(), new.told())) as change:
            change.put(new)
            if (new.roles, new.windows) != (old.roles, old.windows):
                change.end(book.sessions_of(old.id))

    @_alone
    def reset(self, account_id: str, actor: Actor) -> str:
        """A one-time code in place of password and authenticator; returns it, shown once."""
        book = self._book
        old = book.of(account_id)
        self._forbid_own(account_id, actor)
        self._forbid_audit(old.roles, actor)
        new, code = self._with_code(replace(old, password="", totp="", totp_step=0, recovery=()))
        with book.change(actor, Act("account.reset", old.id, old.told(), new.told())) as change:
            change.put(new)
            change.end(book.sessions_of(old.id))
            change.forget(device for device in book.devices.values() if device.account == old.id)
        return code

    @_alone
    def enable(self, account_id: str, actor: Actor, *, enabled: bool) -> None:
        """Allow or forbid an account to sign in; a disabled one is signed out at once."""
        book = self._book
        old = book.of(account_id)
        self._forbid_own(account_id, actor)
        self._forbid_audit(old.roles, actor)
        if not enabled:
            self._keep_one(old)
        new = replace(old, enabled=enabled)
        if new == old:
            return
        kind = "account.enabled" if enabled else "account.disabled"
        with book.change(actor, Act(kind, old.id, old.told(), new.told())) as change:
            change.put(new)
            if not enabled:
                change.end(book.sessions_of(old.id))

    def sample(self) -> None:
        """One account of each role for the sample hall, without any password; nothing when there are some."""
        if self._book.accounts:
            return
        clerks = [(f"shili-{n}", f"示例窗口人员{n}", Role.CLERK) for n in range(1, SAMPLE_CLERKS + 1)]
        others = [(f"shili-{r}", f"示例{ROLE_TEXT[r]}", r) for r in Role if r is not Role.CLERK]
        people = [
            Person(id_, name, frozenset({role}), (EVERY_WINDOW,)) for id_, name, role in (*clerks, *others)
        ]
        with self._book.change(CONSOLE, Act("setup", "", None, {"sample": True})) as change:
            for person in people:
                change.put(self._account(person))

    # ------------------------------------------------------------ rules

    def _check(self, person: Person) -> None:
        if not _ID.fullmatch(person.id) or person.id in _FORBIDDEN_IDS:
            raise Refused("bad_account", "账号（工号）为 2 至 32 位字母、数字、点、横线或下划线")
        if not person.name or len(person.name) > 32 or not person.name.isprintable():
            raise Refused("bad_name", "姓名为 1 至 32 个字")
        if why := unfit(person.roles):
            raise Refused("unfit_roles", why)

    def _forbid_own(self, account_id: str, actor: Actor) -> None:
        if actor.by == account_id:
            raise Refused("own_account", "不能修改自己的角色、权限和状态，请由他人办理")

    def _forbid_audit(self, roles: frozenset[Role], actor: Actor) -> None:
        """Whoever grants rights must not choose who watches him: auditors come by set-up and console."""
        if Role.AUDIT in roles and actor != CONSOLE:
            raise Refused("audit_account", "审计管理员账户只能在服务器控制台上办理")

    def _keep_one(self, account: Account) -> None:
        for role in account.roles & ADMINISTRATORS:
            others = [
                one
                for one in self._book.accounts.values()
                if role in one.roles and one.enabled and one.id != account.id
            ]
            if account.enabled and not others:
                raise Refused("last_administrator", f"这是最后一个可用的{ROLE_TEXT[role]}，不能停用或改角色")

    def _account(self, person: Person) -> Account:
        return Account(
            id=person.id,
            name=person.name,
            roles=person.roles,
            windows=person.windows,
            created_ms=self._book.now_ms(),
        )

    def _with_code(self, account: Account) -> tuple[Account, str]:
        code = codes.new_code()
        until_ms = self._book.now_ms() + CODE_HOURS * 3_600_000
        return replace(account, code=codes.digest(code), code_until_ms=until_ms, must_change=True), code


class Tokens:
    """Tokens of partners: ``bst_`` id and secret, hashed at rest, shown once."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def make(self, name: str, scopes: frozenset[Scope], actor: Actor, *, per_minute: int = 600) -> str:
        """A new token; returns it, shown once. Raises Refused."""
        name = name.strip()
        if not name or len(name) > 64 or not name.isprintable():
            raise Refused("bad_name", "对接单位名称为 1 至 64 个字")
        if not scopes:
            raise Refused("no_scopes", "至少选择一项权限")
        if not 1 <= per_minute <= 1_000_000:
            raise Refused("bad_limit", "每分钟次数须为正数")
        token_id, secret = secrets.token_hex(4), codes.new_key()
        token = Token(
            id=token_id,
            name=name,
            scopes=scopes,
            key=codes.digest(secret),
            created_ms=self._book.now_ms(),
            by=actor.by,
            per_minute=per_minute,
        )
        with self._book.change(actor, Act("token.made", token_id, None, token.told())) as change:
            change.put(token)
        return f"bst_{token_id}_{secret}"

    def revoke(self, token_id: str, actor: Actor) -> None:
        """It is refused from now on. Raises Refused."""
        token = self._book.tokens.get(token_id)
        if token is None:
            raise Refused("unknown_token", "没有这个令牌")
        if token.revoked_ms:
            return
        with self._book.change(actor, Act("token.revoked", token_id, token.told(), None)) as change:
            change.put(replace(token, revoked_ms=self._book.now_ms()))

    def find(self, text: str) -> Token | None:
        """The living token that this text is, or None; notes its use once a minute."""
        prefix, _, rest = text.partition("_")
        token_id, _, secret = rest.partition("_")
        if prefix == "bst" and token_id not in self._book.tokens:
            self._book.refresh()  # it may have been made at the console a moment ago
        token = self._book.tokens.get(token_id) if prefix == "bst" else None
        if token is None or token.revoked_ms or not codes.same(token.key, secret):
            return None
        now_ms = self._book.now_ms()
        if now_ms - token.used_ms >= 60_000:
            with self._book.change(Actor(f"token:{token.id}"), None) as change:
                if (token := self._book.tokens[token_id]).revoked_ms:
                    return None
                token = replace(token, used_ms=now_ms)
                change.put(token)
        return token
