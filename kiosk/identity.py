"""PURE: from an ID card to the little that may leave the kiosk: person key, masked name, age flag.

The number rules are GB 11643-1999 (18 digits, ISO 7064 MOD 11-2 check character; numbers of the first
generation have 15 digits and lack the century and the check character).
"""

from __future__ import annotations

import hashlib
import hmac

from contract.messages import Person
from devices.cards import CardKind, IdCard, SocialCard

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"


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


def is_valid(number: str) -> bool:
    """Whether a normalised number has the form of GB 11643: digits, a month and day, the right check."""
    if len(number) != 18 or not number.isascii() or not number[:17].isdigit():
        return False
    month, day = int(number[10:12]), int(number[12:14])
    return 1 <= month <= 12 and 1 <= day <= 31 and number[17] == check_character(number[:17])


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


def age_on(born: str, day: str) -> int | None:
    """Full years between two dates written YYYYMMDD or YYYY-MM-DD; None when either is not a date."""
    birth, today = born.replace("-", ""), day.replace("-", "")
    if not (len(birth) == len(today) == 8 and (birth + today).isascii() and (birth + today).isdigit()):
        return None
    return int(today[:4]) - int(birth[:4]) - (today[4:] < birth[4:])


def is_expired(card: IdCard, day: str) -> bool:
    """Whether the card's validity ended before ``day``; 长期 and unreadable dates never end."""
    until, today = card.valid_until, day.replace("-", "")
    return len(until) == len(today) == 8 and until.isdigit() and until < today


def of_social_card(card: SocialCard) -> IdCard:
    """What a 社保卡 says of its holder, as the same person's ID card says it.

    The 社会保障号码 of a resident is the citizen's number, so both cards give one person key; numbers that
    begin with 81, 82 or 83 are those of residence permits for 港澳台.
    """
    permit = card.number[:2] in ("81", "82", "83")
    return IdCard(
        card_kind=CardKind.HK_MACAO_TAIWAN if permit else CardKind.RESIDENT,
        name=card.name,
        number=card.number,
        sex=card.sex,
        nation=card.nation,
        born=card.born,
        address="",
        issuer="",
        valid_from=card.issued,
        valid_until=card.valid_until,
    )


def is_plausible(card: IdCard) -> bool:
    """Whether a reading can be right: a name and, where the layout follows GB 11643, a number that checks."""
    if not card.name.strip() and not card.latin_name.strip():
        return False
    if card.card_kind in (CardKind.FOREIGNER_2017, CardKind.FOREIGNER_2023):
        return len(normalise(card.number)) in (15, 18)
    return is_valid(normalise(card.number))


def person_of(card: IdCard, hall_key: bytes, *, elder_age: int, day: str) -> Person:
    """What goes on from this card: key, masked name, and ``age60`` (the hall's own age) when reached."""
    age = age_on(card.born, day)
    flags = (f"age{elder_age}",) if age is not None and age >= elder_age else ()
    name = card.name.strip() or card.latin_name
    return Person(
        key=person_key(hall_key, card.card_kind.value, card.number),
        masked_name=mask_name(name),
        flags=flags,
    )
