"""Times and names at the edges: a day that closes at 02:00, forgotten windows, renamed ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from contract.messages import Person
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import local_day, slot_of
from hall_server.hall.model import Hall, Outcome
from hall_server.hall.plan import NoShowPolicy, Plan, Shift
from hall_server.reports.report import Report, Row, make
from hall_server.reports.tally import Spread
from tests.hall_server.halls import small_plan
from tests.hall_server.reports.agreement import folded
from tests.hall_server.test_hall import NOON, Desk

MINUTE = 60_000
HOUR = 60 * MINUTE
ANNA = Person(key="anna", masked_name="安*")


def desk_of(plan: Plan, at_ms: int = NOON) -> Desk:
    desk = Desk()
    desk.plan, desk.hall, desk.now_ms = plan, Hall(plan), at_ms
    return desk


def served(desk: Desk, *, wait: int = 5 * MINUTE, service: int = 10 * MINUTE, **options: object) -> str:
    """Issued, waited, called and arrived at window 1 at once, served."""
    ticket = desk.do(c.Issue, **{"service": "tax", **options})
    desk.now_ms += wait
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    desk.now_ms += service
    desk.do(c.Finish, window="w1")
    return ticket


def report(desk: Desk, kind: str, *by: str) -> Report:
    return make(folded(desk.events, desk.plan), kind, by)


def only(rows: Iterable[Row]) -> Row:
    (row,) = rows
    return row


def spread(row: Row, indicator: str) -> Spread:
    found = row.figures[indicator]
    assert isinstance(found, Spread)
    return found


def test_a_day_that_closes_at_two_keeps_what_happens_after_midnight() -> None:
    desk = desk_of(small_plan(closes="02:00"), NOON + 11 * HOUR + 50 * MINUTE)  # 23:50
    served(desk, wait=15 * MINUTE)  # called 00:05
    desk.now_ms = NOON + 13 * HOUR + 45 * MINUTE  # 01:45
    served(desk, wait=MINUTE, service=MINUTE)
    desk.now_ms = NOON + 14 * HOUR + 10 * MINUTE  # 02:10, the next business day
    desk.do(c.Issue, service="tax")
    days = report(desk, "waits", "day").rows
    assert [(row.key, row.figures["issued"]) for row in days] == [(("20261121",), 2), (("20261122",), 1)]
    halves = report(desk, "arrivals", "half_hour").rows
    assert [row.key[0] for row in halves] == ["02:00", "23:30", "01:30"], "in the order of a business day"


def test_a_wait_over_the_hour_is_not_shortened_by_calls_that_follow() -> None:
    desk = desk_of(small_plan())
    desk.do(c.Issue, service="tax")
    desk.now_ms += 65 * MINUTE
    desk.do(c.CallNext, window="w1")
    desk.now_ms += 2 * MINUTE
    desk.do(c.Recall, window="w1")
    row = only(report(desk, "waits").rows)
    assert spread(row, "wait").most_ms == 65 * MINUTE
    assert spread(row, "wait_last").most_ms == 67 * MINUTE


def test_an_undone_call_was_no_call() -> None:
    desk = desk_of(small_plan())
    desk.do(c.Issue, service="tax")
    desk.now_ms += MINUTE
    desk.do(c.CallNext, window="w1")
    desk.now_ms += 20_000
    desk.do(c.Undo, window="w1")
    desk.now_ms += 9 * MINUTE
    desk.do(c.CallNext, window="w2")
    row = only(report(desk, "waits").rows)
    assert (row.figures["called"], spread(row, "wait").most_ms) == (1, 10 * MINUTE + 20_000)
    moves = {row.key: row.figures["undone"] for row in report(desk, "moves", "window").rows}
    assert moves[("w1",)] == 1
    waits = {row.key: row.figures["called"] for row in report(desk, "waits", "window").rows}
    assert ("w1",) not in waits
    assert waits[("w2",)] == 1


def test_a_transfer_keeps_the_first_time_and_each_window_its_own_part() -> None:
    desk = desk_of(small_plan())
    desk.do(c.Issue, service="tax")
    desk.now_ms += 5 * MINUTE
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    desk.now_ms += 3 * MINUTE
    desk.do(c.Transfer, window="w1", service="police")
    desk.now_ms += 7 * MINUTE
    desk.do(c.CallNext, window="w2")
    desk.do(c.Arrive, window="w2")
    desk.now_ms += 4 * MINUTE
    desk.do(c.Finish, window="w2")
    whole = only(report(desk, "all").rows)
    assert spread(whole, "wait").total_ms == 5 * MINUTE
    assert spread(whole, "wait_total").total_ms == 12 * MINUTE
    assert spread(whole, "wait_last").total_ms == 15 * MINUTE
    assert spread(whole, "service_ticket").total_ms == 7 * MINUTE
    assert spread(whole, "stay").total_ms == 19 * MINUTE
    legs = {row.key[0]: row.figures for row in report(desk, "services", "window").rows}
    assert [legs[w]["service_leg"].total_ms for w in ("w1", "w2")] == [3 * MINUTE, 4 * MINUTE]  # type: ignore[union-attr]


def test_a_number_left_open_overnight_poisons_no_average() -> None:
    desk = desk_of(small_plan())
    served(desk, wait=4 * MINUTE, service=6 * MINUTE)
    forgotten = desk.do(c.Issue, service="tax")
    desk.now_ms += MINUTE
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    desk.now_ms += 24 * HOUR
    desk.do(c.Tick)
    row = only(report(desk, "all").rows)
    assert spread(row, "service_leg").most_ms == 6 * MINUTE
    assert spread(row, "wait").count == 1
    (left,) = report(desk, "overnight", "reason").rows[1:]
    assert (left.names, left.figures["overnight"]) == (("办理中",), 1)
    assert forgotten.startswith("20261121")


def test_a_window_left_open_all_night_was_not_idle() -> None:
    desk = desk_of(small_plan(), NOON - 3 * HOUR)  # windows are open by the plan, nobody sits there
    desk.do(c.OpenWindow, window="w1", clerk="017")
    desk.now_ms += 30 * MINUTE
    served(desk, wait=0, service=20 * MINUTE)
    desk.now_ms += 20 * HOUR
    desk.do(c.Tick)
    rows = {row.key: row.figures for row in report(desk, "idle", "window", "clerk").rows}
    seen = rows["w1", "017"]
    assert (seen["open_time"], seen["busy_time"], seen["idle_time"]) == (
        50 * MINUTE,
        20 * MINUTE,
        30 * MINUTE,
    )
    assert seen["idle_rate"] == 6000
    assert isinstance(seen["left_open_time"], int)
    assert seen["left_open_time"] > 10 * HOUR


def test_a_holiday_that_the_rota_closes_is_no_idle_time() -> None:
    plan = small_plan()
    everyday = tuple(range(7))
    noon = Shift("w1", 12 * 60, 13 * 60 + 30, everyday, closed=True, name="午休")
    holiday = Shift("w1", 0, 24 * 60 - 1, (), holidays=True, closed=True, name="节假日")
    rest = local_day(NOON, plan.rules) + 1
    desk = desk_of(replace(plan, rota=(noon, holiday), holidays=(rest,)), NOON - HOUR)
    desk.do(c.OpenWindow, window="w1", clerk="017")
    for _ in range(4 * 60 + 22 * 60):
        desk.now_ms += MINUTE
        desk.do(c.Tick)
    desk.do(c.CloseWindow, window="w1")
    rows = {row.key: row.figures for row in report(desk, "idle", "day", "window").rows}
    first, second = rows["20261121", "w1"], rows["20261122", "w1"]
    assert (first["idle_time"], first["paused_time"]) == (60 * MINUTE, 90 * MINUTE)
    assert (second["idle_time"], second["open_time"]) == (0, 0)


def test_who_comes_again_for_what_ended_without_result_came_twice() -> None:
    desk = desk_of(small_plan(), NOON - 3 * HOUR)
    for outcome, days in ((Outcome.MISSING_MATERIAL, 2), (Outcome.DONE, 1), (Outcome.DONE, 1)):
        desk.do(c.Issue, service="tax", items=("t1",), person=ANNA)
        desk.do(c.CallNext, window="w1")
        desk.do(c.Arrive, window="w1")
        desk.do(c.Finish, window="w1", outcome=outcome, note="缺户口簿")
        desk.now_ms += days * 24 * HOUR
    desk.do(c.Tick)
    rows = {row.key: row for row in report(desk, "second_visits", "day", "item", "reason").rows}
    again = rows["20261123", "t1", "missing_material"]
    assert (again.names[2], again.figures["second_visits"]) == ("材料不全", 1)
    assert sum(row.figures["second_visits"] or 0 for row in rows.values()) == 1  # type: ignore[misc]
    whole = only(report(desk, "second_visits", "hall").rows)
    assert whole.figures["second_visit_rate"] == 3333
    assert (whole.figures["achieved"], whole.figures["achieved_once"], whole.figures["once_rate"]) == (
        2,
        1,
        5000,
    )


@pytest.mark.parametrize(("days", "counted"), [(29, 1), (31, 0)])
def test_after_so_many_days_it_is_another_matter(days: int, counted: int) -> None:
    desk = desk_of(small_plan())
    desk.do(c.Issue, service="tax", items=("t1",), person=ANNA)
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    desk.do(c.Finish, window="w1", outcome=Outcome.ELSEWHERE)
    for _ in range(days):
        desk.now_ms += 24 * HOUR
        desk.do(c.Tick)
    desk.do(c.Issue, service="social", items=("t1",), person=ANNA)
    whole = only(report(desk, "second_visits", "hall").rows)
    assert whole.figures["second_visits"] == counted


def test_one_ending_brings_one_second_visit_however_often_its_holder_comes() -> None:
    desk = desk_of(small_plan())
    desk.do(c.Issue, service="tax", items=("t1",), person=ANNA)
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    desk.do(c.Finish, window="w1", outcome=Outcome.MISSING_MATERIAL)
    for _ in range(2):
        desk.now_ms += HOUR
        desk.do(c.Cancel, ticket=desk.do(c.Issue, service="tax", items=("t1",), person=ANNA))
    whole = only(report(desk, "second_visits", "hall").rows)
    assert whole.figures["second_visits"] == 1


def test_another_number_of_the_same_visit_is_no_second_visit() -> None:
    desk = desk_of(small_plan())
    desk.do(c.Issue, service="police", person=ANNA)
    desk.now_ms += 1000
    desk.do(c.Issue, service="tax", items=("t1",), person=ANNA)
    desk.do(c.CallTicket, window="w1", ticket="20261121-B001", reason="试")
    desk.do(c.Arrive, window="w1")
    desk.do(c.Finish, window="w1", outcome=Outcome.MISSING_MATERIAL)
    desk.do(c.Issue, service="tax", items=("t1",), person=ANNA)
    whole = only(report(desk, "second_visits", "hall").rows)
    assert whole.figures["second_visits"] == 0


def test_a_renamed_window_is_one_window_with_both_names() -> None:
    desk = desk_of(small_plan(NoShowPolicy.MANUAL))
    served(desk)
    windows = {**desk.plan.windows, "w1": replace(desk.plan.windows["w1"], label="18号窗口", zone="west")}
    desk.do(c.PublishPlan, plan=replace(desk.plan, windows=windows))
    served(desk)
    row = only(row for row in report(desk, "services", "window").rows if row.key == ("w1",))
    assert (row.names, row.figures["finished"]) == (("18号窗口（原1号窗口）",), 2)


def test_two_series_of_numbers_are_told_apart_by_their_services() -> None:
    desk = desk_of(small_plan())
    for service in ("tax", "police", "police"):
        desk.do(c.Issue, service=service)
    rows = report(desk, "arrivals", "service").rows
    assert [(row.names[0], row.figures["issued"]) for row in rows] == [("户政", 2), ("办税服务", 1)]
    zones = report(desk, "arrivals", "zone").rows
    assert [(row.names[0], row.figures["issued"]) for row in zones] == [("东区", 1), ("西区", 2)]


def test_an_early_appointment_waits_from_its_slot() -> None:
    desk = desk_of(small_plan())
    slot = slot_of(NOON, 60, desk.plan.rules) + 2 * HOUR
    desk.do(c.Book, appointment="a1", service="tax", start_ms=slot)
    desk.now_ms = slot - 50 * MINUTE
    desk.do(c.CheckIn, appointment="a1")
    desk.now_ms = slot + 4 * MINUTE
    desk.do(c.CallNext, window="w1")
    row = only(report(desk, "all").rows)
    assert spread(row, "wait").most_ms == 4 * MINUTE
    came = report(desk, "appointments", "reason").rows
    assert [(r.names[0], r.figures["appointment_came"]) for r in came][1:] == [("早到", 1)]


def test_a_month_and_a_week_hold_their_business_days() -> None:
    desk = desk_of(small_plan())
    for _ in range(12):
        served(desk)
        desk.now_ms += 24 * HOUR
    desk.do(c.Tick)
    months = {row.key[0]: row.figures["finished"] for row in report(desk, "services", "month").rows}
    assert months == {"2026-11": 10, "2026-12": 2}
    weeks = {row.key[0]: row.figures["finished"] for row in report(desk, "services", "week").rows}
    assert weeks == {"2026-W47": 2, "2026-W48": 7, "2026-W49": 3}


def test_events_that_say_nothing_are_passed_over() -> None:
    desk = desk_of(small_plan())
    desk.do(c.CallGuide)
    desk.do(c.SuspectClock, sentence="时钟异常")
    assert {type(event) for event in desk.events} == {e.DayOpened, e.GuideCalled, e.ClockSuspected}
    assert report(desk, "waits").rows == ()
