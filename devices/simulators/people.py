"""Made-up people and the text blocks of their cards; every number has a right check digit and no owner.

The region 999999 and the street names are inventions, so that no card can be taken for a person's.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


@dataclass(frozen=True, slots=True)
class Person:
    """One card to be laid on a reader: ``word`` names it on the control page, ``text`` is its 256 bytes."""

    word: str
    label: str
    text: bytes
    prints: bytes = b""
    newest_address: str = ""


def with_check_digit(seventeen: str) -> str:
    """A citizen's number from its first 17 digits (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(seventeen, _WEIGHTS, strict=True))
    return seventeen + _CHECKS[total % 11]


def resident(
    name: str, seventeen: str, *, nation: str = "01", address: str = "", until: str = "20400101"
) -> bytes:
    """Text block of a resident's card; the sex follows from the 17th digit, as on real cards."""
    sex = "1" if int(seventeen[16]) % 2 else "2"
    return _pack(
        (0, 30, name),
        (30, 2, sex),
        (32, 4, nation),
        (36, 16, seventeen[6:14]),
        (52, 70, address or "示例省示例县示例镇幸福路1号"),
        (122, 36, with_check_digit(seventeen)),
        (158, 30, "示例县公安局"),
        (188, 16, "20200101"),
        (204, 16, until),
    )


def hk_macao_taiwan(name: str, seventeen: str, *, pass_number: str) -> bytes:
    """Text block of a 港澳台居民居住证."""
    return _pack(
        (0, 30, name),
        (30, 2, "1" if int(seventeen[16]) % 2 else "2"),
        (36, 16, seventeen[6:14]),
        (52, 70, "示例省示例县示例镇和平路8号"),
        (122, 36, with_check_digit(seventeen)),
        (158, 30, "示例县公安局"),
        (188, 16, "20220101"),
        (204, 16, "20270101"),
        (220, 18, pass_number),
        (238, 4, "01"),
        (248, 2, "J"),
    )


def foreigner_2017(latin: str, chinese: str, number: str, *, nation: str, sex: str, born: str) -> bytes:
    """Text block of a foreigner's permanent residence card before 2023."""
    return _pack(
        (0, 120, latin),
        (120, 2, sex),
        (122, 30, number),
        (152, 6, nation),
        (158, 30, chinese),
        (188, 16, "20190601"),
        (204, 16, "20290601"),
        (220, 16, born),
        (236, 4, "01"),
        (240, 8, "9900"),
        (248, 2, "I"),
    )


def foreigner_2023(latin: str, chinese: str, number: str, *, nation: str, sex: str, born: str) -> bytes:
    """Text block of a foreigner's card of 2023 (五星卡)."""
    return _pack(
        (0, 30, chinese),
        (30, 2, sex),
        (32, 4, "00"),
        (36, 16, born),
        (52, 70, latin[:35]),
        (122, 36, number),
        (188, 16, "20231201"),
        (204, 16, "20331201"),
        (220, 22, latin[35:]),
        (242, 6, nation),
        (248, 2, "Y"),
        (250, 6, "000"),
    )


def unknown_kind(name: str, seventeen: str) -> bytes:
    """A card with a flag that nobody has published yet: to be refused politely."""
    return resident(name, seventeen)[:248] + "Q".encode("utf-16-le") + b" \0" * 3


def photo() -> bytes:
    """1,024 bytes that stand for the opaque photo."""
    return struct.pack(">I", 0x574C6601) + bytes(index * 37 % 251 for index in range(1020))


def _pack(*fields: tuple[int, int, str]) -> bytes:
    block = bytearray(" ".encode("utf-16-le") * 128)
    for start, length, value in fields:
        raw = value.encode("utf-16-le")
        if len(raw) > length:
            raise ValueError(f"{value!r} does not fit {length} bytes")
        block[start : start + len(raw)] = raw
    return bytes(block)


PEOPLE = (
    Person(
        "zhang",
        "张秀兰 · 居民 · 58 岁",
        resident("张秀兰", "99999919680312482"),
        prints=bytes(index * 29 % 253 for index in range(1024)),
        newest_address="示例省示例县新城区学府路9号",
    ),
    Person("wang", "王𠮷 · 居民（生僻字）", resident("王𠮷", "99999919910705333")),
    Person("li", "李㐂顺 · 居民（生僻字）", resident("李㐂顺", "99999919850920117")),
    Person(
        "aynur",
        "阿依努尔·买买提 · 居民（维吾尔族）",
        resident("阿依努尔·买买提", "99999919960218242", nation="05"),
    ),
    Person("zhao", "赵德福 · 居民 · 83 岁（长期）", resident("赵德福", "99999919430101071", until="长期")),
    Person(
        "chan",
        "陳大文 · 港澳台居住证",
        hk_macao_taiwan("陳大文", "81000019880808051", pass_number="H99999999"),
    ),
    Person(
        "smith",
        "SMITH, ANNA · 外国人永久居留证（2017 版）",
        foreigner_2017(
            "SMITH, ANNA MARIA", "史安娜", "GBR990199010199", nation="GBR", sex="2", born="19900101"
        ),
    ),
    Person(
        "ivanov",
        "IVANOV · 外国人永久居留证（2023 版）",
        foreigner_2023(
            "IVANOV, KONSTANTIN ALEKSANDROVICH-PETROV",
            "伊万",
            "999643198505051236",
            nation="RUS",
            sex="1",
            born="19850505",
        ),
    ),
    Person("strange", "未知证件（应被礼貌拒绝）", unknown_kind("无名氏", "99999919700101001")),
)
BY_WORD = {person.word: person for person in PEOPLE}
