"""A disk that is full for good, at each write in turn: the hall ends, and nothing that was told is lost."""

from __future__ import annotations

import threading
from pathlib import Path

import apsw
import pytest

from contract.clock import HallClock
from hall_server.hall import commands as c
from hall_server.hall.pictures import Look
from hall_server.journal_writer import Journal
from hall_server.service import HallService
from tests.hall_server.halls import small_plan
from tests.hall_server.running import Recorder, running


class FullAfter(apsw.VFS):
    """A disk with room for so many writes, counted from ``armed`` on."""

    def __init__(self, name: str, writes: int) -> None:
        self.name, self.left, self.armed = name, writes, False
        super().__init__(name, "")

    def xOpen(self, name: object, flags: list[int]) -> _Refusing:  # noqa: N802 - SQLite's name
        return _Refusing(self, name, flags)


class _Refusing(apsw.VFSFile):
    def __init__(self, disk: FullAfter, name: object, flags: list[int]) -> None:
        self._disk = disk
        super().__init__("", name, flags)  # type: ignore[arg-type]

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        if self._disk.armed:
            self._disk.left -= 1
            if self._disk.left < 0:
                raise apsw.FullError("no room")
        super().xWrite(data, offset)


@pytest.mark.parametrize("writes", range(0, 24, 2))
def test_what_was_told_is_there_after_the_disk_was_full(tmp_path: Path, writes: int) -> None:
    path, ended, told = tmp_path / "journal.db", threading.Event(), list[str]()
    disk = FullAfter(f"full-{writes}", writes)
    journal = Journal(path, on_failure=lambda _: ended.set(), vfs=disk.name)
    journal.open()
    service = HallService(
        small_plan(),
        journal,
        clock=HallClock(journal.last_reading()),
        publisher=Recorder(),
        look=Look(boot="b1", public_url="http://hall.test", key=b"k"),
    )
    service.start()
    disk.armed = True
    asked = 0
    while not ended.is_set() and asked < 200:
        answer = service.submit(c.Issue(request=f"r{asked}", by="kiosk-1", service="tax"))
        answer.add_done_callback(lambda done: told.append(done.result().ticket))
        service.settled()
        asked += 1
        while not (answer.done() or ended.wait(0.001)):
            pass
    service.stop()
    disk.armed = False
    journal.close()
    assert ended.is_set(), "the disk never was full"
    with running(path) as (again, _):
        there = again.query(lambda hall: set(hall.tickets)).result(10)
        repeated = again.submit(c.Issue(request="r0", by="kiosk-1", service="tax")).result(10)
    assert set(told) <= there
    assert len(told) == len(set(told))
    if told:
        assert repeated.ticket == told[0]
