"""How a text will be read, as pinyin with tone marks: for people to check before the hall hears it."""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin
from pypinyin.contrib.tone_convert import to_tone

from assets.speech.phonemes import load_readings, pieces, words

_MARKS = "，。！？：；、,.!?:;"


def spelled(text: str) -> str:
    """请到重庆路 → qǐng dào chóngqìng lù; marked pinyin as it is marked, Latin letters as they are."""
    load_readings()
    line = ""
    for piece in pieces(text):
        if piece in _MARKS:
            line = line.rstrip() + piece + " "
        elif said := _said(piece):
            line += said + " "
    return line.strip()


def _said(piece: str) -> str:
    if piece.startswith("{"):
        return "".join(map(to_tone, piece.strip("{}").split()))
    if piece.isascii():
        return piece if piece.isalnum() else ""
    if not piece[0].isalpha():
        return ""
    return " ".join("".join(lazy_pinyin(word, style=Style.TONE)) for word in words(piece))
