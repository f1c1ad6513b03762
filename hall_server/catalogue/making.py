"""A version of the catalogue that is being made: what differs from the one before, and its own line."""

from __future__ import annotations

import apsw
import msgspec

from hall_server.catalogue.grams import grams, initials
from hall_server.catalogue.records import Entry, InForce, Origin, digest_of
from hall_server.catalogue.schema import OPEN

MOST_TIMES = 4
"""How many times the items that hold may be kept for the past."""


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
        """What no search can ask for leaves the index: rows that end now and do not hold in the version that
        the public sees."""
        seen, _ = self._kept()
        self._db.execute(
            "DELETE FROM words WHERE rowid IN (SELECT id FROM item WHERE until=?1 AND (?1<=?2 OR since>?2))",
            (self.number, seen),
        )

    def find_again(self, version: int) -> None:
        """Rows of a version that left the index, because another was made meanwhile, come back to it."""
        rows = self._db.execute(
            "SELECT id, department, body FROM item WHERE until>?1 AND until<?2 AND since<=?1 "
            "AND NOT EXISTS (SELECT 1 FROM words WHERE rowid=item.id)",
            (version, OPEN),
        ).fetchall()
        for row, department, body in rows:
            entry = msgspec.json.decode(bytes(body), type=Entry)  # type: ignore[arg-type]
            self._index(int(str(row)), entry, int(str(department)))

    def forget(self, most_ended: int) -> int:
        """Give up the oldest versions while more than ``most_ended`` rows, and more than MOST_TIMES as many
        as hold now, are kept for the past only. The version in force, the one before it and the newest two
        stay. Returns the oldest version that is left."""
        _, floor = self._kept()
        (items,) = self._db.execute("SELECT count(*) FROM item WHERE until=?", (OPEN,)).fetchall()[0]
        room = max(most_ended, MOST_TIMES * int(str(items)))
        ended = self._db.execute(
            "SELECT until, count(*) FROM item WHERE until<? GROUP BY until ORDER BY until DESC", (OPEN,)
        ).fetchall()
        oldest, kept = 0, 0
        for until, count in ended:
            kept += int(str(count))
            if kept > room:
                oldest = min(int(str(until)), floor)
                break
        self._db.execute("DELETE FROM words WHERE rowid IN (SELECT id FROM item WHERE until<=?)", (oldest,))
        self._db.execute("DELETE FROM item WHERE until<=?", (oldest,))
        self._db.execute("DELETE FROM version WHERE id<?", (oldest,))
        return int(str(self._db.execute("SELECT coalesce(min(id), 0) FROM version").fetchall()[0][0]))

    def _kept(self) -> tuple[int, int]:
        """(the version that the public sees, the oldest one that must stay)."""
        rows = self._db.execute("SELECT body FROM in_force").fetchall()
        state = msgspec.json.decode(str(rows[0][0]), type=InForce) if rows else InForce()
        seed = self._db.execute("SELECT max(id) FROM version WHERE origin='seed'").fetchall()[0][0]
        seen = state.version or int(str(seed or self.number))
        return seen, min(seen, state.previous or seen, self.number - 1)

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
