"""S3: the journal is changed behind the hall's back, and the check of the chain must notice and name it.

`python -m tests.bench.chain_mutations [--mutations 100] [--long] [--seed N]`; --long = 1,000. A journal of a
real running hall is copied, changed once (through SQL with the triggers dropped, or as raw bytes of the
file), and checked by `verify`. What was changed is told from the file's own rows, so that a change of bytes
that changes no record (an empty page, an index, a ticket's row) is counted apart. Last, what the chain alone
cannot notice: a tail that is cut, a chain written anew, rows of tables beside it that a restart trusts.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import apsw

from hall_server.hall import commands as c
from hall_server.hall.evolve import evolve
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall.snapshot import freeze
from hall_server.journal import GENESIS, JournalBroken, chain, verified, verify
from tests.hall_server.halls import small_plan
from tests.hall_server.running import running

NUMBERS = 120
Value = int | float | str | bytes | None
Rows = list[tuple[Value, ...]]
COLUMNS = ("wall_ms", "day", "kind", "sender", "body", "hash")


def write_journal(path: Path) -> None:
    """A morning at three windows."""
    with running(path) as (service, _):
        for i in range(NUMBERS):
            service.submit(c.Issue(request=f"r{i}", by="kiosk-1", service="tax")).result(10)
            for kind in (c.CallNext, c.Arrive, c.Finish):
                window = f"w{1 + i % 3}"
                try:
                    service.submit(kind(request=f"{kind.__name__}{i}", by=window, window=window)).result(10)
                except RuleBroken:
                    continue
    hall, db = Hall(small_plan()), apsw.Connection(str(path))
    for entry in verified(db):
        evolve(hall, entry.event)
    db.execute("INSERT INTO snapshot VALUES(?,?,?)", (hall.seq, 0, freeze(hall)))
    db.pragma("wal_checkpoint(TRUNCATE)")
    db.pragma("journal_mode", "delete")
    db.close()


def rows_of(path: Path) -> Rows:
    """Every record as it lies in the file. Raises apsw.Error, ValueError when it cannot be read."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return db.execute("SELECT seq, at_ms, wall_ms, day, kind, sender, body, hash FROM event").fetchall()
    finally:
        db.close()


# ---------------------------------------------------------------- mutations


def altered(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """One column of one record gets another value."""
    column, seq = chance.choice(COLUMNS), chance.randrange(1, last + 1)
    (old,) = next(db.execute(f"SELECT {column} FROM event WHERE seq=?", (seq,)))
    if isinstance(old, int):
        new: Value = old + chance.choice([-1, 1]) * chance.randrange(1, 10_000_000)
    elif isinstance(old, str):
        place = chance.randrange(len(old))
        new = old[:place] + chr(33 + (ord(old[place]) - 33 + chance.randrange(1, 90)) % 94) + old[place + 1 :]
    else:
        new = chance.randbytes(32)
    db.execute(f"UPDATE event SET {column}=? WHERE seq=?", (new, seq))


def time_altered(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """The column from which a restart takes hall time; the time in the body stays."""
    seq = chance.choice([last, chance.randrange(1, last + 1)])
    db.execute("UPDATE event SET at_ms=at_ms+? WHERE seq=?", (chance.randrange(1, 10_000_000), seq))


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
    """A copy of a record stands behind the last, under its hash."""
    seq = chance.randrange(1, last + 1)
    db.execute(
        "INSERT INTO event SELECT ?, at_ms, wall_ms, day, kind, sender, body, hash FROM event WHERE seq=?",
        (last + 1, seq),
    )


BY_SQL = (altered, time_altered, deleted, deleted_and_closed_up, reordered, inserted)


def by_sql(mutation: Callable[[apsw.Connection, random.Random, int], None]) -> Callable[..., None]:
    """The mutation on a file, by somebody who knows SQL."""

    def mutate(path: Path, chance: random.Random) -> None:
        db = apsw.Connection(str(path))
        db.execute("DROP TRIGGER event_is_history; DROP TRIGGER event_is_kept").fetchall()
        (last,) = next(db.execute("SELECT max(seq) FROM event"))
        with db:
            mutation(db, chance, last)
        db.close()

    return mutate


def bytes_changed(path: Path, chance: random.Random) -> None:
    """One to sixteen bytes anywhere in the file."""
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content))
    for i in range(place, min(len(content), place + chance.randrange(1, 17))):
        content[i] ^= chance.randrange(1, 256)
    path.write_bytes(content)


def text_changed(path: Path, chance: random.Random) -> None:
    """A window or a number in the bytes of a record, same length, as a forger would."""
    content = path.read_bytes()
    found = chance.choice(list(re.finditer(rb'"window":"w(\d)"|"number":"B(\d)', content)))
    place = found.start(found.lastindex or 1)
    digit = bytes([48 + (content[place] - 48 + chance.randrange(1, 10)) % 10])
    path.write_bytes(content[:place] + digit + content[place + 1 :])


def file_cut(path: Path, chance: random.Random) -> None:
    """The end of the file is gone."""
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(1, len(content))])


def tail_cut(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """The last records go: what is left is a right chain."""
    db.execute("DELETE FROM event WHERE seq>?", (chance.randrange(1, last),))


def written_anew(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """A record is changed and every hash behind it computed again, with this program's source at hand."""
    changed = chance.randrange(1, last + 1)
    db.execute("UPDATE event SET sender='window:w9' WHERE seq=?", (changed,))
    head = GENESIS
    rows = db.execute("SELECT seq, wall_ms, day, kind, sender, body FROM event ORDER BY seq").fetchall()
    for seq, wall_ms, *rest in rows:
        head = chain(head, int(str(seq)), str(wall_ms), *(str(column) for column in rest))
        db.execute("UPDATE event SET hash=? WHERE seq=?", (head, seq))


def answer_altered(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """Who asks again is told another number."""
    db.execute("UPDATE request SET answer=replace(answer, 'B00', 'B99') WHERE id='kiosk-1/r1'")


def ticket_altered(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """The row of a ticket says something else than its events."""
    db.execute("UPDATE ticket SET status='cancelled' WHERE ordinal=?", (chance.randrange(1, NUMBERS),))


def snapshot_altered(db: apsw.Connection, chance: random.Random, last: int) -> None:
    """The state from which a restart goes on has another number in it."""
    seq, body = next(db.execute("SELECT seq, body FROM snapshot"))
    forged = bytes(body).replace(b"B001", b"B991")
    db.execute("UPDATE snapshot SET body=? WHERE seq=?", (forged, seq))


MUTATIONS: dict[str, Callable[[Path, random.Random], None]] = {
    **{mutation.__name__: by_sql(mutation) for mutation in BY_SQL},
    "bytes_changed": bytes_changed,
    "text_changed": text_changed,
    "file_cut": file_cut,
}
BEYOND_THE_CHAIN = {
    mutation.__name__: by_sql(mutation)
    for mutation in (tail_cut, written_anew, answer_altered, ticket_altered, snapshot_altered)
}


# ---------------------------------------------------------------- judging


def first_bad(before: Rows, path: Path) -> int | None:
    """The first record that differs from before, 0 when none does, None when SQLite cannot read them."""
    try:
        after = {row[0]: row for row in rows_of(path)}
    except (apsw.Error, ValueError):
        return None
    changed = [int(str(row[0])) for row in before if after.get(row[0]) != row]
    added = [int(str(seq)) for seq in after.keys() - {row[0] for row in before}]
    return min(changed + added, default=0)


def judged(before: Rows, path: Path) -> tuple[str, str]:
    """(what `verify` did, what it said).

    named; elsewhere = another record was named; found = damage of the file that is no record's; raw = found,
    but as an error that is no JournalBroken; missed; beside = no record changed and none was blamed.
    """
    bad = first_bad(before, path)
    said = ""
    try:
        verify(path)
    except JournalBroken as broken:
        said = str(broken)
    except (apsw.Error, ValueError) as error:
        return "raw", f"{type(error).__name__}: {error}"
    named = re.match(r"record (\d+) ", said)
    if not said:
        return ("beside" if bad == 0 else "missed"), f"first bad record {bad}"
    if not bad or named is None:
        return "unnamed" if bad else "found", said
    return ("named" if int(named[1]) == bad else "elsewhere"), f"{said} (first bad: {bad})"


def run(mutations: int, seed: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Counts of (mutation, what was found), and a sentence for each that was not found and named."""
    chance = random.Random(seed)
    tally: Counter[tuple[str, str]] = Counter()
    poor: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        good = Path(folder) / "journal.db"
        write_journal(good)
        before, content = rows_of(good), good.read_bytes()
        wanted = list(islice(cycle(MUTATIONS), mutations))
        wanted += [name for name in BEYOND_THE_CHAIN for _ in range(max(1, mutations // 50))]
        for number, name in enumerate(wanted):
            path = Path(folder) / f"{number}.db"
            path.write_bytes(content)
            (MUTATIONS | BEYOND_THE_CHAIN)[name](path, chance)
            how, said = judged(before, path)
            tally[name, how] += 1
            if how in ("missed", "elsewhere", "unnamed", "raw") and name in MUTATIONS:
                poor.append(f"{name}: {how}: {said}")
            path.unlink()
    return tally, poor


def main() -> int:
    """Print the figures; status 1 when a change of a record was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    mutations = 1000 if options.long else options.mutations
    started = time.monotonic()
    tally, poor = run(mutations, options.seed)
    print(f"seed {options.seed}: {mutations} mutations in {time.monotonic() - started:.1f} s")
    for name in (*MUTATIONS, *BEYOND_THE_CHAIN):
        counts = {how: count for (which, how), count in sorted(tally.items()) if which == name}
        print(f"  {name:<22} {counts}")
    for line in sorted(set(poor))[:12]:
        print(f"  not found and named: {line[:160]}")
    total: Counter[str] = Counter()
    for (name, how), count in tally.items():
        if name in MUTATIONS:
            total[how] += count
    real = mutations - total["beside"]
    share = 100 * (real - total["missed"]) / real
    print(
        f"S3: {share:.1f} % found of {real}, {total['named']} with the first bad record named, "
        f"{total['elsewhere']} with another (bar 100 %, named)"
    )
    return 1 if total["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
