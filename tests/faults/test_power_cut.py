"""The power fails at any moment: every number that anyone was told is there, and nothing is half there."""

from __future__ import annotations

import random
import threading
from concurrent.futures import Future
from pathlib import Path

import apsw
import pytest

from hall_server.anchor import anchor_file, read_anchor
from hall_server.checking import verify
from hall_server.hall import commands as c
from hall_server.hall.lookup import Answer
from tests.faults.power import PowerCutVfs
from tests.hall_server.running import running

CALLERS, CUTS = 8, 12
KEY = b"k" * 32


def issue_on_and_on(path: Path, vfs: PowerCutVfs, folder: Path, seed: int) -> dict[str, str]:
    """Issue from many threads; cut the power in the middle; returns what callers had been told by then."""
    chance = random.Random(seed)
    told: dict[str, str] = {}
    at_cut: dict[str, str] = {}
    enough = threading.Event()
    cut_after = chance.randrange(5, 60)
    lock = threading.Lock()

    def note(request: str, answer: Future[Answer]) -> None:
        with lock:
            told[request] = answer.result().ticket
            if len(told) == cut_after:
                at_cut.update(told)
                anchor = anchor_file(path).read_bytes()
                vfs.cut(folder / f"after-{seed}", chance)
                anchor_file(folder / f"after-{seed}" / path.name).write_bytes(anchor)
                enough.set()

    with running(path, vfs=vfs.name, key=KEY) as (service, _):

        def call(caller: int) -> None:
            i = 0
            while not enough.is_set():
                request = f"{seed}-{caller}-{i}"
                future = service.submit(c.Issue(request=request, by="kiosk", service="tax"))
                future.add_done_callback(lambda answer, request=request: note(request, answer))  # type: ignore[misc]
                future.exception(10)
                i += 1

        threads = [threading.Thread(target=call, args=(caller,)) for caller in range(CALLERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return at_cut


@pytest.mark.parametrize("seed", range(CUTS))
def test_what_was_told_survives_a_power_cut(tmp_path: Path, seed: int) -> None:
    vfs = PowerCutVfs(f"cut-{seed}")
    told = issue_on_and_on(tmp_path / "journal.db", vfs, tmp_path, seed)
    after = tmp_path / f"after-{seed}" / "journal.db"
    verify(after, KEY, anchor=read_anchor(anchor_file(after), KEY))
    with running(after, key=KEY) as (service, _):
        for request, ticket in told.items():
            again = service.submit(c.Issue(request=request, by="kiosk", service="tax")).result(10)
            assert again.ticket == ticket, f"seed {seed}: {request}"
    assert len(set(told.values())) == len(told)


def test_without_sync_the_simulator_does_lose(tmp_path: Path) -> None:
    """The test above can fail: a writer that does not sync loses what it told."""
    vfs = PowerCutVfs("careless")
    db = apsw.Connection(str(tmp_path / "a.db"), vfs="careless")
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=OFF", "CREATE TABLE t(x)"):
        db.execute(statement).fetchall()
    for i in range(50):
        db.execute("INSERT INTO t VALUES(?)", (i,))
    vfs.cut(tmp_path / "after", random.Random(1))
    db.close()
    assert _count(tmp_path / "after" / "a.db") < 50


def _count(path: Path) -> int:
    """Rows that are left; 0 when the file itself is broken."""
    try:
        return len(apsw.Connection(str(path)).execute("SELECT x FROM t").fetchall())
    except apsw.Error:
        return 0
