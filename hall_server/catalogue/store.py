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
from typing import TypeVar

import apsw
import msgspec

from hall_server.catalogue.making import VersionBeing
from hall_server.catalogue.records import Difference, Entry, InForce, Life, Origin, Version
from hall_server.catalogue.schema import MIGRATIONS, OPEN
from hall_server.catalogue.searching import Searching

FILE = "catalogue.db"
MOST_ENDED = 100_000
"""Rows of former versions that are kept in any case: what managers edit by hand for years."""


MOST_KEPT = 8
K = TypeVar("K")
V = TypeVar("V")


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
        self._departments: dict[int, dict[str, int]] = {}
        self._differing: dict[tuple[int, int], int] = {}
        self.search = Searching(self._read, head=lambda: self.head, items=self._items_in).search

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
            VersionBeing(db, 0).find_again(state.version)
            wanted = (state.version,) if state.settled else (state.version, state.previous)
            oldest = min(filter(None, wanted), default=OPEN - 1)
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
        if (known := self._departments.get(version)) is not None:
            return dict(known)
        rows = self._read(
            "SELECT d.name, count(*) AS many FROM item i JOIN department d ON d.id=i.department "
            "WHERE +i.since<=?1 AND +i.until>?1 GROUP BY d.id ORDER BY many DESC, d.name",
            (version,),
        )
        found = {str(name): int(str(many)) for name, many in rows}
        if rows:
            _keep(self._departments, version, found)
        return dict(found)

    def differences(
        self, before: int, after: int, *, limit: int = 100, offset: int = 0
    ) -> tuple[list[Difference], int]:
        """(items that two versions have differently, by code; how many there are)."""
        codes = (
            "SELECT code FROM item WHERE ((since>?1 AND since<=?2) OR (until>?1 AND until<=?2)) GROUP BY code"
        )
        low, high = min(before, after), max(before, after)
        if (total := self._differing.get((low, high))) is None:
            total = int(str(self._read(f"SELECT count(*) FROM ({codes})", (low, high))[0][0]))
            if high <= self.head:
                _keep(self._differing, (low, high), total)
        rows = (
            self._read(f"{codes} ORDER BY code LIMIT ?3 OFFSET ?4", (low, high, limit, offset))
            if limit
            else []
        )
        found = [self._difference(str(code), before, after) for (code,) in rows]
        return [one for one in found if one.before != one.after], total

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
        """A version behind the newest one, whole or not at all. The oldest go when they take too much."""
        with self.writing() as db:
            head = int(str(db.execute("SELECT coalesce(max(id), 0) FROM version").fetchall()[0][0]))
            being = VersionBeing(db, head + 1)
            yield being
            being.trim()
            being.finish(at_ms=at_ms, by=by, origin=origin, source=source, digest=digest)
            being.forget(MOST_ENDED)

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

    def _items_in(self, version: int) -> int:
        found = self.version(version)
        return found.items if found else 0

    def _connected(self) -> apsw.Connection:
        db = apsw.Connection(str(self._path))
        db.set_busy_timeout(5_000)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA cache_size=-32000")
        return db


def _keep(known: dict[K, V], key: K, value: V) -> None:
    """A version never changes, so what was counted up of one holds; the longest kept goes."""
    while len(known) >= MOST_KEPT:
        known.pop(next(iter(known)), None)
    known[key] = value


def _json(values: Iterable[str]) -> str:
    return msgspec.json.encode(list(values)).decode()


def _entry(body: object) -> Entry:
    return msgspec.json.decode(bytes(body), type=Entry)  # type: ignore[call-overload]


def _version(row: tuple[object, ...]) -> Version:
    return msgspec.convert(dict(zip(Version.__struct_fields__, row, strict=True)), Version)
