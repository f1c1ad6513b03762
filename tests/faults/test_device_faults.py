"""The short form of D1: faults of every simulated device, under the shipped drivers and supervisors."""

from __future__ import annotations

import pytest

from tests.bench import device_faults, fault_turns

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


def test_faults_are_shown_healed_and_lose_nothing() -> None:
    devices = len(fault_turns.ON_THE_BENCH) + sum(make.available() for make in fault_turns.IN_PROCESS)
    tally, slipped = device_faults.run(2 * devices, seed=7)
    assert not tally.bad
    assert not slipped
    assert sum(tally.injected.values()) == 2 * devices
    assert len(tally.injected) == devices
