"""What citizens are told from a table that is seconds old: honest, ordered, sensible when things change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hall_server.hall import commands as c
from hall_server.hall.day import DAY_MS, MINUTE_MS
from hall_server.hall.forecast import forecast, survey
from hall_server.hall.model import Class, Hall
from hall_server.hall.pictures import Look, queue_state, slip
from hall_server.hall.plan import CallingKind, CallingRule, Plan, Shift
from hall_server.hall.snapshot import freeze, thaw
from hall_server.hall.waits import (
    BY_ROTA,
    CLOSED,
    JUST_OPENED,
    NO_WAITS,
    NOT_TODAY,
    STALE_MS,
    Told,
    Waits,
    changed,
    tabled,
    told_to_holder,
    told_to_newcomer,
)
from tests.hall_server.floor import START, Floor
from tests.hall_server.halls import small_plan

LOOK = Look(boot="b")
PEOPLE = st.lists(st.tuples(st.sampled_from(["tax", "social", "police"]), st.booleans()), max_size=30)
DAILY = tuple(range(7))


def table(floor: Floor, samples: int = 16) -> Waits:
    """A survey of the hall as it stands."""
    return tabled(floor.hall, survey(floor.hall, floor.now, samples=samples), floor.now)


def newcomer(floor: Floor, waits: Waits, service: str = "tax") -> Told:
    """What the queue's picture tells."""
    return told_to_newcomer(waits, floor.hall, service, floor.now)


def filled(people: int, plan: Plan | None = None, service: str = "tax") -> Floor:
    """So many wait for one service; nobody is called."""
    floor = Floor(plan)
    for _ in range(people):
        floor.issue(service)
    return floor


def strict(kind: CallingKind = CallingKind.STRICT, **options: float) -> Plan:
    """One window, and a rule that prefers."""
    plan = small_plan(windows=1)
    return replace(plan, calling=dict.fromkeys(plan.services, CallingRule(kind, **options)))  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(PEOPLE, st.sampled_from(list(CallingKind)), st.integers(0, 20), st.integers(0, 120))
def test_a_range_is_ordered_not_negative_and_grows_with_people_ahead(
    people: list[tuple[str, bool]], kind: CallingKind, more: int, seconds: int
) -> None:
    plan = small_plan()
    floor = Floor(replace(plan, calling=dict.fromkeys(plan.services, CallingRule(kind))))
    for service, green in people:
        floor.issue(service, green)
    waits = table(floor, samples=4)
    floor.now += seconds * 1000
    ticket = floor.hall.tickets[floor.issue("tax")]
    lows, ends = [], []
    for ahead in (more, more + 3):
        told = told_to_holder(waits, floor.hall, ticket, ahead, floor.now)
        assert told.low is not None
        assert 0 <= told.low <= (told.high if told.high is not None else told.low)
        lows.append(told.low)
        ends.append(float("inf") if told.high is None else told.high)
    assert lows[0] <= lows[1]
    assert ends[0] <= ends[1]


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 40), st.integers(0, 5))
def test_p10_p50_p90_are_ordered_and_later_places_wait_longer_on_average(people: int, seed: int) -> None:
    floor = filled(people)
    found = survey(floor.hall, floor.now, seed=seed)
    for one in (*found.tickets.values(), *found.newcomers.values()):
        assert 0 <= one.low <= one.middle <= one.high
    first, last = (found.tickets[t].mean for t in (min(found.tickets), max(found.tickets)))
    assert first <= last <= found.newcomers["tax", Class.NORMAL].mean
    assert found.last_call["tax"] == pytest.approx(last, rel=0.3)


def test_whoever_came_since_the_survey_makes_the_newcomer_wait_a_step_longer() -> None:
    floor = filled(10)
    waits = table(floor)
    before = newcomer(floor, waits)
    for _ in range(6):
        floor.issue("tax")
    after = newcomer(floor, waits)
    assert before.high is not None
    assert after.high is not None
    step = waits.queues["tax"].step
    assert after.high - before.high == pytest.approx(6 * step, abs=15)
    for ticket in [t.id for t in floor.hall.open_tickets()][:12]:
        floor.do(c.Cancel(request="", by="t", ticket=ticket))
    fewer = newcomer(floor, waits)
    assert fewer.high is not None
    assert fewer.high < before.high


def test_a_holder_reads_the_own_line_of_the_table_less_the_time_since() -> None:
    floor = filled(12)
    ticket = max(floor.hall.tickets)
    waits = table(floor)
    now = told_to_holder(waits, floor.hall, floor.hall.tickets[ticket], 11, floor.now)
    floor.now += 50_000
    later = told_to_holder(waits, floor.hall, floor.hall.tickets[ticket], 11, floor.now)
    assert now.high is not None
    assert later.high is not None
    assert now.high - 5 <= later.high <= now.high
    assert slip(floor.hall, floor.hall.tickets[ticket], LOOK, floor.now, waits).wait_high == later.high


def test_an_old_table_gives_way_to_the_cheap_answer() -> None:
    """The outlook is away, or the clock went on by hours while the server was off."""
    floor = filled(12)
    waits = table(floor)
    ticket = floor.hall.tickets[max(floor.hall.tickets)]
    for gone in (STALE_MS + 1, 3 * 60 * MINUTE_MS, 20 * 60 * MINUTE_MS):
        floor.now = waits.at_ms + gone
        assert newcomer(floor, waits) == newcomer(floor, NO_WAITS)
        held = told_to_holder(waits, floor.hall, ticket, 11, floor.now)
        assert held == told_to_holder(NO_WAITS, floor.hall, ticket, 11, floor.now)
        assert held.low is not None


def test_a_new_day_is_not_told_yesterdays_waits() -> None:
    floor = filled(30)
    waits = table(floor)
    floor.now = START + DAY_MS
    floor.tick()
    assert newcomer(floor, waits) == Told(0, 1)


def test_beyond_an_hour_nobody_is_told_more_than_that() -> None:
    floor = filled(60, small_plan(windows=1))
    told = newcomer(floor, table(floor))
    assert told.high is None
    assert told.low is not None
    assert told.low >= 60
    assert queue_state(floor.hall, "tax", LOOK, floor.now, table(floor)).wait_high is None


def test_no_window_a_window_just_opened_and_a_window_that_the_survey_knows() -> None:
    floor = filled(5, small_plan(windows=1))
    floor.close("w1")
    waits = table(floor)
    assert newcomer(floor, waits) == Told(note=CLOSED)
    floor.do(c.OpenWindow(request="", by="t", window="w1"))
    assert newcomer(floor, waits) == Told(note=JUST_OPENED)
    assert newcomer(floor, table(floor)).low is not None


def test_windows_that_go_home_before_the_newcomer_would_be_called() -> None:
    home = Shift("w1", 10 * 60, 24 * 60, DAILY, closed=True, name="下班")
    floor = filled(30, replace(small_plan(windows=1), rota=(home,)))
    assert newcomer(floor, table(floor)) == Told(note=NOT_TODAY)


def test_at_noon_the_range_rests_on_the_rota_and_is_longer_before_than_without() -> None:
    lunch = Shift("w1", 9 * 60 + 10, 10 * 60, DAILY, closed=True, name="午休")
    with_lunch = filled(4, replace(small_plan(windows=1), rota=(lunch,)))
    without = filled(4, small_plan(windows=1))
    longer, plain = newcomer(with_lunch, table(with_lunch)), newcomer(without, table(without))
    assert longer.low is not None
    assert plain.low is not None
    assert longer.low >= plain.low + 30
    with_lunch.now = START + 15 * MINUTE_MS
    with_lunch.tick()
    told = newcomer(with_lunch, table(with_lunch))
    assert told.note == BY_ROTA
    assert told.low is not None
    assert told.low >= 45


def test_a_closed_window_that_the_rota_opens_again_is_reckoned_with() -> None:
    lunch = Shift("w1", 9 * 60 + 10, 9 * 60 + 40, DAILY, closed=True, name="午休")
    floor = filled(1, replace(small_plan(windows=1), rota=(lunch,)))
    floor.close("w1")
    told = newcomer(floor, table(floor))
    assert told.note == BY_ROTA
    assert told.low is not None
    assert 40 <= told.low <= 60


def test_a_rota_that_takes_a_skill_away_later_makes_the_queue_longer() -> None:
    other = Shift("w1", 9 * 60 + 5, 12 * 60, DAILY, services=("police",), name="户政专窗")
    plan = replace(small_plan(windows=1), rota=(other,))
    floor, plain = filled(4, plan), filled(4, small_plan(windows=1))
    told, usual = newcomer(floor, table(floor)), newcomer(plain, table(plain))
    assert told.low is not None
    assert usual.low is not None
    assert told.low > usual.low + 60


def test_a_closing_window_makes_the_wait_longer_and_says_so_at_once() -> None:
    floor = filled(12)
    before = table(floor)
    floor.close("w2")
    after = table(floor)
    assert after.queues["tax"].newcomers[Class.NORMAL] != before.queues["tax"].newcomers[Class.NORMAL]
    low, high = (t.queues["tax"].newcomers[Class.NORMAL] for t in (before, after))
    assert low is not None
    assert high is not None
    assert high.middle > 1.3 * low.middle
    assert "tax" in changed(before, after)


def test_the_preferred_are_told_their_own_wait() -> None:
    for plan in (strict(), strict(CallingKind.ACCUMULATING, green_weight=5.0, appointment_weight=3.0)):
        floor = filled(12, plan)
        floor.now += 30 * MINUTE_MS
        green, appointed, normal = table(floor).queues["tax"].newcomers
        assert green is not None
        assert appointed is not None
        assert normal is not None
        assert green.middle <= appointed.middle <= normal.middle
        assert green.middle < 0.7 * normal.middle
        assert green.ahead <= appointed.ahead <= normal.ahead


def test_an_appointment_that_checks_in_is_told_its_place_not_the_tail() -> None:
    floor = filled(12, strict())
    floor.do(c.Book(request="", by="t", appointment="a", service="tax", start_ms=START))
    waits = table(floor)
    ticket = floor.hall.tickets[floor.do(c.CheckIn(request="", by="t", appointment="a"))]
    told = slip(floor.hall, ticket, LOOK, floor.now, waits)
    tail = newcomer(floor, waits)
    assert told.ahead == 0
    assert told.wait_high is not None
    assert told.wait_high < (tail.high or 999)


def test_after_a_restart_in_the_middle_of_the_day_the_same_is_told() -> None:
    floor = filled(9)
    floor.serve("w1")
    floor.do(c.PauseWindow(request="", by="t", window="w2", reason="暂离"))
    again = Hall(floor.hall.plan)
    thaw(again, freeze(floor.hall))
    assert tabled(again, survey(again, floor.now), floor.now) == table(floor)


def test_who_only_watches_takes_nobodys_turn() -> None:
    """Newcomers of all services and classes are surveyed at once; who waits is told the same without them."""
    for kind in CallingKind:
        floor = Floor(strict(kind))
        for i in range(15):
            floor.issue(("tax", "social", "police")[i % 3], green=i % 5 == 0)
        watched = survey(floor.hall, floor.now).tickets
        assert len(watched) == 15
        for ticket, one in watched.items():
            assert forecast(floor.hall, ticket, floor.now) == one
