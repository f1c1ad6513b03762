"""Every line of SQL about the journal: its schemas and their migrations, its questions, its writes.

The schema is the sum of ``STEPS``: a fresh file takes all of them, an older one those that it lacks. To
change the schema, or what ``evolve`` makes of old events, append a step.
"""

from __future__ import annotations

_TO_1 = """
CREATE TABLE event(
  seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL, day TEXT NOT NULL,
  kind TEXT NOT NULL, sender TEXT NOT NULL, body TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE request(
  day TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, answer TEXT NOT NULL,
  PRIMARY KEY(day, id)) STRICT, WITHOUT ROWID;
CREATE TABLE ticket(
  id TEXT PRIMARY KEY, day TEXT NOT NULL, series TEXT NOT NULL, ordinal INTEGER NOT NULL,
  status TEXT NOT NULL, service TEXT NOT NULL, body TEXT NOT NULL,
  UNIQUE(day, series, ordinal)) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot(seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TRIGGER event_is_history BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER event_is_kept BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'append only'); END;
"""
_TO_2 = """
ALTER TABLE event ADD COLUMN request TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN answer TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN seal BLOB NOT NULL DEFAULT x'';
CREATE INDEX event_of_day ON event(day);
CREATE UNIQUE INDEX event_of_request ON event(day, request) WHERE request<>'';
DROP TABLE request;
DROP TABLE snapshot;
CREATE TABLE snapshot(seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
"""
STEPS = (_TO_1, _TO_2)
SCHEMA_VERSION = len(STEPS)
ANSWERS_APART = 1
"""The schema that kept answers in a table of their own, outside the chain."""

DURABLE = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
PRAGMA wal_autocheckpoint=4000;
"""

LEAST_SEQ = -(2**63)
_COLUMNS = "seq, at_ms, wall_ms, day, kind, sender, body, hash"
_RECORDS = {
    1: f"SELECT {_COLUMNS}, '', '', x'' FROM event",
    2: f"SELECT {_COLUMNS}, request, answer, seal FROM event",
}


def records(schema: int, which: str) -> str:
    """Whole records of a file with this schema; ``which`` is one of the clauses below."""
    return f"{_RECORDS[max(schema, 1)]} {which}"


NEWEST = "ORDER BY seq DESC LIMIT 1"
PORTION_AFTER = "WHERE seq>? ORDER BY seq LIMIT ?"
PORTION_OF_DAY = "WHERE day=? AND seq>? ORDER BY seq LIMIT ?"
OF_KIND = "WHERE kind=:kind AND seq>:after ORDER BY seq"
OF_KIND_AND_DAY = "WHERE kind=:kind AND seq>:after AND day=:day ORDER BY seq"

LAST = f"SELECT seq, hash FROM event {NEWEST}"
LAST_READING = f"SELECT at_ms, wall_ms FROM event {NEWEST}"
HASH_AT = "SELECT hash FROM event WHERE seq=?"
DAYS = """
WITH RECURSIVE found(day) AS (
  SELECT min(day) FROM event WHERE day>''
  UNION ALL SELECT (SELECT min(day) FROM event WHERE day>found.day) FROM found WHERE found.day IS NOT NULL)
SELECT day FROM found WHERE day IS NOT NULL
"""
HEAD_OF_DAY = f"SELECT hash FROM event WHERE day=? {NEWEST}"
ANSWERS = "SELECT request, answer FROM event WHERE day=? AND request<>''"
ANSWERS_OF_SCHEMA_1 = f"SELECT day, id, answer FROM request WHERE day=(SELECT day FROM event {NEWEST})"
SNAPSHOTS = "SELECT seq, body FROM snapshot ORDER BY seq DESC"
TICKETS_OF_DAY = "SELECT id, day, series, ordinal, status, service, body FROM ticket WHERE day=?"
TICKETS_PER_DAY = "SELECT day, count(*) FROM ticket GROUP BY day"

APPEND = "INSERT INTO event VALUES(?,?,?,?,?,?,?,?,?,?,?)"
PUT_TICKET = (
    "INSERT INTO ticket VALUES(?,?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET "
    "status=excluded.status, service=excluded.service, body=excluded.body"
)
FORGET_TICKETS = "DELETE FROM ticket"
PUT_SNAPSHOT = "INSERT INTO snapshot VALUES(?,?)"
FORGET_SNAPSHOT = "DELETE FROM snapshot WHERE seq=?"
FORGET_OLD_SNAPSHOTS = (
    "DELETE FROM snapshot WHERE seq NOT IN (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?)"
)
