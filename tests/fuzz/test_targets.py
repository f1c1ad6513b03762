"""The short form of the fuzzing: hypothesis gives every target any bytes, and its own seeds mutated."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import mutation
from tests.fuzz.targets import TARGETS, Fuzzed

EACH = 60
MUTATIONS = 150


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=EACH, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=300))
def test_any_bytes(name: str, data: bytes) -> None:
    TARGETS[name].run(data)


@pytest.mark.parametrize("name", TARGETS)
def test_good_inputs_and_what_becomes_of_them(name: str) -> None:
    fuzzed, chance = TARGETS[name], random.Random(20261122)
    for seed in fuzzed.seeds:
        fuzzed.run(seed)
    pool = [b"", *fuzzed.seeds]
    for _ in range(MUTATIONS):
        fuzzed.run(mutation.mutated(chance.choice(pool), pool, chance))


def test_a_parser_that_raises_is_found() -> None:
    def weak(data: bytes) -> None:
        if data.startswith(b"\xa5") and len(data) > 3:
            raise IndexError

    outcome = mutation.loop(Fuzzed(weak, (b"\xa5\x01",)), 5.0, seed=1)
    assert isinstance(outcome.error, IndexError)
    assert outcome.bad.startswith(b"\xa5")
