"""Signing in and out: password or one-time code, second factor, known devices, sessions that are rotated."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import msgspec

from hall_server.accounts import codes, passwords
from hall_server.accounts.book import Act, Actor, Book, Change, Refused
from hall_server.accounts.records import Account, Device, Session
from hall_server.accounts.roles import MINUTE_MS, Stage, lasting, needs_second_factor
from hall_server.accounts.throttle import Throttle

WRONG_CODES = 5
SEEN_EVERY_MS = MINUTE_MS
TOLD_EVERY_MS = 5 * MINUTE_MS
HASHING_AT_ONCE = 2
_WRONG = "账号或密码不正确"
_DUMMY = passwords.hashed("nobody has this password")

replace = msgspec.structs.replace


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: network address and the secret of a known device ('' = none)."""

    address: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The secret for the cookie, the session, and a secret for a device that is known from now on ('' = none
    to be set)."""

    secret: str
    session: Session
    device: str = ""


class Signing:
    """Sessions of the accounts. Methods that compare passwords take tens of milliseconds: call them on a
    worker thread. ``wall`` is the real-time clock in seconds, for authenticators alone."""

    def __init__(self, book: Book, *, wall: Callable[[], float]) -> None:
        self._book = book
        self._wall = wall
        self._throttle = Throttle()
        self._hashing = threading.Semaphore(HASHING_AT_ONCE)
        self._guard = threading.RLock()
        self._refused = 0
        self._told_ms = -TOLD_EVERY_MS
        self.evaluated = 0

    # ------------------------------------------------------------ in

    def sign_in(self, account_id: str, password: str, origin: Origin) -> SignedIn:
        """Password or one-time code. Raises Refused (wrong, throttled)."""
        book, account_id = self._book, account_id.strip()
        account = book.accounts.get(account_id)
        if account is not None and account.enabled and self._is_code(account, password):
            return self._begin(account, Stage.PASSWORD, origin)
        device = self._known_device(account_id, origin.device)
        with self._guard:
            now_ms = book.now_ms()
            subject = {"account": account_id, "address": origin.address, "device": device}
            wait_ms = self._throttle.wait_ms(**subject, now_ms=now_ms)
            if wait_ms > 0:
                self._throttled(account_id, origin, wait_ms, now_ms)
            self._throttle.wrong(**subject, now_ms=now_ms)  # until it is known to be right
            self.evaluated += 1
        right = self._compare(account, password)
        if account is None or not right or not account.enabled:
            kind = Act("sign-in.refused", account_id[:64])
            book.note(Actor("", origin.address), kind)
            raise Refused("wrong_password", _WRONG)
        with self._guard:
            self._throttle.took_back(**subject, now_ms=now_ms)
            self._throttle.right(account=account_id, device=device)
        if passwords.outdated(account.password):
            account = self._hashed_anew(account, password)
        return self._begin(account, _stage_behind_password(account), origin, remember=True)

    def second(self, session: Session, code: str, origin: Origin) -> SignedIn:
        """The authenticator's code or a recovery code. Raises Refused; five wrong ones end the session."""
        book = self._book
        with self._guard:
            account, now_ms = book.of(session.account), book.now_ms()
            subject = {"account": account.id, "address": origin.address, "device": session.device}
            if (wait_ms := self._throttle.wait_ms(**subject, now_ms=now_ms)) > 0:
                self._throttled(account.id, origin, wait_ms, now_ms)
            step = codes.totp_step(account.totp, code, self._wall(), account.totp_step) if account.totp else 0
            if step:
                return self._advance(session, replace(account, totp_step=step), origin, None)
            used = codes.digest(codes.typed(code))
            if used in account.recovery:
                left = tuple(one for one in account.recovery if one != used)
                act = Act("recovery.used", account.id, None, {"left": len(left)})
                return self._advance(session, replace(account, recovery=left), origin, act)
            raise self._wrong_code(session, origin)

    def enter(self, account_id: str, origin: Origin) -> SignedIn:
        """Open the session of a sample account without a password; only the sample hall calls this."""
        return self._begin(self._book.of(account_id), Stage.FULL, origin, sample=True)

    # ------------------------------------------------------------ during

    def find(self, secret: str) -> tuple[Session, Account] | None:
        """The living session of a cookie with its account, or None. Quick."""
        session = self._book.sessions.get(codes.digest(secret)) if secret else None
        account = self._book.accounts.get(session.account) if session else None
        if session is None or account is None or not account.enabled or self._over(session, account):
            return None
        return session, account

    def pressed(self, session: Session) -> None:
        """The person did something: the idle time begins anew (written at most once a minute)."""
        now_ms = self._book.now_ms()
        if now_ms - session.seen_ms >= SEEN_EVERY_MS and session.key in self._book.sessions:
            with self._book.change(Actor(session.account), None) as change:
                change.put(replace(session, seen_ms=now_ms))

    def sweep(self) -> None:
        """End what is over; call now and then."""
        book = self._book
        book.refresh()
        over = [
            session
            for session in list(book.sessions.values())
            if (account := book.accounts.get(session.account)) is None or self._over(session, account)
        ]
        for session in over:
            act = Act("session.ended", session.account) if session.stage is Stage.FULL else None
            with book.change(Actor(session.account), act) as change:
                change.end([session])

    def choose_password(self, session: Session, old: str, new: str, origin: Origin) -> SignedIn:
        """A new password; all other sessions end. ``old`` is asked unless a code was used. Raises Refused."""
        book = self._book
        account = book.of(session.account)
        if session.stage is Stage.FULL:
            self._require_old(account, old, origin)
        if why := passwords.weakness(new, account=account.id, name=account.name):
            raise Refused("weak_password", why)
        if account.password and passwords.matches(account.password, new):
            raise Refused("same_password", "新密码不能与原密码相同")
        with self._hashing:
            stored = passwords.hashed(new)
        fresh = replace(account, password=stored, must_change=False, code="", code_until_ms=0)
        stage = Stage.FULL if session.stage is Stage.FULL else _stage_behind_password(fresh)
        signed = self._made(fresh, stage, origin, device=session.device)
        with book.change(Actor(account.id, origin.address), Act("password.chosen", account.id)) as change:
            change.put(fresh)
            change.end(book.sessions_of(account.id))
            change.forget(device for device in book.devices.values() if device.account == account.id)
            change.put(signed.session)
        self._throttle.forgive(account.id)
        return signed

    def begin_enrolment(self, session: Session) -> str:
        """The secret for a new authenticator; it counts once a code of it was given."""
        if session.enrolling:
            return session.enrolling
        secret = codes.new_totp_secret()
        with self._book.change(Actor(session.account), None) as change:
            change.put(replace(session, enrolling=secret))
        return secret

    def enrol(self, session: Session, code: str, origin: Origin) -> tuple[SignedIn, tuple[str, ...]]:
        """Prove the authenticator; returns the session and recovery codes, shown once. Raises Refused."""
        book = self._book
        account = book.of(session.account)
        step = codes.totp_step(session.enrolling, code, self._wall(), 0) if session.enrolling else 0
        if not step:
            raise Refused("wrong_code", "验证码不正确：请核对手机时间，输入当前显示的 6 位数字")
        shown = tuple(codes.new_code() for _ in range(codes.RECOVERY_CODES))
        fresh = replace(
            account,
            totp=session.enrolling,
            totp_step=step,
            recovery=tuple(codes.digest(one) for one in shown),
        )
        act = Act("authenticator.enrolled", account.id, account.told(), fresh.told())
        return self._advance(session, fresh, origin, act), shown

    def new_recovery(self, session: Session, origin: Origin) -> tuple[str, ...]:
        """Ten new recovery codes in place of the old, shown once."""
        account = self._book.of(session.account)
        shown = tuple(codes.new_code() for _ in range(codes.RECOVERY_CODES))
        with self._book.change(Actor(account.id, origin.address), Act("recovery.made", account.id)) as change:
            change.put(replace(account, recovery=tuple(codes.digest(one) for one in shown)))
        return shown

    def forget_devices(self, session: Session, origin: Origin) -> None:
        """No browser is a known device of this account any more; all other sessions end."""
        book = self._book
        with book.change(
            Actor(session.account, origin.address), Act("devices.forgotten", session.account)
        ) as change:
            change.forget(device for device in book.devices.values() if device.account == session.account)
            change.end(one for one in book.sessions_of(session.account) if one.key != session.key)

    # ------------------------------------------------------------ out

    def sign_out(self, session: Session, origin: Origin) -> None:
        """End this session."""
        with self._book.change(
            Actor(session.account, origin.address), Act("sign-out", session.account)
        ) as change:
            change.end([session])

    # ------------------------------------------------------------ parts

    def _compare(self, account: Account | None, password: str) -> bool:
        """As long for an account that does not exist as for one that does."""
        stored = account.password if account is not None and account.password else _DUMMY
        with self._hashing:
            right = passwords.matches(stored, password[: passwords.MOST_LENGTH + 1])
        return right and stored is not _DUMMY

    def _is_code(self, account: Account, typed: str) -> bool:
        """A one-time code has 58 random bits: guessing it is hopeless without a throttle, so whoever guesses
        passwords cannot keep its owner out."""
        alive = account.code_until_ms > self._book.now_ms()
        return alive and codes.same(account.code, codes.typed(typed))

    def _known_device(self, account: str, secret: str) -> str:
        device = self._book.devices.get(codes.digest(secret)) if secret else None
        return device.key if device is not None and device.account == account else ""

    def _hashed_anew(self, account: Account, password: str) -> Account:
        with self._hashing:
            fresh = replace(account, password=passwords.hashed(password))
        with self._book.change(Actor(account.id), None) as change:
            change.put(fresh)
        return fresh

    def _begin(
        self,
        account: Account,
        stage: Stage,
        origin: Origin,
        *,
        remember: bool = False,
        sample: bool = False,
    ) -> SignedIn:
        now_ms = self._book.now_ms()
        device = self._known_device(account.id, origin.device)
        fresh = replace(account, signed_in_ms=now_ms)
        signed = self._made(fresh, stage, origin, device=device, sample=sample)
        with self._book.change(
            Actor(account.id, origin.address), Act("sign-in", account.id, None, {"stage": stage})
        ) as change:
            change.put(fresh)
            if remember and not device and stage is Stage.FULL:
                signed = self._remembered(change, signed)
            change.put(signed.session)
        return signed

    def _advance(self, session: Session, account: Account, origin: Origin, act: Act | None) -> SignedIn:
        """The session goes on under a new key, complete."""
        signed = self._made(account, Stage.FULL, origin, device=session.device, sample=session.sample)
        act = act or Act("sign-in", account.id, None, {"stage": Stage.FULL})
        with self._book.change(Actor(account.id, origin.address), act) as change:
            change.put(account)
            change.end([session])
            if not session.device:
                signed = self._remembered(change, signed)
            change.put(signed.session)
        return signed

    def _made(
        self, account: Account, stage: Stage, origin: Origin, *, device: str, sample: bool = False
    ) -> SignedIn:
        secret, now_ms = codes.new_key(), self._book.now_ms()
        session = Session(
            key=codes.digest(secret),
            account=account.id,
            stage=stage,
            created_ms=now_ms,
            seen_ms=now_ms,
            address=origin.address,
            device=device,
            sample=sample,
        )
        return SignedIn(secret, session)

    def _remembered(self, change: Change, signed: SignedIn) -> SignedIn:
        secret = codes.new_key()
        device = Device(
            key=codes.digest(secret), account=signed.session.account, created_ms=signed.session.created_ms
        )
        change.put(device)
        return SignedIn(signed.secret, replace(signed.session, device=device.key), secret)

    def _require_old(self, account: Account, old: str, origin: Origin) -> None:
        with self._guard:
            now_ms = self._book.now_ms()
            subject = {"account": account.id, "address": origin.address, "device": ""}
            if (wait_ms := self._throttle.wait_ms(**subject, now_ms=now_ms)) > 0:
                self._throttled(account.id, origin, wait_ms, now_ms)
            self.evaluated += 1
        if not self._compare(account, old):
            self._throttle.wrong(**subject, now_ms=now_ms)
            raise Refused("wrong_password", "原密码不正确")

    def _wrong_code(self, session: Session, origin: Origin) -> Refused:
        book = self._book
        now = replace(session, wrong_codes=session.wrong_codes + 1)
        act = Act("sign-in.refused", session.account, None, {"stage": Stage.SECOND})
        with book.change(Actor("", origin.address), act) as change:
            if now.wrong_codes >= WRONG_CODES:
                change.end([session])
            else:
                change.put(now)
        subject = {"account": session.account, "address": origin.address, "device": session.device}
        self._throttle.wrong(**subject, now_ms=book.now_ms())
        return Refused("wrong_code", "验证码不正确，请输入当前显示的 6 位数字或一个恢复码")

    def _throttled(self, account: str, origin: Origin, wait_ms: int, now_ms: int) -> NoReturn:
        """Say how long; the audit log hears once in a while how many it were, not ten thousand times."""
        self._refused += 1
        if now_ms - self._told_ms >= TOLD_EVERY_MS:
            count, self._refused, self._told_ms = self._refused, 0, now_ms
            act = Act("sign-in.throttled", account[:64], None, {"count": count})
            self._book.note(Actor("", origin.address), act)
        minutes = -(-wait_ms // MINUTE_MS)
        sentence = f"尝试次数过多，请约 {minutes} 分钟后再试，或请安全管理员重置"
        raise Refused("throttled", sentence, wait_ms)

    def _over(self, session: Session, account: Account) -> bool:
        limits, now_ms = lasting(account.roles, session.stage), self._book.now_ms()
        return now_ms - session.seen_ms > limits.idle_ms or now_ms - session.created_ms > limits.absolute_ms


def _stage_behind_password(account: Account) -> Stage:
    if account.must_change:
        return Stage.PASSWORD
    if account.totp:
        return Stage.SECOND
    return Stage.ENROL if needs_second_factor(account.roles) else Stage.FULL
