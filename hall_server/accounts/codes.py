"""Secrets that are shown once (codes, tokens, session keys), and authenticators (TOTP)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata

import pyotp

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
RECOVERY_CODES = 10
TOTP_STEP_SECONDS = 30


def digest(secret: str) -> str:
    """What is kept of a random secret; long random ones need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same(stored: str, secret: str) -> bool:
    """Whether a secret is the one whose digest is stored; in constant time."""
    return bool(stored) and hmac.compare_digest(stored, digest(secret))


def new_code(groups: int = 3) -> str:
    """A code to be read out or typed: groups of four letters and digits that are not mistaken."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(groups))


def typed(code: str) -> str:
    """A code as it was meant: full-width, small letters, blanks and dashes make no difference."""
    flat = "".join(ch for ch in unicodedata.normalize("NFKC", code).upper() if ch.isalnum())
    return "-".join(flat[at : at + 4] for at in range(0, len(flat), 4))


def new_key() -> str:
    """256 random bits for an address or a cookie."""
    return secrets.token_urlsafe(32)


def csrf_of(session_key: str) -> str:
    """What every form of a session carries; known to our own pages only."""
    return hmac.new(session_key.encode(), b"csrf", hashlib.sha256).hexdigest()


def new_totp_secret() -> str:
    """For an authenticator, base32."""
    return pyotp.random_base32()


def totp_uri(secret: str, account: str, hall: str) -> str:
    """What the QR of an enrolment says."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=hall)


def totp_step(secret: str, code: str, wall_seconds: float, after: int) -> int:
    """The time step whose code this is, one step before and after allowed, 0 when it is none or was used:
    only steps after ``after`` count."""
    flat = unicodedata.normalize("NFKC", code).replace(" ", "")
    if len(flat) != 6 or not flat.isascii() or not flat.isdigit():
        return 0
    now = int(wall_seconds) // TOTP_STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in (now, now - 1, now + 1):
        if step > after and hmac.compare_digest(totp.generate_otp(step), flat):
            return step
    return 0
