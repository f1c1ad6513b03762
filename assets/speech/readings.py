"""PURE: how a hall wants words read: its table of pronunciations, put into the text of a clip.

A clip keeps its exact text as its key; what is spoken for it is its reading: the text with each written
word of the table replaced by other characters, or by pinyin in braces ("请到{chong2 qing4}窗口办理").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assets.speech.wording import window_words

Readings = Sequence[tuple[str, str]]
"""(written, spoken): 重庆 → chong2 qing4, or 受理区 → 受里区."""

_PINYIN = re.compile(r"[a-zü]+[1-5]( +[a-zü]+[1-5])*")


def script(spoken: str) -> str:
    """The spoken side of a table's row as phonemes() reads it: pinyin with tone numbers in braces."""
    text = spoken.strip()
    return f"{{{text}}}" if _PINYIN.fullmatch(text) else text


def reading(text: str, table: Readings) -> str:
    """What is spoken for a clip's text, or '' when no row of the table stands in it.

    The longest written words first, each place once; digits of a written word are those of a window's label.
    """
    rows = {window_words(written): script(spoken) for written, spoken in table if written.strip()}
    if not rows:
        return ""
    pattern = "|".join(map(re.escape, sorted(rows, key=len, reverse=True)))
    spoken = re.sub(pattern, lambda found: rows[found.group()], text)
    return spoken if spoken != text else ""


def wish(text: str, spoken: str) -> str:
    """A clip to render as one line: its text, and behind a tab its reading if it has one."""
    return f"{text}\t{spoken}" if spoken else text


def wished(line: str) -> tuple[str, str]:
    """(text, reading) of a line."""
    text, _, spoken = line.partition("\t")
    return text, spoken
