"""The short form of D1: faults of every simulated device, under the shipped drivers and supervisors."""

from __future__ import annotations

import pytest

from tests.bench import device_faults

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


def test_faults_are_shown_healed_and_lose_nothing() -> None:
    tally, slipped = device_faults.run(16, seed=7)
    assert not tally.bad
    assert not slipped
    assert sum(tally.injected.values()) == 16
