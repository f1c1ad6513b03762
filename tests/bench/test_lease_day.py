"""Q9 in its short form: eight hours alone in ten seconds, and a judge that can say no."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import lease_day
from tests.bench.lone_kiosk import Word

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


def test_eight_hours_alone_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    found = lease_day.run(tmp_path, speed=2880, numbers=30, seed=20261122)
    assert found.wrong == []
    assert found.lone >= 20
    assert found.called >= found.lone // 2
    journal = tmp_path / "state" / "journal.db"
    told = lease_day.Told(lone={"gone": Word("x", number="C599", ticket="gone")}, online={"gone"})
    wrong, _, _ = lease_day.judge(journal, told)
    assert len(wrong) == 3, "lost on paper, lost online, and given by two"
