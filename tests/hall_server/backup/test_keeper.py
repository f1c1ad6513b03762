"""The keeper of a running hall: once a day by itself, again after a failure, one at a time, old ones go."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.clock import china
from hall_server.backup.keeper import RETRY_MS, BackupKeeper
from hall_server.backup.making import Busy
from hall_server.backup.standing import Attempt, kept, name_at, note, standing
from hall_server.hall_file import BackupPart
from hall_server.house import House
from tests.hall_server.backup.whole import fill

DAY_MS = 86_400_000
NOON = 1_795_320_000_000 // DAY_MS * DAY_MS + 4 * 3_600_000  # 12:00 in China


def keeper(state: Path, now_ms: int, **part: object) -> BackupKeeper:
    return BackupKeeper(
        state,
        BackupPart(**part),  # type: ignore[arg-type]
        now_ms=lambda: now_ms,
        start_after_seconds=0,
    )


def attempt(begun_ms: int, wrong: str = "") -> Attempt:
    return Attempt(begun_ms=begun_ms, ended_ms=begun_ms + 1000, by="daily", file="f", wrong=wrong)


def when(view_ms: int) -> str:
    return f"{china(view_ms):%d %H:%M}"


def test_the_next_one_is_today_at_its_hour_unless_it_was_made(tmp_path: Path) -> None:
    day = f"{china(NOON):%d}"
    assert when(keeper(tmp_path, NOON).view.next_ms) == f"{day} 03:30", "the hall was off at night: at once"
    note(tmp_path, attempt(NOON - 2 * DAY_MS))
    assert when(keeper(tmp_path, NOON).view.next_ms) == f"{day} 03:30"
    note(tmp_path, attempt(NOON - 3_600_000))
    assert keeper(tmp_path, NOON).view.next_ms > NOON
    assert when(keeper(tmp_path, NOON).view.next_ms).endswith("03:30")
    note(tmp_path, attempt(NOON - 3_600_000, wrong="磁盘空间不足"))
    assert keeper(tmp_path, NOON).view.next_ms == NOON - 3_600_000 + 1000 + RETRY_MS
    assert keeper(tmp_path, NOON, daily_at="").view.next_ms == 0


def test_it_is_old_after_two_days_and_by_hand_after_eight(tmp_path: Path) -> None:
    note(tmp_path, attempt(NOON - 3 * DAY_MS))
    assert keeper(tmp_path, NOON).view.old
    assert keeper(tmp_path, NOON).overdue_days == 2
    (finding,) = House(backups=keeper(tmp_path, NOON)).findings()
    assert (finding.key, finding.title) == ("backup", "最近一次备份已过去 2 天")
    assert keeper(tmp_path, NOON - DAY_MS).overdue_days is None
    assert not keeper(tmp_path, NOON, daily_at="").view.old
    note(tmp_path, attempt(NOON, wrong="坏了"))
    good = standing(tmp_path).good
    assert good is not None
    assert good.begun_ms == NOON - 3 * DAY_MS, "a failure leaves the last good one"


@pytest.mark.processes
def test_a_daily_one_is_made_by_itself_and_those_of_before_go(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "backups").mkdir()
    for day in range(1, 5):
        (tmp_path / "backups" / name_at(NOON - day * DAY_MS, daily=True)).touch()
    (tmp_path / "backups" / (name_at(0, daily=True) + ".part")).mkdir()
    made = keeper(tmp_path, NOON, keep=2, copy_to=str(tmp_path / "usb"))
    (tmp_path / "usb").mkdir()
    made.start()
    try:
        while standing(tmp_path).good is None:
            assert made.wait(60)
        assert made.wait(60)
        names = [one.name for one in kept(tmp_path)]
        assert names == [name_at(NOON, daily=True), name_at(NOON - DAY_MS, daily=True)]
        assert [path.name for path in (tmp_path / "usb").iterdir()] == names[:1]
        assert made.file(names[0]) is not None
        assert made.file("../accounts.db") is None
        made.ask("clerk:system")
        with pytest.raises(Busy):
            made.ask("clerk:other")
        assert made.wait(60)
        last = standing(tmp_path).last
        assert last is not None
        assert (last.by, last.wrong) == ("clerk:system", "")
    finally:
        made.stop()
    assert not list((tmp_path / "backups").glob("*.part"))
