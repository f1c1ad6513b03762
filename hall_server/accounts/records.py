"""What is kept of accounts, sessions, devices and tokens, and a line of the audit log."""

from __future__ import annotations

import hashlib

import msgspec

from hall_server.accounts.roles import Role, Scope, Stage

GENESIS = hashlib.sha256(b"banshi audit 1").hexdigest()


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """``id`` is the staff number (工号) with which one signs in; ``windows`` are window rights, ``*`` = all.
    ``password`` is an argon2id hash, '' before one was chosen; ``code`` the digest of a one-time code."""

    id: str
    name: str
    roles: frozenset[Role]
    windows: tuple[str, ...] = ()
    enabled: bool = True
    password: str = ""
    must_change: bool = False
    code: str = ""
    code_until_ms: int = 0
    totp: str = ""
    totp_step: int = 0
    recovery: tuple[str, ...] = ()
    created_ms: int = 0
    signed_in_ms: int = 0

    def told(self) -> dict[str, object]:
        """What the audit log and pages may show: no secret, nor the digest of one."""
        return {
            "name": self.name,
            "roles": sorted(self.roles),
            "windows": list(self.windows),
            "enabled": self.enabled,
            "authenticator": bool(self.totp),
        }


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """``key`` is the digest of the cookie; ``device`` the digest of the known device, or ''.
    ``sample`` marks one that was opened by the link of the sample hall."""

    key: str
    account: str
    stage: Stage
    created_ms: int
    seen_ms: int
    address: str = ""
    device: str = ""
    sample: bool = False
    enrolling: str = ""
    wrong_codes: int = 0


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that has signed in to ``account`` before; ``key`` is the digest of its secret."""

    key: str
    account: str
    created_ms: int


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A partner's token; ``key`` is the digest of its secret; ``per_minute`` its limit of requests."""

    id: str
    name: str
    scopes: frozenset[Scope]
    key: str
    created_ms: int
    by: str
    per_minute: int = 600
    used_ms: int = 0
    revoked_ms: int = 0

    def told(self) -> dict[str, object]:
        """What the audit log may show."""
        return {"name": self.name, "scopes": sorted(self.scopes), "per_minute": self.per_minute}


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """One act: hall time, who, from where, what kind, on whom, and how it was before and after."""

    seq: int
    at_ms: int
    by: str
    address: str
    kind: str
    subject: str
    before: str
    after: str
    hash: str = ""

    def chained(self, head: str) -> str:
        """Its hash behind the line whose hash is ``head``."""
        parts = (
            self.seq,
            self.at_ms,
            self.by,
            self.address,
            self.kind,
            self.subject,
            self.before,
            self.after,
        )
        return hashlib.sha256(head.encode() + msgspec.json.encode(parts)).hexdigest()
