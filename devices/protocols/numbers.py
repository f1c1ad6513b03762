"""PURE: which unified social credit codes (统一社会信用代码, GB 32100) can be."""

from __future__ import annotations

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015: without I, O, S, V, Z."""
_CREDIT_WEIGHTS = tuple(3**place % 31 for place in range(17))


def credit_check(first17: str) -> str:
    """The 18th character of a unified social credit code. Raises ValueError for foreign characters."""
    total = sum(
        _CREDIT_ALPHABET.index(each) * weight for each, weight in zip(first17, _CREDIT_WEIGHTS, strict=True)
    )
    return _CREDIT_ALPHABET[(31 - total % 31) % 31]


def is_credit_code(code: str) -> bool:
    """18 characters of the alphabet, the administrative region in digits, the check character right."""
    if len(code) != 18 or not set(code) <= set(_CREDIT_ALPHABET) or not code[2:8].isdecimal():
        return False
    return credit_check(code[:17]) == code[17]
