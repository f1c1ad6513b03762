"""S3: the journal is changed behind the hall's back, and the check must notice and name the first bad record.

`python -m tests.bench.chain_mutations [--mutations 100] [--long] [--seed N]`; --long = 1,000. A journal of
some days, sealed, anchored, with snapshots, is copied, changed once and given to `verify`: through SQL with
the triggers dropped, over all tables; as raw bytes of the file; by cutting the tail or writing the whole
chain anew with this program's source at hand; by forging or taking the anchor away. Only the hall's key is
not in the forger's hands. What was changed is told from the file's own rows.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import apsw
import msgspec

from contract.messages import JournalAnchor
from hall_server import keeping
from hall_server.anchor import anchor_file
from hall_server.records import GENESIS, JournalBroken, chain
from tests.bench.year import make

Value = int | float | str | bytes | None
Row = tuple[Any, ...]
Key = int | str
EVENTS = 700
COLUMNS = (
    "at_ms", "wall_ms", "day", "kind", "sender", "body", "hash", "request", "answer", "seal"
)  # fmt: skip
RECORDS = "SELECT seq, at_ms, wall_ms, day, kind, sender, body, request, answer FROM event ORDER BY seq"


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that a journal says: rows by their key, and the anchor's bytes."""

    events: dict[Key, Row]
    tickets: dict[Key, Row]
    snapshots: dict[Key, Row]
    anchor: bytes


def content_of(state: Path) -> Content | None:
    """None when SQLite cannot read it."""
    path = state / keeping.JOURNAL
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        events, tickets, snapshots = (_rows(db, name) for name in ("event", "ticket", "snapshot"))
    except (apsw.Error, ValueError):
        return None
    finally:
        db.close()
    anchor = anchor_file(path)
    return Content(events, tickets, snapshots, anchor.read_bytes() if anchor.exists() else b"")


def _rows(db: apsw.Connection, table: str) -> dict[Key, Row]:
    rows: list[Any] = db.execute(f"SELECT * FROM {table}").fetchall()
    return {row[0]: row for row in rows}


# ---------------------------------------------------------------- by somebody who knows SQL


def another(old: Value, chance: random.Random) -> Value:
    """A value of the same type that is not the old one."""
    if isinstance(old, int):
        return old + chance.choice([-1, 1]) * chance.randrange(1, 10_000_000)
    if isinstance(old, str):
        if not old:
            return "forged"
        place = chance.randrange(len(old))
        letter = chr(33 + (ord(old[place]) - 33 + chance.randrange(1, 90)) % 94)
        return old[:place] + letter + old[place + 1 :]
    assert isinstance(old, bytes)
    place = chance.randrange(len(old))
    return old[:place] + bytes([old[place] ^ chance.randrange(1, 256)]) + old[place + 1 :]


def set_at_random(
    db: apsw.Connection, chance: random.Random, table: str, key: str, columns: tuple[str, ...], where: str
) -> None:
    """Another value in one of the columns of a row."""
    column = chance.choice(columns)
    name, old = chance.choice(db.execute(f"SELECT {key}, {column} FROM {table} WHERE {where}").fetchall())
    new: Value = another(old, chance)
    try:
        db.execute(f"UPDATE {table} SET {column}=? WHERE {key}=?", (new, name))
    except apsw.ConstraintError:
        db.execute(f"DELETE FROM {table} WHERE {key}=?", (name,))


def altered(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """One column of one record gets another value."""
    set_at_random(db, chance, "event", "seq", COLUMNS, "1")


def time_altered(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """The column from which a restart takes hall time; the time in the body stays."""
    seq = chance.choice([last, chance.randrange(1, last + 1)])
    db.execute("UPDATE event SET at_ms=at_ms+? WHERE seq=?", (chance.randrange(1, 10_000_000), seq))


def answer_forged(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """What a repeat is told, or whose request it was."""
    set_at_random(db, chance, "event", "seq", ("request", "answer"), "request<>''")


def deleted(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """One record goes, not the last."""
    db.execute("DELETE FROM event WHERE seq=?", (chance.randrange(1, last),))


def deleted_and_closed_up(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """One record goes and those behind it move up."""
    gone = chance.randrange(1, last)
    db.execute("DELETE FROM event WHERE seq=?", (gone,))
    for seq in range(gone + 1, last + 1):
        db.execute("UPDATE event SET seq=? WHERE seq=?", (seq - 1, seq))


def reordered(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """Two records change places."""
    one, other = chance.sample(range(1, last + 1), 2)
    for old, new in ((one, -1), (other, one), (-1, other)):
        db.execute("UPDATE event SET seq=? WHERE seq=?", (new, old))


def inserted(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """A copy of a record stands behind the last, rightly linked, without the key for its seal."""
    copied = chance.randrange(1, last + 1)
    row: list[Any] = list(next(db.execute("SELECT * FROM event WHERE seq=?", (copied,))))
    head: Any = next(db.execute("SELECT hash FROM event WHERE seq=?", (last,)))[0]
    row[0], row[8], row[9] = last + 1, "", ""
    row[7] = chain(head, *row[:7], "", "")
    db.execute("INSERT INTO event VALUES(?,?,?,?,?,?,?,?,?,?,?)", row)


def inserted_before_the_first(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """A copy of a record stands where no number leads."""
    copied, seq = chance.randrange(1, last + 1), -chance.randrange(1_000)
    db.execute(
        "INSERT INTO event SELECT ?, at_ms, wall_ms, day, kind, sender, body, hash, '', '', seal "
        "FROM event WHERE seq=?",
        (seq, copied),
    )


def tail_cut(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """The last records go, and what they sealed; what is left is a right chain."""
    kept = chance.randrange(1, last)
    db.execute("DELETE FROM event WHERE seq>?", (kept,))
    db.execute("DELETE FROM snapshot WHERE seq>=?", (kept,))


def written_anew(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """A record is changed and every hash behind it computed again, seals left as they are."""
    changed = chance.randrange(1, last + 1)
    db.execute("UPDATE event SET sender='window:w9' WHERE seq=?", (changed,))
    head = GENESIS
    rows: list[Any] = db.execute(RECORDS).fetchall()
    for row in rows:
        head = chain(head, *row)
        db.execute("UPDATE event SET hash=? WHERE seq=?", (head, row[0]))


def written_anew_without_seals(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """The same, the seals taken away, as if there had never been a key."""
    written_anew(db, chance, last)
    db.execute("UPDATE event SET seal=x''")


def ticket_forged(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """A column of a ticket's row."""
    columns = ("day", "series", "ordinal", "status", "service", "body")
    set_at_random(db, chance, "ticket", "id", columns, "1")


def ticket_deleted(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """A ticket's row goes."""
    (name,) = chance.choice(db.execute("SELECT id FROM ticket").fetchall())
    db.execute("DELETE FROM ticket WHERE id=?", (name,))


def ticket_invented(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """A row for a number that nobody issued."""
    row = list(chance.choice(db.execute("SELECT * FROM ticket").fetchall()))
    row[0], row[3] = f"{row[0]}9", 100_000 + chance.randrange(1000)
    db.execute("INSERT INTO ticket VALUES(?,?,?,?,?,?,?)", row)


def snapshot_forged(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """A number in the state that a restart begins with, or any byte of it."""
    rows: list[Any] = db.execute("SELECT seq, body FROM snapshot").fetchall()
    seq, body = chance.choice(rows)
    forged = bytes(body).replace(b"B00", b"B99") if chance.random() < 0.5 else another(body, chance)
    db.execute("UPDATE snapshot SET body=? WHERE seq=?", (forged, seq))


def snapshot_moved(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """A snapshot is said to be of another record, or goes."""
    (seq,) = chance.choice(db.execute("SELECT seq FROM snapshot").fetchall())
    if chance.random() < 0.5:
        db.execute("UPDATE snapshot SET seq=seq+1 WHERE seq=?", (seq,))
    else:
        db.execute("DELETE FROM snapshot WHERE seq=?", (seq,))


BY_SQL = (
    altered,
    time_altered,
    answer_forged,
    deleted,
    deleted_and_closed_up,
    reordered,
    inserted,
    inserted_before_the_first,
    tail_cut,
    written_anew,
    written_anew_without_seals,
    ticket_forged,
    ticket_deleted,
    ticket_invented,
    snapshot_forged,
    snapshot_moved,
)


def by_sql(mutation: Callable[[apsw.Connection, random.Random, int], None]) -> Callable[..., None]:
    """The mutation on a journal, by somebody who knows SQL."""

    def mutate(state: Path, chance: random.Random) -> None:
        db = apsw.Connection(str(state / keeping.JOURNAL))
        db.execute("DROP TRIGGER event_is_history; DROP TRIGGER event_is_kept").fetchall()
        (last,) = next(db.execute("SELECT max(seq) FROM event"))
        with db:
            mutation(db, chance, last)
        db.close()

    return mutate


# ---------------------------------------------------------------- by somebody who knows files


def bytes_changed(state: Path, chance: random.Random) -> None:
    """One to sixteen bytes anywhere in the file."""
    path = state / keeping.JOURNAL
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content))
    for i in range(place, min(len(content), place + chance.randrange(1, 17))):
        content[i] ^= chance.randrange(1, 256)
    path.write_bytes(content)


def text_changed(state: Path, chance: random.Random) -> None:
    """A window or a number in the bytes of a record, same length, as a forger would."""
    path = state / keeping.JOURNAL
    content = path.read_bytes()
    found = chance.choice(list(re.finditer(rb'"window":"w(\d)"|"number":"B(\d)', content)))
    place = found.start(found.lastindex or 1)
    digit = bytes([48 + (content[place] - 48 + chance.randrange(1, 10)) % 10])
    path.write_bytes(content[:place] + digit + content[place + 1 :])


def file_cut(state: Path, chance: random.Random) -> None:
    """The end of the file is gone."""
    path = state / keeping.JOURNAL
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(1, len(content))])


def anchor_forged(state: Path, chance: random.Random) -> None:
    """The tail is cut and the anchor written to fit, without the key."""
    by_sql(tail_cut)(state, chance)
    path = state / keeping.JOURNAL
    db = apsw.Connection(str(path))
    seq, head = next(db.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1"))
    db.close()
    old = msgspec.json.decode(anchor_file(path).read_bytes(), type=JournalAnchor)
    forged = msgspec.structs.replace(old, seq=seq, head=head.hex())
    anchor_file(path).write_bytes(msgspec.json.encode(forged))


def anchor_taken(state: Path, chance: random.Random) -> None:
    """The tail is cut and the anchor taken away."""
    by_sql(tail_cut)(state, chance)
    anchor_file(state / keeping.JOURNAL).unlink()


MUTATIONS: dict[str, Callable[[Path, random.Random], None]] = {
    **{mutation.__name__: by_sql(mutation) for mutation in BY_SQL},
    **{f.__name__: f for f in (bytes_changed, text_changed, file_cut, anchor_forged, anchor_taken)},
}


# ---------------------------------------------------------------- judging


def first_bad(before: Content, state: Path) -> set[str] | None:
    """What the check must name: the first record that differs, else the anchor, else a ticket or snapshot.

    Empty when nothing differs, None when SQLite reads every record but not what lies beside them, or nothing.
    """
    after = content_of(state)
    if after is None:
        return first_unreadable(before, state / keeping.JOURNAL)
    if after.anchor != before.anchor:
        return {"anchor"}
    if records := differing(before.events, after.events):
        return {f"record {min(map(int, records))}"}
    if tickets := differing(before.tickets, after.tickets):
        return {f"ticket {name}" for name in tickets}
    return {f"snapshot {seq}" for seq in differing(before.snapshots, after.snapshots)}


def first_unreadable(before: Content, path: Path) -> set[str] | None:
    """The first record that cannot be read or is another, asked for one by one, and read in order: a damaged
    page above the records may stop the one before the other."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except apsw.Error:
        db.close()
        return None
    bad = {_first_by_number(db, before), _first_in_order(db, before)} - {0}
    db.close()
    return {f"record {seq}" for seq in bad} or None


def _first_by_number(db: apsw.Connection, before: Content) -> int:
    for seq in sorted(map(int, before.events)):
        try:
            if db.execute("SELECT * FROM event WHERE seq=?", (seq,)).fetchone() != before.events[seq]:
                return seq
        except (apsw.Error, ValueError):
            return seq
    return 0


def _first_in_order(db: apsw.Connection, before: Content) -> int:
    wanted = 1
    try:
        for row in db.execute("SELECT * FROM event ORDER BY seq"):
            if row != before.events.get(wanted):
                return wanted
            wanted += 1
    except (apsw.Error, ValueError):
        return wanted
    return wanted if wanted in before.events else 0


def differing(old: dict[Key, Row], new: dict[Key, Row]) -> list[Key]:
    """Keys of the rows that are not the same in both."""
    return [key for key in old.keys() | new.keys() if old.get(key) != new.get(key)]


def judged(before: Content, state: Path) -> tuple[str, str]:
    """(what `verify` did, what it said).

    named; elsewhere = something else was named; found = damage that is no row's; raw = found, but as an error
    that is no JournalBroken; missed; beside = no row changed and the file is sound.
    """
    bad = first_bad(before, state)
    try:
        keeping.check(state)
    except JournalBroken as broken:
        said = str(broken)
    except (apsw.Error, ValueError, OSError) as error:
        return "raw", f"{type(error).__name__}: {error}"
    else:
        return ("beside" if bad == set() else "missed"), f"first bad: {bad}"
    if not bad:
        return "found", said
    named = any(re.search(rf"\b{re.escape(name)}\b", said) for name in bad)
    return ("named" if named else "elsewhere"), f"{said} (first bad: {sorted(bad)[:3]})"


def run(mutations: int, seed: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Counts of (mutation, what was found), and a sentence for each that was not found and named."""
    chance = random.Random(seed)
    tally: Counter[tuple[str, str]] = Counter()
    poor: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        good, state = Path(folder) / "good", Path(folder) / "state"
        make(good, EVENTS, tickets_a_day=70, backlog=3, snapshot_every=90)
        fold_in(good / keeping.JOURNAL)
        before = content_of(good)
        assert before is not None
        assert keeping.check(good).count >= EVENTS
        for name in islice(cycle(MUTATIONS), mutations):
            shutil.copytree(good, state)
            MUTATIONS[name](state, chance)
            how, said = judged(before, state)
            tally[name, how] += 1
            if how not in ("named", "found", "beside"):
                poor.append(f"{name}: {how}: {said}")
            shutil.rmtree(state)
    return tally, poor


def fold_in(path: Path) -> None:
    """All in one file, for who changes bytes of it."""
    db = apsw.Connection(str(path))
    db.pragma("journal_mode", "delete")
    db.close()


def main() -> int:
    """Print the figures; status 1 when a change was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    mutations = 1000 if options.long else options.mutations
    started = time.monotonic()
    tally, poor = run(mutations, options.seed)
    print(f"seed {options.seed}: {mutations} mutations in {time.monotonic() - started:.1f} s")
    total: Counter[str] = Counter()
    for name in MUTATIONS:
        counts = {how: count for (which, how), count in sorted(tally.items()) if which == name}
        total.update(counts)
        print(f"  {name:<28} {counts}")
    for line in sorted(set(poor))[:12]:
        print(f"  not found and named: {line[:200]}")
    real = mutations - total["beside"]
    print(
        f"S3: {100 * (real - total['missed']) / real:.1f} % found of {real}, {total['named']} named, "
        f"{total['found']} as damage of the file, {total['elsewhere']} with another (bar 100 %, named)"
    )
    return 1 if total["missed"] or total["elsewhere"] or total["raw"] else 0


if __name__ == "__main__":
    sys.exit(main())
