"""The short form of S3: no change of a record passes the check of the chain, and the record is named."""

from __future__ import annotations

from tests.bench.chain_mutations import MUTATIONS, run


def test_what_is_changed_is_found_and_named() -> None:
    tally, poor = run(90, seed=20261121)
    missed = {name for name, how in tally if how == "missed" and name in MUTATIONS}
    assert not missed, poor
    assert not any(how in ("elsewhere", "unnamed") for _, how in tally), poor
    by_sql = ("altered", "deleted", "deleted_and_closed_up", "reordered", "inserted")
    assert all(tally[name, "named"] == 10 for name in by_sql), tally
    assert tally["file_cut", "raw"] + tally["file_cut", "found"] + tally["file_cut", "named"] == 10
    assert tally["tail_cut", "missed"], "the chain alone cannot notice a tail that is cut"
