"""Hall time never goes back, whatever the machine's clocks do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import clock as c
from contract.clock import HallClock, Reading, StationClock

NOON = 1_795_233_600_000  # 2026-11-21 12:00 +08:00
DAY = 24 * 3600 * 1000


class Clocks:
    """A machine's two clocks, set by hand."""

    def __init__(self, wall: int = NOON, monotonic: int = 5_000) -> None:
        self.at, self.since = wall, monotonic

    def wall(self) -> int:
        return self.at

    def monotonic(self) -> int:
        return self.since

    def hall(self, last: Reading | None = None) -> HallClock:
        return HallClock(last, monotonic=self.monotonic, wall=self.wall)


@given(st.lists(st.tuples(st.integers(-DAY, DAY), st.integers(-1000, DAY)), max_size=30))
def test_it_never_goes_back_and_never_looks_at_the_wall(steps: list[tuple[int, int]]) -> None:
    clocks = Clocks()
    hall = clocks.hall()
    last, furthest = hall.now_ms(), clocks.since
    for wall_step, monotonic_step in steps:
        clocks.at += wall_step
        clocks.since += monotonic_step
        furthest = max(furthest, clocks.since)
        now = hall.now_ms()
        assert now >= last
        assert now == NOON + furthest - 5_000
        last = now


@given(away=st.integers(-30 * DAY, 30 * DAY), drift=st.integers(-DAY, DAY))
def test_a_restart_goes_on_from_the_journal(away: int, drift: int) -> None:
    last = Reading(hall_ms=NOON + drift, wall_ms=NOON)
    hall = Clocks(wall=NOON + away).hall(last)
    if 0 <= away <= DAY:
        assert hall.now_ms() == last.hall_ms + away
        assert hall.alarm == ""
    else:
        assert hall.now_ms() == last.hall_ms
        assert hall.alarm.startswith("时钟异常")


@given(st.lists(st.integers(-2 * DAY, 2 * DAY), max_size=10))
def test_restart_after_restart_never_goes_back(absences: list[int]) -> None:
    clocks = Clocks()
    hall = clocks.hall()
    for away in absences:
        reading = hall.reading()
        clocks.at += away
        clocks.since = 0
        hall = clocks.hall(reading)
        assert hall.now_ms() >= reading.hall_ms


def test_the_very_first_start_takes_the_wall_and_doubts_one_that_was_never_set() -> None:
    assert Clocks().hall().now_ms() == NOON
    assert Clocks().hall().alarm == ""
    assert "请校时" in Clocks(wall=1000).hall().alarm


def test_a_technician_sets_it_forward_only() -> None:
    clocks = Clocks(wall=NOON - 1)
    hall = clocks.hall(Reading(NOON, NOON))
    assert hall.alarm
    with pytest.raises(ValueError, match="never goes back"):
        hall.correct(NOON - 1)
    hall.correct(NOON + 60_000)
    clocks.since += 1_000
    assert hall.now_ms() == NOON + 61_000
    assert hall.alarm == ""


def test_real_clocks_move() -> None:
    hall = HallClock()
    first = hall.now_ms()
    assert abs(first - c.wall_ms()) < 60_000
    assert hall.now_ms() >= first


def test_a_station_knows_no_time_before_the_first_beat() -> None:
    station = StationClock()
    assert station.now_ms() is None
    assert station.expired(NOON * 2)
    station.heard("b", 0)
    assert station.now_ms() is None
    assert station.wall_offset_ms() == 0


@given(st.lists(st.tuples(st.integers(1, 4_000), st.integers(0, 1_500)), min_size=1, max_size=60))
def test_a_station_is_never_ahead_of_the_hall_and_as_close_as_its_best_beat(
    beats: list[tuple[int, int]],
) -> None:
    clocks = Clocks()
    hall, station = clocks.hall(), StationClock(monotonic=clocks.monotonic)
    delays: list[int] = []
    last = 0
    for pause, delay in beats:
        clocks.since += pause
        sent = hall.now_ms()
        clocks.since += delay
        station.heard("b", sent)
        delays = [*delays, delay][-32:]
        now = station.now_ms()
        assert now is not None
        assert last <= now <= hall.now_ms()
        assert hall.now_ms() - now <= min(delays)
        last = now


def test_a_station_follows_a_server_that_starts_anew_earlier() -> None:
    clocks = Clocks()
    station = StationClock(monotonic=clocks.monotonic)
    station.heard("one", NOON)
    assert station.now_ms() == NOON
    station.heard("two", NOON - 3_600_000)
    assert station.now_ms() == NOON - 3_600_000
    assert not station.expired(NOON)
    assert station.expired(NOON - 3_600_000)


def test_words_are_in_china_time() -> None:
    assert c.stamp(NOON + 7_123) == "2026-11-21T12:00:07.123+08:00"
    assert (c.time_text(NOON), c.date_text(NOON), c.weekday_text(NOON)) == (
        "12:00",
        "2026年11月21日",
        "星期六",
    )
    assert c.moment_text(NOON) == "2026-11-21 12:00"


# ---------------------------------------------------------------- a station without a server


class Machine:
    """The clocks of a box: they can be set and it can be switched off."""

    def __init__(self) -> None:
        self.monotonic, self.wall, self.run = 1_000, 5_000_000, "run-1"

    def clock(self) -> StationClock:
        return StationClock(monotonic=lambda: self.monotonic, wall=lambda: self.wall, boot=lambda: self.run)

    def passes(self, ms: int) -> None:
        self.monotonic += ms
        self.wall += ms


def test_a_stepping_real_time_clock_changes_nothing_also_over_a_restart_of_the_program() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.heard("b1", 70_000)
    for step in (-10_800_000, 97_200_000):
        machine.wall += step
        machine.passes(1_000)
        assert clock.now_ms() == 70_000 + (machine.monotonic - 1_000)
    kept = clock.anchor()
    assert kept is not None
    machine.wall -= 50_000_000
    machine.passes(3_000)
    again = machine.clock()
    assert again.now_ms() is None
    again.resume(kept)
    assert again.now_ms() == clock.now_ms()
    assert not again.unsure


@pytest.mark.parametrize(("away", "counted"), [(60_000, 60_000), (-5, 0), (90_000_000, 0)])
def test_a_box_that_was_off_goes_on_by_its_real_time_clock_and_says_that_it_is_not_sure(
    away: int, counted: int
) -> None:
    machine = Machine()
    clock = machine.clock()
    clock.heard("b1", 70_000)
    kept = clock.anchor()
    assert kept is not None
    machine.run, machine.monotonic = "run-2", 20
    machine.wall += away
    again = machine.clock()
    again.resume(kept)
    assert again.now_ms() == 70_000 + counted
    assert again.unsure
    assert again.anchor() is None, "a guess is not handed on"
    again.heard("b2", 99_000)
    assert (again.now_ms(), again.unsure) == (99_000, False)
    again.resume(kept)
    assert again.now_ms() == 99_000, "whoever heard the hall believes the hall"
