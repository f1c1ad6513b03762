"""Signing in and out: password or one-time code, second factor, known devices, sessions that are rotated."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeVar

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
MOST_SESSIONS = 100
MOST_DEVICES = 50
PEOPLE_AT_A_BROWSER = 8
_WRONG = "工号或密码不正确"
_ENDED = "账户刚被修改或登录已结束，请重新登录"
_DUMMY = passwords.hashed("nobody has this password")

replace = msgspec.structs.replace
T = TypeVar("T", Session, Device)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: network address and the secrets of a known device ('' = none), one for each
    person who signs in there, the last one first, divided by points."""

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
            return self._begin(account, origin, Stage.PASSWORD)
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
        return self._begin(account, origin, remember=True)

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
                return self._advance(session, origin, lambda now: _stepped(now, account, step), None)
            used = codes.digest(codes.typed(code))
            if used in account.recovery:
                act = Act("recovery.used", account.id, None, {"left": len(account.recovery) - 1})
                return self._advance(session, origin, lambda now: _without(now, used), act)
            raise self._wrong_code(session, origin)

    def enter(self, account_id: str, origin: Origin) -> SignedIn:
        """Open the session of a sample account without a password; only the sample hall calls this."""
        return self._begin(self._book.of(account_id), origin, Stage.FULL, sample=True)

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
        if now_ms - session.seen_ms >= SEEN_EVERY_MS:
            with self._book.change(Actor(session.account), None) as change:
                if (living := self._book.sessions.get(session.key)) is not None:
                    change.put(replace(living, seen_ms=now_ms))

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
        with book.change(Actor(account.id, origin.address), Act("password.chosen", account.id)) as change:
            now = _unchanged(self._alive(session), account)
            fresh = replace(now, password=stored, must_change=False, code="", code_until_ms=0)
            stage = Stage.FULL if session.stage is Stage.FULL else _stage_behind_password(fresh)
            signed = self._made(fresh, stage, origin, device=session.device)
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
            self._alive(session)
            change.put(replace(session, enrolling=secret))
        return secret

    def enrol(
        self, session: Session, code: str, origin: Origin, *, password: str = ""
    ) -> tuple[SignedIn, tuple[str, ...]]:
        """Prove the authenticator; returns the session and recovery codes, shown once. A complete session is
        asked for the present ``password``, else a computer left open would hand the second factor to
        whoever comes by. Raises Refused."""
        account = self._book.of(session.account)
        if session.stage is Stage.FULL:
            self._require_present(account, password, origin, "authenticator.refused")
        step = codes.totp_step(session.enrolling, code, self._wall(), 0) if session.enrolling else 0
        if not step:
            raise Refused("wrong_code", "验证码不正确：请核对手机时间，输入当前显示的 6 位数字")
        shown = tuple(codes.new_code() for _ in range(codes.RECOVERY_CODES))

        def enrolled(now: Account) -> Account:
            kept = tuple(codes.digest(one) for one in shown)
            return replace(_unchanged(now, account), totp=session.enrolling, totp_step=step, recovery=kept)

        kind = "authenticator.replaced" if account.totp else "authenticator.enrolled"
        act = Act(kind, account.id, account.told(), enrolled(account).told())
        return self._advance(session, origin, enrolled, act), shown

    def new_recovery(self, session: Session, origin: Origin, *, password: str) -> tuple[str, ...]:
        """Ten new recovery codes in place of the old, shown once, to who knows the present ``password``: each
        stands for the authenticator. Raises Refused."""
        account = self._book.of(session.account)
        self._require_present(account, password, origin, "recovery.refused")
        shown = tuple(codes.new_code() for _ in range(codes.RECOVERY_CODES))
        with self._book.change(Actor(account.id, origin.address), Act("recovery.made", account.id)) as change:
            now = _unchanged(self._alive(session), account)
            change.put(replace(now, recovery=tuple(codes.digest(one) for one in shown)))
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

    def _known_device(self, account: str, secrets: str) -> str:
        for secret in filter(None, secrets.split(".")[:PEOPLE_AT_A_BROWSER]):
            device = self._book.devices.get(codes.digest(secret))
            if device is not None and device.account == account:
                return device.key
        return ""

    def _alive(self, session: Session) -> Account:
        """The account as it is now, inside a change: nothing is done any more for a session that has ended
        meanwhile. Raises Refused."""
        account = self._book.accounts.get(session.account)
        if account is None or not account.enabled or session.key not in self._book.sessions:
            raise Refused("ended", _ENDED)
        return account

    def _hashed_anew(self, account: Account, password: str) -> Account:
        with self._hashing:
            stored = passwords.hashed(password)
        with self._book.change(Actor(account.id), None) as change:
            fresh = replace(_unchanged(self._book.of(account.id), account), password=stored)
            change.put(fresh)
        return fresh

    def _begin(
        self,
        account: Account,
        origin: Origin,
        stage: Stage | None = None,
        *,
        remember: bool = False,
        sample: bool = False,
    ) -> SignedIn:
        """``stage`` None: the one behind the password. Raises Refused when the account was changed."""
        book = self._book
        with book.still():
            now = _unchanged(book.of(account.id), account)
            stage = stage or _stage_behind_password(now)
            device = self._known_device(now.id, origin.device)
            signed = self._made(now, stage, origin, device=device, sample=sample)
            act = Act("sign-in", now.id, None, {"stage": stage})
            with book.change(Actor(now.id, origin.address), act) as change:
                change.put(replace(now, signed_in_ms=book.now_ms()))
                if remember and not device and stage is Stage.FULL:
                    signed = self._remembered(change, signed)
                change.end(_oldest(book.sessions_of(now.id), MOST_SESSIONS - 1))
                change.put(signed.session)
        return signed

    def _advance(
        self, session: Session, origin: Origin, become: Callable[[Account], Account], act: Act | None
    ) -> SignedIn:
        """The session goes on under a new key, complete; ``become`` makes the account of what it is now."""
        name = session.account
        act = act or Act("sign-in", name, None, {"stage": Stage.FULL})
        with self._book.change(Actor(name, origin.address), act) as change:
            account = become(self._alive(session))
            signed = self._made(account, Stage.FULL, origin, device=session.device, sample=session.sample)
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
        secret, name = codes.new_key(), signed.session.account
        device = Device(key=codes.digest(secret), account=name, created_ms=signed.session.created_ms)
        known = [one for one in self._book.devices.values() if one.account == name]
        change.forget(_oldest(known, MOST_DEVICES - 1))
        change.put(device)
        return SignedIn(signed.secret, replace(signed.session, device=device.key), secret)

    def _require_present(self, account: Account, password: str, origin: Origin, kind: str) -> None:
        """As for another password, and whoever does not know it stands in the audit log, as this ``kind``."""
        try:
            self._require_old(account, password, origin)
        except Refused as refused:
            if refused.code != "wrong_password":
                raise
            self._book.note(Actor(account.id, origin.address), Act(kind, account.id))
            raise Refused(refused.code, "密码不正确，动态口令和恢复码没有改动") from refused

    def _require_old(self, account: Account, old: str, origin: Origin) -> None:
        with self._guard:
            now_ms = self._book.now_ms()
            device = self._known_device(account.id, origin.device)
            subject = {"account": account.id, "address": origin.address, "device": device}
            if (wait_ms := self._throttle.wait_ms(**subject, now_ms=now_ms)) > 0:
                self._throttled(account.id, origin, wait_ms, now_ms)
            self._throttle.wrong(**subject, now_ms=now_ms)  # until it is known to be right
            self.evaluated += 1
        if not self._compare(account, old):
            raise Refused("wrong_password", "原密码不正确")
        with self._guard:
            self._throttle.took_back(**subject, now_ms=now_ms)

    def _wrong_code(self, session: Session, origin: Origin) -> Refused:
        book = self._book
        act = Act("sign-in.refused", session.account, None, {"stage": Stage.SECOND})
        with book.change(Actor("", origin.address), act) as change:
            known = book.sessions.get(session.key)
            if known is not None and known.wrong_codes + 1 < WRONG_CODES:
                change.put(replace(known, wrong_codes=known.wrong_codes + 1))
            elif known is not None:
                change.end([known])
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


def _unchanged(now: Account, then: Account) -> Account:
    """``now``, when nothing that lets a person in was changed since ``then``. Raises Refused."""
    if not now.enabled or (now.password, now.code, now.totp) != (then.password, then.code, then.totp):
        raise Refused("ended", _ENDED)
    return now


def _stepped(now: Account, then: Account, step: int) -> Account:
    """With this step of the authenticator used. Raises Refused."""
    return replace(_unchanged(now, then), totp_step=max(step, now.totp_step))


def _without(now: Account, used: str) -> Account:
    """With one recovery code less. Raises Refused when it is used by now."""
    if used not in now.recovery:
        raise Refused("ended", _ENDED)
    return replace(now, recovery=tuple(one for one in now.recovery if one != used))


def _oldest(found: Sequence[T], keep: int) -> list[T]:
    """What is too many of them."""
    return sorted(found, key=lambda one: one.created_ms)[: max(0, len(found) - keep)]


def _stage_behind_password(account: Account) -> Stage:
    if account.must_change:
        return Stage.PASSWORD
    if account.totp:
        return Stage.SECOND
    return Stage.ENROL if needs_second_factor(account.roles) else Stage.FULL
