"""Q8, short: a hall that is killed through its days, every figure compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.report_truth import check, lived

pytestmark = pytest.mark.processes


@pytest.mark.parametrize(("seed", "speed"), [(11, 1.0), (12, 30.0)])
def test_no_figure_differs(tmp_path: Path, seed: int, speed: float) -> None:
    killed = lived(tmp_path / "journal.db", seed, 3, 400, speed)
    compared, wrong, _ = check(tmp_path / "journal.db", seed)
    assert not wrong, "\n".join(wrong[:20])
    assert compared > 1000
    assert killed >= 1
