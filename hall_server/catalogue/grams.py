"""PURE: text as the search index holds it: pairs of neighbouring characters, pinyin initials, other words.

Chinese has no blanks, so an item is found by any piece of its name: ``社保卡`` is kept as ``社保 保卡 卡``
and looked for as the phrase ``社保 保卡``; a single character is looked for as the beginning of a pair.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from pypinyin import Style, lazy_pinyin

LONGEST_QUERY = 60
MOST_WORDS = 6
_RUN = re.compile(r"[0-9a-z\u3400-\u9fff\U00020000-\U0003ffff]+")
_LATIN = re.compile(r"[0-9a-z]+")
SYNONYMS = (
    ("社保卡", "社会保障卡"),
    ("身份证", "居民身份证"),
    ("房产证", "不动产权证书", "不动产权证"),
    ("房屋过户", "不动产转移登记", "国有建设用地使用权及房屋所有权转移登记"),
    ("驾照", "驾驶证", "机动车驾驶证"),
    ("行驶证", "机动车行驶证"),
    ("户口本", "户口簿", "居民户口簿"),
    ("落户", "户口迁移", "迁入登记"),
    ("上户口", "出生登记"),
    ("开店", "营业执照", "设立登记"),
    ("注册公司", "设立登记", "企业登记"),
    ("准生证", "生育登记"),
    ("出生证", "出生医学证明"),
    ("退休", "养老保险待遇"),
    ("低保", "最低生活保障"),
    ("医保", "医疗保险", "医疗保障"),
    ("社保", "社会保险", "社会保障"),
    ("公积金", "住房公积金"),
    ("港澳通行证", "往来港澳通行证"),
    ("残疾证", "残疾人证"),
    ("结婚证", "结婚登记"),
    ("离婚证", "离婚登记"),
    ("无犯罪证明", "无犯罪记录证明", "有无违法犯罪记录证明"),
)
"""What people say, and what catalogues say; each stands for all of its line."""


def plain(text: str) -> str:
    """Full width to half width, lower case, without a blank at either end."""
    return unicodedata.normalize("NFKC", text).lower().strip()


def grams(text: str) -> str:
    """For the index: every pair of neighbours, and the last character by itself."""
    return " ".join(
        token for run in _RUN.findall(plain(text)) for token in (*map("".join, pairwise(run)), run[-1])
    )


def initials(name: str) -> str:
    """社会保障卡申领 -> shbzksl; Latin letters and digits stay."""
    return "".join(map(_initials, _RUN.findall(plain(name))))


def words_of(query: str) -> tuple[str, ...]:
    """The words of what somebody typed; at most ``MOST_WORDS``."""
    return tuple(_RUN.findall(plain(query[:LONGEST_QUERY])))[:MOST_WORDS]


def matching(words: tuple[str, ...]) -> str:
    """The index's expression for items with all of these words, each by itself or by a synonym of it."""
    return " AND ".join(f"({' OR '.join(_ways(word))})" for word in words)


def _ways(word: str) -> list[str]:
    others = {other for line in SYNONYMS if word in line for other in line} - {word}
    ways = [f"{{name also department}} : {_phrase(one)}" for one in (word, *sorted(others))]
    if _LATIN.fullmatch(word):
        ways.append(f"initials : {_phrase(word)}")
    return ways


def _phrase(word: str) -> str:
    if len(word) == 1:
        return f'"{word}" *'
    return '"' + " ".join(map("".join, pairwise(word))) + '"'


@lru_cache(maxsize=50_000)
def _initials(run: str) -> str:
    """Of one piece of a name: they repeat from department to department."""
    return "".join(lazy_pinyin(run, style=Style.FIRST_LETTER, errors="default", strict=False))
