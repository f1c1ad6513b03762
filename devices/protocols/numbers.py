"""PURE: which numbers on documents can be: citizen's number (GB 11643), credit code (GB 32100)."""

from __future__ import annotations

import re
from datetime import date

from contract.person import check_character

_CITIZEN = re.compile(r"[0-9]{17}[0-9X]")
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015: without I, O, S, V, Z."""
_CREDIT_WEIGHTS = tuple(3**place % 31 for place in range(17))


def is_citizen_number(number: str) -> bool:
    """18 characters, the birth date in it exists, the check character is right; X in upper case."""
    if not _CITIZEN.fullmatch(number) or check_character(number[:17]) != number[17]:
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
