"""Backlogs are bounded and drop the least valuable first; counters count."""

from __future__ import annotations

from contract.parcels import Backlog, Parcel, Tally


def test_superseded_states_go_before_anything_else() -> None:
    lost: list[int] = []
    backlog = Backlog(lost.append, limit=4)
    for topic, state in (("call", False), ("w1", True), ("w2", True), ("w1", True), ("call", False)):
        backlog.put(Parcel(topic, str(len(backlog)).encode(), state=state))
    assert [(parcel.topic, parcel.payload) for parcel in backlog.clear()] == [
        ("call", b"0"),
        ("w2", b"2"),
        ("w1", b"3"),
        ("call", b"4"),
    ]
    assert sum(lost) == 1


def test_then_the_oldest() -> None:
    lost: list[int] = []
    backlog = Backlog(lost.append, limit=3)
    for number in range(10):
        backlog.put(Parcel("call", str(number).encode()))
    assert [parcel.payload for parcel in backlog.clear()] == [b"7", b"8", b"9"]
    assert sum(lost) == 7


def test_counters_count_and_are_copied() -> None:
    tally = Tally()
    assert [tally.add("lost"), tally.add("lost", 3), tally.add("late")] == [1, 4, 1]
    counts = tally.counts()
    tally.add("lost")
    assert counts == {"lost": 4, "late": 1}
