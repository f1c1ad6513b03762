"""The catalogue's file: one SQLite database beside the journal; items with the versions in which they hold.

A row of ``item`` holds from version ``since`` until before ``until``, so a version costs only what differs
from the one before it. Search goes through pairs of characters (see grams.py); the newest version and the
one in force are in the index. One writer at a time (server or import), any number of readers.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import apsw
import msgspec

from hall_server.catalogue.grams import grams, initials, matching, plain, words_of
from hall_server.catalogue.records import (
    Difference,
    Entry,
    Found,
    InForce,
    Life,
    Origin,
    Page,
    Version,
    digest_of,
)

FILE = "catalogue.db"
OPEN = 1 << 62
MOST_COUNTED = 1000
RANKED = 200
MIGRATIONS = (
    """
    CREATE TABLE version(
      id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, by TEXT NOT NULL, origin TEXT NOT NULL,
      source TEXT NOT NULL, digest TEXT NOT NULL, items INTEGER NOT NULL, added INTEGER NOT NULL,
      changed INTEGER NOT NULL, removed INTEGER NOT NULL) STRICT;
    CREATE TABLE department(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE item(
      id INTEGER PRIMARY KEY, place INTEGER NOT NULL, code TEXT NOT NULL,
      since INTEGER NOT NULL, until INTEGER NOT NULL,
      name TEXT NOT NULL, department INTEGER NOT NULL REFERENCES department(id), task_code TEXT NOT NULL,
      base_code TEXT NOT NULL, digest TEXT NOT NULL, body BLOB NOT NULL) STRICT;
    CREATE UNIQUE INDEX item_code ON item(code, since);
    CREATE INDEX item_place ON item(place);
    CREATE INDEX item_name ON item(name);
    CREATE INDEX item_task ON item(task_code);
    CREATE INDEX item_base ON item(base_code);
    CREATE INDEX item_department ON item(department);
    CREATE INDEX item_until ON item(until);
    CREATE INDEX item_since ON item(since);
    CREATE VIRTUAL TABLE words USING fts5(
      name, also, department, initials, tags, content='', contentless_delete=1, detail='full', prefix='1');
    CREATE TABLE library(code TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE in_force(one INTEGER PRIMARY KEY CHECK(one = 1), body TEXT NOT NULL) STRICT;
    """,
)
"""Numbered scripts; ``user_version`` says how many of them a file has seen."""


class CatalogueBroken(Exception):
    """The file is of a newer version of the software, or closed."""


class Moved(Exception):
    """Somebody else changed the item, or the catalogue, meanwhile."""


class Store:
    """The file. Any thread may use it; reads and writes have a connection each, queued at a lock each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._reader: apsw.Connection | None = None
        self._writer: apsw.Connection | None = None

    def open(self) -> None:
        """Open or create and migrate. Raises CatalogueBroken, apsw.Error, OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = self._connected()
        known = int(str(db.pragma("user_version")))
        if known > len(MIGRATIONS):
            raise CatalogueBroken(f"{self._path} has schema {known}; this version knows {len(MIGRATIONS)}")
        for number, script in enumerate(MIGRATIONS[known:], known + 1):
            with db:
                db.execute(script)
                db.pragma("user_version", number)
        self._writer, self._reader = db, self._connected()

    def close(self) -> None:
        """Close; a second call does nothing."""
        with self._writing, self._reading:
            for db in (self._writer, self._reader):
                if db is not None:
                    db.close()
            self._writer = self._reader = None

    # ------------------------------------------------------------ versions

    def versions(self) -> list[Version]:
        """Every version, newest first."""
        return [_version(row) for row in self._read("SELECT * FROM version ORDER BY id DESC")]

    def version(self, version: int) -> Version | None:
        """One of them."""
        rows = self._read("SELECT * FROM version WHERE id=?", (version,))
        return _version(rows[0]) if rows else None

    @property
    def head(self) -> int:
        """The newest version, 0 when there is none."""
        return int(str(self._read("SELECT coalesce(max(id), 0) FROM version")[0][0]))

    @property
    def in_force(self) -> InForce:
        """With which version the hall works."""
        rows = self._read("SELECT body FROM in_force")
        return msgspec.json.decode(str(rows[0][0]), type=InForce) if rows else InForce()

    def put_in_force(self, state: InForce) -> None:
        """Another version, or the same one settled. What no search can ask for leaves the index."""
        with self.writing() as db:
            body = msgspec.json.encode(state).decode()
            db.execute(
                "INSERT INTO in_force VALUES(1,?) ON CONFLICT(one) DO UPDATE SET body=excluded.body", (body,)
            )
            oldest = min(filter(None, (state.version, state.previous)), default=OPEN - 1)
            db.execute("DELETE FROM words WHERE rowid IN (SELECT id FROM item WHERE until <= ?)", (oldest,))

    # ------------------------------------------------------------ items

    def item(self, code: str, version: int) -> tuple[int, Entry] | None:
        """(row, item) as it stands in a version."""
        rows = self._read(
            "SELECT id, body FROM item WHERE code=? AND since<=? AND +until>?", (code, version, version)
        )
        return (int(str(rows[0][0])), _entry(rows[0][1])) if rows else None

    def history(self, code: str) -> list[Life]:
        """Every state of an item, newest first."""
        rows = self._read("SELECT since, until, body FROM item WHERE code=? ORDER BY since DESC", (code,))
        return [
            Life(since=since, until=None if until == OPEN else until, entry=_entry(body))  # type: ignore[arg-type]
            for since, until, body in rows
        ]

    def entries(
        self, version: int, *, codes: Iterable[str] = (), departments: Iterable[str] = ()
    ) -> list[Entry]:
        """The items of a version with these codes or of these departments, in the order of the import."""
        rows = self._read(
            "SELECT body FROM item WHERE since<=?1 AND until>?1 "
            "AND (code IN (SELECT value FROM json_each(?2)) "
            "OR department IN (SELECT id FROM department WHERE name IN (SELECT value FROM json_each(?3)))) "
            "ORDER BY place",
            (version, _json(codes), _json(departments)),
        )
        return [_entry(body) for (body,) in rows]

    def departments(self, version: int) -> dict[str, int]:
        """Departments of a version with how many items each has, most first."""
        rows = self._read(
            "SELECT d.name, count(*) AS many FROM item i JOIN department d ON d.id=i.department "
            "WHERE +i.since<=?1 AND +i.until>?1 GROUP BY d.id ORDER BY many DESC, d.name",
            (version,),
        )
        return {str(name): int(str(many)) for name, many in rows}

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
            f"AND +i.since<=?2 AND +i.until>?2 ORDER BY w.rowid {self._order(version)} LIMIT ?3"
        )
        rows = [_found(row) for row in self._read(sql, (expression, version, max(RANKED, offset + limit)))]
        ranked |= {found.row: found for found in rows}
        ordered = sorted(ranked.values(), key=lambda found: _rank(found, words)) if words else rows
        total = len(ordered) if len(rows) < RANKED else self._count(expression, version)
        return Page(found=tuple(ordered[offset : offset + limit]), total=max(total, len(ordered)))

    def _order(self, version: int) -> str:
        """Rows of the newest version lie last, those of an older one first."""
        return "DESC" if version == self.head else "ASC"

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
        found = self.version(version)
        return Page(found=tuple(map(_found, rows)), total=found.items if found else 0)

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
            "WHERE words MATCH ?1 AND +i.since<=?2 AND +i.until>?2 LIMIT ?3)",
            (expression, version, MOST_COUNTED),
        )
        return int(str(rows[0][0]))

    def differences(
        self, before: int, after: int, *, limit: int = 100, offset: int = 0
    ) -> tuple[list[Difference], int]:
        """(items that two versions have differently, by code; how many there are)."""
        codes = (
            "SELECT code FROM item WHERE ((since>?1 AND since<=?2) OR (until>?1 AND until<=?2)) GROUP BY code"
        )
        low, high = min(before, after), max(before, after)
        rows = self._read(f"{codes} ORDER BY code", (low, high))
        found = [self._difference(str(code), before, after) for (code,) in rows[offset : offset + limit]]
        return [one for one in found if one.before != one.after], len(rows)

    def _difference(self, code: str, before: int, after: int) -> Difference:
        old, new = self.item(code, before), self.item(code, after)
        return Difference(code=code, before=old[1] if old else None, after=new[1] if new else None)

    def library(self) -> dict[str, str]:
        """基本编码 -> name, as the authority above has it; empty when none was imported."""
        return {str(code): str(name) for code, name in self._read("SELECT code, name FROM library")}

    def digests(self, version: int) -> dict[str, tuple[int, str]]:
        """Code -> (row, digest) of a version: what an import compares with."""
        rows = self._read("SELECT code, id, digest FROM item WHERE since<=?1 AND until>?1", (version,))
        return {str(code): (int(str(row)), str(digest)) for code, row, digest in rows}

    def names(self, version: int) -> dict[str, str]:
        """Code -> name of a version."""
        rows = self._read("SELECT code, name FROM item WHERE since<=?1 AND until>?1", (version,))
        return {str(code): str(name) for code, name in rows}

    # ------------------------------------------------------------ writing

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """One transaction; nothing of it stays when the block raises. Raises apsw.BusyError."""
        with self._writing:
            if self._writer is None:
                raise CatalogueBroken(f"{self._path} is closed")
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    @contextmanager
    def new_version(
        self, *, at_ms: int, by: str, origin: Origin, source: str, digest: str = ""
    ) -> Iterator[VersionBeing]:
        """A version behind the newest one, whole or not at all."""
        with self.writing() as db:
            head = int(str(db.execute("SELECT coalesce(max(id), 0) FROM version").fetchall()[0][0]))
            being = VersionBeing(db, head + 1)
            yield being
            being.trim()
            being.finish(at_ms=at_ms, by=by, origin=origin, source=source, digest=digest)

    def put_library(self, names: Mapping[str, str]) -> None:
        """Another library in place of the one before."""
        with self.writing() as db:
            db.execute("DELETE FROM library")
            db.executemany("INSERT INTO library VALUES(?,?)", list(names.items()))

    def restore(self, version: int, *, at_ms: int, by: str) -> int:
        """A new version that is as an older one was; its number."""
        wanted = self.digests(version)
        with self.new_version(
            at_ms=at_ms, by=by, origin=Origin.RESTORE, source=f"恢复自第 {version} 版"
        ) as being:
            now = being.digests()
            for code in now.keys() - wanted.keys():
                being.remove(code)
            for code, (row, digest) in wanted.items():
                if code not in now or now[code][1] != digest:
                    being.put(_entry(being.body(row)))
            return being.number

    # ------------------------------------------------------------ reading

    def _read(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        with self._reading:
            if self._reader is None:
                raise CatalogueBroken(f"{self._path} is closed")
            return self._reader.execute(sql, values).fetchall()

    def _connected(self) -> apsw.Connection:
        db = apsw.Connection(str(self._path))
        db.set_busy_timeout(5_000)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA cache_size=-32000")
        return db


class VersionBeing:
    """A version that is being made, within its transaction."""

    def __init__(self, db: apsw.Connection, number: int) -> None:
        self._db = db
        self.number = number
        self._departments = {str(n): int(str(i)) for i, n in db.execute("SELECT id, name FROM department")}
        self.added = self.changed = self.removed = 0

    def digests(self) -> dict[str, tuple[int, str]]:
        """Code -> (row, digest) as it stands now."""
        rows = self._db.execute("SELECT code, id, digest FROM item WHERE until=?", (OPEN,))
        return {str(code): (int(str(row)), str(digest)) for code, row, digest in rows}

    def body(self, row: int) -> object:
        """The document of a row."""
        return self._db.execute("SELECT body FROM item WHERE id=?", (row,)).fetchall()[0][0]

    def row_of(self, code: str) -> int:
        """The row of an item as it stands now, 0 when there is none."""
        rows = self._db.execute("SELECT id FROM item WHERE code=? AND +until=?", (code, OPEN)).fetchall()
        return int(str(rows[0][0])) if rows else 0

    def put(self, entry: Entry) -> bool:
        """Insert or replace; whether it differs from what was there."""
        document = entry.document
        digest = digest_of(document)
        rows = self._db.execute(
            "SELECT id, digest FROM item WHERE code=? AND +until=?", (entry.code, OPEN)
        ).fetchall()
        if rows and rows[0][1] == digest:
            return False
        if rows:
            self._end(int(str(rows[0][0])))
            self.changed += 1
        else:
            self.added += 1
        department = self._department(entry.department)
        self._db.execute(
            "INSERT INTO item"
            "(place, code, since, until, name, department, task_code, base_code, digest, body) "
            "VALUES(?,?,?,?,?,?,?,?,?,?)",
            (
                self._place(entry.code),
                entry.code,
                self.number,
                OPEN,
                entry.name,
                department,
                entry.task_code,
                entry.base_code,
                digest,
                document,
            ),
        )
        self._index(self._db.last_insert_rowid(), entry, department)
        return True

    def remove(self, code: str) -> None:
        """From this version on the catalogue does not have it."""
        self._end(self.row_of(code))
        self.removed += 1

    def finish(self, *, at_ms: int, by: str, origin: Origin, source: str, digest: str) -> None:
        """Write the version's own line."""
        items = int(
            str(self._db.execute("SELECT count(*) FROM item WHERE until=?", (OPEN,)).fetchall()[0][0])
        )
        self._db.execute(
            "INSERT INTO version VALUES(?,?,?,?,?,?,?,?,?,?)",
            (
                self.number,
                at_ms,
                by,
                origin.value,
                source,
                digest,
                items,
                self.added,
                self.changed,
                self.removed,
            ),
        )

    def trim(self) -> None:
        """What no search can ask for leaves the index."""
        rows = self._db.execute("SELECT body FROM in_force").fetchall()
        state = msgspec.json.decode(str(rows[0][0]), type=InForce) if rows else InForce()
        seed = self._db.execute("SELECT max(id) FROM version WHERE origin='seed'").fetchall()[0][0]
        oldest = state.version or int(str(seed or self.number))
        self._db.execute(
            "DELETE FROM words WHERE rowid IN (SELECT id FROM item WHERE until<=? AND until=?)",
            (oldest, self.number),
        )

    def _end(self, row: int) -> None:
        self._db.execute("UPDATE item SET until=? WHERE id=?", (self.number, row))

    def _place(self, code: str) -> int:
        """Where an item stands among all: where it once came in."""
        rows = self._db.execute(
            "SELECT coalesce((SELECT min(place) FROM item WHERE code=?), "
            "(SELECT coalesce(max(place), 0) + 1 FROM item))",
            (code,),
        ).fetchall()
        return int(str(rows[0][0]))

    def _department(self, name: str) -> int:
        if name not in self._departments:
            self._db.execute("INSERT INTO department(name) VALUES(?)", (name,))
            self._departments[name] = self._db.last_insert_rowid()
        return self._departments[name]

    def _index(self, row: int, entry: Entry, department: int) -> None:
        tags = [f"d{department}"]
        tags += ["online" if entry.online else "offline"]
        tags += ["terminal"] if entry.terminal else []
        tags += ["appointment"] if entry.appointment else []
        self._db.execute(
            "INSERT INTO words(rowid, name, also, department, initials, tags) VALUES(?,?,?,?,?,?)",
            (
                row,
                grams(entry.name),
                grams(entry.also),
                grams(entry.department),
                grams(initials(entry.name)),
                " ".join(tags),
            ),
        )


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


def _json(values: Iterable[str]) -> str:
    return msgspec.json.encode(list(values)).decode()


def _entry(body: object) -> Entry:
    return msgspec.json.decode(bytes(body), type=Entry)  # type: ignore[call-overload]


def _found(row: tuple[object, ...]) -> Found:
    return Found(row=int(str(row[0])), code=str(row[1]), name=str(row[2]), department=str(row[3]))


def _version(row: tuple[object, ...]) -> Version:
    return msgspec.convert(dict(zip(Version.__struct_fields__, row, strict=True)), Version)
