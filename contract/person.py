"""PURE: what of a citizen's document may go on: the key that stands for the person, and masked words.

The number rules are GB 11643-1999 (18 digits, ISO 7064 MOD 11-2 check character; numbers of the first
generation have 15 digits and lack the century and the check character).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import date

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
RESIDENT = "resident"
"""The kind of document of a 居民身份证, as keys are made of it (devices.cards.CardKind)."""

_CITIZEN = re.compile(r"[0-9]{17}[0-9X]")


def check_character(first17: str) -> str:
    """The 18th character that belongs to 17 digits."""
    total = sum(int(digit) * weight for digit, weight in zip(first17, WEIGHTS, strict=True))
    return CHECK_CHARACTERS[total % 11]


def normalise(number: str) -> str:
    """One spelling per person: no blanks, upper-case X, 15 digits of the first generation as 18."""
    plain = "".join(number.split()).upper()
    if len(plain) == 15 and plain.isascii() and plain.isdigit():
        first17 = f"{plain[:6]}19{plain[6:]}"
        return first17 + check_character(first17)
    return plain


def is_citizen_number(number: str, *, today: date | None = None) -> bool:
    """Whether a normalised number can be somebody's: 18 characters, a birth date that exists and is not after
    ``today`` (None: not asked), the right check character."""
    if not _CITIZEN.fullmatch(number) or number[17] != check_character(number[:17]):
        return False
    born = born_of(number)
    return born is not None and (today is None or born <= today)


def born_of(number: str) -> date | None:
    """The birth date inside a normalised number, or None when it is no date of the calendar."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def mask_number(number: str) -> str:
    """110101********1234; anything too short to be a document number shows nothing at all."""
    return f"{number[:6]}********{number[-4:]}" if len(number) >= 15 else "********"


def mask_name(name: str) -> str:
    """张*: the first character and one star, however long the name is."""
    plain = name.strip()
    return f"{plain[0]}*" if plain else "*"


def person_key(hall_key: bytes, kind: str, number: str) -> str:
    """HMAC-SHA256 in hex of document kind and normalised number; without the hall's key it says nothing."""
    words = f"{kind}:{normalise(number)}".encode()
    return hmac.new(hall_key, words, hashlib.sha256).hexdigest()


def kiosk_key(hall_key: bytes) -> bytes:
    """The key that hides persons, derived from the hall's; kiosks get this one and not the other."""
    return hmac.new(hall_key, b"person", hashlib.sha256).hexdigest().encode()
