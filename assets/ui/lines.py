"""PURE: where a Chinese sentence breaks into lines: anywhere, except within a word or number and before or
after the signs that may not begin or end a line (GB/T 15834)."""

from __future__ import annotations

import re
from collections.abc import Callable

NOT_FIRST = frozenset("，。、；：？！）》」』】〉”’…％%)]}·,.;:?!—")
"""Signs that may not begin a line."""
NOT_LAST = frozenset("（《「『【〈“‘([{￥¥")
"""Signs that may not end a line."""

EVEN_STEPS = 6
"""Halvings of the width when lines are made even: to 1 % of it."""

_PIECES = re.compile(r"[(（][^()（）\s]{1,6}[)）]|[A-Za-z0-9][A-Za-z0-9*./:@_%+-]*|\s|.", re.DOTALL)


def break_lines(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Lines of ``text``, none wider than ``width`` as ``measure`` sees it."""
    return [line for paragraph in text.split("\n") for line in _paragraph(paragraph, width, measure)]


def even_lines(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """As few lines as ``break_lines`` makes, but as even as can be: no word left alone on the last one."""
    lines = break_lines(text, width, measure)
    if len(lines) == 1 + text.count("\n"):
        return lines
    narrow, wide = width / 2, width
    for _ in range(EVEN_STEPS):
        middle = (narrow + wide) / 2
        tried = break_lines(text, middle, measure)
        fits = len(tried) == len(lines) and all(measure(line) <= middle for line in tried)
        narrow, wide = (narrow, middle) if fits else (middle, wide)
        lines = tried if fits else lines
    return lines


def whole_lines(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Lines as ``break_lines`` makes them, made even only when a single character would stand alone."""
    lines = break_lines(text, width, measure)
    alone = len(lines) > 1 and len(lines[-1].strip("".join(NOT_FIRST))) == 1
    return even_lines(text, width, measure) if alone else lines


def _paragraph(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    lines: list[str] = []
    line = ""
    used = 0.0
    for piece in _fitting(_pieces(text), width, measure):
        wide = measure(piece)
        if line and used + measure(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line, used = "", 0.0
            piece = piece.lstrip()
            wide = measure(piece)
        line, used = line + piece, used + wide
    return [*lines, line.rstrip()]


def _fitting(pieces: list[str], width: float, measure: Callable[[str], float]) -> list[str]:
    """The pieces, those wider than a whole line taken apart."""
    return [part for piece in pieces for part in ([piece] if measure(piece.rstrip()) <= width else piece)]


def _pieces(text: str) -> list[str]:
    """What must stay together: words, numbers, a few characters in brackets, signs with their neighbour."""
    pieces: list[str] = []
    for piece in _PIECES.findall(text):
        glued = pieces and (piece[0] in NOT_FIRST or piece.isspace() or pieces[-1][-1] in NOT_LAST)
        if glued:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces
