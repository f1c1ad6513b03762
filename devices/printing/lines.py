"""Breaking text into lines by the widths of its characters, as Chinese is broken.

Widths are in any unit: dots for pictures, columns for a printer's own type. A Hanzi may stand at either
end of a line; a word of Latin letters or digits is kept whole; closing marks never open a line and
opening marks never end one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_NOT_FIRST = frozenset("，。、；：？！）》〉」』】〕”’…—·,.;:?!)]}%℃〃々～")
_PHRASE_ENDS = frozenset("，。；！？、")
_BRACKETS = frozenset("（《【〔([")
_WIDOW = 2
_NOT_LAST = frozenset("（《〈「『【〔“‘([{￥$#")


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character with the marks upon it; ``code`` is how the printer's ROM has it, b'' when it is drawn."""

    text: str
    width: int
    code: bytes = b""


Row = tuple[Glyph, ...]


def width_of(row: Iterable[Glyph]) -> int:
    """How wide a row is."""
    return sum(glyph.width for glyph in row)


def wrap(glyphs: Sequence[Glyph], width: int, *, hang: int = 0, even: bool = False) -> list[Row]:
    """Rows no wider than ``width`` (from the second on less ``hang``); ``even`` makes them alike in length.

    One row at least. A glyph wider than the line stands alone. Even rows rather end
    where a phrase ends; the last row is not left with one or two characters.
    """
    pieces = _pieces(glyphs)
    rows = _fill(pieces, width, hang)
    if len(rows) < 2:
        return rows
    if not even:
        return _without_widow(pieces, rows, width, hang)
    phrases = _phrases(pieces)
    if all(width_of(_bare_end(phrase)) <= width - hang for phrase in phrases):
        by_phrase = _fill(phrases, width, hang)
        if len(by_phrase) == len(rows):
            return by_phrase
    narrow = bisect_left(range(width), -len(rows), key=lambda trial: -len(_fill(pieces, trial, hang)))
    return _fill(pieces, narrow, hang)


def fits_unbroken(glyphs: Sequence[Glyph], width: int) -> bool:
    """Can this be set on lines of ``width`` without tearing a word?"""
    return all(width_of(piece) <= width for piece in _pieces(glyphs))


def _without_widow(pieces: Sequence[Row], rows: list[Row], width: int, hang: int) -> list[Row]:
    for narrower in range(width, width * 3 // 4, -max(1, width // 96)):
        trial = _fill(pieces, narrower, hang)
        if len(trial) == len(rows) and len(trial[-1]) > _WIDOW:
            return trial
    return rows


def _phrases(pieces: Sequence[Row]) -> list[Row]:
    """Parts that end with a mark of punctuation or stand before a bracket."""
    phrases: list[Row] = [()]
    for piece in pieces:
        if piece[0].text in _BRACKETS:
            phrases.append(())
        phrases[-1] += piece
        if piece[-1].text in _PHRASE_ENDS:
            phrases.append(())
    return [phrase for phrase in phrases if phrase]


def _fill(pieces: Sequence[Row], width: int, hang: int) -> list[Row]:
    rows: list[Row] = []
    row: Row = ()
    for piece in pieces:
        room = width - (hang if rows else 0)
        if row and width_of(row) + width_of(_bare_end(piece)) > room:
            rows.append(_bare_end(row))
            row, room = (), width - hang
        for part in _torn(piece, room):
            if row and width_of(row) + width_of(_bare_end(part)) > room:
                rows.append(_bare_end(row))
                row = ()
            row += part
    return [*rows, _bare_end(row)]


def _pieces(glyphs: Sequence[Glyph]) -> list[Row]:
    """Parts between which a line may break; blanks stay at the end of the part before."""
    if not glyphs:
        return []
    pieces: list[Row] = [(glyphs[0],)]
    for before, after in pairwise(glyphs):
        if _may_break(before.text, after.text):
            pieces.append((after,))
        else:
            pieces[-1] += (after,)
    return pieces


def _may_break(before: str, after: str) -> bool:
    if after == " " or after[0] in _NOT_FIRST or before in _NOT_LAST:
        return False
    return not (_is_word(before) and _is_word(after))


def _is_word(text: str) -> bool:
    return (text[0].isalnum() and ord(text[0]) < 0x2E80) or text in "-_/@&+=#'"


def _torn(piece: Row, width: int) -> list[Row]:
    """A part that is too long for a line, in pieces that fit."""
    if width_of(_bare_end(piece)) <= width:
        return [piece]
    return [(glyph,) for glyph in piece]


def _bare_end(row: Row) -> Row:
    end = len(row)
    while end and row[end - 1].text == " ":
        end -= 1
    return row[:end]
