"""What two do at one moment: nothing that an administrator decided is undone by a person signing in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pyotp
import pytest

from hall_server.accounts import passwords
from hall_server.accounts.administration import Person
from hall_server.accounts.book import Actor, Refused
from hall_server.accounts.roles import EVERY_WINDOW, Role, Scope, Stage
from hall_server.accounts.signing import MOST_DEVICES, MOST_SESSIONS, Origin, SignedIn
from tests.hall_server.accounts.guessing import guess
from tests.hall_server.accounts.opened import ADMINISTRATOR, PASSWORD, Opened, opened

HERE = Origin("10.0.0.5")
NEW = "another 24 hours of tea"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Opened]:
    with opened(tmp_path) as made:
        made.put("anquan", Role.SECURITY)
        made.put("0101", Role.MANAGER)
        yield made


@contextmanager
def while_it_hashes(
    monkeypatch: pytest.MonkeyPatch, what: str, act: Callable[[], SignedIn]
) -> Iterator[Future[SignedIn]]:
    """``act`` stands in the middle of argon2 while the block runs."""
    begun, go_on = threading.Event(), threading.Event()
    real = getattr(passwords, what)

    def slow(*words: str) -> object:
        begun.set()
        assert go_on.wait(20)
        return real(*words)

    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(passwords, what, slow)
        acting = pool.submit(act)
        assert begun.wait(20)
        monkeypatch.setattr(passwords, what, real)
        try:
            yield acting
        finally:
            go_on.set()


def test_a_sign_in_does_not_enable_who_was_disabled_meanwhile(
    desk: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    signing, administration = desk.accounts.signing, desk.accounts.administration
    with while_it_hashes(monkeypatch, "matches", lambda: signing.sign_in("0101", PASSWORD, HERE)) as coming:
        administration.enable("0101", ADMINISTRATOR, enabled=False)
    assert isinstance(coming.exception(20), Refused)
    assert not desk.accounts.book.of("0101").enabled
    assert not desk.accounts.book.sessions_of("0101")


def test_a_sign_in_does_not_give_back_roles_taken_meanwhile(
    desk: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    signing, administration = desk.accounts.signing, desk.accounts.administration
    less = Person("0101", "张三", frozenset({Role.GUIDE}), (EVERY_WINDOW,))
    with while_it_hashes(monkeypatch, "matches", lambda: signing.sign_in("0101", PASSWORD, HERE)) as coming:
        administration.change(less, ADMINISTRATOR)
    signed = coming.result(20)
    found = signing.find(signed.secret)
    assert found is not None
    assert found[1].roles == desk.accounts.book.of("0101").roles == {Role.GUIDE}


def test_a_password_chosen_does_not_undo_a_reset_made_meanwhile(
    desk: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    signing = desk.accounts.signing
    session = signing.sign_in("0101", PASSWORD, HERE).session
    with while_it_hashes(
        monkeypatch, "hashed", lambda: signing.choose_password(session, PASSWORD, NEW, HERE)
    ) as choosing:
        code = desk.accounts.administration.reset("0101", ADMINISTRATOR)
    assert isinstance(choosing.exception(20), Refused)
    assert signing.sign_in("0101", code, HERE).session.stage is Stage.PASSWORD
    with pytest.raises(Refused):
        signing.sign_in("0101", NEW, HERE)


def test_a_reset_at_the_console_is_not_overwritten_by_a_running_hall(desk: Opened) -> None:
    console = Opened(desk.state)
    code = console.accounts.administration.reset("0101", Actor("console"))
    console.accounts.book.close()
    with pytest.raises(Refused):
        desk.accounts.signing.sign_in("0101", PASSWORD, HERE)
    assert desk.accounts.signing.sign_in("0101", code, HERE).session.stage is Stage.PASSWORD


def test_a_press_does_not_bring_an_ended_session_back(desk: Opened) -> None:
    signing = desk.accounts.signing
    signed = signing.sign_in("0101", PASSWORD, HERE)
    desk.later(minutes=2)
    seen = signing.find(signed.secret)
    assert seen is not None
    signing.sign_out(signed.session, HERE)
    signing.pressed(seen[0])
    with pytest.raises(Refused):
        signing.begin_enrolment(seen[0])
    assert signing.find(signed.secret) is None


def test_an_authenticator_code_is_good_once_in_two_sessions_at_one_moment(desk: Opened) -> None:
    signing = desk.accounts.signing
    secret = pyotp.random_base32()
    desk.put("xitong", Role.SYSTEM, totp=secret)
    sessions = [signing.sign_in("xitong", PASSWORD, HERE).session for _ in range(8)]
    desk.later(minutes=1)
    code = pyotp.TOTP(secret).at(desk.now_ms / 1000)

    def come(number: int) -> bool:
        try:
            signing.second(sessions[number], code, HERE)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(come, range(8))) == 1


def test_guesses_of_the_old_password_at_one_moment_are_counted(desk: Opened) -> None:
    signing = desk.accounts.signing
    session = signing.sign_in("0101", PASSWORD, HERE).session
    before = signing.evaluated

    def once(number: int) -> None:
        with pytest.raises(Refused):
            signing.choose_password(session, f"guess number {number}", NEW, HERE)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(once, range(64)))
    assert signing.evaluated - before == 5


def test_two_clerks_at_one_browser_both_come_in_while_somebody_guesses(desk: Opened) -> None:
    signing, known = desk.accounts.signing, ""
    for name in ("0101", "0102", "0101", "0102"):
        desk.put(name)
        device = signing.sign_in(name, PASSWORD, Origin("10.0.0.5", known)).device
        known = f"{device}.{known}" if device else known
    assert len(desk.accounts.book.devices) == 2, "the second time both are known"
    guess(desk, "one account, an address for each guess")
    for name in ("0101", "0102"):
        assert signing.sign_in(name, PASSWORD, Origin("10.0.0.5", known)).session.stage is Stage.FULL


def test_sessions_and_devices_of_one_account_do_not_grow_for_ever(
    desk: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "matches", lambda *_: True)
    signing, book = desk.accounts.signing, desk.accounts.book
    first = signing.sign_in("0101", PASSWORD, HERE)
    for _ in range(MOST_SESSIONS + 5):
        desk.now_ms += 1
        last = signing.sign_in("0101", PASSWORD, HERE)
    assert len(book.sessions_of("0101")) == MOST_SESSIONS
    assert len(book.devices) == MOST_DEVICES
    assert signing.find(first.secret) is None
    assert signing.find(last.secret) is not None


def test_a_token_revoked_meanwhile_stays_revoked(desk: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, book = desk.accounts.tokens, desk.accounts.book
    text = tokens.make("对接测试", frozenset({Scope.READ}), ADMINISTRATOR)
    token_id = text.split("_")[1]
    real = book.now_ms
    said: list[bool] = []

    def revoked_now() -> int:
        if not said:
            said.append(True)
            tokens.revoke(token_id, ADMINISTRATOR)
        return real()

    monkeypatch.setattr(book, "now_ms", revoked_now)
    assert tokens.find(text) is None
    assert book.tokens[token_id].revoked_ms
    assert tokens.find(text) is None
