"""PURE: check characters of the numbers on documents: citizen's number (GB 11643), credit code (GB 32100)."""

from __future__ import annotations

import re
from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_CITIZEN = re.compile(r"[0-9]{17}[0-9X]")
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015: without I, O, S, V, Z."""
_CREDIT_WEIGHTS = tuple(3**place % 31 for place in range(17))


def citizen_check(first17: str) -> str:
    """The 18th character for the first 17 digits (GB 11643, ISO 7064 MOD 11-2)."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True)) % 11]


def is_citizen_number(number: str) -> bool:
    """18 characters, the birth date in it exists, the check character is right; X in upper case."""
    if not _CITIZEN.fullmatch(number) or citizen_check(number[:17]) != number[17]:
        return False
    return born_of(number) is not None


def born_of(number: str) -> date | None:
    """The birth date inside a citizen's number, or None when it is no date."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


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
