"""The 256-byte text block of a second-generation card to an IdCard: four layouts, told apart by byte 248.

Fields are UTF-16LE, padded with blanks. A card with a flag that we do not know is refused, never read
with another card's layout: that would show a name as an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from devices.cards import CardKind, IdCard, Sex

FLAG = slice(248, 250)

_SEXES = {"0": Sex.UNKNOWN, "1": Sex.MALE, "2": Sex.FEMALE, "9": Sex.UNSTATED}
_NUMBER = re.compile(r"[0-9A-Z]{15,18}")
_NATION_WORDS = (
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 "
    "东乡 纳西 景颇 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 "
    "俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺"
)
NATIONS = {f"{code:02d}": name for code, name in enumerate(_NATION_WORDS.split(), start=1)} | {
    "97": "其他",
    "98": "外国血统中国籍人士",
}


class UnknownCard(Exception):
    """The type flag is none that we know."""


class BadCard(Exception):
    """The card's text does not hold what its layout promises."""


def parse_text(text: bytes, photo: bytes = b"") -> IdCard:
    """The person on the card. Raises UnknownCard (flag), BadCard (no number or no name)."""
    flag = _field(text, FLAG.start, 2)
    layout = _LAYOUTS.get(flag)
    if layout is None:
        raise UnknownCard(flag)
    card = layout(text, photo)
    if not _NUMBER.fullmatch(card.number) or not card.name:
        raise BadCard
    return card


def _resident(text: bytes, photo: bytes) -> IdCard:
    code = _field(text, 32, 4)
    return _chinese(text, photo, CardKind.RESIDENT, nation=NATIONS.get(code, code))


def _hk_macao_taiwan(text: bytes, photo: bytes) -> IdCard:
    passes = _field(text, 220, 18)
    return _chinese(text, photo, CardKind.HK_MACAO_TAIWAN, nation="", pass_number=passes)


def _chinese(text: bytes, photo: bytes, kind: CardKind, *, nation: str, pass_number: str = "") -> IdCard:
    return IdCard(
        card_kind=kind,
        name=_field(text, 0, 30),
        number=_number(text, 36),
        sex=_sex(text, 30),
        nation=nation,
        born=_field(text, 36, 16),
        address=_field(text, 52, 70),
        issuer=_field(text, 158, 30),
        valid_from=_field(text, 188, 16),
        valid_until=_until(text),
        pass_number=pass_number,
        photo=photo,
    )


def _foreigner_2017(text: bytes, photo: bytes) -> IdCard:
    latin, chinese = _field(text, 0, 120), _field(text, 158, 30)
    return IdCard(
        card_kind=CardKind.FOREIGNER_2017,
        name=chinese or latin,
        number=_number(text, 30),
        sex=_sex(text, 120),
        nation=_field(text, 152, 6),
        born=_field(text, 220, 16),
        address="",
        issuer=_field(text, 240, 8),
        valid_from=_field(text, 188, 16),
        valid_until=_until(text),
        latin_name=latin,
        photo=photo,
    )


def _foreigner_2023(text: bytes, photo: bytes) -> IdCard:
    latin = _field(text, 52, 70, ending=text[220:242])
    return IdCard(
        card_kind=CardKind.FOREIGNER_2023,
        name=_field(text, 0, 30) or latin,
        number=_number(text, 36),
        sex=_sex(text, 30),
        nation=_field(text, 242, 6),
        born=_field(text, 36, 16),
        address="",
        issuer="",
        valid_from=_field(text, 188, 16),
        valid_until=_until(text),
        latin_name=latin,
        photo=photo,
    )


_LAYOUTS: dict[str, Callable[[bytes, bytes], IdCard]] = {
    "": _resident,
    "J": _hk_macao_taiwan,
    "I": _foreigner_2017,
    "Y": _foreigner_2023,
}


def _field(text: bytes, start: int, length: int, *, ending: bytes = b"") -> str:
    raw = (text[start : start + length] + ending).decode("utf-16-le", errors="replace")
    return "".join(" " if character < " " else character for character in raw).strip()


def _number(text: bytes, length: int) -> str:
    return _field(text, 122, length).upper()


def _sex(text: bytes, start: int) -> Sex:
    return _SEXES.get(_field(text, start, 2), Sex.UNKNOWN)


def _until(text: bytes) -> str:
    until = _field(text, 204, 16)
    return "" if until == "长期" else until
