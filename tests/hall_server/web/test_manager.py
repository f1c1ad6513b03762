"""The manager's and the system administrator's routes: refusals, repeats, time and backups; all audited."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contract.clock import Reading
from hall_server.backup.archive import Archive
from hall_server.backup.keeper import BackupKeeper
from hall_server.hall import commands as c
from hall_server.hall_file import BackupPart
from hall_server.house import House, JournalState
from hall_server.web.lookout import Lookout
from hall_server.web.system import span_text
from tests.hall_server.web.hall import PagedHall
from tests.hall_server.web.manager_hall import Boxes

THREE_DAYS_MS = 3 * 86_400_000


@pytest.fixture
def boxed(tmp_path: Path) -> Iterator[PagedHall]:
    hall = PagedHall(tmp_path)
    hall.house = Boxes().house()
    hall.start()
    yield hall
    hall.stop()
    assert not hall.failures


def do(client: httpx.Client, act: str, **fields: object) -> httpx.Response:
    body = {"request": "request-0001", **fields}
    return client.post(f"/manager/do/{act}", json=body, headers={"Accept": "*/*"})


def kinds(hall: PagedHall) -> list[str]:
    lines = hall.accounts.book.audit_lines(words="", kind="", from_ms=0, to_ms=2**62, before=2**62, limit=50)
    return [line.kind for line in lines if line.kind.startswith(("manager.", "system."))]


def test_an_act_sent_twice_is_done_and_audited_once(boxed: PagedHall) -> None:
    with boxed.person("manager") as manager:
        for _ in range(2):
            told = do(manager, "window-pause", window="w01", reason="开会\n了")
            assert told.json()["sentence"] == "1号窗口 已暂停"
    assert kinds(boxed) == ["manager.window"]
    assert boxed.service.query(lambda hall: hall.windows["w01"].reason).result(10) == "开会 了"


def test_a_manager_who_opens_a_window_does_not_sit_down_there(boxed: PagedHall) -> None:
    with boxed.person("manager") as manager:
        assert do(manager, "window-open", window="w03").status_code == 200
    assert boxed.service.query(lambda hall: hall.windows["w03"].clerk).result(10) == ""


def test_what_the_hall_refuses_is_told_and_not_audited(boxed: PagedHall) -> None:
    ticket = boxed.issue()
    boxed.do(c.CallNext)
    with boxed.person("manager") as manager:
        for act, fields, sentence in (
            ("ticket-void", {"subject": ticket, "reason": "试"}, "不能作废"),
            ("ticket-cancel", {"subject": ticket}, "请填写取消的理由"),
            ("window-close", {"window": "w01"}, "请先处理再关窗"),
            ("window-pause", {"window": "nowhere"}, "没有编号"),
            ("station-close", {"subject": "nothing"}, "没有这台设备"),
            ("guide", {}, "请选择窗口或写明地点"),
            ("help-take", {"subject": "abc"}, "没有这一条"),
        ):
            answer = do(manager, act, **fields)
            assert answer.status_code in (404, 409), act
            assert sentence in answer.json()["sentence"]
        assert do(manager, "dance").status_code == 404
    assert kinds(boxed) == []


def test_what_was_put_away_stays_away_for_its_day_and_after_a_restart(boxed: PagedHall) -> None:
    with boxed.person("manager") as manager:
        assert do(manager, "seen", subject="merge-7").status_code == 200
    service, book = boxed.service, boxed.accounts.book
    again = Lookout(service, boxed.reports.days, book)
    assert again.seen_of(service.view.day) == {"merge-7"}
    assert again.seen_of("20200101") == frozenset()


def test_why_and_the_sheets_answer(boxed: PagedHall) -> None:
    ticket = boxed.issue()
    with boxed.person("manager") as manager:
        assert "1号窗口下一个就叫您" in manager.get(f"/manager/why/{ticket}").json()["sentence"]
        assert "A001" in manager.get("/manager/services/shebao").text
        assert "2号窗口" in manager.get("/manager/windows/w02").text
        assert "请打开上盖换上新纸卷" in manager.get("/manager/stations/kiosk-2").text
        assert manager.get("/manager/windows/nowhere").status_code == 404
        usual = manager.get("/manager/usual").json()
        assert (sum(usual["today"]["arrivals"]), usual["days"]) == (1.0, 0)


# ---------------------------------------------------------------- the system administrator


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[PagedHall]:
    """A hall whose time is three days behind the box's clock."""
    hall = PagedHall(tmp_path)

    def reading() -> Reading:
        now = hall.clock.reading()
        return Reading(now.hall_ms, now.wall_ms + THREE_DAYS_MS)

    hall.house = House(
        state=tmp_path,
        alarms=lambda: ("时钟异常：本机时间停机已超过24小时",),
        journal=lambda: JournalState(checked=True, sentence="账本 5 条记录完好"),
        reading=reading,
        fingerprint=lambda: "AB:CD",
        backups=BackupKeeper(tmp_path, BackupPart()),
    )
    hall.start()
    yield hall
    hall.stop()
    assert not hall.failures


def test_time_is_set_forward_after_it_was_said_what_that_means(behind: PagedHall) -> None:
    ticket = behind.issue()
    with behind.person("system") as system:
        page = system.get("/system").text
        for words in ("向前拨 3天", "号码从头开始", "时钟异常", "账本 5 条记录完好", "AB:CD"):
            assert words in page
        before = behind.clock.now_ms()
        assert "请先勾选" in system.post("/system/time", data={}).text
        assert behind.clock.now_ms() - before < THREE_DAYS_MS
        assert system.post("/system/time", data={"understood": "yes"}).status_code == 303
    assert behind.clock.now_ms() - before >= THREE_DAYS_MS
    behind.service.submit(c.Tick(request="", by="clock")).result(10)
    assert behind.service.query(lambda hall: ticket in hall.tickets).result(10) is False
    assert kinds(behind) == ["system.time"]


def test_a_backup_is_made_while_the_hall_runs_and_is_taken_away(behind: PagedHall, tmp_path: Path) -> None:
    behind.issue()
    assert behind.house is not None
    keeper = behind.house.backups
    assert keeper is not None
    keeper.start()
    try:
        with behind.person("system") as system:
            assert "还没有做过备份" in system.get("/system").text
            assert system.post("/system/backup").status_code == 303
            assert "正在" in system.post("/system/backup").text
            assert "正在备份" in system.get("/system/backups").text
            assert keeper.wait(60)
            page = system.get("/system").text
            (copy,) = (tmp_path / "backups").glob("backup-*.zip")
            assert copy.name in page
            assert "完好" in page
            assert "每日自动" in page
            taken = system.get(f"/system/backups/{copy.name}")
            assert taken.content == copy.read_bytes()
            assert system.get("/system/backups/..%2Faccounts.db").status_code == 404
            assert system.get("/system/backups/backup.lock").status_code == 404
    finally:
        keeper.stop()
    with Archive(copy) as archive:
        assert archive.manifest.records > 0
    assert kinds(behind) == ["system.backup-taken", "system.backup"]


def test_spans_are_told_in_their_two_greatest_parts() -> None:
    assert [span_text(s) for s in (5, 312, 7_260, 266_400)] == ["5秒", "5分12秒", "2小时1分", "3天2小时"]


def test_posts_on_windows_and_services_are_audited_when_a_person_reaches_in(hall: PagedHall) -> None:
    with hall.person("manager") as manager, hall.person("clerk-w01") as clerk, hall.client() as partner:
        for number, (client, path) in enumerate(
            (
                (clerk, "windows/w01/pause"),
                (clerk, "windows/w01/open"),
                (partner, "windows/w02/pause"),
                (manager, "windows/w01/close"),
                (manager, "windows/w01/open"),
                (manager, "windows/w01/open"),
                (manager, "services/huji/stop"),
                (manager, "services/huji/resume"),
            )
        ):
            assert client.post(f"/api/{path}", json={"request": f"reach-in-{number}"}).status_code == 200, (
                path
            )
        assert manager.post("/api/windows/w99/open", json={"request": "reach-in-99"}).status_code == 404
    assert sorted(kinds(hall)) == ["manager.issuing"] * 2 + ["manager.window"] * 2
