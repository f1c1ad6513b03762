"""Nobody is left where no window can call: bindings, returns and undone actions in a hall that changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contract.messages import Person, TicketStatus, WindowStatus
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import MINUTE_MS
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall.plan import NoShowPolicy, Plan
from hall_server.hall.snapshot import freeze, thaw
from tests.hall_server.test_hall import Desk

P = Person(key="p")


def served(desk: Desk, window: str, service: str = "tax") -> str:
    """A number at a window, its holder there."""
    ticket = desk.do(c.Issue, service=service)
    assert desk.do(c.CallNext, window=window) == ticket
    desk.do(c.Arrive, window=window)
    return ticket


def bound(desk: Desk, **to: str) -> str:
    """A number that waits for one window (w3) or one clerk alone."""
    ticket = served(desk, "w1")
    desk.do(c.Transfer, window="w1", service="tax", **to)
    return ticket


def without(plan: Plan, *, window: str = "", service: str = "") -> Plan:
    """The plan without a window, or without a service."""
    left = {
        w.id: replace(w, services=tuple(s for s in w.services if s != service))
        for w in plan.windows.values()
        if w.id != window
    }
    services = {s.id: s for s in plan.services.values() if s.id != service}
    return replace(plan, windows=left, services=services)


def called_at(desk: Desk, window: str, ticket: str) -> None:
    """The number is called there."""
    assert desk.do(c.CallNext, window=window) == ticket


# ---------------------------------------------------------------- bound to a window or a clerk


def test_a_window_that_loses_the_skill_sets_free_what_was_bound_to_it() -> None:
    desk = Desk()
    ticket = bound(desk, to_window="w2")
    desk.do(c.SetSkills, window="w2", skills=(("police", 1),))
    called_at(desk, "w1", ticket)


def test_a_clerk_whose_window_loses_the_skill_sets_free_what_was_bound_to_him() -> None:
    desk = Desk()
    desk.do(c.OpenWindow, window="w2", clerk="7")
    ticket = bound(desk, to_clerk="7")
    desk.do(c.SetSkills, window="w2", skills=(("police", 1),))
    called_at(desk, "w1", ticket)


def test_a_window_that_the_plan_drops_sets_free_what_was_bound_to_it() -> None:
    desk = Desk()
    ticket = bound(desk, to_window="w2")
    desk.do(c.PublishPlan, plan=without(desk.plan, window="w2"))
    called_at(desk, "w1", ticket)


def test_a_clerk_whose_window_the_plan_drops_sets_free_what_was_bound_to_him() -> None:
    desk = Desk()
    desk.do(c.OpenWindow, window="w2", clerk="7")
    ticket = bound(desk, to_clerk="7")
    desk.do(c.PublishPlan, plan=without(desk.plan, window="w2"))
    called_at(desk, "w1", ticket)


def test_who_takes_over_a_paused_window_sets_free_what_was_bound_to_the_clerk_before() -> None:
    desk = Desk()
    desk.do(c.OpenWindow, window="w2", clerk="7")
    ticket = bound(desk, to_clerk="7")
    desk.do(c.PauseWindow, window="w2", clerk="7")
    desk.do(c.OpenWindow, window="w2", clerk="8")
    called_at(desk, "w1", ticket)


def test_a_number_that_comes_back_to_a_closed_window_is_set_free() -> None:
    desk = Desk()
    ticket = bound(desk, to_window="w2")
    desk.do(c.Postpone, ticket=ticket)
    desk.do(c.CloseWindow, window="w2")
    desk.now_ms += 11 * MINUTE_MS
    desk.do(c.Tick)
    called_at(desk, "w1", ticket)


# ---------------------------------------------------------------- baskets and the way back


def test_a_basket_sent_to_another_window_as_it_is_stays_whole() -> None:
    desk = Desk()
    desk.do(c.SetSkills, window="w2", skills=(("tax", 1), ("police", 1)))
    basket = desk.do(c.Issue, service="tax", also=("police",))
    called_at(desk, "w1", basket)
    desk.do(c.Transfer, window="w1", to_window="w2")
    assert desk.hall.tickets[basket].also == ("police",)
    called_at(desk, "w2", basket)


def test_a_basket_is_not_sent_whole_to_a_window_that_cannot_do_all_of_it() -> None:
    desk = Desk()
    desk.do(c.SetSkills, window="w2", skills=(("tax", 1),))
    basket = desk.do(c.Issue, service="tax", also=("police",))
    called_at(desk, "w1", basket)
    with pytest.raises(RuleBroken, match="户政"):
        desk.do(c.Transfer, window="w1", to_window="w2")


def test_a_number_comes_back_for_the_service_that_it_was_sent_away_from() -> None:
    desk = Desk()
    ticket = served(desk, "w1", "social")
    desk.do(c.Transfer, window="w1", service="police", come_back=True)
    called_at(desk, "w2", ticket)
    desk.do(c.Arrive, window="w2")
    desk.do(c.Finish, window="w2")
    now = desk.hall.tickets[ticket]
    assert (now.service, now.bound_window, now.return_to) == ("social", "w1", "")
    called_at(desk, "w1", ticket)


def test_an_agent_stands_at_one_window_for_all_his_principals() -> None:
    desk = Desk()
    for principal in ("p1", "p2"):
        agent = {"agent": "a", "agent_reason": "family"}
        desk.do(c.Issue, service="tax", person=Person(key=principal), **agent)
    first = desk.do(c.CallNext, window="w1")
    with pytest.raises(RuleBroken, match="暂无等待"):
        desk.do(c.CallNext, window="w3")
    hall = Hall(desk.plan)
    thaw(hall, freeze(desk.hall))
    assert hall.by_agent == desk.hall.by_agent
    desk.do(c.Arrive, window="w1")
    assert desk.do(c.CallNext, window="w1") != first


# ---------------------------------------------------------------- return of a no-show


def test_a_number_of_a_service_that_is_gone_does_not_return() -> None:
    desk = Desk(NoShowPolicy.MANUAL)
    ticket = desk.do(c.Issue, service="police")
    called_at(desk, "w1", ticket)
    desk.do(c.NoShow, window="w1")
    plan = without(desk.plan, service="police")
    desk.do(c.PublishPlan, plan=plan)
    with pytest.raises(RuleBroken, match="重新取号"):
        desk.do(c.ReturnNoShow, ticket=ticket)
    assert not desk.hall.stranded(desk.hall.plan), "a restart would refuse to open"


# ---------------------------------------------------------------- undo


def test_undo_does_not_give_one_person_two_open_numbers_of_a_service() -> None:
    desk = Desk()
    first = desk.do(c.Issue, service="tax", person=P)
    called_at(desk, "w1", first)
    desk.do(c.Arrive, window="w1")
    desk.do(c.Finish, window="w1")
    second = desk.do(c.Issue, service="tax", person=P)
    assert second != first
    with pytest.raises(RuleBroken, match="重新取号"):
        desk.do(c.Undo, window="w1")


def test_undo_puts_nobody_at_a_closed_window() -> None:
    desk = Desk(NoShowPolicy.MANUAL)
    ticket = desk.do(c.Issue, service="tax")
    called_at(desk, "w1", ticket)
    desk.do(c.NoShow, window="w1")
    desk.do(c.CloseWindow, window="w1")
    with pytest.raises(RuleBroken, match="未开放"):
        desk.do(c.Undo, window="w1")
    assert desk.hall.windows["w1"].status is WindowStatus.CLOSED


def test_undo_brings_back_no_service_of_a_basket_that_the_hall_lost() -> None:
    desk = Desk()
    basket = desk.do(c.Issue, service="tax", also=("police",))
    called_at(desk, "w1", basket)
    desk.do(c.Arrive, window="w1")
    desk.do(c.Finish, window="w1")
    desk.do(c.PublishPlan, plan=without(desk.plan, service="police"))
    with pytest.raises(RuleBroken):
        desk.do(c.Undo, window="w1")
    assert not desk.hall.stranded(desk.hall.plan)


@pytest.mark.parametrize(
    ("there", "kind", "options"),
    [
        ("", c.CallNext, {}),
        ("called", c.Arrive, {}),
        ("called", c.NoShow, {}),
        ("called", c.Park, {"minutes": 5}),
        ("called", c.Transfer, {"service": "social", "come_back": True}),
        ("serving", c.Finish, {}),
        ("serving", c.Park, {"minutes": 5}),
        ("serving", c.Transfer, {"to_window": "w2", "come_back": True}),
        ("sent", c.Finish, {}),
    ],
)
@pytest.mark.parametrize("policy", NoShowPolicy)
def test_each_action_is_undone_to_what_stood_before(
    policy: NoShowPolicy, there: str, kind: type[c.Command], options: dict[str, object]
) -> None:
    desk = Desk(policy)
    ticket = desk.do(c.Issue, service="tax")
    if there == "sent":
        called_at(desk, "w2", ticket)
        desk.do(c.Transfer, window="w2", to_window="w1", come_back=True)
    if there:
        called_at(desk, "w1", ticket)
    if there in ("serving", "sent"):
        desk.do(c.Arrive, window="w1")
    before = desk.hall.tickets[ticket]
    desk.do(kind, window="w1", **options)
    assert desk.hall.tickets[ticket] != before
    desk.do(c.Undo, window="w1")
    assert replace(desk.hall.tickets[ticket], calls=before.calls) == before
    with pytest.raises(RuleBroken, match="没有可以撤销"):
        desk.do(c.Undo, window="w1")


def test_the_second_step_of_a_transfer_chain_is_undone_alone() -> None:
    desk = Desk()
    ticket = served(desk, "w1")
    desk.do(c.Transfer, window="w1", service="tax", to_window="w2", come_back=True)
    called_at(desk, "w2", ticket)
    desk.do(c.Arrive, window="w2")
    desk.do(c.Transfer, window="w2", service="social")
    desk.do(c.Undo, window="w2")
    now = desk.hall.tickets[ticket]
    assert (now.status, now.window, now.return_to) == (TicketStatus.SERVING, "w2", "w1")
    with pytest.raises(RuleBroken, match="不能撤销"):
        desk.do(c.Undo, window="w1")


def test_an_undone_call_takes_no_turn_of_a_ratio() -> None:
    desk = Desk()
    desk.do(c.Issue, service="tax", green_reason="disabled")
    turns, budget = dict(desk.hall.turns), desk.hall.green_budget
    desk.do(c.CallNext, window="w1")
    desk.do(c.Undo, window="w1")
    assert {g: t for g, t in desk.hall.turns.items() if t != (0, 0)} == turns
    assert desk.hall.green_budget == budget


# ---------------------------------------------------------------- who called


def test_the_first_press_of_a_clerk_bears_his_name() -> None:
    desk = Desk()
    desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1", clerk="7")
    (call,) = [event for event in desk.events if isinstance(event, e.TicketCalled)]
    assert call.clerk == "7"
