"""The waiting estimate follows the real rules, promises nothing that cannot be, bears a forgotten finish."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract.messages import TicketStatus, WindowStatus
from hall_server.hall import commands as c
from hall_server.hall.calling import next_for
from hall_server.hall.day import MINUTE_MS
from hall_server.hall.forecast import Forecast, forecast, survey
from hall_server.hall.habits import Calibration, Habits, Probe, calibrated
from hall_server.hall.model import Class
from hall_server.hall.plan import CallingKind, CallingRule, Shift
from hall_server.hall.quick import wait_range
from hall_server.hall.replay import unit_times
from hall_server.hall.waits import rounded
from tests.hall_server.floor import START, Floor
from tests.hall_server.halls import small_plan

SWAYED = [("tax", True), ("tax", True), ("police", False), ("tax", True), ("police", False)]
QUEUE = st.lists(st.tuples(st.sampled_from(["tax", "social", "police"]), st.booleans()), max_size=25)


@settings(max_examples=40, deadline=None)
@given(QUEUE, st.integers(0, 6), st.sampled_from(list(CallingKind)))
@example(SWAYED, 0, CallingKind.RATIO)  # the number of tax that is asked for would turn the ratio
def test_with_means_the_replay_calls_in_the_order_of_the_real_rules(
    people: list[tuple[str, bool]], serving: int, kind: CallingKind
) -> None:
    """One window, so that the order depends on the rules alone; the real core is driven beside it."""
    plan = small_plan(windows=1)
    plan = replace(plan, calling=dict.fromkeys(plan.services, CallingRule(kind)))
    floor = Floor(plan)
    for service, green in people:
        floor.issue(service, green)
    for _ in range(min(serving, len(people))):
        floor.serve("w1")
    habits = Habits(walk=0, no_show=0, pause_chance=0)
    found = survey(floor.hall, floor.now, habits=habits, samples=0).tickets
    waiting = {t.id for t in floor.hall.open_tickets() if t.status is TicketStatus.WAITING}
    assert found.keys() == waiting
    told = sorted(found, key=lambda t: found[t].mean)
    start = floor.now
    real: list[str] = []
    while waiting:
        floor.now = start + round(found[told[len(real)]].mean * MINUTE_MS)
        chosen = next_for(floor.hall, "w1", floor.now)
        assert chosen is not None
        floor.serve("w1")
        real.append(chosen.id)
        waiting.discard(chosen.id)
    assert real == told


@settings(max_examples=40, deadline=None)
@given(QUEUE, st.integers(0, 40))
def test_more_people_ahead_never_make_the_cheap_answer_shorter(
    people: list[tuple[str, bool]], ahead: int
) -> None:
    floor = Floor()
    for service, green in people:
        floor.issue(service, green)
    less, more = (wait_range(floor.hall, "tax", ahead + i) for i in (0, 1))
    assert less is not None
    assert more is not None
    assert less[0] <= more[0]
    assert less[1] <= more[1]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.integers(0, 3))
def test_who_comes_later_in_one_queue_is_told_no_less(count: int, seed: int) -> None:
    floor = Floor()
    tickets = [floor.issue("police") for _ in range(count)]
    found = survey(floor.hall, floor.now, seed=seed).tickets
    means = [found[t].mean for t in tickets]
    assert means == sorted(means)


def test_fewer_windows_mean_a_longer_wait() -> None:
    floor = Floor()
    for _ in range(12):
        last = floor.issue("tax")
    cheap, rich = wait_range(floor.hall, "tax", 11), forecast(floor.hall, last, floor.now)
    floor.close("w2")
    fewer, longer = wait_range(floor.hall, "tax", 11), forecast(floor.hall, last, floor.now)
    assert cheap is not None
    assert fewer is not None
    assert fewer[1] > cheap[1]
    assert rich is not None
    assert longer is not None
    assert longer.mean > 1.2 * rich.mean


def test_without_windows_nothing_is_told() -> None:
    floor = Floor()
    ticket = floor.issue("tax")
    for window in floor.hall.windows:
        floor.close(window)
    assert wait_range(floor.hall, "tax", 0) is None
    assert forecast(floor.hall, ticket, floor.now) is None
    found = survey(floor.hall, floor.now)
    assert (found.tickets, found.newcomers, found.last_call["tax"]) == ({}, {}, None)


def test_the_same_seed_tells_the_same_and_another_hall_is_not_touched() -> None:
    floor = Floor()
    for service in ("tax", "social", "police") * 4:
        floor.issue(service)
    before = {lane: list(waiting) for lane, waiting in floor.hall.lanes.items()}
    first = survey(floor.hall, floor.now, seed=5)
    assert survey(floor.hall, floor.now, seed=5) == first
    assert survey(floor.hall, floor.now, seed=6) != first
    assert {lane: list(waiting) for lane, waiting in floor.hall.lanes.items()} == before
    assert all(t.status is TicketStatus.WAITING for t in floor.hall.tickets.values())
    assert floor.hall.busy == {}


@pytest.mark.parametrize("hours", [1, 3, 6])
def test_a_forgotten_finish_does_not_poison_the_others(hours: int) -> None:
    """The longer the service stands open, the less it counts: never more than one more service of delay."""

    def told(*, forgotten: bool) -> Forecast:
        floor = Floor(small_plan(windows=1))
        if forgotten:
            floor.issue("police")
            floor.serve("w1")
        floor.now += hours * 60 * MINUTE_MS
        floor.issue("tax")
        found = forecast(floor.hall, floor.issue("tax"), floor.now, samples=64)
        assert found is not None
        return found

    assert abs(told(forgotten=True).mean - told(forgotten=False).mean) <= 2


def test_a_window_that_keeps_people_waiting_behind_an_endless_service_is_doubtful() -> None:
    floor = Floor(small_plan(windows=1))
    floor.issue("police")
    floor.serve("w1")
    ticket = floor.issue("tax")
    floor.now += 5 * 60 * MINUTE_MS
    found = forecast(floor.hall, ticket, floor.now)
    assert found is not None
    assert found.mean == pytest.approx(floor.hall.plan.services["police"].mean_minutes)


def test_lunch_by_the_rota_is_waited_for() -> None:
    noon = 9 * 60 + 5
    plan = small_plan(windows=1)
    lunch = Shift("w1", noon, noon + 45, tuple(range(7)), closed=True, name="午休")
    floor = Floor(replace(plan, rota=(lunch,)))
    floor.issue("tax")
    floor.serve("w1")
    ticket = floor.issue("tax")
    found = forecast(floor.hall, ticket, floor.now, habits=Habits(cv=0.1, forgotten=0))
    assert found is not None
    assert found.mean == pytest.approx(50, abs=0.1)
    floor.now = START + 20 * MINUTE_MS
    floor.do(c.Finish(request="", by="t", window="w1"))
    floor.do(c.Tick(request="", by="clock"))
    assert floor.hall.windows["w1"].status is WindowStatus.PAUSED
    found = forecast(floor.hall, ticket, floor.now)
    assert found is not None
    assert found.mean == pytest.approx(30)


def test_a_parked_number_comes_back_before_those_behind_it() -> None:
    floor = Floor(small_plan(windows=1))
    floor.issue("tax")
    floor.serve("w1")
    floor.do(c.Park(request="", by="t", window="w1", minutes=1, reason="复印"))
    tickets = [floor.issue("tax") for _ in range(3)]
    parked = next(t.id for t in floor.hall.open_tickets() if t.status is TicketStatus.PARKED)
    found = survey(floor.hall, floor.now, habits=Habits(no_show=0), samples=0).tickets
    assert found[tickets[0]].mean < found[parked].mean < found[tickets[1]].mean


def test_a_newcomer_is_told_what_the_number_then_is_told() -> None:
    floor = Floor()
    for _ in range(8):
        floor.issue("social")
    newcomer = survey(floor.hall, floor.now, samples=0).newcomers.get(("social", Class.NORMAL))
    ticket = floor.do(c.Issue(request="", by="t", service="social"))
    found = forecast(floor.hall, ticket, floor.now, samples=0)
    assert newcomer is not None
    assert found is not None
    assert newcomer.mean == pytest.approx(found.mean, abs=0.1)


@given(st.floats(0, 300), st.floats(0, 300))
def test_a_range_is_rounded_outward_and_beyond_an_hour_it_has_no_end(low: float, more: float) -> None:
    down, up = rounded(low, low + more)
    assert 0 <= down <= low
    if up is None:
        assert low >= 60
        assert down % 30 == 0
    else:
        assert low < 60
        assert up >= low + more
        assert down <= 10 or down % 5 == 0
        assert up <= 10 or up % (5 if low + more <= 60 else 15) == 0


@given(st.sampled_from([0.3, 0.6, 0.7, 0.8]))
def test_unit_times_rise_and_have_mean_one(cv: float) -> None:
    times = unit_times(cv)
    assert sum(times) / len(times) == pytest.approx(1)
    assert list(times) == sorted(times)


def test_calibration_takes_the_bias_out_and_leaves_a_tenth_on_either_side() -> None:
    seen = [Probe(10, 2, 11 + offset / 10) for offset in range(-50, 51)]
    fit = calibrated(seen)
    assert fit.bias == pytest.approx(1.1)
    inside = sum(11 + fit.low * 2 <= probe.came <= 11 + fit.high * 2 for probe in seen)
    assert 0.78 <= inside / len(seen) <= 0.82
    assert calibrated(seen[:5]) == Calibration()
