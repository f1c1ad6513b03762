"""Idle beside a queue: whom a window could have called; judgements and postponements counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contract.messages import Person
from hall_server.hall import commands as c
from hall_server.hall.evaluation import Grade
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall.plan import NoShowPolicy, Plan
from hall_server.reports.crowd import merged, outside, within
from hall_server.reports.report import make
from tests.hall_server.halls import small_plan
from tests.hall_server.reports.agreement import as_json, differences, folded, raw
from tests.hall_server.reports.naive import Naive
from tests.hall_server.test_hall import NOON, Desk

MINUTE = 60_000
ANNA = Person(key="anna", masked_name="安*")


def desk_of(**does: tuple[str, ...]) -> Desk:
    """Windows that do these services and nothing else."""
    plan = small_plan(windows=len(does))
    windows = {w: replace(plan.windows[w], services=services) for w, services in does.items()}
    return with_plan(replace(plan, windows=windows))


def with_plan(plan: Plan) -> Desk:
    desk = Desk()
    desk.plan, desk.hall, desk.now_ms = plan, Hall(plan), NOON
    return desk


def touch(desk: Desk, *windows: str) -> None:
    """A sign of life, so that the window's time counts until now."""
    for window in windows:
        desk.do(c.PauseWindow, window=window)
        desk.do(c.OpenWindow, window=window)


def idle(desk: Desk) -> dict[str, tuple[int, int]]:
    """Window -> minutes idle beside somebody whom it could call, and with nobody."""
    days = folded(desk.events, desk.plan)
    _, wrong = differences(days, Naive(raw(desk.events), as_json(desk.plan)))
    assert not wrong, "\n".join(wrong[:20])
    rows = make(days, "idle", ("window",)).rows
    return {
        row.key[0]: (_minutes(row.figures["idle_wanted_time"]), _minutes(row.figures["idle_calm_time"]))
        for row in rows
    }


def _minutes(figure: object) -> int:
    assert isinstance(figure, int)
    return figure // MINUTE


def test_only_a_window_that_does_the_service_is_wanted() -> None:
    desk = desk_of(w1=("tax",), w2=("police",), w3=("police", "tax"))
    touch(desk, "w1", "w2", "w3")
    desk.now_ms += 5 * MINUTE
    desk.do(c.Issue, service="tax")
    desk.now_ms += 7 * MINUTE
    desk.do(c.CallNext, window="w1")
    desk.now_ms += 3 * MINUTE
    touch(desk, "w1", "w2", "w3")
    assert idle(desk) == {"w1": (7, 5), "w2": (0, 15), "w3": (7, 8)}


def test_a_basket_wants_a_window_that_does_all_of_it() -> None:
    desk = desk_of(w1=("tax", "social"), w2=("tax",))
    touch(desk, "w1", "w2")
    desk.do(c.Issue, service="tax", also=("social",))
    desk.now_ms += 4 * MINUTE
    touch(desk, "w1", "w2")
    assert idle(desk) == {"w1": (4, 0), "w2": (0, 4)}


def test_what_a_window_does_counts_from_when_it_does_it() -> None:
    desk = desk_of(w1=("police",), w2=("tax",))
    touch(desk, "w1", "w2")
    desk.do(c.Issue, service="tax")
    desk.now_ms += 4 * MINUTE
    desk.do(c.SetSkills, window="w1", skills=(("tax", 2),))
    desk.now_ms += 6 * MINUTE
    touch(desk, "w1", "w2")
    assert idle(desk) == {"w1": (6, 4), "w2": (10, 0)}


def test_a_number_for_one_window_or_one_clerk_wants_nobody_else() -> None:
    desk = desk_of(w1=("tax",), w2=("tax", "police"), w3=("police",))
    desk.do(c.OpenWindow, window="w2", clerk="017")
    desk.do(c.OpenWindow, window="w3", clerk="022")
    touch(desk, "w1")
    desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1")
    desk.do(c.Transfer, window="w1", service="police", to_clerk="022")
    desk.now_ms += 6 * MINUTE
    desk.do(c.PauseWindow, window="w2", clerk="017")
    desk.do(c.CallNext, window="w3", clerk="022")
    desk.do(c.Transfer, window="w3", service="tax", to_window="w1")
    desk.now_ms += 2 * MINUTE
    touch(desk, "w1")
    desk.do(c.PauseWindow, window="w3", clerk="022")
    assert idle(desk) == {"w1": (2, 6), "w2": (0, 6), "w3": (6, 2)}


def test_who_stands_at_another_window_could_not_be_called() -> None:
    desk = desk_of(w1=("tax",), w2=("police",))
    touch(desk, "w1", "w2")
    desk.do(c.Issue, service="tax", person=ANNA)
    desk.do(c.Issue, service="police", person=ANNA)
    desk.do(c.CallNext, window="w1")
    desk.now_ms += 5 * MINUTE
    desk.do(c.Arrive, window="w1")
    desk.do(c.Finish, window="w1")
    desk.now_ms += 2 * MINUTE
    touch(desk, "w1", "w2")
    assert idle(desk) == {"w1": (0, 2), "w2": (2, 5)}


def test_a_way_back_to_a_window_that_does_something_else_by_now() -> None:
    desk = desk_of(w1=("tax",), w2=("police",))
    touch(desk, "w1", "w2")
    desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1")
    desk.do(c.Transfer, window="w1", service="police", come_back=True)
    desk.do(c.CallNext, window="w2")
    desk.do(c.Arrive, window="w2")
    desk.do(c.SetSkills, window="w1", skills=(("social", 1), ("police", 2)))
    desk.do(c.Finish, window="w2")
    desk.now_ms += 3 * MINUTE
    touch(desk, "w1", "w2")
    assert idle(desk) == {"w1": (3, 0), "w2": (0, 3)}


def test_more_time_is_counted_and_told_apart_from_what_a_clerk_sets_aside() -> None:
    desk = Desk(NoShowPolicy.END)
    first, second = desk.do(c.Issue, service="tax"), desk.do(c.Issue, service="tax")
    desk.now_ms += MINUTE
    desk.do(c.Postpone, ticket=first)
    desk.now_ms += 4 * MINUTE
    desk.do(c.ComeBack, ticket=first)
    desk.do(c.CallNext, window="w1")
    desk.do(c.Park, window="w1", minutes=5)
    desk.now_ms += 6 * MINUTE
    desk.do(c.Tick)
    rows = make(folded(desk.events, desk.plan), "all", ("hall",)).rows
    figures = rows[0].figures
    assert (figures["postponed"], figures["parked"]) == (1, 1)
    assert figures["postponed_time"].total_ms == 4 * MINUTE  # type: ignore[union-attr]
    assert figures["parked_time"].total_ms == 6 * MINUTE  # type: ignore[union-attr]
    assert desk.hall.tickets[first].postpones == 1
    assert not desk.hall.tickets[second].postpones


def test_a_number_that_was_given_up_does_not_come_back() -> None:
    desk = Desk()
    ticket = desk.do(c.Issue, service="tax")
    desk.do(c.Postpone, ticket=ticket)
    desk.do(c.Cancel, ticket=ticket)
    with pytest.raises(RuleBroken, match="不用这样操作"):
        desk.do(c.ComeBack, ticket=ticket)


def test_judgements_stand_at_the_window_and_clerk_that_they_are_about() -> None:
    desk = desk_of(w1=("tax",), w2=("police",))
    desk.do(c.OpenWindow, window="w1", clerk="017")
    desk.do(c.OpenWindow, window="w2", clerk="022")
    ticket = desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1", clerk="017")
    desk.do(c.Arrive, window="w1", clerk="017")
    desk.do(c.Transfer, window="w1", service="police")
    desk.do(c.CallNext, window="w2", clerk="022")
    desk.do(c.Arrive, window="w2", clerk="022")
    desk.do(c.Finish, window="w2", clerk="022")
    first, second = desk.hall.served[ticket]
    desk.do(c.Evaluate, ticket=ticket, call=first.call, grade=Grade.VERY_POOR, tags=("slow",), words="久")
    desk.do(c.Evaluate, ticket=ticket, call=second.call, grade=Grade.FAIR)
    days = folded(desk.events, desk.plan)
    rows = {row.key[0]: row.figures for row in make(days, "evaluations", ("clerk",)).rows}
    names = ("rendered", "evaluated", "evaluated_good", "evaluated_poor", "good_rate", "evaluation_rate")
    assert [rows["017"][name] for name in names] == [1, 1, 0, 1, 0, 10_000]
    assert [rows["022"][name] for name in names] == [1, 1, 1, 0, 10_000, 10_000]
    grades = {row.names[0]: row.figures["evaluated"] for row in make(days, "grades").rows}
    assert list(grades.items()) == [("基本满意", 1), ("非常不满意", 1), ("办理太慢", 0)], "best to worst"
    tagged = {row.names[0]: row.figures["evaluation_tags"] for row in make(days, "grades").rows}
    assert tagged["办理太慢"] == 1


def test_spans() -> None:
    assert merged([(5, 7), (1, 3), (3, 4), (9, 9)]) == [(1, 4), (5, 7)]
    assert within([(1, 4), (5, 7), (8, 9)], (3, 6)) == [(3, 4), (5, 6)]
    assert outside((0, 10), [(1, 4), (5, 7)]) == [(0, 1), (4, 5), (7, 10)]
