"""PURE: a text that a manager has broadcast (广播), as the passages that are spoken one after the other.

A passage holds no ASCII digit and no Latin word: numbers are words as one says them in a hall, Latin is
spelled by letters. A passage is a sentence, or a part of a long one: a call may come between two of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from assets.speech.wording import cardinal

LONGEST_PASSAGE = 30
"""Signs (about seven seconds): nobody's call waits longer for an ordinary broadcast."""
BLANK = "＿"

_DIGITS = "零一二三四五六七八九"
_COUNTED = "个位名人份张件台次扇点楼层天周年分小元块批条组" + "月日号"
_TWO_AS_LIANG = frozenset("个位名人份张件台次扇点天周年分小元块批条组")
_PUNCTUATION = str.maketrans(",!?:;", "，！？：；")
_NOT_SPOKEN = re.compile(r"[\"'“”‘’「」『』《》〈〉【】()\[\]{}<>*_~`^|\\=…·•]")
_SENTENCE = re.compile(r"[^。！？；]+[。！？；]*")
_CLAUSE = re.compile(r"[^，：]+[，：]*")
_BLANK = re.compile(rf"{BLANK}|_{{2,}}|〇{{2,}}")


def has_blank(text: str) -> bool:
    """Whether a stored text still has a place that somebody must fill in: ＿＿."""
    return _BLANK.search(text) is not None


def passages(text: str, *, one: str = "一") -> tuple[str, ...]:
    """The passages of a text, none when there is nothing to say. ``one``: how a digit 1 is read, 一 or 幺."""
    words = in_words(text, one=one)
    return tuple(
        part for sentence in _SENTENCE.findall(words) for part in _shortened(sentence) if _says(part)
    )


def in_words(text: str, *, one: str = "一") -> str:
    """The text with its numbers, times, telephones and Latin letters as they are said."""
    plain = unicodedata.normalize("NFKC", "。".join(text.split("\n")))
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", plain)
    for pattern, said in _RULES:
        plain = pattern.sub(_with(said, one), plain)
    plain = _NOT_SPOKEN.sub(" ", plain)
    plain = re.sub(r"[A-Za-z]+", lambda found: " ".join(found.group().upper()), plain)
    return re.sub(r"\s+", " ", plain).strip().translate(_PUNCTUATION)


# ---------------------------------------------------------------- numbers


def _one_by_one(digits: str, one: str) -> str:
    return "".join(_DIGITS[int(digit)] if digit != "1" else one for digit in digits)


def _count(digits: str, one: str) -> str:
    """A cardinal, or digit by digit what is no count: 012, 88001234."""
    if len(digits) > 4 or (len(digits) > 1 and digits.startswith("0")):
        return _one_by_one(digits, one)
    return cardinal(int(digits))


def _time(found: re.Match[str], _one: str) -> str:
    hour, minute = int(found[1]), int(found[2])
    if not minute:
        return f"{_hour(hour)}点"
    return f"{_hour(hour)}点{'零' if minute < 10 else ''}{cardinal(minute)}分"


def _hour(hour: int) -> str:
    return "两" if hour == 2 else cardinal(hour)


def _percent(found: re.Match[str], one: str) -> str:
    return "百分之" + _decimal(found[1], one)


def _decimal(number: str, one: str) -> str:
    whole, _, part = number.partition(".")
    return _count(whole, one) + (f"点{_one_by_one(part, '一')}" if part else "")


def _range(found: re.Match[str], one: str) -> str:
    return f"{_count(found[1], one)}至{_count(found[2], one)}"


def _lettered(found: re.Match[str], one: str) -> str:
    return " ".join(found[1].upper()) + " " + _one_by_one(found[2], one)


def _counted(found: re.Match[str], one: str) -> str:
    digits, unit = found[1], found[2]
    return "两" if digits == "2" and unit in _TWO_AS_LIANG else _count(digits, one)


_Said = Callable[[re.Match[str], str], str]


def _with(said: _Said, one: str) -> Callable[[re.Match[str]], str]:
    return lambda found: said(found, one)


_RULES: tuple[tuple[re.Pattern[str], _Said], ...] = (
    (re.compile(r"(?<=:\d\d)\s*[-~—–]+\s*(?=\d)"), lambda _f, _one: "至"),
    (re.compile(r"(?<!\d)([01]?\d|2[0-4]):([0-5]\d)(?!\d)"), _time),
    (re.compile(r"(?<!\d)(\d{3,4})-(\d{7,8})(?!\d)"), lambda f, one: _one_by_one(f[1] + f[2], one)),
    (re.compile(r"(?<!\d)(\d{4})(?=年)"), lambda f, _one: _one_by_one(f[1], "一")),
    (re.compile(r"(?<=拨打|致电|电话|热线|请拨)\s*(\d{3,})"), lambda f, one: _one_by_one(f[1], one)),
    (re.compile(rf"(?<!\d)(11[0249]|12[02])(?![\d.%{_COUNTED}])"), lambda f, one: _one_by_one(f[1], one)),
    (re.compile(r"(\d+(?:\.\d+)?)\s*%"), _percent),
    (re.compile(r"(?<!\d)(\d{1,4})\s*[-~—–]\s*(\d{1,4})(?!\d)"), _range),
    (re.compile(r"(?<![A-Za-z])([A-Za-z]{1,3})-?(\d+)"), _lettered),
    (re.compile(r"(\d+\.\d+)"), lambda f, one: _decimal(f[1], one)),
    (re.compile(r"(\d{3,})(?=[室房])"), lambda f, one: _one_by_one(f[1], one)),
    (re.compile(rf"(\d+)(?=([{_COUNTED}]))"), _counted),
    (re.compile(r"(\d+)"), lambda f, one: _count(f[1], one)),
    (re.compile(r"[/／]"), lambda _f, _one: "、"),
    (re.compile(r"&"), lambda _f, _one: "和"),
    (re.compile(r"\+"), lambda _f, _one: "加"),
    (re.compile(r"#"), lambda _f, _one: "号"),
    (re.compile(r"[—–-]+"), lambda _f, _one: "，"),
)


# ---------------------------------------------------------------- lengths


def _shortened(sentence: str) -> Iterator[str]:
    """A sentence whole, or in parts that end where one breathes."""
    part = ""
    for clause in _clauses(sentence.strip()):
        if part and len(part) + len(clause) > LONGEST_PASSAGE:
            yield part
            part = ""
        part += clause
    yield part


def _clauses(sentence: str) -> Iterator[str]:
    for clause in _CLAUSE.findall(sentence):
        for at in range(0, len(clause), LONGEST_PASSAGE):
            yield clause[at : at + LONGEST_PASSAGE]


def _says(part: str) -> bool:
    return any(sign.isalnum() for sign in part)
