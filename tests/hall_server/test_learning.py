"""Days gone by teach the estimate, bear forgotten finishes, and teach the same at each reading."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import DAY_MS, MINUTE_MS
from hall_server.hall.habits import FIRST_DAY, UNTESTED, Habits, calibrated, habits_of
from hall_server.hall.learning import DayFold, DayLearnt, DayStudy, apply_known
from hall_server.hall.model import Hall
from hall_server.hall.snapshot import freeze
from tests.bench.anchor import AnchorDay, Scenario
from tests.hall_server.floor import Floor
from tests.hall_server.halls import small_plan


def served(floor: Floor, service: str, minutes: float, times: int) -> None:
    """So many services, each ended by its clerk before the next one comes."""
    for _ in range(times):
        floor.issue(service)
        floor.serve("w1")
        floor.finish("w1", after_minutes=minutes)
        floor.now += 5 * MINUTE_MS


def test_a_first_day_works_by_the_plan() -> None:
    assert habits_of(small_plan(), []) == FIRST_DAY


def test_services_that_take_longer_than_planned_are_learnt() -> None:
    floor = Floor(small_plan(windows=1))
    served(floor, "tax", 20, 60)
    habits = habits_of(floor.hall.plan, [floor.fold.closed()])
    assert 15 < habits.means["tax"] <= 20
    assert "police" not in habits.means
    assert habits.cv < FIRST_DAY.cv


def test_a_forgotten_finish_teaches_no_duration_but_that_it_happens() -> None:
    floor = Floor(small_plan(windows=1))
    served(floor, "tax", 10, 40)
    before = habits_of(floor.hall.plan, [floor.fold.taught]).means["tax"]
    for _ in range(20):
        floor.issue("tax")
        floor.serve("w1")
        floor.now += 240 * MINUTE_MS
    habits = habits_of(floor.hall.plan, [floor.fold.closed()])
    assert habits.means["tax"] == pytest.approx(before, rel=0.15)
    assert habits.forgotten > 2 * FIRST_DAY.forgotten


def test_pressing_next_before_a_queue_is_no_forgotten_finish() -> None:
    floor = Floor(small_plan(windows=1))
    for _ in range(40):
        floor.issue("tax")
    for _ in range(40):
        floor.now += 10 * MINUTE_MS
        floor.serve("w1")
    assert floor.fold.taught.forgotten == 0
    assert floor.fold.taught.services["tax"].count >= 38


def test_clerks_of_today_are_followed_and_one_endless_service_moves_them_little() -> None:
    floor = Floor(small_plan(windows=1))
    served(floor, "tax", 5, 8)
    quick = floor.fold.speeds["w1"]
    assert 0.7 < quick < 0.8
    served(floor, "tax", 500, 1)
    assert floor.fold.speeds["w1"] < quick + 0.2


def test_unplanned_pauses_and_no_shows_are_learnt_and_lunch_is_not_one() -> None:
    floor = Floor(small_plan(windows=1))
    for _ in range(30):
        floor.do(c.PauseWindow(request="", by="t", window="w1", reason="暂离"))
        floor.now += 20 * MINUTE_MS
        floor.do(c.OpenWindow(request="", by="t", window="w1"))
        served(floor, "tax", 10, 1)
        floor.issue("tax")
        floor.do(c.CallNext(request="", by="t", window="w1"))
        floor.now += 3 * MINUTE_MS
        floor.do(c.NoShow(request="", by="t", window="w1"))
    habits = habits_of(floor.hall.plan, [floor.fold.closed()])
    assert habits.pause == pytest.approx((30 * 20 + 30 * FIRST_DAY.pause) / 60)
    assert habits.pause_chance > 0.3
    assert habits.no_show > 0.3
    assert habits.no_show_minutes > 2
    assert habits_of(floor.hall.plan, [DayFold().taught]).pause == FIRST_DAY.pause


def recorded(seed: int, tickets: int = 120) -> list[e.Event]:
    """The events of a day of the anchor hall, closed."""
    events: list[e.Event] = []
    day = AnchorDay(seed, Scenario(tickets=tickets), on_event=lambda _, event: events.append(event))
    day.run()
    assert day.hall.day is not None
    closing = e.DayClosed(at_ms=day.hall.day.closes_ms, day=day.hall.day.label)
    return [*events, closing]


def studied(events: list[e.Event], habits: Habits = FIRST_DAY) -> tuple[DayLearnt, Hall]:
    """The day gone through again in a hall of its own."""
    hall = Hall(AnchorDay(1).hall.plan)
    study = DayStudy(hall, habits)
    for _ in study.steps(events):
        continue
    return study.learnt("d"), hall


def test_a_day_teaches_the_same_however_often_it_is_read_and_is_not_changed_by_being_asked() -> None:
    events = recorded(3)
    once, hall = studied(events)
    again, _ = studied(events)
    assert once == again
    plain = Hall(hall.plan)
    for event in events:
        apply_known(plain, event)
    assert freeze(plain) == freeze(hall)
    assert len(once.probes) > 50
    assert calibrated(once.probes) != UNTESTED


def test_the_speeds_of_a_folded_day_are_those_that_its_probes_used() -> None:
    """A day of twice as long services than planned: without today's speeds all probes would tell half."""
    plan = AnchorDay(1).hall.plan
    slow = Habits(means={name: service.mean_minutes / 2 for name, service in plan.services.items()})
    learnt, _ = studied(recorded(4, tickets=400), slow)
    late = learnt.probes[len(learnt.probes) // 2 :]
    told, came = sum(p.mean for p in late), sum(p.came for p in late)
    assert told > 0.6 * came


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 400))
def test_a_hall_that_begins_in_the_middle_of_a_journal_leaves_out_what_it_cannot_know(
    seed: int, first: int
) -> None:
    events = recorded(seed % 5, tickets=40)
    hall = Hall(AnchorDay(1).hall.plan)
    fold = DayFold()
    for event in events[min(first, len(events) - 1) :]:
        fold.add(hall, event)
        apply_known(hall, event)
    assert hall.tickets == {}
    assert all(0 < speed < 5 for speed in fold.speeds.values())


def test_an_appointment_of_before_is_left_out() -> None:
    hall = Hall(small_plan())
    apply_known(hall, e.AppointmentMissed(at_ms=1, appointment="a1"))
    apply_known(hall, e.AppointmentBooked(at_ms=1, appointment="a2", service="tax", start_ms=DAY_MS))
    apply_known(hall, e.AppointmentCancelled(at_ms=2, appointment="a2"))
    assert list(hall.appointments) == ["a2"]
