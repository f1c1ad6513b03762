"""PURE: where a Chinese sentence breaks into lines: anywhere, except within a word or number and before or
after the signs that may not begin or end a line (GB/T 15834)."""

from __future__ import annotations

import re
from collections.abc import Callable

NOT_FIRST = frozenset("，。、；：？！）》」』】〉”’…％%)]}·,.;:?!—")
"""Signs that may not begin a line."""
NOT_LAST = frozenset("（《「『【〈“‘([{￥¥")
"""Signs that may not end a line."""

_PIECES = re.compile(r"[A-Za-z0-9][A-Za-z0-9*./:@_%+-]*|\s|.", re.DOTALL)


def break_lines(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Lines of ``text``, none wider than ``width`` as ``measure`` sees it."""
    return [line for paragraph in text.split("\n") for line in _paragraph(paragraph, width, measure)]


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
    """What must stay together: words and numbers, and signs with their neighbour."""
    pieces: list[str] = []
    for piece in _PIECES.findall(text):
        glued = pieces and (piece in NOT_FIRST or piece.isspace() or pieces[-1][-1] in NOT_LAST)
        if glued:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces
