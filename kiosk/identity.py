"""PURE: from an ID card to the little that may leave the kiosk: person key, masked name, age flag."""

from __future__ import annotations

from datetime import date

from contract.messages import Person
from contract.person import is_citizen_number, mask_name, normalise, person_key
from devices.cards import CardKind, IdCard, SocialCard


def calendar_day(text: str) -> date | None:
    """The date written YYYYMMDD or YYYY-MM-DD, as cards and business days bear it; None when it is no date.

    The letter of a second business day on one date (``20261121b``) is left off.
    """
    try:
        return date.fromisoformat(text.replace("-", "")[:8])
    except ValueError:
        return None


def age_on(born: str, day: str) -> int | None:
    """Full years between two dates (see ``calendar_day``); None when either is not a date."""
    birth, today = calendar_day(born), calendar_day(day)
    if birth is None or today is None:
        return None
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def is_expired(card: IdCard, day: str) -> bool:
    """Whether the card's validity ended before ``day``; 长期 and unreadable dates never end."""
    until, today = calendar_day(card.valid_until), calendar_day(day)
    return until is not None and today is not None and until < today


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


def is_plausible(card: IdCard, day: str = "") -> bool:
    """Whether a reading can be right: a name and, where the layout follows GB 11643, a number that checks, of
    somebody born by ``day`` ('' when it is not known)."""
    if not card.name.strip() and not card.latin_name.strip():
        return False
    if card.card_kind in (CardKind.FOREIGNER_2017, CardKind.FOREIGNER_2023):
        return len(normalise(card.number)) in (15, 18)
    return is_citizen_number(normalise(card.number), today=calendar_day(day))


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
