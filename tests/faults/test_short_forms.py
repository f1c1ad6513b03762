"""The short forms of the counts that must be zero: Q1 and Q2 of the bars."""

from __future__ import annotations

import pytest

from tests.bench import issue_kill, window_races

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


def test_a_thousand_numbers_through_three_kills() -> None:
    assert not any(issue_kill.run(1000, 3, seed=20261121).values())


def test_four_hundred_races_between_windows() -> None:
    assert window_races.run(400, seed=20261121) == (0, 0)
