"""The accounts of one hall as one thing: opened beside the journal, used by pages, API and console."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path

from hall_server.accounts import codes
from hall_server.accounts.administration import Administration, Person, Tokens
from hall_server.accounts.book import Actor, Book, Refused
from hall_server.accounts.signing import Origin, SignedIn, Signing

SETUP_FILE = "setup-code"
ENTER_FILE = "sample-entry"
SETUP_TRIES = 20


class Accounts:
    """``open`` reads the file; a hall without accounts gets a one-time set-up code, the sample hall its
    sample accounts and a one-time link. ``sample`` must be True only where loopback alone is served."""

    def __init__(
        self,
        state: Path,
        *,
        key: bytes,
        now_ms: Callable[[], int],
        wall: Callable[[], float] = time.time,
        sample: bool = False,
    ) -> None:
        self._state = state
        self.sample = sample
        self.book = Book(state, key=key, now_ms=now_ms)
        self.signing = Signing(self.book, wall=wall)
        self.administration = Administration(self.book)
        self.tokens = Tokens(self.book)
        self._setup_code = ""
        self._setup_tries = 0
        self._entry = ""
        self._settled: list[Callable[[], None]] = []

    def open(self) -> None:
        """Raises AccountsBroken, apsw.Error, OSError."""
        self.book.open()
        if self.sample:
            self.administration.sample()
            self._new_entry()
        elif not self.book.any_administrator:
            self._setup_code = codes.new_code(4)
            self._write(SETUP_FILE, self._setup_code)

    def close(self) -> None:
        """What was one-time ends."""
        for name in (SETUP_FILE, ENTER_FILE):
            (self._state / name).unlink(missing_ok=True)
        self.book.close()

    @property
    def ready(self) -> bool:
        """Whether there are accounts that can sign in: only then are pages served to the LAN."""
        return self.book.any_administrator and not self.sample

    @property
    def setup_code(self) -> str:
        """The one-time set-up code, '' when the hall has accounts."""
        return self._setup_code

    @property
    def setup_file(self) -> Path:
        """Where it stands (0600)."""
        return self._state / SETUP_FILE

    def named(self, sender: str) -> str:
        """Who sent a command (``account:m1``), by name; as it came for one who has no account."""
        account = self.book.accounts.get(sender.rpartition(":")[2])
        return account.name if account is not None else sender

    def on_ready(self, listener: Callable[[], None]) -> None:
        """Call once when the set-up is done."""
        self._settled.append(listener)

    # ------------------------------------------------------------ the first start

    def set_up(
        self, code: str, security: Person, password: str, others: list[Person], actor: Actor
    ) -> dict[str, str]:
        """Make the three administrators with the one-time code. Raises Refused."""
        if not self._setup_code:
            raise Refused("set_up_already", "大厅已完成初始设置")
        self._setup_tries += 1
        if self._setup_tries > SETUP_TRIES:
            raise Refused("setup_closed", "设置码输错次数过多，请重新启动大厅服务以取得新的设置码")
        if not codes.same(codes.digest(self._setup_code), codes.typed(code)):
            raise Refused("wrong_code", "设置码不正确，请核对控制台上显示的设置码")
        self._setup_tries -= 1
        made = self.administration.set_up(security, password, others, actor)
        self._setup_code = ""
        self.setup_file.unlink(missing_ok=True)
        for listener in self._settled:
            listener()
        return made

    # ------------------------------------------------------------ the sample hall

    @property
    def entry(self) -> str:
        """The code of the one-time link of the sample hall, '' elsewhere."""
        return self._entry

    def enter(self, code: str, account: str, origin: Origin) -> SignedIn:
        """Use the one-time link of the sample hall; the next one is written at once. Raises Refused."""
        if not self.sample or not codes.same(codes.digest(self._entry), code):
            raise Refused("wrong_link", "这个链接已用过或不是本次启动的；运行 ./banshi status 可取得新的链接")
        signed = self.signing.enter(account, origin)
        self._new_entry()
        return signed

    def _new_entry(self) -> None:
        self._entry = secrets.token_urlsafe(24)
        self._write(ENTER_FILE, self._entry)

    def _write(self, name: str, text: str) -> None:
        path = self._state / name
        part = path.with_suffix(".new")
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        part.write_text(text + "\n", encoding="ascii")
        part.replace(path)
