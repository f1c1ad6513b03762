"""Merged cells of a sheet: what stands in the first cell counts for all below it, as people read it."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import IO, Any

from openpyxl.utils import column_index_from_string

MOST = 20_000
_CHUNK = 1 << 20
_OVERLAP = 80
_MERGED = re.compile(rb'<mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')


class TooMany(Exception):
    """More merged cells than a list of items can have."""


class Merged:
    """Fills the cells of one sheet, line by line from the first. Raises TooMany."""

    def __init__(self, archive: zipfile.ZipFile, part: str) -> None:
        self._columns: dict[int, list[tuple[int, int]]] = {}
        with archive.open(part) as file:
            for count, (column, first, last) in enumerate(_upright(file)):
                if count >= MOST:
                    raise TooMany
                self._columns.setdefault(column, []).append((first, last))
        for spans in self._columns.values():
            spans.sort(reverse=True)
        self._held: dict[int, Any] = {}

    def fill(self, line: int, cells: Sequence[Any]) -> tuple[Any, ...]:
        """The cells of a line with what is merged into them from above."""
        if not self._columns:
            return tuple(cells)
        filled = list(cells)
        for column, spans in self._columns.items():
            while spans and spans[-1][1] < line:
                spans.pop()
                self._held.pop(column, None)
            if not spans or line < spans[-1][0]:
                continue
            if line == spans[-1][0]:
                self._held[column] = filled[column] if column < len(filled) else None
            elif column in self._held:
                filled += [None] * (column + 1 - len(filled))
                filled[column] = self._held[column]
        return tuple(filled)


def _upright(file: IO[bytes]) -> Iterator[tuple[int, int, int]]:
    """(column from 0, first line, last line) of every merged cell that goes over lines."""
    tail = b""
    while chunk := file.read(_CHUNK):
        text = tail + chunk
        end = 0
        for found in _MERGED.finditer(text):
            end = found.end()
            if found[2] != found[4]:
                yield column_index_from_string(found[1].decode()) - 1, int(found[2]), int(found[4])
        tail = text[max(end, len(text) - _OVERLAP) :]
