"""The short form of the campaign: twelve seconds of kiosks, windows and kills, one history, one checker."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.campaign import run

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]


def test_no_violation_while_server_and_broker_are_killed(tmp_path: Path) -> None:
    seed = 20261121
    result = run(12, seed, tmp_path, every=(0.5, 2.0))
    assert result.wrong == [], f"seed {seed}"
    assert result.kills["server"]
    assert result.kills["broker"]
    assert result.ends["issue ok"] > 20
    assert result.ends["next ok"] > 20
    assert result.ends["issue unknown"] + result.ends["next unknown"], "nothing was under way at a kill"
