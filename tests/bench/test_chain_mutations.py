"""The short form of S3: no change of the journal passes its check, and what is bad is named."""

from __future__ import annotations

from tests.bench.chain_mutations import BY_SQL, MUTATIONS, run


def test_what_is_changed_is_found_and_named() -> None:
    each = 3
    tally, poor = run(each * len(MUTATIONS), seed=20261122)
    assert not poor
    forged = [mutation.__name__ for mutation in BY_SQL] + ["text_changed", "anchor_forged", "anchor_taken"]
    assert all(tally[name, "named"] == each for name in forged), tally
    assert tally["file_cut", "found"] + tally["file_cut", "named"] == each
