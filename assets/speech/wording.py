"""PURE: how a call is worded, as the texts of the clips that are joined to speak it.

A part is the exact text of one clip and never contains an ASCII digit. A letter, a number and a
window are separate clips (VOICE.md §3: joined clips were read back with the fewest errors).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

Plan = Callable[[str, str], tuple[str, ...]]

NUMBER_FIRST = "number-first"
PLEASE_FIRST = "please-first"
WORDINGS = (NUMBER_FIRST, PLEASE_FIRST)

_CHINESE = "零一二三四五六七八九"
_ENGLISH = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ROOMS = "室房"
_PLACES = {
    "咨询台": "the information desk",
    "导办台": "the guide desk",
    "服务台": "the service desk",
    "综窗": "comprehensive counter",
    "综合窗口": "comprehensive counter",
    "出件窗口": "the delivery counter",
    "办不成事": "the help counter",
}


def call_parts(
    number: str, window_label: str, *, wording: str = NUMBER_FIRST, one: str = "一"
) -> tuple[str, ...]:
    """Mandarin clips of a call: ("A", "零一二号", "请到三号窗口办理"), or 请 first by choice of the hall.

    Digits of the ticket are read one by one with 幺 or 一 (``one``); a window's number as a cardinal.
    ValueError for a wording, a ``one`` or a number that cannot be spoken.
    """
    if wording not in WORDINGS:
        raise ValueError(f"wording {wording!r} is none of {', '.join(WORDINGS)}")
    named = _number_parts(number, one)
    place = window_words(window_label)
    if wording == PLEASE_FIRST:
        return ("请", *named, f"到{place}")
    return (*named, f"请到{place}办理")


def call_parts_english(number: str, window_label: str) -> tuple[str, ...]:
    """English clips of a call: ("Ticket number A", "zero one two", "please go to counter three")."""
    prefix, digits = _split(number)
    letters = [sign for sign in prefix if sign.isascii()]
    spoken = " ".join(_ENGLISH[int(digit)] for digit in digits)
    opening = " ".join(["Ticket number", *letters])
    return (opening, *([spoken] if spoken else []), f"please go to {_english_place(window_label)}")


def window_words(label: str) -> str:
    """A window's label as it is spoken: 3号窗口 → 三号窗口, 综窗12 → 综窗十二, 305室 → 三零五室."""
    text = "".join(unicodedata.normalize("NFKC", label).split()) or "窗口"
    return re.sub(r"\d+", lambda found: _in_place(found.group(), text[found.end() : found.end() + 1]), text)


def cardinal(value: int) -> str:
    """A Chinese cardinal of 0–9999: 16 → 十六, 105 → 一百零五."""
    if not 0 <= value <= 9999:
        raise ValueError(f"{value} is not between 0 and 9999")
    if value < 10:
        return _CHINESE[value]
    words, gap = "", False
    for size, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // size % 10
        if digit:
            words += ("零" if gap and words else "") + _CHINESE[digit] + unit
        gap = not digit
    return words.removeprefix("一") if 10 <= value < 20 else words


def likely_parts(
    prefixes: Sequence[str],
    windows: Sequence[str],
    upto: int,
    *,
    first: int = 1,
    wording: str = NUMBER_FIRST,
    one: str = "一",
    digits: int = 3,
    english: bool = False,
) -> tuple[str, ...]:
    """Every clip that numbers ``first``–``upto`` at these windows need, the likeliest first, none twice.

    Number and window take turns (first number with first window and every letter, second with
    second …), so the first calls of a morning can be spoken when a handful of clips exist. English
    follows all Mandarin.
    """
    plans: list[Plan] = [lambda number, window: call_parts(number, window, wording=wording, one=one)]
    if english:
        plans.append(call_parts_english)
    ordered: dict[str, None] = {}
    for plan in plans:
        for turn in range(max(upto - first + 1, len(windows))):
            number = f"{min(first + turn, upto):0{digits}d}"
            window = windows[min(turn, len(windows) - 1)] if windows else ""
            for prefix in prefixes or ("",):
                ordered.update(dict.fromkeys(plan(prefix + number, window)))
    return tuple(ordered)


def _number_parts(number: str, one: str) -> tuple[str, ...]:
    if one not in ("一", "幺"):
        raise ValueError(f"one {one!r} is neither 一 nor 幺")
    prefix, digits = _split(number)
    spoken = _one_by_one(digits).replace("一", one)
    return (*prefix, f"{spoken}号") if spoken else (*prefix, "号")


def _split(number: str) -> tuple[tuple[str, ...], str]:
    """A012 → (("A",), "012"): signs before the digits one by one, Han signs together; marks dropped."""
    text = unicodedata.normalize("NFKC", number).upper()
    found = re.fullmatch(r"([^\d]*)(\d*)", re.sub(r"[^\w]|_", "", text))
    if not found or not found.group():
        raise ValueError(f"number {number!r} cannot be spoken: letters, then digits are wanted")
    return tuple(re.findall(r"[A-Z]|[^A-Z]+", found.group(1))), found.group(2)


def _one_by_one(digits: str) -> str:
    return "".join(_CHINESE[int(digit)] for digit in digits)


def _in_place(digits: str, following: str) -> str:
    """Rooms are read digit by digit, everything else that is countable as a cardinal."""
    if (following and following in _ROOMS) or len(digits) > 3:
        return _one_by_one(digits)
    return cardinal(int(digits))


def _english_place(label: str) -> str:
    text = "".join(unicodedata.normalize("NFKC", label).split())
    named = next((words for word, words in _PLACES.items() if word in text), "counter")
    digits = re.search(r"\d+(?=号)", text) or re.search(r"\d+(?=\D*$)", text)
    if not digits:
        return named if named != "counter" else "the counter on the screen"
    room = text[digits.end() : digits.end() + 1] in tuple(_ROOMS)
    return f"{'room' if room else named} {_english_number(digits.group())}"


def _english_number(digits: str) -> str:
    value = int(digits)
    if value >= 100:
        return " ".join(_ENGLISH[int(digit)] for digit in digits)
    if value < 10:
        return _ENGLISH[value]
    if value < 20:
        return _TEENS[value - 10]
    return _TENS[value // 10] + (f" {_ENGLISH[value % 10]}" if value % 10 else "")
