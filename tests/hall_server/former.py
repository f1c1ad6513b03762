"""Journals as former versions of this program wrote them, from recorded SQL."""

from __future__ import annotations

from pathlib import Path

import apsw

RECORDED = Path(__file__).with_name("recorded")


def write_former(path: Path, schema: int) -> Path:
    """A journal of that schema, as its version left it when the hall stopped."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = apsw.Connection(str(path))
    with db:
        db.execute((RECORDED / f"journal-{schema}.sql").read_text(encoding="utf-8"))
    db.pragma("journal_mode", "wal")
    db.close()
    return path
