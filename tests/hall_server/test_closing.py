"""No number that the day has no time for: the forecast asks, the hall decides, a person overrules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hall_server.hall import closing
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import DAY_MS, MINUTE_MS, last_minute_before, local_minute
from hall_server.hall.forecast import survey
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall.pictures import Look, queue_state
from hall_server.hall.plan import Plan, Rules, Shift
from hall_server.hall.snapshot import freeze, thaw
from hall_server.hall.waits import Waits, tabled
from tests.hall_server.floor import START, Floor
from tests.hall_server.halls import small_plan


def plan_closing(minute: int = 12 * 60, *, on: bool = True, windows: int = 1) -> Plan:
    """A small hall in which taxes are served until this minute."""
    plan = small_plan(windows=windows)
    tax = replace(plan.services["tax"], closes_minute=minute)
    rules = replace(plan.rules, stop_before_closing=on)
    return replace(plan, services=plan.services | {"tax": tax}, rules=rules)


def surveyed(floor: Floor) -> Waits:
    """What the outlook would send now."""
    return tabled(floor.hall, survey(floor.hall, floor.now), floor.now)


def follow(floor: Floor) -> list[e.Event]:
    """One round of the rule: survey, ask, decide."""
    before = len(floor.events)
    for command in list(closing.due(floor.hall.stopped, surveyed(floor))):
        floor.do(command)
    return floor.events[before:]


def filled(plan: Plan, people: int = 25) -> Floor:
    """From nine to noon one window has time for some eighteen of ten minutes each."""
    floor = Floor(plan)
    for _ in range(people):
        floor.issue("tax")
    return floor


def test_work_beyond_the_remaining_time_stops_the_numbers_and_says_why() -> None:
    floor = filled(plan_closing())
    stopped = follow(floor)
    assert [type(event) for event in stopped] == [e.IssuingStopped]
    event = stopped[0]
    assert isinstance(event, e.IssuingStopped)
    assert (event.service, event.by_rule) == ("tax", True)
    assert event.needed_minutes > event.left_minutes >= 178
    with pytest.raises(RuleBroken, match="排队已满今天剩余的办理时间") as refused:
        floor.issue("tax")
    assert refused.value.code == "no_time"
    state = queue_state(floor.hall, "tax", Look(boot="b"), floor.now)
    assert not state.open
    assert "排队已满" in state.closed_reason
    assert floor.issue("police"), "other services go on"


def test_a_basket_is_refused_for_the_service_that_is_stopped() -> None:
    floor = filled(plan_closing())
    follow(floor)
    with pytest.raises(RuleBroken, match="办税服务"):
        floor.do(c.Issue(request="", by="t", service="police", also=("tax",)))


def test_little_work_stops_nothing_and_neither_does_a_rule_that_is_off_or_a_service_without_hours() -> None:
    assert follow(filled(plan_closing(), people=3)) == []
    assert follow(filled(plan_closing(on=False))) == []
    assert follow(filled(plan_closing(minute=-1))) == []


def test_when_time_is_left_again_numbers_are_given_again() -> None:
    floor = filled(plan_closing(), people=20)
    assert follow(floor)
    waiting = [t.id for t in floor.hall.open_tickets()]
    for ticket in waiting[:15]:
        floor.do(c.Cancel(request="", by="t", ticket=ticket))
    assert [type(event) for event in follow(floor)] == [e.IssuingResumed]
    assert floor.issue("tax")


def test_a_person_overrules_the_rule_for_the_day() -> None:
    floor = filled(plan_closing())
    follow(floor)
    floor.do(c.ResumeIssuing(request="", by="manager", service="tax"))
    assert floor.issue("tax")
    assert follow(floor) == []
    floor.now = START + DAY_MS
    floor.tick()
    assert floor.hall.stopped == {}


def test_what_a_person_stopped_the_rule_does_not_give_again() -> None:
    floor = filled(plan_closing(), people=1)
    floor.do(c.StopIssuing(request="", by="manager", service="tax"))
    with pytest.raises(RuleBroken, match="已停止取号"):
        floor.issue("tax")
    assert follow(floor) == []
    floor.do(c.ResumeIssuing(request="", by="forecast", service="tax", by_rule=True))
    assert "tax" in floor.hall.stopped
    floor.do(c.ResumeIssuing(request="", by="manager", service="tax"))
    assert floor.issue("tax")


def test_an_old_survey_cannot_stop_a_queue_that_has_time() -> None:
    floor = filled(plan_closing(), people=1)
    command = c.StopIssuing(request="", by="forecast", service="tax", by_rule=True, needed_minutes=100)
    floor.do(command)
    assert floor.hall.stopped == {}


def test_windows_that_leave_for_good_before_everybody_is_served_stop_the_numbers() -> None:
    """Closing by the rota, not by an hour of the service alone."""
    plan = plan_closing(minute=20 * 60)
    home = Shift("w1", 10 * 60, 24 * 60, tuple(range(7)), closed=True, name="下班")
    assert follow(filled(replace(plan, rota=(home,)), people=3)) == []
    assert follow(filled(replace(plan, rota=(home,)), people=12))


def test_nobody_knows_before_a_window_opens_so_nothing_is_stopped() -> None:
    floor = filled(plan_closing(), people=3)
    floor.close("w1")
    assert follow(floor) == []


def test_a_stop_lives_through_a_restart() -> None:
    floor = filled(plan_closing())
    follow(floor)
    again = Hall(floor.hall.plan)
    thaw(again, freeze(floor.hall))
    assert again.stopped == floor.hall.stopped


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 10_000))
def test_an_hour_is_found_in_any_business_day(closes: int, minute: int, day: int) -> None:
    """Also in a hall that closes at two in the morning: 17:00 is then of the evening before."""
    rules = Rules(day_closes_minute=closes)
    closes_ms = day * DAY_MS + (closes - rules.utc_offset_minutes) * MINUTE_MS
    at_ms = last_minute_before(closes_ms, minute, rules)
    assert closes_ms - DAY_MS < at_ms <= closes_ms
    assert local_minute(at_ms, rules) == minute


@pytest.mark.parametrize(("hours", "given_out"), [(0, True), (13, True), (15, True), (16, False)])
def test_after_midnight_the_evening_goes_on(hours: int, given_out: bool) -> None:
    """Hours after 09:00, in a hall that closes at 02:00 and gives its last numbers at 01:00."""
    plan = small_plan(windows=1, closes="02:00")
    tax = replace(plan.services["tax"], issue_until_minute=60)
    floor = Floor(replace(plan, services=plan.services | {"tax": tax}))
    floor.now = START + hours * 60 * MINUTE_MS
    if given_out:
        assert floor.issue("tax")
    else:
        with pytest.raises(RuleBroken, match="已停止取号"):
            floor.issue("tax")
