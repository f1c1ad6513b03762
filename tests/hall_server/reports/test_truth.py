"""Q8, short: every figure of every report equals an independent recomputation from the raw events."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hall_server.hall.plan import NoShowPolicy
from tests.hall_server.reports.agreement import as_json, differences, folded, raw
from tests.hall_server.reports.naive import Naive
from tests.hall_server.reports.walks import walked


@pytest.mark.parametrize("policy", NoShowPolicy)
def test_a_long_walk_is_reported_as_it_was(policy: NoShowPolicy) -> None:
    desk = walked(sum(map(ord, policy)), 1500, policy=policy)
    compared, wrong = differences(folded(desk.events, desk.plan), Naive(raw(desk.events), as_json(desk.plan)))
    assert not wrong, "\n".join(wrong[:20])
    assert compared > 2000


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)
@given(seed=st.integers(0, 2**32), commands=st.integers(1, 250))
def test_short_walks_are_reported_as_they_were(seed: int, commands: int) -> None:
    desk = walked(seed, commands)
    if desk.events:
        naive = Naive(raw(desk.events), as_json(desk.plan))
        _, wrong = differences(folded(desk.events, desk.plan), naive)
        assert not wrong, "\n".join(wrong[:20])
