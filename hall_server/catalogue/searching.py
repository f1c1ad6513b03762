"""Searching a version of the catalogue: words through pairs of characters (see grams.py), codes, initials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hall_server.catalogue.grams import matching, plain, words_of
from hall_server.catalogue.records import Found, Page
from hall_server.catalogue.schema import OPEN

MOST_COUNTED = 1000
RANKED = 200


class Read(Protocol):
    """Rows of the file."""

    def __call__(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """All of them."""


class Searching:
    """``head``: the newest version; ``items``: how many a version has."""

    def __init__(self, read: Read, *, head: Callable[[], int], items: Callable[[int], int]) -> None:
        self._read, self._head, self._items = read, head, items

    def search(
        self,
        query: str,
        version: int,
        *,
        department: str = "",
        tag: str = "",
        limit: int = 30,
        offset: int = 0,
    ) -> Page:
        """Items of a version with all words of ``query``, of a department and with a tag ('' = any):
        exact ones first, then those that begin so. Letters also find pinyin initials and codes."""
        words = words_of(query)
        expression = self._expression(words, department, tag)
        if expression is None:
            return Page(found=(), total=0)
        if not expression:
            return self._everything(version, limit, offset)
        ranked: dict[int, Found] = {}
        if words and not department and not tag:
            ranked = {found.row: found for found in self._begins(plain(query), version)}
        sql = (
            "SELECT i.id, i.code, i.name, d.name FROM words w JOIN item i ON i.id=w.rowid "
            "JOIN department d ON d.id=i.department WHERE words MATCH ?1 "
            f"AND +i.since<=?2 AND +i.until>?2 {self._reach(version)} LIMIT ?3"
        )
        rows = [_found(row) for row in self._read(sql, (expression, version, max(RANKED, offset + limit)))]
        ranked |= {found.row: found for found in rows}
        ordered = sorted(ranked.values(), key=lambda found: _rank(found, words)) if words else rows
        total = len(ordered) if len(rows) < RANKED else self._count(expression, version)
        return Page(found=tuple(ordered[offset : offset + limit]), total=max(total, len(ordered)))

    def _reach(self, version: int) -> str:
        """Where in the index a version lies: the newest begins at its first row and is read from behind, an
        older one ends before the first row of the next. Without this a search goes through the other version
        first, for up to ten times as long."""
        if version == self._head():
            rows = self._read("SELECT coalesce(min(id), 0) FROM item WHERE until=?", (OPEN,))
            return f"AND w.rowid>={int(str(rows[0][0]))} ORDER BY w.rowid DESC"
        rows = self._read(
            "SELECT coalesce(min(id), ?2) FROM item WHERE since=(SELECT min(since) FROM item WHERE since>?1)",
            (version, OPEN),
        )
        return f"AND w.rowid<{int(str(rows[0][0]))} ORDER BY w.rowid ASC"

    def _expression(self, words: tuple[str, ...], department: str, tag: str) -> str | None:
        """For the index; '' = everything, None = nothing can be found."""
        parts = [matching(words)] if words else []
        if department:
            rows = self._read("SELECT id FROM department WHERE name=?", (department,))
            if not rows:
                return None
            parts.append(f'tags : "d{rows[0][0]}"')
        if tag:
            parts.append(f'tags : "{tag}"')
        return " AND ".join(parts)

    def _everything(self, version: int, limit: int, offset: int) -> Page:
        rows = self._read(
            "SELECT i.id, i.code, i.name, d.name FROM item i JOIN department d ON d.id=i.department "
            "WHERE +i.since<=?1 AND +i.until>?1 ORDER BY i.place LIMIT ?2 OFFSET ?3",
            (version, limit, offset),
        )
        return Page(found=tuple(map(_found, rows)), total=self._items(version))

    def _begins(self, text: str, version: int) -> list[Found]:
        """Items whose name or one of whose codes begins so."""
        found: list[Found] = []
        upper = text.upper()
        for column, begin in (("name", text), ("code", upper), ("task_code", upper), ("base_code", upper)):
            if column != "name" and len(begin) < 2:
                continue
            rows = self._read(
                f"SELECT i.id, i.code, i.name, d.name FROM item i JOIN department d ON d.id=i.department "
                f"WHERE i.{column}>=?1 AND i.{column}<?2 AND +i.since<=?3 AND +i.until>?3 LIMIT 50",
                (begin, begin + "\U0010ffff", version),
            )
            found += map(_found, rows)
        return found

    def _count(self, expression: str, version: int) -> int:
        rows = self._read(
            "SELECT count(*) FROM (SELECT 1 FROM words w JOIN item i ON i.id=w.rowid "
            f"WHERE words MATCH ?1 AND +i.since<=?2 AND +i.until>?2 {self._reach(version)} LIMIT ?3)",
            (expression, version, MOST_COUNTED),
        )
        return int(str(rows[0][0]))


def _rank(found: Found, words: tuple[str, ...]) -> tuple[int, int, int]:
    """Exact, begins so, has it, else (synonym, department, initials); short names first."""
    name = plain(found.name)
    first = words[0] if words else ""
    if name == first or found.code.lower() == first:
        kind = 0
    elif name.startswith(first):
        kind = 1
    elif first in name:
        kind = 2
    else:
        kind = 3
    return kind, len(name), found.row


def _found(row: tuple[object, ...]) -> Found:
    return Found(row=int(str(row[0])), code=str(row[1]), name=str(row[2]), department=str(row[3]))
