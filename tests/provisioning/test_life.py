"""The life of one supervised program, as lists of happenings."""

from __future__ import annotations

from provisioning.hall import life as lives
from provisioning.hall.life import Life, State


def _ready(now: float) -> Life:
    return lives.became_ready(lives.started(Life(), now, pid=7, ready_seconds=10), now)


def test_it_starts_only_after_those_before_it_are_ready() -> None:
    assert not lives.may_start(Life(), 0.0, before=(Life(),))
    assert not lives.may_start(Life(), 0.0, before=(lives.started(Life(), 0, pid=1, ready_seconds=9),))
    assert lives.may_start(Life(), 0.0, before=(_ready(0.0),))


def test_delays_double_up_to_the_longest() -> None:
    life, delays = Life(), []
    now = 0.0
    for _ in range(9):
        life = lives.started(life, now, pid=7, ready_seconds=10)
        life = lives.exited(life, now, how="exit status 1")
        assert life.due is not None
        delays.append(life.due - now)
        now = life.due
    assert delays == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert life.restarts == 9


def test_a_steady_run_forgets_old_crashes() -> None:
    life = _ready(0.0)
    for _ in range(5):
        life = lives.exited(life, 1.0, how="exit status 1")
        life = lives.became_ready(lives.started(life, 1.0, pid=7, ready_seconds=10), 1.0)
    assert lives.exited(life, 2.0, how="x").due == 2.0 + 16
    assert lives.exited(life, 1.0 + lives.STEADY_SECONDS, how="x").due == 1.0 + lives.STEADY_SECONDS + 0.5


def test_no_restart_before_its_delay_is_over() -> None:
    life = lives.exited(_ready(0.0), 10.0, how="x")
    assert not lives.may_start(life, 10.4, before=())
    assert lives.may_start(life, 10.5, before=())


def test_a_stop_asked_for_is_not_a_crash() -> None:
    life = lives.asked_to_stop(_ready(0.0), 5.0, stop_seconds=3.0)
    assert (life.state, life.due) == (State.STOPPING, 8.0)
    ended = lives.exited(life, 6.0, how="exit status 0")
    assert (ended.state, ended.restarts, ended.pid) == (State.STOPPED, 0, 0)
    assert not lives.may_start(ended, 100.0, before=())


def test_the_last_started_is_the_first_to_stop() -> None:
    running = _ready(0.0)
    assert not lives.may_stop(running, behind=(running,))
    gone = lives.exited(lives.asked_to_stop(running, 1.0, stop_seconds=3), 2.0, how="exit status 0")
    assert lives.may_stop(running, behind=(gone,))
    assert not lives.may_stop(gone, behind=())


def test_one_that_waits_or_backs_off_stops_at_once() -> None:
    assert lives.asked_to_stop(Life(), 1.0, stop_seconds=3).state is State.STOPPED
    backing_off = lives.exited(_ready(0.0), 1.0, how="x")
    assert lives.asked_to_stop(backing_off, 1.0, stop_seconds=3).state is State.STOPPED
