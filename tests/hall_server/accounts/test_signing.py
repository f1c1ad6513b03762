"""Signing in: right and wrong, second factor, one-time codes, sessions that end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import argon2
import msgspec
import pyotp
import pytest

from hall_server.accounts import codes, passwords
from hall_server.accounts.administration import Person
from hall_server.accounts.audit import KIND_TEXT
from hall_server.accounts.book import Actor, Refused
from hall_server.accounts.roles import Role, Stage
from hall_server.accounts.signing import Origin, SignedIn
from tests.hall_server.accounts.opened import ADMINISTRATOR, PASSWORD, Opened, opened

HERE = Origin("10.0.0.5")
EVERY_LINE = {"words": "", "kind": "", "from_ms": 0, "to_ms": 2**62, "before": 2**62, "limit": 100}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Opened]:
    with opened(tmp_path) as made:
        yield made


def refused(code: str, act: object, *words: object) -> Refused:
    with pytest.raises(Refused) as error:
        act(*words)  # type: ignore[operator]
    assert error.value.code == code
    return error.value


def living(desk: Opened, signed: SignedIn) -> bool:
    return desk.accounts.signing.find(signed.secret) is not None


def test_the_right_password_opens_a_session(desk: Opened) -> None:
    desk.put("0101")
    signed = desk.accounts.signing.sign_in(" 0101 ", PASSWORD, HERE)
    found = desk.accounts.signing.find(signed.secret)
    assert found is not None
    assert (found[1].id, found[0].stage) == ("0101", Stage.FULL)
    assert signed.device
    assert signed.secret not in (desk.state / "accounts.db").read_bytes().decode("latin-1")


@pytest.mark.parametrize(("account", "password"), [("0101", "wrong password"), ("9999", PASSWORD), ("", "")])
def test_a_wrong_one_says_the_same_whatever_was_wrong(desk: Opened, account: str, password: str) -> None:
    desk.put("0101")
    error = refused("wrong_password", desk.accounts.signing.sign_in, account, password, HERE)
    assert error.sentence == "工号或密码不正确"


def test_a_disabled_account_does_not_sign_in(desk: Opened) -> None:
    desk.put("0101", enabled=False)
    refused("wrong_password", desk.accounts.signing.sign_in, "0101", PASSWORD, HERE)


def test_each_sign_in_has_a_session_of_its_own(desk: Opened) -> None:
    desk.put("0101")
    first = desk.accounts.signing.sign_in("0101", PASSWORD, HERE)
    second = desk.accounts.signing.sign_in("0101", PASSWORD, HERE)
    assert first.session.key != second.session.key
    desk.accounts.signing.sign_out(first.session, HERE)
    assert not living(desk, first)
    assert living(desk, second)


def test_an_administrator_enrols_then_needs_a_code_that_is_good_once(desk: Opened) -> None:
    desk.put("anquan", Role.SECURITY)
    signing = desk.accounts.signing
    first = signing.sign_in("anquan", PASSWORD, HERE)
    assert first.session.stage is Stage.ENROL
    secret = signing.begin_enrolment(first.session)
    session = desk.accounts.book.sessions[first.session.key]
    refused("wrong_code", signing.enrol, session, "000000", HERE)
    code = pyotp.TOTP(secret).at(desk.now_ms // 1000)
    full, recovery = signing.enrol(session, code, HERE)
    assert full.session.stage is Stage.FULL
    assert len(recovery) == 10
    assert not living(desk, first)
    again = signing.sign_in("anquan", PASSWORD, HERE)
    assert again.session.stage is Stage.SECOND
    refused("wrong_code", signing.second, again.session, code, HERE)
    desk.later(minutes=1)
    fresh = pyotp.TOTP(secret).at(desk.now_ms // 1000)
    session = desk.accounts.book.sessions[again.session.key]
    assert signing.second(session, fresh, HERE).session.stage is Stage.FULL


def test_another_authenticator_wants_the_present_password(desk: Opened) -> None:
    old = codes.new_totp_secret()
    desk.put("0101", totp=old)
    signing, book = desk.accounts.signing, desk.accounts.book
    session = signing.enter("0101", HERE).session
    secret = signing.begin_enrolment(session)
    session = book.sessions[session.key]
    code = pyotp.TOTP(secret).at(desk.now_ms // 1000)
    refused("wrong_password", signing.enrol, session, code, HERE)
    assert book.of("0101").totp == old
    for number in range(4):
        with pytest.raises(Refused):
            signing.enrol(session, code, HERE, password=f"guess number {number}")
    with pytest.raises(Refused) as error:
        signing.enrol(session, code, HERE, password=PASSWORD)
    assert error.value.code == "throttled", "as for a password change: five guesses are free"
    desk.later(minutes=2)
    code = pyotp.TOTP(secret).at(desk.now_ms // 1000)
    full, _ = signing.enrol(session, code, HERE, password=PASSWORD)
    assert (full.session.stage, book.of("0101").totp) == (Stage.FULL, secret)
    kinds = [line.kind for line in book.audit_lines(**EVERY_LINE)]
    assert kinds.count("authenticator.refused") == 5
    assert kinds[0] == "authenticator.replaced"
    assert set(kinds) <= KIND_TEXT.keys()


def test_a_recovery_code_is_good_once(desk: Opened) -> None:
    shown = codes.new_code()
    desk.put("xitong", Role.SYSTEM, totp=codes.new_totp_secret(), recovery=(codes.digest(shown),))
    signing = desk.accounts.signing
    first = signing.sign_in("xitong", PASSWORD, HERE)
    assert signing.second(first.session, shown.lower().replace("-", " "), HERE).session.stage is Stage.FULL
    second = signing.sign_in("xitong", PASSWORD, HERE)
    refused("wrong_code", signing.second, second.session, shown, HERE)


def test_five_wrong_codes_end_the_session(desk: Opened) -> None:
    desk.put("xitong", Role.SYSTEM, totp=codes.new_totp_secret())
    signing = desk.accounts.signing
    signed = signing.sign_in("xitong", PASSWORD, HERE)
    for _ in range(5):
        session = desk.accounts.book.sessions[signed.session.key]
        refused("wrong_code", signing.second, session, "123456", HERE)
    assert not living(desk, signed)


def test_codes_in_sessions_opened_beforehand_are_counted_together(desk: Opened) -> None:
    desk.put("xitong", Role.SYSTEM, totp=codes.new_totp_secret())
    signing = desk.accounts.signing
    sessions = [signing.sign_in("xitong", PASSWORD, HERE).session for _ in range(10)]
    told = []
    for session in sessions:
        for _ in range(4):
            now = desk.accounts.book.sessions[session.key]
            with pytest.raises(Refused) as error:
                signing.second(now, "123456", HERE)
            told.append(error.value.code)
    assert told.count("wrong_code") <= 6
    assert "throttled" in told


def test_a_one_time_code_leads_to_a_password_of_ones_own(desk: Opened) -> None:
    desk.put("anquan", Role.SECURITY)
    desk.put("0101")
    code = desk.accounts.administration.reset("0101", ADMINISTRATOR)
    signing = desk.accounts.signing
    refused("wrong_password", signing.sign_in, "0101", PASSWORD, HERE)
    signed = signing.sign_in("0101", code.lower(), HERE)
    assert signed.session.stage is Stage.PASSWORD
    for weak in ("short1", "1111111111", "aaaaaaaaaaab", "onlyletters", "张三的窗口密码2026"):
        refused("weak_password", signing.choose_password, signed.session, "", weak, HERE)
    full = signing.choose_password(signed.session, "", "river 3 bridges", HERE)
    assert full.session.stage is Stage.FULL
    assert not living(desk, signed)
    refused("wrong_password", signing.sign_in, "0101", code, HERE)
    assert signing.sign_in("0101", "river 3 bridges", HERE).session.stage is Stage.FULL


def test_a_one_time_code_ends_after_its_hours(desk: Opened) -> None:
    desk.put("0101")
    code = desk.accounts.administration.reset("0101", ADMINISTRATOR)
    desk.later(minutes=72 * 60 + 1)
    refused("wrong_password", desk.accounts.signing.sign_in, "0101", code, HERE)


def test_a_new_password_ends_every_other_session(desk: Opened) -> None:
    desk.put("0101")
    signing = desk.accounts.signing
    here, there = (signing.sign_in("0101", PASSWORD, HERE) for _ in range(2))
    refused("wrong_password", signing.choose_password, here.session, "not it at all", "river 3 bridges", HERE)
    refused("same_password", signing.choose_password, here.session, PASSWORD, PASSWORD, HERE)
    fresh = signing.choose_password(here.session, PASSWORD, "river 3 bridges", HERE)
    assert [living(desk, one) for one in (here, there, fresh)] == [False, False, True]


@pytest.mark.parametrize(
    ("role", "idle_minutes", "absolute_minutes"),
    [(Role.CLERK, 240, 720), (Role.MANAGER, 60, 720), (Role.SECURITY, 15, 240)],
)
def test_a_session_ends_when_idle_and_after_its_time(
    desk: Opened, role: Role, idle_minutes: int, absolute_minutes: int
) -> None:
    desk.put("0101", role)
    signing = desk.accounts.signing
    idle = signing.enter("0101", HERE)
    desk.later(minutes=idle_minutes - 0.5)
    assert living(desk, idle)
    desk.later(minutes=1)
    assert not living(desk, idle)
    busy = signing.enter("0101", HERE)
    for _ in range(absolute_minutes // 10):
        desk.later(minutes=10)
        found = signing.find(busy.secret)
        assert found is not None
        signing.pressed(found[0])
    desk.later(minutes=1)
    assert not living(desk, busy)


def test_what_is_over_is_swept_and_told(desk: Opened) -> None:
    told: list[frozenset[str]] = []
    desk.accounts.book.on_ended(told.append)
    desk.put("0101")
    signed = desk.accounts.signing.enter("0101", HERE)
    desk.later(minutes=241)
    desk.accounts.signing.sweep()
    assert told == [frozenset({signed.session.key})]
    assert not desk.accounts.book.sessions


def test_roles_and_rights_changed_sign_a_person_out(desk: Opened) -> None:
    desk.put("anquan", Role.SECURITY)
    account = desk.put("0101")
    signed = desk.accounts.signing.enter("0101", HERE)
    same = Person("0101", "李四", account.roles, account.windows)
    desk.accounts.administration.change(same, ADMINISTRATOR)
    assert living(desk, signed)
    desk.accounts.administration.change(
        Person("0101", "李四", frozenset({Role.GUIDE}), account.windows), ADMINISTRATOR
    )
    assert not living(desk, signed)


def test_an_old_hash_is_made_anew_at_the_next_sign_in(desk: Opened) -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    account = desk.put("0101")
    with desk.accounts.book.change(Actor("console"), None) as change:
        change.put(msgspec.structs.replace(account, password=weak))
    desk.accounts.signing.sign_in("0101", PASSWORD, HERE)
    stored = desk.accounts.book.of("0101").password
    assert stored != weak
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(stored, PASSWORD)


def test_sessions_and_devices_outlive_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as before:
        before.put("0101")
        signed = before.accounts.signing.sign_in("0101", PASSWORD, HERE)
    with opened(tmp_path) as after:
        assert living(after, signed)
        known = Origin("10.0.0.7", signed.device)
        assert after.accounts.signing.sign_in("0101", PASSWORD, known).device == ""
