"""Why not me: the sentence agrees with what the windows really do."""

from __future__ import annotations

import random

import pytest

from contract.messages import Person, TicketStatus
from hall_server.hall import commands as c
from hall_server.hall.calling import next_for
from hall_server.hall.decide import decide
from hall_server.hall.evolve import evolve
from hall_server.hall.explain import WhyNot, why_not
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall.plan import CallingKind, CallingRule, NoShowPolicy
from hall_server.hall.snapshot import freeze, thaw
from tests.hall_server.test_hall import Desk
from tests.hall_server.test_long_walk import step


def said(desk: Desk, ticket: str) -> str:
    found = why_not(desk.hall, ticket, desk.now_ms)
    assert found is not None
    return found.sentence


def test_the_sentences() -> None:
    desk = Desk()
    first, second = desk.do(c.Issue, service="tax"), desk.do(c.Issue, service="tax")
    desk.now_ms += 7 * 60_000
    assert said(desk, first) == "B001 已等 7 分钟：1号窗口下一个就叫您。"
    assert said(desk, second).startswith("B002 已等 7 分钟：“办税服务”前面还有 1 人，由1号窗口")
    for window in desk.plan.windows:
        desk.do(c.PauseWindow, window=window)
    assert "现在没有开放" in said(desk, second)
    assert why_not(desk.hall, "nobody", 0) is None


def test_green_ones_that_came_later_are_named() -> None:
    desk = Desk()
    desk.plan.calling["tax"] = CallingRule(CallingKind.STRICT)
    desk.do(c.Issue, service="tax")
    normal = desk.do(c.Issue, service="tax")
    desk.do(c.Issue, service="tax", green_reason="disabled")
    found = why_not(desk.hall, normal, desk.now_ms)
    assert found is not None
    assert (found.ahead, found.preferred) == (2, 1)
    assert "其中 1 人按绿色通道或预约优先" in found.sentence


def test_someone_who_stands_at_another_window_is_told_so() -> None:
    desk = Desk()
    person = Person(key="p")
    desk.do(c.Issue, service="tax", person=person)
    other = desk.do(c.Issue, service="police", person=person)
    desk.do(c.CallNext, window="w1")
    assert "您的另一个号正在1号窗口办理" in said(desk, other)


@pytest.mark.parametrize("seed", range(3))
def test_next_at_is_true_in_any_hall(seed: int) -> None:
    """Whoever is promised to be next at a window is next there, after thousands of commands."""
    chance = random.Random(seed)
    desk = Desk(windows=5)
    promised, named = 0, set[str]()
    for _ in range(1500):
        try:
            step(desk, chance)
        except RuleBroken:
            continue
        waiting = [t for t in desk.hall.open_tickets() if t.status is TicketStatus.WAITING]
        if not waiting:
            continue
        ticket = chance.choice(waiting)
        found = why_not(desk.hall, ticket.id, desk.now_ms)
        assert found is not None
        assert found.sentence
        named.update(_is_called_before(desk, ticket.id, found))
        if found.next_at:
            promised += 1
            window = next(w.id for w in desk.plan.windows.values() if w.label == found.next_at)
            chosen = next_for(desk.hall, window, desk.now_ms)
            assert chosen is not None
            assert chosen.id == ticket.id
    assert promised > 20
    assert len(named) > 20


def _is_called_before(desk: Desk, ticket: str, found: WhyNot) -> set[str]:
    """In a copy of the hall the window named calls the number named, and the ticket still waits."""
    if not found.first or found.elsewhere:
        return set()
    hall = Hall(desk.plan)
    thaw(hall, freeze(desk.hall))
    window = next(w.id for w in desk.plan.windows.values() if w.label == found.first_at)
    present = hall.ticket_at(window)
    if present is not None and present.status is TicketStatus.CALLED:
        return set()
    decision = decide(hall, c.CallNext(request="", by="t", window=window), desk.now_ms)
    for event in decision.events:
        evolve(hall, event)
    assert hall.tickets[decision.answer.ticket].number == found.first, found.sentence
    assert hall.tickets[ticket].status is TicketStatus.WAITING
    return {found.first}


def test_a_number_bound_to_a_window_is_told_when_that_is_away() -> None:
    desk = Desk()
    ticket = desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1")
    desk.do(c.Transfer, window="w1", to_window="w2")
    assert "2号窗口下一个就叫您" in said(desk, ticket)
    desk.do(c.PauseWindow, window="w2")
    assert "要由2号窗口办理，那里现在没有开放" in said(desk, ticket)


def test_the_first_of_a_service_is_told_whom_the_window_calls_before() -> None:
    desk = Desk()
    desk.do(c.SetSkills, window="w2", skills=(("police", 1),))
    desk.do(c.SetSkills, window="w3", skills=(("police", 1),))
    desk.do(c.Issue, service="police")
    desk.now_ms += 1000
    ticket = desk.do(c.Issue, service="tax")
    assert "“办税服务”您排在最前，由1号窗口办理，1号窗口下一个叫 L01。" in said(desk, ticket)


def test_who_passed_is_told_that_it_was_that() -> None:
    desk = Desk(NoShowPolicy.BACK)
    ticket = desk.do(c.Issue, service="tax")
    for _ in range(4):
        desk.now_ms += 1000
        desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1")
    desk.do(c.NoShow, window="w1")
    desk.do(c.CallNext, window="w1")
    assert "曾过号或延后" in said(desk, ticket)
