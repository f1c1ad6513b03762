"""What is read from cards: ID cards, social security cards, bank cards."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CardKind(StrEnum):
    """Layouts of a second-generation card (DEVICES §1.3: the flag at byte 248)."""

    RESIDENT = "resident"
    HK_MACAO_TAIWAN = "hk_macao_taiwan"
    FOREIGNER_2017 = "foreigner_2017"
    FOREIGNER_2023 = "foreigner_2023"


class Sex(StrEnum):
    """GB/T 2261.1."""

    UNKNOWN = "unknown"
    MALE = "male"
    FEMALE = "female"
    UNSTATED = "unstated"


@dataclass(frozen=True, slots=True, repr=False)
class IdCard:
    """A card's content; stays in the process that read it. ``photo`` is the opaque WLT block (1,024 bytes),
    ``prints`` the opaque fingerprints, b'' when none were asked for or the card has none.

    ``number`` is the document number with upper-case X; dates are YYYYMMDD or '' ; ``valid_until`` is
    '' for 长期. The representation shows no personal data.
    """

    card_kind: CardKind
    name: str
    number: str
    sex: Sex
    nation: str
    born: str
    address: str
    issuer: str
    valid_from: str
    valid_until: str
    latin_name: str = ""
    pass_number: str = ""
    photo: bytes = b""
    prints: bytes = b""

    def __repr__(self) -> str:
        return f"IdCard({self.card_kind.value}, …)"


class Application(StrEnum):
    """What a smart card can be used for here."""

    SOCIAL_SECURITY = "social_security"
    BANK = "bank"


@dataclass(frozen=True, slots=True, repr=False)
class SocialCard:
    """A 社保卡 (人社信息函〔2012〕37号); stays in the process that read it. Dates are YYYYMMDD or ''.

    ``number`` is the 社会保障号码, for residents the citizen's number; ``card_number`` the printed one,
    ``region`` six digits, ``version`` "1.00" to "3.00". The representation shows no personal data.
    """

    version: str
    region: str
    card_number: str
    number: str
    name: str
    sex: Sex
    nation: str
    born: str
    issued: str
    valid_until: str

    def __repr__(self) -> str:
        return f"SocialCard({self.version}, …)"


@dataclass(frozen=True, slots=True)
class BankCard:
    """A bank IC: nothing but the masked number ``622848*********1234`` and its last month, YYYYMM or ""."""

    masked_number: str
    valid_until: str


SmartCard = SocialCard | BankCard
