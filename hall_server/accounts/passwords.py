"""Passwords: argon2id with the parameters that OWASP recommends, and what a password must be."""

from __future__ import annotations

import argon2

LEAST_LENGTH = 10
MOST_LENGTH = 128
_COMMON = frozenset({"1234567890", "0123456789", "0987654321", "1qaz2wsx3edc", "qwertyuiop", "password123"})
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=argon2.Type.ID)
"""OWASP Password Storage Cheat Sheet: Argon2id, 19 MiB, 2 iterations, 1 lane."""


def hashed(password: str) -> str:
    """The encoded hash; takes tens of milliseconds."""
    return _HASHER.hash(password)


def matches(stored: str, password: str) -> bool:
    """Whether it is the password; takes tens of milliseconds."""
    try:
        return _HASHER.verify(stored, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Whether it was hashed with other parameters than today's and is to be hashed anew."""
    return _HASHER.check_needs_rehash(stored)


def weakness(password: str, *, account: str, name: str) -> str:
    """The sentence that forbids this password, or ''."""
    if len(password) < LEAST_LENGTH:
        return f"密码至少 {LEAST_LENGTH} 个字符"
    if len(password) > MOST_LENGTH:
        return f"密码最多 {MOST_LENGTH} 个字符"
    folded = password.casefold()
    if len(set(folded)) < 5 or folded in _COMMON:
        return "密码过于简单，请换一个"
    if account.casefold() in folded and len(account) * 2 >= len(password):
        return "密码不能由账号构成"
    if name and name in password:
        return "密码不能包含姓名"
    kinds = (str.isdigit, str.islower, str.isupper, lambda ch: not ch.isalnum(), lambda ch: ord(ch) > 127)
    if sum(any(kind(ch) for ch in password) for kind in kinds) < 2:
        return "密码须含字母、数字、符号中的至少两种"
    return ""
