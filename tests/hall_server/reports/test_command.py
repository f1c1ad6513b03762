"""`python -m hall_server report` for technicians."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hall_server.__main__ import main
from hall_server.hall import commands as c
from hall_server.hall import events as e
from tests.hall_server.reports.agreement import written
from tests.hall_server.test_hall import NOON, Desk


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A journal as a hall keeps it, with one number served."""
    desk = Desk()
    desk.do(c.Issue, service="tax")
    desk.now_ms += 65 * 60_000
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    desk.now_ms += 61_000
    desk.do(c.Finish, window="w1")
    plan = e.PlanPublished(at_ms=NOON, version=1, plan=desk.plan, by="file", file="f")
    written(tmp_path / "journal.db", [plan, *desk.events])
    return tmp_path


def said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: Path, *words: str
) -> str:
    monkeypatch.setattr("sys.argv", ["hall_server", "report", "--state", str(state), *words])
    assert main() == 0
    return capsys.readouterr().out


def test_figures_as_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: Path
) -> None:
    text = said(monkeypatch, capsys, state, "--kind", "waits")
    assert text.startswith("等候 20261121–20261121（20261121 尚未结束）\n办税服务\n")
    assert (
        "首呼等候时长  1 次，平均 1小时05分00秒，P90 1小时05分00秒，最长 1小时05分00秒（20261121-B001）"
        in text
    )


def test_figures_as_json_and_csv(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: Path
) -> None:
    found = json.loads(said(monkeypatch, capsys, state, "--json", "--by", "window", "--from", "2026-11-21"))
    assert [row["names"] for row in found["rows"]] == [["不分"], ["1号窗口"]]
    sheet = said(monkeypatch, capsys, state, "--csv", "--kind", "services")
    assert sheet.splitlines()[1].startswith("办税服务,1,1,1,61,61,61,61,61,61,20261121-B001,")
    lines = said(monkeypatch, capsys, state, "--numbers").splitlines()
    assert lines[1].startswith(
        "20261121,B001,办税服务,,普通,2026-11-21 12:00:00,2026-11-21 13:05:00,1号窗口,"
    )


def test_a_visit_as_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: Path
) -> None:
    text = said(monkeypatch, capsys, state, "--visit", "B001")
    assert "13:05:00 B001   test：1号窗口叫号，距取号 1小时05分00秒\n" in text
    assert "告知 综合屏“叫号”显示并播报：B001 请到1号窗口办理\n" in text


def test_wrong_words_are_answered(monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
    for words in (["--by", "weather"], ["--visit", "X1"]):
        monkeypatch.setattr("sys.argv", ["hall_server", "report", "--state", str(state), *words])
        with pytest.raises(SystemExit, match=words[1]):
            main()


def test_a_file_that_is_no_journal_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.argv", ["hall_server", "report", "--state", str(tmp_path)])
    assert main() == 1
    assert capsys.readouterr().err.startswith("report: ")
