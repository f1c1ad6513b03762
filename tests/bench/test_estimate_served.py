"""The estimate as the running service tells it, on one day: better than the formulas though seconds old."""

from __future__ import annotations

import pytest

from tests.bench.estimate import rmse
from tests.bench.estimate_served import AGE_SECONDS, told


@pytest.mark.processes
def test_what_slips_say_is_seconds_old_and_better_than_the_formulas() -> None:
    _, rows = told(range(1, 2), range(502, 503), every=6)
    assert len(rows) > 60
    assert all(row.age_seconds >= AGE_SECONDS for row, _ in rows)
    ours = rmse([(row.place.mean, came) for row, came in rows])
    formulas = [
        rmse([(row.by_service, came) for row, came in rows]),
        rmse([(row.by_hall, came) for row, came in rows]),
        rmse([(row.les, came) for row, came in rows]),
    ]
    assert ours < 0.7 * min(formulas)
    assert all(row.low <= row.place.low + 1 and row.place.high <= row.high for row, _ in rows)
