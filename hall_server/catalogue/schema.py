"""Tables and index of the catalogue's file, as numbered scripts."""

from __future__ import annotations

OPEN = 1 << 62
"""``until`` of what still holds."""
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
